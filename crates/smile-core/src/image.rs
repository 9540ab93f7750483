//! Images: where they come from, how they travel, and what is looked at before they do.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// An image and how it should travel: as a file in the zip, or as base64 text in `info.json`.
///
/// What comes from a path or from bytes travels as a file, what comes as base64 travels as base64; the service
/// treats both alike. [`Image::as_file`] and [`Image::as_base64`] change it.
///
/// JPEG is what the service wants; PNG is taken too. Documents should measure at least 1500 pixels on the longer
/// side (passports 2200) and be between 600 KB and 10 MB (Smile ID: "Image quality").
///
/// ```
/// use smile_core::Image;
///
/// let from_disk = Image::path("selfie.jpg");
/// let from_memory = Image::bytes(vec![0xFF, 0xD8, 0xFF]).named("front.jpg");
/// let from_a_browser = Image::base64("data:image/jpeg;base64,/9j/");
/// ```
#[derive(Clone)]
pub struct Image {
    pub(crate) source: ImageSource,
    pub(crate) encoding: ImageEncoding,
    pub(crate) name: Option<String>,
}

#[derive(Clone)]
pub(crate) enum ImageSource {
    Path(PathBuf),
    Bytes(Bytes),
    /// The text, in UTF-8.
    Base64(Bytes),
}

impl Image {
    /// A file on disk. It is read when the job runs, before the first request goes out.
    ///
    /// Its base name travels along, in plain ASCII; nothing else of the path does.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self { source: ImageSource::Path(path), encoding: ImageEncoding::File, name }
    }

    /// The bytes of a JPEG or PNG file.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { source: ImageSource::Bytes(bytes.into()), encoding: ImageEncoding::File, name: None }
    }

    /// Base64 text, with or without a `data:image/…;base64,` prefix, padding or line breaks.
    pub fn base64(text: impl Into<String>) -> Self {
        let text = Bytes::from(text.into());
        Self { source: ImageSource::Base64(text), encoding: ImageEncoding::Base64, name: None }
    }

    /// Travels as a file in the zip: image types 0, 1, 4 and 5.
    #[must_use]
    pub fn as_file(mut self) -> Self {
        self.encoding = ImageEncoding::File;
        self
    }

    /// Travels as base64 text in `info.json`: image types 2, 3, 6 and 7.
    #[must_use]
    pub fn as_base64(mut self) -> Self {
        self.encoding = ImageEncoding::Base64;
        self
    }

    /// What the file is called in the zip. It is cut to its base name, put into plain ASCII and made unique.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            ImageSource::Path(_) => "path",
            ImageSource::Bytes(_) => "bytes",
            ImageSource::Base64(_) => "base64",
        };
        f.debug_struct("Image")
            .field("source", &source)
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

/// What an image shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ImageRole {
    /// The person's face.
    Selfie,
    /// One of the frames (eight, where proof of life is wanted) taken around the selfie.
    Liveness,
    /// The front of the ID card, or the photo page of the passport.
    IdCard,
    /// The back of the ID card.
    IdCardBack,
}

/// How an image travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageEncoding {
    /// As a file in the zip.
    File,
    /// As base64 text in `info.json`.
    Base64,
}

/// The `image_type_id`: what an image shows, and how it travels (Smile ID: "Image types").
///
/// ```
/// use smile_core::{ImageEncoding, ImageRole, ImageType};
///
/// assert_eq!(ImageType::from_id(6), Some(ImageType::new(ImageRole::Liveness, ImageEncoding::Base64)));
/// assert_eq!(ImageType::from_id(12), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageType {
    role: ImageRole,
    encoding: ImageEncoding,
}

impl ImageType {
    /// The type of an image of this role that travels so.
    pub const fn new(role: ImageRole, encoding: ImageEncoding) -> Self {
        Self { role, encoding }
    }

    /// The type with this number, 0 to 7.
    pub const fn from_id(id: u8) -> Option<Self> {
        let (role, encoding) = match id {
            0 => (ImageRole::Selfie, ImageEncoding::File),
            1 => (ImageRole::IdCard, ImageEncoding::File),
            2 => (ImageRole::Selfie, ImageEncoding::Base64),
            3 => (ImageRole::IdCard, ImageEncoding::Base64),
            4 => (ImageRole::Liveness, ImageEncoding::File),
            5 => (ImageRole::IdCardBack, ImageEncoding::File),
            6 => (ImageRole::Liveness, ImageEncoding::Base64),
            7 => (ImageRole::IdCardBack, ImageEncoding::Base64),
            _ => return None,
        };
        Some(Self { role, encoding })
    }

    /// The number on the wire.
    pub const fn id(self) -> u8 {
        match (self.role, self.encoding) {
            (ImageRole::Selfie, ImageEncoding::File) => 0,
            (ImageRole::IdCard, ImageEncoding::File) => 1,
            (ImageRole::Selfie, ImageEncoding::Base64) => 2,
            (ImageRole::IdCard, ImageEncoding::Base64) => 3,
            (ImageRole::Liveness, ImageEncoding::File) => 4,
            (ImageRole::IdCardBack, ImageEncoding::File) => 5,
            (ImageRole::Liveness, ImageEncoding::Base64) => 6,
            (ImageRole::IdCardBack, ImageEncoding::Base64) => 7,
        }
    }

