//! Sample pictures for tests: drawn here, valid, and of nobody.

use flate2::{Compression, Crc, write::ZlibEncoder};
use std::io::Write as _;

/// A sample picture for tests: a valid JPEG or PNG in colour, drawn by this crate. It shows no real
/// person or document.
///
/// The SDK looks at the structure of each image before it sends it, so made-up bytes don't pass.
/// The same settings give the same bytes, on every system.
///
/// ```
/// use smile_sandbox::SampleImage;
///
/// let selfie = SampleImage::selfie().jpeg();
/// let frames: Vec<Vec<u8>> = (1..=8).map(|frame| SampleImage::liveness(frame).jpeg()).collect();
/// let front = SampleImage::id_card().png();
///
/// // Different pictures, with a size on disk of exactly 100 kB.
/// let large = |number| SampleImage::selfie().with_number(number).with_bytes(100_000).jpeg();
/// assert_eq!((large(1).len(), large(1) == large(2)), (100_000, false));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SampleImage {
    motif: Motif,
    width: u16,
    height: u16,
    number: u32,
    comment: Vec<u8>,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Motif {
    Face,
    CardFront,
    CardBack,
}

/// The pixels of a cell on each side: a block of a JPEG.
const CELL: u16 = 8;

impl SampleImage {
    /// A face, 480 by 640 pixels.
    pub fn selfie() -> Self {
        Self::new(Motif::Face, 480, 640)
    }

    /// The face on a liveness frame, 480 by 640 pixels: a different one for each frame.
    pub fn liveness(frame: u32) -> Self {
        Self::new(Motif::Face, 480, 640).with_number(frame)
    }

    /// The front of an ID card, 1600 by 1008 pixels.
    pub fn id_card() -> Self {
        Self::new(Motif::CardFront, 1600, 1008)
    }

    /// The back of an ID card, 1600 by 1008 pixels.
    pub fn id_card_back() -> Self {
        Self::new(Motif::CardBack, 1600, 1008)
    }

    fn new(motif: Motif, width: u16, height: u16) -> Self {
        Self { motif, width, height, number: 0, comment: Vec::new(), bytes: 0 }
    }

    /// Sets the size in pixels, each 1 or more.
    #[must_use]
    pub fn with_pixels(mut self, width: u16, height: u16) -> Self {
        (self.width, self.height) = (width.max(1), height.max(1));
        self
    }

    /// Makes the picture different from those with other numbers.
    #[must_use]
    pub fn with_number(mut self, number: u32) -> Self {
        self.number = number;
        self
    }

    /// Embeds this text as a comment: at most 65,000 bytes, the rest is dropped.
    #[must_use]
    pub fn with_comment(mut self, comment: impl Into<Vec<u8>>) -> Self {
        self.comment = comment.into();
        self.comment.truncate(65_000);
        self
    }

