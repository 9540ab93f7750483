//! Images: their sources, their encoding, and the checks before they are sent.

pub(crate) mod structure;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::problem::ImageFault;

/// An image and how it should travel: as a file in the zip, or as base64 text in `info.json`.
///
/// What comes from a path or from bytes travels as a file, what comes as base64 travels as base64;
/// the service treats both alike. [`Image::with_encoding`] changes it.
///
/// JPEG is what the service wants; PNG is taken too. Documents should measure at least 1500 pixels
/// on the longer side (passports 2200) and be between 600 KB and 10 MB (Smile ID: "Image quality").
///
/// Before anything is sent, the file's structure is looked at; no pixel is decoded. A file that
/// can't hold a picture (no start of scan, a segment longer than the file, no image data, a PNG
/// without `IHDR` or `IDAT`) is refused. A file that was likely cut (no end, or many zeros before
/// it), that has few pixels or many bytes, or that says where it was taken, is sent with a warning.
/// What stands behind the end of the picture, such as the film of a motion photo, is left alone and
/// sent along. [`ImageFault`] names each of these.
///
/// ```
/// use smile_core::Image;
///
/// # let bytes = vec![0xFF, 0xD8, 0xFF];
/// let from_disk = Image::path("selfie.jpg");
/// let from_memory = Image::bytes(bytes).with_file_name("front.jpg");
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
    /// Most bytes that a file on disk may have: 128 MiB. A larger one is not read to its end, and
    /// refused.
    pub const MAX_FILE_BYTES: u64 = 128 << 20;

    /// Image from a file on disk of at most [`MAX_FILE_BYTES`](Self::MAX_FILE_BYTES). It is read
    /// when the job runs, before the first request is sent.
    ///
    /// Its base name travels along, in plain ASCII; nothing else of the path does.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self { source: ImageSource::Path(path), encoding: ImageEncoding::File, name }
    }

    /// Image from the bytes of a JPEG or PNG file.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { source: ImageSource::Bytes(bytes.into()), encoding: ImageEncoding::File, name: None }
    }

    /// Image from base64 text of the standard alphabet, with or without a `data:image/…;base64,`
    /// prefix, padding or line breaks.
    ///
    /// Text that was damaged on its way is refused, with the likely cause: blanks within a line, as
    /// a form decoder makes of `+`; `-` and `_`, the alphabet for URLs; a length that is left when
    /// the end was cut off.
    pub fn base64(text: impl Into<String>) -> Self {
        let text = Bytes::from(text.into());
        Self { source: ImageSource::Base64(text), encoding: ImageEncoding::Base64, name: None }
    }

    /// Sets how the image travels: as a file in the zip (image types 0, 1, 4 and 5), or as base64
    /// text in `info.json` (image types 2, 3, 6 and 7).
    #[must_use]
    pub fn with_encoding(mut self, encoding: ImageEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sets the name of the file in the zip. It is cut to its base name, put into plain ASCII and
    /// made unique.
    #[must_use]
    pub fn with_file_name(mut self, name: impl Into<String>) -> Self {
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

/// Role of an image: selfie, liveness frame, or side of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ImageRole {
    /// The person's face.
    Selfie,
    /// One of the frames taken around the selfie: eight, if proof of life is wanted.
    Liveness,
    /// The front of the ID card, or the photo page of the passport.
    IdCard,
    /// The back of the ID card.
    IdCardBack,
}

/// Encoding of an image in the zip: a file, or base64 in `info.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageEncoding {
    /// File in the zip.
    File,
    /// Base64 text in `info.json`.
    Base64,
}

/// Image type, `image_type_id`: role and encoding of an image (Smile ID: "Image types").
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
    /// Type of an image of this role with this encoding.
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

    /// Role of the image.
    pub const fn role(self) -> ImageRole {
        self.role
    }

    /// Encoding of the image.
    pub const fn encoding(self) -> ImageEncoding {
        self.encoding
    }
}

impl serde::Serialize for ImageType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.id())
    }
}

