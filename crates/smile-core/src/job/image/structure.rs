//! Structure of JPEG and PNG files: completeness of the parts, and number of pixels. No pixel is
//! decoded.
//!
//! It is written here, and not by a library: the crates that read dimensions stop at the header and
//! take a file that was cut behind it, and those that find a cut file decode it. What is looked at
//! takes little: a few segments at the start, and the end. The parts are read from the file's bytes
//! or through base64, so that inline images needn't be decoded as a whole.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::job::image::{ImageFormat, ImageRole, sniff};
use crate::problem::ImageFault;

/// Number of zero bytes that are more than chance at the end of compressed data.
const ZEROS: usize = 512;
/// Number of bytes that a search takes at once.
const STEP: usize = 3 * 4096;
/// Pixels that documents should measure on the longer side (Smile ID: "Image quality").
const DOCUMENT_PIXELS: u32 = 1_500;
/// Pixels on the shorter side below which no face can be recognised. Our choice: Smile ID names no
/// number.
const FACE_PIXELS: u32 = 160;
/// Size above that of any document (Smile ID: "Image quality"), or any other image.
const MANY_BYTES: usize = 10_000_000;

/// Structure of an image file, read from its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Structure {
    pub(crate) format: ImageFormat,
    /// Width and height; a height that comes at the end of a JPEG is 0.
    pixels: (u32, u32),
    bytes: usize,
    has_end: bool,
    ends_in_zeros: bool,
    has_position: bool,
}

impl Structure {
    /// Size of the file in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Faults that will likely be refused, or disappoint.
    pub(crate) fn warnings(&self, role: ImageRole) -> impl Iterator<Item = ImageFault> {
        let (width, height) = self.pixels;
        let is_small = match role {
            ImageRole::IdCard | ImageRole::IdCardBack => width.max(height) < DOCUMENT_PIXELS,
            ImageRole::Selfie | ImageRole::Liveness => width.min(height) < FACE_PIXELS,
        };
        [
            (!self.has_end, ImageFault::NoEnd),
            (self.ends_in_zeros, ImageFault::EndsInZeros),
            (is_small && height > 0, ImageFault::FewPixels),
            (self.bytes > MANY_BYTES, ImageFault::ManyBytes),
            (self.has_position, ImageFault::HasPosition),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
    }
}

/// Structure of a file.
pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Structure, ImageFault> {
    look(&Source::Plain(bytes))
}

/// Structure of a file, read through its canonical base64.
pub(crate) fn of_base64(text: &[u8]) -> Result<Structure, ImageFault> {
    look(&Source::Base64(text))
}

fn look(source: &Source<'_>) -> Result<Structure, ImageFault> {
    match sniff(&source.window(0..12))? {
        ImageFormat::Jpeg => jpeg(source),
        ImageFormat::Png => png(source),
    }
}

/// A file's bytes, or the base64 that stands for them.
enum Source<'a> {
    Plain(&'a [u8]),
    Base64(&'a [u8]),
}

impl Source<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Base64(text) => {
                let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
                (text.len() / 4 * 3).saturating_sub(padding)
            }
        }
    }

    /// The bytes at these places, as far as there are any.
    fn window(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match self {
            Self::Plain(bytes) => Cow::Borrowed(&bytes[range]),
            Self::Base64(text) => {
                let letters = range.start / 3 * 4..range.end.div_ceil(3) * 4;
                // It is canonical.
                let decoded = STANDARD.decode(text.get(letters).unwrap_or_default()).unwrap_or_default();
                let start = range.start % 3;
                let window = decoded.get(start..start + range.len()).unwrap_or_default();
                Cow::Owned(window.to_vec())
            }
        }
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        (*self.window(at..at.saturating_add(N))).try_into().ok()
    }

    /// True if there are many zeros before this place.
    fn has_zeros_before(&self, end: usize) -> bool {
        let window = self.window(end.saturating_sub(ZEROS)..end);
        window.len() == ZEROS && window.iter().all(|byte| *byte == 0)
    }

    /// Next marker: its place and its second byte. What stands before it is data, or of no use to
    /// anybody.
    fn marker(&self, from: usize) -> Option<(usize, u8)> {
        let mut at = from;
        loop {
            let window = self.window(at..at.saturating_add(STEP));
            let found = window.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF));
            if let Some(place) = found {
                return Some((at + place, window[place + 1]));
            }
            if window.len() < STEP {
                return None;
            }
            at += STEP - 1;
        }
    }
}

