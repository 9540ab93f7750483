//! Images.

/// Why an image can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageFault {
    /// No bytes at all.
    Empty,
}