    /// What the image shows.
    pub const fn role(self) -> ImageRole {
        self.role
    }

    /// How it travels.
    pub const fn encoding(self) -> ImageEncoding {
        self.encoding
    }
}

impl serde::Serialize for ImageType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.id())
    }
}

/// Why an image can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageFault {
    /// There are no bytes.
    Empty,
    /// A HEIC or HEIF picture, as phones of one make store them.
    Heic,
    /// Neither JPEG nor PNG.
    NotJpegOrPng,
    /// The text is not base64.
    NotBase64,
    /// There is no file of that name.
    FileMissing,
    /// It is a directory.
    IsDirectory,
    /// The file is there and can't be read.
    Unreadable,
    /// With it, the images of the job take 2 GiB or more, which one upload isn't for.
    TooLarge,
}

impl ImageFault {
    /// Completes the sentence "`images[0]` (selfie) …".
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::Heic => "is a HEIC picture, which the service doesn't take: convert it to JPEG",
            Self::NotJpegOrPng => "is neither JPEG nor PNG",
            Self::NotBase64 => "is not base64",
            Self::FileMissing => "names a file that doesn't exist",
            Self::IsDirectory => "names a directory, not a file",
            Self::Unreadable => "names a file that can't be read",
            Self::TooLarge => "brings the job's images to 2 GiB or more",
        }
    }

    pub(crate) fn from_io(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::FileMissing,
            std::io::ErrorKind::IsADirectory => Self::IsDirectory,
            _ => Self::Unreadable,
        }
    }
}

impl ImageRole {
    /// The role in words, and the stem of the file name that an image without a name gets.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Selfie => "selfie",
            Self::Liveness => "liveness",
            Self::IdCard => "id_card",
            Self::IdCardBack => "id_card_back",
        }
    }
}

/// The two formats that the service takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageFormat {
    Jpeg,
    Png,
}

/// Looks at the first bytes.
pub(crate) fn sniff(bytes: &[u8]) -> Result<ImageFormat, ImageFault> {
    const HEIF_BRANDS: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];
    if bytes.is_empty() {
        Err(ImageFault::Empty)
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Ok(ImageFormat::Jpeg)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Ok(ImageFormat::Png)
    } else if bytes.get(4..8) == Some(b"ftyp")
        && HEIF_BRANDS.iter().any(|brand| bytes.get(8..12) == Some(brand))
    {
        Err(ImageFault::Heic)
    } else {
        Err(ImageFault::NotJpegOrPng)
    }
}

/// Standard base64, with padding or without, with white space anywhere, behind a `data:` prefix or not.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, ImageFault> {
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &ALPHABET,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let encoded = without_prefix(text.trim().as_bytes())?;
    let decoded = if encoded.iter().any(u8::is_ascii_whitespace) {
        let packed: Vec<u8> = encoded.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        TOLERANT.decode(packed)
    } else {
        TOLERANT.decode(encoded)
    };
    decoded.map_err(|_| ImageFault::NotBase64)
}

/// The text as it travels: padded, with nothing around it or in between. Text that is so already is only looked at, and shared.
pub(crate) fn canonical_base64(text: &Bytes) -> Result<Bytes, ImageFault> {
    if let Ok(encoded) = without_prefix(text.trim_ascii())
        && is_canonical(encoded)
    {
        return Ok(text.slice_ref(encoded));
    }
    let text = std::str::from_utf8(text).map_err(|_| ImageFault::NotBase64)?;
    Ok(Bytes::from(STANDARD.encode(decode_base64(text)?)))
}

/// What canonical base64 decodes to: the first bytes of it, and how many there are in all.
pub(crate) fn look_into_base64(text: &[u8]) -> Result<([u8; 12], usize), ImageFault> {
    let mut head = [0; 12];
    let start = &text[..text.len().min(16)];
    STANDARD.decode_slice(start, &mut head).map_err(|_| ImageFault::NotBase64)?;
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    Ok((head, text.len() / 4 * 3 - padding))
}

/// Whether decoding and encoding it would give the same text.
fn is_canonical(text: &[u8]) -> bool {
    // Without branches, and in small pieces, so that the compiler makes vector instructions of it.
    let is_plain = |piece: &[u8]| {
        piece.iter().fold(true, |plain, byte| {
            plain
                & (((byte | 0x20).wrapping_sub(b'a') < 26)
                    | (byte.wrapping_sub(b'/') < 11) // and the digits, which follow it
                    | (*byte == b'+'))
        })
    };
    let Some((before, last)) = text.split_last_chunk::<4>() else { return text.is_empty() };
    // The end alone may have padding, and bits that stand for nothing.
    text.len().is_multiple_of(4) && before.chunks(1024).all(is_plain) && STANDARD.decode(last).is_ok()
}