/// Structure of a JPEG (ITU-T T.81, annex B).
fn jpeg(source: &Source<'_>) -> Result<Structure, ImageFault> {
    let len = source.len();
    let mut found = Structure {
        format: ImageFormat::Jpeg,
        pixels: (0, 0),
        bytes: len,
        has_end: false,
        ends_in_zeros: false,
        has_position: false,
    };
    let (mut has_frame, mut has_scan, mut has_data) = (false, false, false);
    let mut at = 2;
    let mut end = len;
    while let Some((place, marker)) = source.marker(at) {
        at = place + 2;
        match marker {
            0xD9 => {
                (found.has_end, end) = (true, place);
                break;
            }
            // Markers that stand alone.
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let length = source.array(at).map_or(0, |length| usize::from(u16::from_be_bytes(length)));
        if length < 2 || at + length > len {
            return Err(ImageFault::BadSegment);
        }
        let content = at + 2..at + length;
        at += length;
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let Some([_, h1, h2, w1, w2]) = source.array(content.start) else {
                    return Err(ImageFault::BadSegment);
                };
                found.pixels = (u16::from_be_bytes([w1, w2]).into(), u16::from_be_bytes([h1, h2]).into());
                has_frame = found.pixels.0 > 0;
            }
            0xE1 => {
                let content = source.window(content);
                found.has_position |= match content.strip_prefix(b"Exif\0\0") {
                    Some(exif) => exif_has_position(exif),
                    None => xmp_has_position(&content),
                };
            }
            0xDA => {
                has_scan = true;
                // A marker at once: no data.
                has_data |= source.array(at).is_some_and(|next: [u8; 2]| next[0] != 0xFF || next[1] == 0);
                // What ends as it should needn't be searched: data has no such bytes.
                if source.array(len - 2) == Some([0xFF, 0xD9]) {
                    (found.has_end, end) = (true, len - 2);
                    break;
                }
            }
            _ => {}
        }
    }
    if !has_scan {
        return Err(ImageFault::NoScan);
    }
    if !has_frame {
        return Err(ImageFault::NoHeader);
    }
    if !has_data {
        return Err(ImageFault::NoImageData);
    }
    found.ends_in_zeros = source.has_zeros_before(end);
    Ok(found)
}

/// Structure of a PNG (Portable Network Graphics, third edition, 5).
fn png(source: &Source<'_>) -> Result<Structure, ImageFault> {
    let len = source.len();
    let Some([0, 0, 0, 13, b'I', b'H', b'D', b'R']) = source.array(8) else {
        return Err(ImageFault::NoHeader);
    };
    let Some(size) = source.array::<8>(16).filter(|_| len >= 33) else { return Err(ImageFault::BadSegment) };
    let [width, height] =
        [0, 4].map(|at| u32::from_be_bytes([size[at], size[at + 1], size[at + 2], size[at + 3]]));
    if width == 0 || height == 0 {
        return Err(ImageFault::NoHeader);
    }
    let mut found = Structure {
        format: ImageFormat::Png,
        pixels: (width, height),
        bytes: len,
        has_end: false,
        ends_in_zeros: false,
        has_position: false,
    };
    let mut has_data = false;
    let mut at = 33;
    while let Some([a, b, c, d, name @ ..]) = source.array::<8>(at) {
        // Zeros, or something else that is no part of it.
        if !name.iter().all(u8::is_ascii_alphabetic) {
            break;
        }
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let content = at + 8..length.saturating_add(at + 8);
        if content.end.saturating_add(4) > len {
            return Err(ImageFault::BadSegment);
        }
        at = content.end + 4;
        match &name {
            b"IDAT" => has_data |= length > 0,
            b"eXIf" => found.has_position |= exif_has_position(&source.window(content)),
            b"iTXt" => found.has_position |= xmp_has_position(&source.window(content)),
            b"IEND" => {
                found.has_end = true;
                break;
            }
            _ => {}
        }
    }
    if !has_data {
        return Err(ImageFault::NoImageData);
    }
    found.ends_in_zeros = !found.has_end && source.has_zeros_before(len);
    Ok(found)
}

