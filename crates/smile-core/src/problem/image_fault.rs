//! Faults of images.

use crate::wire::names::stable_names;

/// Fault of an image: a reason that it can't be used, or the subject of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageFault {
    /// There are no bytes.
    Empty,
    /// A HEIC or HEIF picture, as phones of one make store them.
    Heic,
    /// Neither JPEG nor PNG.
    NotJpegOrPng,
    /// A PNG where the service takes JPEG alone: faces, in the v3 API.
    NotJpeg,
    /// A JPEG without a start of scan: it was cut within its head, or is no picture.
    NoScan,
    /// A segment of a JPEG, or a chunk of a PNG, is longer than the file or can't be: the file was
    /// cut, or damaged.
    BadSegment,
    /// No header that says how many pixels there are (a JPEG's frame, a PNG's `IHDR`), or one that
    /// says 0.
    NoHeader,
    /// Nothing between the head and the end: a JPEG's scan or a PNG's `IDAT` is missing or empty.
    NoImageData,
    /// The text is not base64.
    NotBase64,
    /// Base64 with blanks in it. Likely each was a `+`: a decoder of forms takes that for a blank.
    BlanksInBase64,
    /// Base64 in the alphabet for URLs, with `-` and `_`. The service takes the standard one.
    UrlSafeBase64,
    /// Base64 of a length that no bytes have. Likely its end was cut off, by the width of a
    /// database column, say.
    CutBase64,
    /// There is no file of that name.
    FileMissing,
    /// The path is a directory.
    IsDirectory,
    /// The file is there and can't be read.
    Unreadable,
    /// The file has more than [`Image::MAX_FILE_BYTES`](crate::Image::MAX_FILE_BYTES).
    FileTooLarge,
    /// The images of the job take 2 GiB or more with this one, more than one upload can carry.
    TooLarge,
    /// A warning: the picture's end is missing. It was likely cut.
    NoEnd,
    /// A warning: the picture's data ends in many zeros, as that of a file that was written or
    /// fetched only in part.
    EndsInZeros,
    /// A warning: fewer than 1500 pixels on the longer side of a document, or than 160 on the
    /// shorter one of a face. The first is Smile ID's ("Image quality"), the second our choice.
    FewPixels,
    /// A warning: more than 10 MB, which a document should not have (Smile ID: "Image quality").
    ManyBytes,
    /// A warning: the file says where it was taken, and that travels to the service along with the
    /// picture.
    HasPosition,
}

stable_names! { ImageFault:
    Self::Empty => "empty",
    Self::Heic => "heic",
    Self::NotJpegOrPng => "not_jpeg_or_png",
    Self::NotJpeg => "not_jpeg",
    Self::NoScan => "no_scan",
    Self::BadSegment => "bad_segment",
    Self::NoHeader => "no_header",
    Self::NoImageData => "no_image_data",
    Self::NotBase64 => "not_base64",
    Self::BlanksInBase64 => "blanks_in_base64",
    Self::UrlSafeBase64 => "url_safe_base64",
    Self::CutBase64 => "cut_base64",
    Self::FileMissing => "file_missing",
    Self::IsDirectory => "is_directory",
    Self::Unreadable => "unreadable",
    Self::FileTooLarge => "file_too_large",
    Self::TooLarge => "too_large",
    Self::NoEnd => "no_end",
    Self::EndsInZeros => "ends_in_zeros",
    Self::FewPixels => "few_pixels",
    Self::ManyBytes => "many_bytes",
    Self::HasPosition => "has_position",
}

impl ImageFault {
    /// Completes the sentence "`images[0]` (selfie) …".
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::Heic => "is a HEIC picture, which the service doesn't take: convert it to JPEG",
            Self::NotJpegOrPng => "is neither JPEG nor PNG",
            Self::NotJpeg => "is a PNG, and the service takes JPEG alone here: convert it",
            Self::NoScan => "is a JPEG without a start of scan: it was cut, or is no picture",
            Self::BadSegment => {
                "has a segment that is longer than the file, or of no possible length: it was cut, or damaged"
            }
            Self::NoHeader => "has no header that says how many pixels there are: it was damaged",
            Self::NoImageData => "has no image data: it was cut, or damaged",
            Self::NotBase64 => "is not base64",
            Self::BlanksInBase64 => {
                "is base64 with blanks in it: likely each was a `+`, which is lost when a form is decoded; escape it as `%2B`"
            }
            Self::UrlSafeBase64 => {
                "is base64 in the alphabet for URLs (`-` and `_`): encode it in the standard one (`+` and `/`)"
            }
            Self::CutBase64 => {
                "is base64 whose end is missing: likely it was cut, by the width of a database column, say"
            }
            Self::FileMissing => "names a file that doesn't exist",
            Self::IsDirectory => "names a directory, not a file",
            Self::Unreadable => "names a file that can't be read",
            Self::FileTooLarge => "names a file of more than 128 MiB, which no picture has",
            Self::TooLarge => "brings the job's images to 2 GiB or more",
            Self::NoEnd => "has no end: it was likely cut",
            Self::EndsInZeros => "ends in zeros: it was likely written, or fetched, only in part",
            Self::FewPixels => {
                "has few pixels: a document should have 1500 on the longer side, a face needs 160 on the shorter one"
            }
            Self::ManyBytes => "has more than 10 MB: it may be refused, and takes long to send",
            Self::HasPosition => {
                "says where it was taken (EXIF or XMP), which is sent along: take it out if the service needn't know"
            }
        }
    }

    pub(crate) fn from_io(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::FileMissing,
            std::io::ErrorKind::IsADirectory => Self::IsDirectory,
            std::io::ErrorKind::FileTooLarge => Self::FileTooLarge,
            _ => Self::Unreadable,
        }
    }
}