/// Takes off a `data:…;base64,`.
fn without_prefix(text: &[u8]) -> Result<&[u8], ImageFault> {
    let is_data_url = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"));
    if !is_data_url {
        return Ok(text);
    }
    let comma = text.iter().position(|byte| *byte == b',').ok_or(ImageFault::NotBase64)?;
    let is_base64 = text[..comma]
        .rsplit(|byte| *byte == b';')
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(b"base64"));
    is_base64.then_some(&text[comma + 1..]).ok_or(ImageFault::NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_eight_types_have_their_number() {
        for id in 0..8 {
            let image_type = ImageType::from_id(id).unwrap();
            assert_eq!(image_type.id(), id);
            let is_file = matches!(id, 0 | 1 | 4 | 5);
            assert_eq!(image_type.encoding() == ImageEncoding::File, is_file);
        }
        assert_eq!(ImageType::from_id(8), None);
    }

    #[test]
    fn formats_are_told_by_their_bytes() {
        assert_eq!(sniff(&[0xFF, 0xD8, 0xFF, 0xE0]), Ok(ImageFormat::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n..."), Ok(ImageFormat::Png));
        assert_eq!(sniff(b"\0\0\0\x24ftypheic\0\0\0\0"), Err(ImageFault::Heic));
        assert_eq!(sniff(b"\0\0\0\x24ftypmif1\0\0\0\0"), Err(ImageFault::Heic));
        assert_eq!(sniff(b"\0\0\0\x24ftypisom\0\0\0\0"), Err(ImageFault::NotJpegOrPng));
        assert_eq!(sniff(b"GIF89a"), Err(ImageFault::NotJpegOrPng));
        assert_eq!(sniff(&[0xFF, 0xD8]), Err(ImageFault::NotJpegOrPng));
        assert_eq!(sniff(b""), Err(ImageFault::Empty));
    }

    #[test]
    fn base64_is_read_with_prefix_padding_and_line_breaks_or_without() {
        let bytes = vec![0xFF, 0xD8, 0xFF, 0xE0];
        for text in [
            "/9j/4A==",
            "/9j/4A",
            " /9j/\r\n4A==\n",
            "data:image/jpeg;base64,/9j/4A==",
            "DATA:image/jpeg;charset=x;BASE64,/9j/4A",
        ] {
            assert_eq!(decode_base64(text), Ok(bytes.clone()), "{text}");
        }
        for text in
            ["data:image/jpeg,/9j/4A==", "data:image/jpeg;base64", "_9j_4A==", "/9j/4", "%2F9j", "selfie.jpg"]
        {
            assert_eq!(decode_base64(text), Err(ImageFault::NotBase64), "{text}");
        }
        assert_eq!(decode_base64(""), Ok(vec![]));
    }

    #[test]
    fn base64_travels_as_if_it_had_been_decoded_and_encoded() {
        let long = STANDARD.encode((0..5000).map(|n| (n % 251) as u8).collect::<Vec<_>>());
        for text in [
            "",
            "/9j/",
            "/9j/4A==",
            "/9j/4A",
            "data:image/jpeg;base64,/9j/4Ac=",
            " /9j/\r\n4A== ",
            "\u{a0}/9j/",
            &long,
        ] {
            let canonical = canonical_base64(&Bytes::from(text.to_owned())).unwrap();
            let decoded = decode_base64(text).unwrap();
            assert_eq!(canonical, STANDARD.encode(&decoded), "{text}");
            let (head, size) = look_into_base64(&canonical).unwrap();
            assert_eq!(size, decoded.len(), "{text}");
            let known = size.min(12);
            assert_eq!(head[..known], decoded[..known], "{text}");
        }
        // What only looks canonical: bits beyond the end, padding or something else in the middle, another alphabet.
        let broken = [4000, 100, 0].map(|at| [&long[..at], "*", &long[at + 1..]].concat());
        for text in ["/9j/4B==", "/9==/9j/", "/9j=", "_9j_", "/9j/4A=a", "é9j"]
            .into_iter()
            .map(str::to_owned)
            .chain(broken)
        {
            let decoded = decode_base64(&text).map(|bytes| Bytes::from(STANDARD.encode(bytes)));
            assert_eq!(canonical_base64(&Bytes::from(text.clone())), decoded, "{text}");
        }
        // Every byte, wherever it stands in a piece.
        for byte in 0..=255 {
            let text = [&[b'A'; 9][..], &[byte], &[b'A'; 6]].concat();
            assert_eq!(is_canonical(&text), STANDARD.decode(&text).is_ok(), "{byte}");
        }
    }

    #[test]
    fn debug_shows_no_path_name_or_content() {
        let images = [
            Image::path("/home/jane/jane.jpg"),
            Image::bytes(&b"jane"[..]),
            Image::base64("jane").named("jane"),
        ];
        assert!(!format!("{images:?}").contains("jane"));
    }
}