    /// Pads the file to so many bytes. A picture that is larger by itself stays as large as it is.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The picture as a baseline JPEG file.
    pub fn jpeg(&self) -> Vec<u8> {
        const JFIF: &[u8] = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
        let mut head = vec![0xFF, 0xD8];
        segment(&mut head, 0xE0, JFIF);
        // The number and the comment, as metadata: a small picture may have too few pixels for the
        // number.
        segment(&mut head, 0xFE, &[&self.number.to_be_bytes()[..], &self.comment].concat());
        let mut tail = Vec::new();
        // One table for all: a step of eight makes a coefficient of each level of brightness.
        segment(&mut tail, 0xDB, &[&[0][..], &[8; 64]].concat());
        let ([high, low], [wide, narrow]) = (self.height.to_be_bytes(), self.width.to_be_bytes());
        let components = [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
        segment(&mut tail, 0xC0, &[&[8, high, low, wide, narrow][..], &components].concat());
        // Differences of no, and of one to eight bits.
        let lengths = [1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        segment(&mut tail, 0xC4, &[&[0x00][..], &lengths, &[0, 1, 2, 3, 4, 5, 6, 7, 8]].concat());
        // Nothing but the end of a block.
        segment(&mut tail, 0xC4, &[&[0x10][..], &[1], &[0; 15], &[0]].concat());
        segment(&mut tail, 0xDA, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
        tail.extend(self.scan());
        tail.extend([0xFF, 0xD9]);

        let mut room = self.bytes.saturating_sub(head.len() + tail.len());
        let mut filling = filling(self.number);
        while room >= 4 {
            let rest = room.saturating_sub(65_537);
            // A segment has four bytes at least.
            let whole = room - if (1..4).contains(&rest) { 4 } else { rest };
            segment(&mut head, 0xFE, &filling.by_ref().take(whole - 4).collect::<Vec<_>>());
            room -= whole;
        }
        head.extend(tail);
        head
    }

    /// The picture as a PNG file with three bytes per pixel.
    pub fn png(&self) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let size = [u32::from(self.width).to_be_bytes(), u32::from(self.height).to_be_bytes()].concat();
        chunk(&mut png, b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
        chunk(&mut png, b"tEXt", &[b"Comment\0", &self.number.to_be_bytes()[..], &self.comment].concat());
        let mut pixels = ZlibEncoder::new(Vec::new(), Compression::fast());
        for y in 0..self.height {
            let row = (0..self.width).flat_map(|x| self.colour(x / CELL, y / CELL).rgb());
            let row: Vec<u8> = std::iter::once(0).chain(row).collect();
            pixels.write_all(&row).expect("a vector takes everything");
        }
        let pixels = pixels.finish().expect("a vector takes everything");
        let beside = png.len() + pixels.len() + 3 * 12;
        if let Some(room) = self.bytes.checked_sub(beside) {
            chunk(&mut png, b"fiLl", &filling(self.number).take(room).collect::<Vec<_>>());
        }
        chunk(&mut png, b"IDAT", &pixels);
        chunk(&mut png, b"IEND", b"");
        png
    }

    /// The cells' mean values, as differences from cell to cell (ITU-T T.81, F.1.2.1), and no
    /// detail within them.
    fn scan(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        let mut before = [128; 3];
        for y in 0..self.height.div_ceil(CELL) {
            for x in 0..self.width.div_ceil(CELL) {
                for (before, value) in before.iter_mut().zip(self.colour(x, y).ycc()) {
                    let difference = i32::from(value) - *before;
                    *before = i32::from(value);
                    let length = difference.unsigned_abs().checked_ilog2().map_or(0, |log| log + 1);
                    if length == 0 {
                        bits.push(0, 1);
                    } else {
                        bits.push(0b1_0000 + (length - 1), 5);
                        let negative = u32::from(difference < 0);
                        let bits_of = difference.unsigned_abs() ^ (((1 << length) - 1) * negative);
                        bits.push(bits_of, length);
                    }
                    bits.push(0, 1);
                }
            }
        }
        bits.finish()
    }

    /// The colour of a cell.
    fn colour(&self, x: u16, y: u16) -> Colour {
        let (columns, rows) = (self.width.div_ceil(CELL), self.height.div_ceil(CELL));
        // The number, in the corner.
        if y + 1 == rows && x < 32 {
            return if self.number >> x & 1 == 1 { Colour::Dark } else { Colour::Light };
        }
        // From -100 to 100, across and down.
        let of = |at: u16, all: u16| (i32::from(at) * 2 + 1) * 100 / i32::from(all) - 100;
        let (x, y) = (of(x, columns), of(y, rows));
        let within = |left: i32, top: i32, right: i32, bottom: i32| {
            (left..right).contains(&x) && (top..bottom).contains(&y)
        };
        match self.motif {
            Motif::Face => face(x - i32::from(self.number as u8 % 8) * 3, y),
            Motif::CardFront if within(-90, -50, -35, 60) => face((x + 62) * 4, (y - 5) * 3 / 2),
            Motif::CardFront if within(-90, -85, 90, -65) => Colour::Dark,
            Motif::CardFront if within(-20, -40, 80, 70) && y.rem_euclid(25) < 8 => Colour::Dark,
            Motif::CardBack if within(-90, 20, 90, 85) && y.rem_euclid(20) < 8 => Colour::Dark,
            Motif::CardBack if within(-100, -70, 101, -35) => Colour::Dark,
            Motif::CardFront | Motif::CardBack => Colour::Light,
        }
    }
}

fn face(x: i32, y: i32) -> Colour {
    let is_eye = (x.abs() - 25).pow(2) + (y + 20).pow(2) < 80;
    let is_mouth = x.abs() < 30 && (30..38).contains(&y);
    let is_head = x.pow(2) * 2 + y.pow(2) < 6_500;
    let is_hair = is_head && y < -50;
    match () {
        () if is_eye || is_mouth || is_hair => Colour::Dark,
        () if is_head => Colour::Skin,
        () => Colour::Ground,
    }
}

#[derive(Clone, Copy)]
enum Colour {
    Dark,
    Light,
    Skin,
    Ground,
}

impl Colour {
    /// The colour as red, green and blue.
    fn rgb(self) -> [u8; 3] {
        match self {
            Self::Dark => [40, 32, 32],
            Self::Light => [235, 235, 225],
            Self::Skin => [150, 100, 70],
            Self::Ground => [110, 150, 190],
        }
    }

    /// The colour as luma, and blue and red differences (ITU-T T.871).
    fn ycc(self) -> [u8; 3] {
        let [red, green, blue] = self.rgb().map(i32::from);
        let brightness = (299 * red + 587 * green + 114 * blue) / 1000;
        let clamp = |value: i32| u8::try_from(value.clamp(0, 255)).unwrap_or_default();
        [
            clamp(brightness),
            clamp(128 + (blue - brightness) * 564 / 1000),
            clamp(128 + (red - brightness) * 713 / 1000),
        ]
    }
}

/// A bit writer for JPEG data, the highest bit first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    byte: u8,
    filled: u32,
}

impl Bits {
    fn push(&mut self, value: u32, length: u32) {
        for place in (0..length).rev() {
            self.byte = self.byte << 1 | u8::from(value >> place & 1 == 1);
            self.filled += 1;
            if self.filled == 8 {
                self.bytes.push(self.byte);
                if self.byte == 0xFF {
                    // Without the zero the byte would begin a marker.
                    self.bytes.push(0);
                }
                (self.byte, self.filled) = (0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.filled != 0 {
            self.push(1, 1);
        }
        self.bytes
    }
}

/// A segment of a JPEG.
fn segment(jpeg: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = u16::try_from(content.len() + 2).expect("segments are made short enough");
    jpeg.extend([0xFF, marker]);
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(content);
}

/// A chunk of a PNG.
fn chunk(png: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(content);
    png.extend(u32::try_from(content.len()).expect("no test needs more than 4 GiB").to_be_bytes());
    png.extend(name);
    png.extend(content);
    png.extend(crc.sum().to_be_bytes());
}

/// Noise, which no compression makes smaller.
fn filling(number: u32) -> impl Iterator<Item = u8> {
    let mut state = u64::from(number) + 1;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_padded_to_exactly_the_given_size() {
        let own = SampleImage::selfie().jpeg().len();
        for bytes in [own + 4, own + 65_537, own + 65_538, own + 65_540, own + 65_541, 4_000_000] {
            assert_eq!(SampleImage::selfie().with_bytes(bytes).jpeg().len(), bytes);
        }
        let own = SampleImage::id_card().png().len();
        for bytes in [own + 12, own + 100_000] {
            assert_eq!(SampleImage::id_card().with_bytes(bytes).png().len(), bytes);
        }
        assert_eq!(SampleImage::selfie().with_bytes(10).jpeg(), SampleImage::selfie().jpeg());
    }

    #[test]
    fn numbers_and_comments_make_different_pictures() {
        let tiny = || SampleImage::selfie().with_pixels(1, 1);
        assert_ne!(tiny().with_number(1).jpeg(), tiny().jpeg());
        assert_ne!(tiny().with_number(1).png(), tiny().png());
        assert_ne!(SampleImage::liveness(1).scan(), SampleImage::liveness(9).scan());
        let marked = tiny().with_comment("a mark");
        for file in [marked.jpeg(), marked.png()] {
            assert!(file.windows(6).any(|window| window == b"a mark"));
        }
    }
}
