//! An image of the package.

use bytes::Bytes;

use crate::ImageType;

/// An image of the package, in the form in which it travels.
pub(super) struct PackedImage {
    pub(super) image_type: ImageType,
    pub(super) content: Content,
}

/// Place of an image of the package.
pub(super) enum Content {
    /// In the zip, under this name.
    File(String),
    /// In `info.json`, as this base64 text.
    Inline(Bytes),
}