/// Reads an image file as [`read_image`] does, but nothing of one that is too large by `size`, the
/// bytes that the file system says it has.
///
/// # Errors
/// As [`read_image`].
pub fn read_image_of_size(size: u64, reader: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    if size > Image::MAX_FILE_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    read_image(reader)
}

/// Reads an image file for a flow that asks for one: to its end, or a little beyond
/// [`Image::MAX_FILE_BYTES`] and no further. The path may lead to something without an end, such as
/// a device.
///
/// ```
/// use smile_core::read_image;
///
/// assert_eq!(read_image(&b"a small file"[..])?, b"a small file");
/// let endless = read_image(std::io::repeat(0)).expect_err("it has no end");
/// assert_eq!(endless.kind(), std::io::ErrorKind::FileTooLarge);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Whatever reading it says, and [`FileTooLarge`](std::io::ErrorKind::FileTooLarge) beyond the
/// limit.
pub fn read_image(reader: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    reader.take(Image::MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > Image::MAX_FILE_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
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

/// Format of an image, from its first bytes.
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

/// Decodes standard base64, with padding or without, with line breaks anywhere, behind a `data:`
/// prefix or not.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, ImageFault> {
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &ALPHABET,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let whole = without_prefix(text.trim_start().as_bytes())?.trim_ascii_start();
    let encoded = trim_end(whole);
    let packed: Cow<'_, [u8]> = if encoded.iter().any(|byte| is_line_break(*byte)) {
        Cow::Owned(encoded.iter().copied().filter(|byte| !is_line_break(*byte)).collect())
    } else {
        Cow::Borrowed(encoded)
    };
    // A blank at the end may have been a `+` as well, unless the text is complete without it.
    let lost_an_end = !packed.len().is_multiple_of(4) && whole[encoded.len()..].contains(&b' ');
    if lost_an_end && !packed.ends_with(b"=") {
        return Err(ImageFault::BlanksInBase64);
    }
    TOLERANT.decode(&packed).map_err(|_| damage(&packed))
}

/// True if base64 text, of a picture without its end, was likely cut: it has no padding, where
/// others have, or is as long as a column of a database is wide.
pub(crate) fn was_likely_cut(text: &[u8]) -> bool {
    const WIDTHS: [usize; 16] = [
        255, 256, 500, 512, 1_000, 1_024, 2_000, 2_048, 4_000, 4_096, 8_000, 8_192, 32_767, 65_535, 65_536,
        16_777_215,
    ];
    let encoded = without_prefix(text.trim_ascii_start()).unwrap_or_default();
    let letters = encoded.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
    WIDTHS.contains(&text.len()) || WIDTHS.contains(&encoded.len()) || !letters.is_multiple_of(4)
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The text without white space at its end, no-break spaces included.
fn trim_end(text: &[u8]) -> &[u8] {
    std::str::from_utf8(text).map_or(text, |text| text.trim_end().as_bytes())
}

/// Likely fault of text that is not base64.
fn damage(text: &[u8]) -> ImageFault {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let body = &text[..text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1)];
    let all = |also: &[u8]| body.iter().all(|byte| is_letter(byte) || also.contains(byte));
    if all(b"") {
        // One letter too many, or bits that stand for nothing: what comes next is missing. Or
        // padding too much.
        let is_cut = body.len() % 4 == 1 || body.len() == text.len();
        if is_cut { ImageFault::CutBase64 } else { ImageFault::NotBase64 }
    } else if all(b" \t") {
        ImageFault::BlanksInBase64
    } else if all(b"-_") {
        ImageFault::UrlSafeBase64
    } else {
        ImageFault::NotBase64
    }
}

/// Text in the form in which it is sent: padded, with nothing around it or in between. Text that is
/// so already is only checked, and shared.
pub(crate) fn canonical_base64(text: &Bytes) -> Result<Bytes, ImageFault> {
    if let Ok(encoded) = without_prefix(text.trim_ascii())
        && is_canonical(encoded)
    {
        return Ok(text.slice_ref(encoded));
    }
    let text = std::str::from_utf8(text).map_err(|_| ImageFault::NotBase64)?;
    Ok(Bytes::from(STANDARD.encode(decode_base64(text)?)))
}