/// True if the EXIF data says where the picture was taken: TIFF 6.0; CIPA DC-008, 4.6.6.
fn exif_has_position(tiff: &[u8]) -> bool {
    const POSITION: u16 = 0x8825;
    const LATITUDE: u16 = 2;
    const LONGITUDE: u16 = 4;
    let is_little = match tiff.get(..4) {
        Some(b"II*\0") => true,
        Some(b"MM\0*") => false,
        _ => return false,
    };
    let number = |at: usize, bytes: usize| {
        let bytes = tiff.get(at..at.checked_add(bytes)?)?;
        let digit = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        Some(if is_little { bytes.iter().rev().fold(0, digit) } else { bytes.iter().fold(0, digit) })
    };
    // The place of the entry with one of these tags in the directory at this place.
    let entry = |directory: usize, tags: &[u16]| {
        let count = number(directory, 2)?;
        (0..count).map(|index| directory + 2 + index * 12).find(|at| {
            number(*at, 2).is_some_and(|tag| tags.iter().any(|wanted| usize::from(*wanted) == tag))
        })
    };
    let first = number(4, 4);
    let position = first.and_then(|first| entry(first, &[POSITION])).and_then(|at| number(at + 8, 4));
    // Some cameras have the directory, with nothing in it, where the position is switched off.
    position.and_then(|directory| entry(directory, &[LATITUDE, LONGITUDE])).is_some()
}

