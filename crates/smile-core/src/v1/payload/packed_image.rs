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
    /// File in the zip, under this name.
    File(String),
    /// Base64 text in `info.json`.
    Inline(Bytes),
}