/// True if decoding and encoding the text again gives the same text.
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
        for text in ["data:image/jpeg,/9j/4A==", "data:image/jpeg;base64", "%2F9j", "selfie.jpg", "/9j/4B=="]
        {
            assert_eq!(decode_base64(text), Err(ImageFault::NotBase64), "{text}");
        }
        assert_eq!(decode_base64(""), Ok(vec![]));
    }

    #[test]
    fn base64_whose_plus_became_a_blank_is_refused() {
        let plus = "/9j/4+A+bb++";
        assert!(decode_base64(plus).is_ok());
        for text in [
            plus.replace('+', " "),
            plus.replacen('+', " ", 1),
            // Two of three letters that are lost make text of another length, which could be read.
            "/9j/4 A bb".to_owned(),
            // At the end, and beside a line's.
            plus.replacen("++", "  ", 1),
            plus.replacen("++", "+ ", 1),
            "/9j/4+A \r\nbb++".to_owned(),
            "/9j/\r\n 4+Abb++".to_owned(),
            format!("data:image/jpeg;base64,{}", plus.replace('+', " ")),
        ] {
            assert_eq!(decode_base64(&text), Err(ImageFault::BlanksInBase64), "{text:?}");
            assert_eq!(canonical_base64(&text.clone().into()), Err(ImageFault::BlanksInBase64), "{text:?}");
        }
    }

    #[test]
    fn base64_in_the_alphabet_for_urls_is_refused_by_name() {
        for text in ["_9j_4A==", "_9j_4A", "/9j/-_", "data:image/jpeg;base64,_9j_"] {
            assert_eq!(decode_base64(text), Err(ImageFault::UrlSafeBase64), "{text}");
        }
    }

    #[test]
    fn base64_whose_end_was_cut_off_is_refused_by_name() {
        // A letter too many, and bits without a byte.
        for text in ["/9j/4", "/9j/4B", "/9j/4AB"] {
            assert_eq!(decode_base64(text), Err(ImageFault::CutBase64), "{text}");
        }
        let long = STANDARD.encode(vec![7; 60_000]);
        for (width, is_cut) in [(255, true), (65_535, true), (4_000, true), (4_004, false), (4_003, true)] {
            assert_eq!(was_likely_cut(&long.as_bytes()[..width]), is_cut, "{width}");
        }
        let url = format!("data:image/jpeg;base64,{long}");
        assert!(was_likely_cut(&url.as_bytes()[..65_535]));
    }

    #[test]
    fn a_file_that_is_too_large_by_its_size_is_not_read() {
        struct NotToBeRead;
        impl std::io::Read for NotToBeRead {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                panic!("it is read")
            }
        }
        let error = read_image_of_size(Image::MAX_FILE_BYTES + 1, NotToBeRead).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
        assert_eq!(read_image_of_size(0, &b"a pipe has no size"[..]).unwrap(), b"a pipe has no size");
    }

    #[test]
    fn a_file_is_read_up_to_the_limit_and_no_further() {
        use std::io::Read as _;
        let limit = Image::MAX_FILE_BYTES;
        let mut endless = std::io::repeat(0).take(2 * limit);
        let error = read_image(&mut endless).unwrap_err();
        assert_eq!(ImageFault::from_io(&error), ImageFault::FileTooLarge);
        assert_eq!(endless.limit(), limit - 1);
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
            "/9j/ ",
            "\u{a0}/9j/",
            &long,
        ] {
            let canonical = canonical_base64(&Bytes::from(text.to_owned())).unwrap();
            let decoded = decode_base64(text).unwrap();
            assert_eq!(canonical, STANDARD.encode(&decoded), "{text}");
        }
        // What only looks canonical: bits beyond the end, padding or something else in the middle,
        // another alphabet.
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
            Image::base64("jane").with_file_name("jane"),
        ];
        assert!(!format!("{images:?}").contains("jane"));
    }
}