/// True if XMP says where the picture was taken.
fn xmp_has_position(xml: &[u8]) -> bool {
    const NAME: &[u8] = b"GPSLatitude";
    xml.windows(NAME.len()).any(|window| window == NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], content].concat()
    }

    fn frame(width: u16, height: u16) -> Vec<u8> {
        let ([h1, h2], [w1, w2]) = (height.to_be_bytes(), width.to_be_bytes());
        segment(0xC0, &[8, h1, h2, w1, w2, 1, 1, 0x11, 0])
    }

    fn scan(data: &[u8]) -> Vec<u8> {
        [&segment(0xDA, &[1, 1, 0, 0, 63, 0]), data].concat()
    }

    const START: &[u8] = &[0xFF, 0xD8];
    const END: &[u8] = &[0xFF, 0xD9];

    fn whole_jpeg() -> Vec<u8> {
        [START, &frame(640, 640), &scan(b"data"), END].concat()
    }

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], name, content, &crc32fast::hash(&[name, content].concat()).to_be_bytes()].concat()
    }

    fn png_of(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..], &chunks.concat()].concat()
    }

    fn whole_png() -> Vec<u8> {
        png_of(640, 640, &[chunk(b"IDAT", b"data"), chunk(b"IEND", b"")])
    }

    /// TIFF whose first directory leads to one of positions with this tag.
    fn exif(tag: u16, is_little: bool) -> Vec<u8> {
        let two = |number: u16| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
        let four = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
        let entry = |tag: u16, value: u32| [&two(tag)[..], &two(4), &four(1), &four(value)].concat();
        let head: &[u8] = if is_little { b"II*\0" } else { b"MM\0*" };
        [head, &four(8), &two(1), &entry(0x8825, 26), &four(0), &two(1), &entry(tag, 0), &four(0)].concat()
    }

    /// Structure of a file, the same from bytes and through base64.
    #[track_caller]
    fn looked(bytes: &[u8]) -> Result<Structure, ImageFault> {
        let found = of_bytes(bytes);
        assert_eq!(of_base64(STANDARD.encode(bytes).as_bytes()), found);
        found
    }

    #[track_caller]
    fn warnings(bytes: &[u8]) -> Vec<ImageFault> {
        looked(bytes).unwrap().warnings(ImageRole::Selfie).collect()
    }

    #[test]
    fn whole_pictures_are_taken_with_their_pixels() {
        assert_eq!(looked(&whole_jpeg()).unwrap().pixels, (640, 640));
        assert_eq!(looked(&whole_png()).unwrap().pixels, (640, 640));
        assert_eq!((warnings(&whole_jpeg()), warnings(&whole_png())), (vec![], vec![]));
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_refused_or_doubted() {
        let jpeg = whole_jpeg();
        for length in 0..jpeg.len() {
            let cut = looked(&jpeg[..length]);
            let is_doubted = cut.as_ref().is_ok_and(|cut| !cut.has_end);
            assert!(cut.is_err() || is_doubted, "{length}: {cut:?}");
        }
    }

    #[test]
    fn a_png_cut_anywhere_is_refused_or_doubted() {
        let png = whole_png();
        for length in 0..png.len() {
            let cut = looked(&png[..length]);
            let is_doubted = cut.as_ref().is_ok_and(|cut| !cut.has_end);
            assert!(cut.is_err() || is_doubted, "{length}: {cut:?}");
        }
    }

    #[test]
    fn a_jpeg_without_a_start_of_scan_is_refused() {
        for end in [END, b""] {
            assert_eq!(looked(&[START, &frame(640, 640), end].concat()), Err(ImageFault::NoScan));
        }
        assert_eq!(looked(&[START, &[0xFF, 0xE0]].concat()), Err(ImageFault::BadSegment));
    }

    #[test]
    fn a_segment_longer_than_the_file_is_refused() {
        let long = [START, &[0xFF, 0xE0, 0xFF, 0xFF], &[7; 100]].concat();
        assert_eq!(looked(&long), Err(ImageFault::BadSegment));
        let mut png = whole_png();
        png[33..37].copy_from_slice(&[0xFF; 4]);
        assert_eq!(looked(&png), Err(ImageFault::BadSegment));
        let impossible = [START, &[0xFF, 0xE0, 0, 1], &frame(640, 640), &scan(b"data"), END].concat();
        assert_eq!(looked(&impossible), Err(ImageFault::BadSegment));
    }

    #[test]
    fn a_picture_without_image_data_is_refused() {
        let empty = [START, &frame(640, 640), &scan(b""), END].concat();
        assert_eq!(looked(&empty), Err(ImageFault::NoImageData));
        let ends_there = [START, &frame(640, 640), &scan(b"")].concat();
        assert_eq!(looked(&ends_there), Err(ImageFault::NoImageData));
        assert_eq!(looked(&png_of(640, 640, &[chunk(b"IEND", b"")])), Err(ImageFault::NoImageData));
        let empty = png_of(640, 640, &[chunk(b"IDAT", b""), chunk(b"IEND", b"")]);
        assert_eq!(looked(&empty), Err(ImageFault::NoImageData));
    }

    #[test]
    fn a_picture_without_its_header_or_of_no_pixels_is_refused() {
        assert_eq!(looked(&[START, &scan(b"data"), END].concat()), Err(ImageFault::NoHeader));
        assert_eq!(looked(&[START, &frame(0, 9), &scan(b"data"), END].concat()), Err(ImageFault::NoHeader));
        let other_first = [b"\x89PNG\r\n\x1a\n", &chunk(b"IDAT", b"data")[..]].concat();
        assert_eq!(looked(&other_first), Err(ImageFault::NoHeader));
        assert_eq!(looked(&png_of(0, 9, &[chunk(b"IDAT", b"data")])), Err(ImageFault::NoHeader));
    }

    #[test]
    fn a_picture_without_its_end_is_doubted() {
        let jpeg = whole_jpeg();
        assert_eq!(warnings(&jpeg[..jpeg.len() - 2]), [ImageFault::NoEnd]);
        assert_eq!(warnings(&png_of(640, 640, &[chunk(b"IDAT", b"data")])), [ImageFault::NoEnd]);
    }

    #[test]
    fn a_tail_of_zeros_is_doubted() {
        let zeros = [b"data", &[0; ZEROS][..]].concat();
        let jpeg = |end: &[u8]| [START, &frame(640, 640), &scan(&zeros), end].concat();
        assert_eq!(warnings(&jpeg(b"")), [ImageFault::NoEnd, ImageFault::EndsInZeros]);
        assert_eq!(warnings(&jpeg(END)), [ImageFault::EndsInZeros]);
        let png = [png_of(640, 640, &[chunk(b"IDAT", b"data")]), vec![0; ZEROS]].concat();
        assert_eq!(warnings(&png), [ImageFault::NoEnd, ImageFault::EndsInZeros]);
    }

    #[test]
    fn what_stands_behind_the_end_is_left_alone() {
        for behind in [&b"\0\0\0\x18ftypmp42 a film"[..], &[0; 2 * ZEROS], &whole_jpeg()] {
            assert_eq!(warnings(&[&whole_jpeg(), behind].concat()), []);
            assert_eq!(warnings(&[&whole_png(), behind].concat()), []);
        }
    }

    #[test]
    fn few_pixels_and_many_bytes_are_doubted_by_what_the_image_shows() {
        let of = |width, height| [START, &frame(width, height), &scan(b"data"), END].concat();
        let warnings = |bytes: &[u8], role| looked(bytes).unwrap().warnings(role).collect::<Vec<_>>();
        assert_eq!(warnings(&of(1, 1), ImageRole::Selfie), [ImageFault::FewPixels]);
        assert_eq!(warnings(&of(1000, 159), ImageRole::Liveness), [ImageFault::FewPixels]);
        assert_eq!(warnings(&of(160, 160), ImageRole::Liveness), []);
        assert_eq!(warnings(&of(1499, 1000), ImageRole::IdCard), [ImageFault::FewPixels]);
        assert_eq!(warnings(&of(1000, 1500), ImageRole::IdCardBack), []);
        // A height that comes with the data.
        assert_eq!(warnings(&of(640, 0), ImageRole::Selfie), []);
        let large = [START, &frame(640, 640), &scan(&vec![7; MANY_BYTES]), END].concat();
        let large = of_bytes(&large).unwrap().warnings(ImageRole::Selfie).collect::<Vec<_>>();
        assert_eq!(large, [ImageFault::ManyBytes]);
    }

    #[test]
    fn a_position_is_found_in_exif_and_xmp_and_only_there() {
        let jpeg =
            |content: &[u8]| [START, &segment(0xE1, content), &frame(640, 640), &scan(b"data"), END].concat();
        let png = |name, content: &[u8]| {
            png_of(640, 640, &[chunk(name, content), chunk(b"IDAT", b"data"), chunk(b"IEND", b"")])
        };
        let xmp = b"http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude=\"6,27N\"/>";
        for is_little in [true, false] {
            let (latitude, version) = (exif(2, is_little), exif(0, is_little));
            assert_eq!(warnings(&jpeg(&[b"Exif\0\0", &latitude[..]].concat())), [ImageFault::HasPosition]);
            assert_eq!(warnings(&jpeg(&[b"Exif\0\0", &version[..]].concat())), []);
            assert_eq!(warnings(&png(b"eXIf", &latitude)), [ImageFault::HasPosition]);
            // Cut anywhere, it has none and is no fault.
            for length in 0..latitude.len() - 16 {
                assert!(!exif_has_position(&latitude[..length]), "{length}");
            }
        }
        assert_eq!(warnings(&jpeg(xmp)), [ImageFault::HasPosition]);
        assert_eq!(warnings(&png(b"iTXt", xmp)), [ImageFault::HasPosition]);
        assert_eq!(warnings(&jpeg(b"anything else")), []);
    }

    #[test]
    fn markers_are_found_across_the_steps_of_the_search() {
        for length in STEP - 30..STEP + 5 {
            let jpeg = [START, &frame(640, 640), &scan(&vec![7; length]), END, b"x"].concat();
            assert_eq!(warnings(&jpeg), [], "{length}");
        }
    }

    #[test]
    fn several_scans_and_fill_bytes_are_read() {
        let jpeg = [
            START,
            &[0xFF, 0xFF],
            &frame(640, 640),
            &scan(&[1, 0xFF, 0, 2, 0xFF, 0xD0, 3]),
            &segment(0xC4, b"a table"),
            &scan(b"data"),
            END,
            b"x",
        ];
        assert_eq!(warnings(&jpeg.concat()), []);
    }
}
