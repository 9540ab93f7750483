//! The zip: stored entries with a fixed date, written by the `zip` crate into one buffer.
//!
//! `info.json` is the first entry, and is known last. So the files become a zip of their own as
//! they come in, behind room for `info.json`; in the end a second writer writes `info.json` and
//! merges that zip in. Nothing moves: the entries are where they belong, so the reader and the
//! writer of the merging leave them out. Each image is copied once, and none is in memory twice.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};
use bytes::Bytes;

use crate::ImageFault;

const INFO: &str = "info.json";
/// Bytes left free before the files for the entry of `info.json`. Without images in it, it takes a
/// fifth of this.
const ROOM: usize = 8 * 1024;
/// The most bytes that are reserved for files to come.
const MOST_AHEAD: usize = 16 << 20;

/// Bytes of an entry's two headers, and of the end record, without names (APPNOTE 4.3). Only what
/// is reserved rests on them.
const LOCAL: usize = 30;
const CENTRAL: usize = 46;
const END: usize = 22;

/// Sizes and names are checked before.
const IN_MEMORY: &str = "writing to memory doesn't fail";

/// The files that follow `info.json`, as a zip of their own.
#[derive(Default)]
pub(super) enum Files {
    /// None has come.
    #[default]
    None,
    /// More may come.
    Growing {
        writer: Box<ZipWriter<Behind>>,
        /// Bytes to reserve when the buffer is full.
        ahead: Arc<AtomicUsize>,
        count: usize,
    },
    /// All are here.
    Whole {
        entries: Entries,
        /// The central directory of this zip, with its end record.
        directory: Vec<u8>,
    },
}

/// The entries of all files, each with its header.
pub(super) enum Entries {
    /// Behind room for `info.json`, and with room for the directory.
    InBuffer(Vec<u8>),
    /// A part of a zip that was made.
    Made(Bytes),
}

impl Entries {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::InBuffer(buffer) => buffer.get(ROOM..).unwrap_or_default(),
            Self::Made(entries) => entries,
        }
    }
}

impl Files {
    /// Adds a file; others of about `to_come` bytes will follow it.
    pub(super) fn push(&mut self, name: &str, data: &[u8], to_come: usize) -> Result<(), ImageFault> {
        let to_come = to_come.min(MOST_AHEAD);
        if let Self::None = self {
            let reserved = ROOM + END + CENTRAL + INFO.len() + reserved_for(name, data) + to_come;
            let ahead = Arc::new(AtomicUsize::new(0));
            let writer = ZipWriter::new(Behind::new(reserved, ahead.clone()));
            *self = Self::Growing { writer: Box::new(writer), ahead, count: 0 };
        }
        let Self::Growing { writer, ahead, count } = self else { return Ok(()) };
        // The directory counts its entries in 16 bits.
        if *count >= usize::from(u16::MAX - 1) {
            return Err(ImageFault::TooLarge);
        }
        *count += 1;
        ahead.store(reserved_for(name, data) + to_come, Ordering::Relaxed);
        let started = writer.start_file(name, options()).map_err(io::Error::from);
        started.and_then(|()| writer.write_all(data)).map_err(|_| ImageFault::TooLarge)
    }

    /// Completes the files' own zip: no more will come. Gives back what was reserved for them.
    pub(super) fn all_here(&mut self) {
        *self = match std::mem::take(self) {
            Self::Growing { mut writer, .. } => {
                // Marks the end of the entries; the directory follows.
                writer.flush().expect(IN_MEMORY);
                let Behind { mut buffer, mark, .. } = writer.finish().expect(IN_MEMORY);
                let directory = buffer.split_off(ROOM + mark);
                buffer.shrink_to(buffer.len() + CENTRAL + INFO.len() + directory.len());
                Self::Whole { entries: Entries::InBuffer(buffer), directory }
            }
            other => other,
        };
    }

    /// Makes the zip with an `info.json` of about `info_bytes` bytes. Returns the zip, and where in
    /// it that is.
    pub(super) fn zip(
        &mut self,
        info_bytes: usize,
        write_info: impl FnOnce(&mut dyn Write),
    ) -> (Bytes, Range<usize>) {
        self.all_here();
        let (files, directory) = match std::mem::take(self) {
            Self::Whole { entries, directory } => (entries, directory),
            _ => (Entries::InBuffer(Vec::new()), Vec::new()),
        };
        let entries = files.bytes();
        let entries_bytes = entries.len();
        let head = LOCAL + INFO.len() + info_bytes;
        let fits_in_room = matches!(files, Entries::InBuffer(_)) && entries_bytes > 0 && head <= ROOM;
        let beside = head + CENTRAL + INFO.len() + directory.len().max(END);

        let left_out = Cell::new(None);
        let mut writer = ZipWriter::new(Around {
            bytes: Vec::with_capacity(beside + if fits_in_room { 0 } else { entries_bytes }),
            position: 0,
            marks: Vec::with_capacity(2),
            gap: 0..0,
            left_out: &left_out,
            filling: (!fits_in_room).then_some(entries),
        });
        // A mark where the content of `info.json` begins, and one where it ends.
        writer.start_file(INFO, options()).expect(IN_MEMORY);
        writer.flush().expect(IN_MEMORY);
        write_info(&mut writer);
        writer.flush().expect(IN_MEMORY);
        if entries_bytes > 0 {
            let own = Listing { entries_bytes, directory: &directory, position: 0, left_out: &left_out };
            let own = ZipArchive::new(own).expect("the files' own zip was written above");
            left_out.set(Some(0));
            writer.merge_archive(own).expect(IN_MEMORY);
        }
        let Around { bytes, marks, gap, .. } = writer.finish().expect(IN_MEMORY);
        debug_assert_eq!(gap.len(), entries_bytes);
        let info = marks.first().copied().unwrap_or_default()..marks.last().copied().unwrap_or_default();

        let zip = match files {
            _ if !fits_in_room => Bytes::from(bytes),
            Entries::InBuffer(mut buffer) if gap.start <= ROOM => {
                let (before, behind) = bytes.split_at(gap.start);
                let start = ROOM - gap.start;
                buffer[start..ROOM].copy_from_slice(before);
                buffer.extend_from_slice(behind);
                Bytes::from(buffer).slice(start..)
            }
            files => {
                let (before, behind) = bytes.split_at(gap.start);
                Bytes::from([before, files.bytes(), behind].concat())
            }
        };
        if entries_bytes > 0 {
            *self = Self::Whole { entries: Entries::Made(zip.slice(gap)), directory };
        }
        (zip, info)
    }
}

/// Bytes that a file takes in all.
fn reserved_for(name: &str, data: &[u8]) -> usize {
    LOCAL + CENTRAL + 2 * name.len() + data.len()
}

/// Stored, with a date that is none, and readable by all once it is unpacked.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
}

/// A buffer that begins with room for something else, which is no part of what is written to it.
pub(super) struct Behind {
    buffer: Vec<u8>,
    position: usize,
    /// Bytes to reserve when it is full.
    ahead: Arc<AtomicUsize>,
    /// Position at the flush.
    mark: usize,
}

impl Behind {
    fn new(reserved: usize, ahead: Arc<AtomicUsize>) -> Self {
        let mut buffer = Vec::with_capacity(reserved);
        buffer.resize(ROOM, 0);
        Self { buffer, position: 0, ahead, mark: 0 }
    }
}

impl Write for Behind {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.buffer.capacity() - self.buffer.len() < data.len() {
            self.buffer.reserve(self.ahead.load(Ordering::Relaxed).max(data.len()));
        }
        put(&mut self.buffer, ROOM + self.position, data);
        self.position += data.len();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.mark = self.position;
        Ok(())
    }
}

impl Seek for Behind {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let bytes = self.buffer.len() - ROOM;
        seek(&mut self.position, bytes, to)
    }
}

/// The files' own zip, without what is in its entries.
struct Listing<'a> {
    entries_bytes: usize,
    directory: &'a [u8],
    position: usize,
    left_out: &'a Cell<Option<usize>>,
}

impl Read for Listing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = match self.position.checked_sub(self.entries_bytes) {
            Some(position) => self.directory.get(position..).unwrap_or_default().read(buffer)?,
            None => {
                let bytes = buffer.len().min(self.entries_bytes - self.position);
                match self.left_out.get() {
                    None => buffer[..bytes].fill(0),
                    // The writer looks at none of them.
                    Some(left_out) => self.left_out.set(Some(left_out + bytes)),
                }
                bytes
            }
        };
        self.position += bytes;
        Ok(bytes)
    }
}

impl Seek for Listing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let bytes = self.entries_bytes + self.directory.len();
        seek(&mut self.position, bytes, to)
    }
}

/// A zip around the entries that a [`Listing`] leaves out when it is merged in.
struct Around<'a> {
    bytes: Vec<u8>,
    position: usize,
    /// Position at the flush.
    marks: Vec<usize>,
    /// Position of the entries.
    gap: Range<usize>,
    /// Bytes that were read, and are yet to be written. None before the merging.
    left_out: &'a Cell<Option<usize>>,
    /// The entries, if they are to be copied.
    filling: Option<&'a [u8]>,
}

impl Around<'_> {
    /// Bytes of the zip that are not in the buffer.
    fn missing(&self) -> usize {
        if self.filling.is_some() { 0 } else { self.gap.len() }
    }
}

impl Write for Around<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let left_out = self.left_out.get().unwrap_or_default();
        if left_out > 0 {
            let bytes = left_out.min(data.len());
            self.left_out.set(Some(left_out - bytes));
            if self.gap.is_empty() {
                self.gap = self.position..self.position;
            }
            let there = self.gap.len();
            self.gap.end += bytes;
            self.position += bytes;
            if let Some(entries) = self.filling {
                self.bytes.extend_from_slice(&entries[there..there + bytes]);
            }
            return Ok(bytes);
        }
        let missing = if self.position >= self.gap.end { self.missing() } else { 0 };
        put(&mut self.bytes, self.position - missing, data);
        self.position += data.len();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.marks.push(self.position);
        Ok(())
    }
}

impl Seek for Around<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let bytes = self.bytes.len() + self.missing();
        seek(&mut self.position, bytes, to)
    }
}

/// Writes data at this place, which is not beyond the end.
fn put(buffer: &mut Vec<u8>, at: usize, data: &[u8]) {
    let (over, new) = data.split_at(data.len().min(buffer.len() - at));
    buffer[at..at + over.len()].copy_from_slice(over);
    buffer.extend_from_slice(new);
}

/// Moves a position within so many bytes.
fn seek(position: &mut usize, bytes: usize, to: SeekFrom) -> io::Result<u64> {
    let sought = match to {
        SeekFrom::Start(at) => usize::try_from(at).ok(),
        SeekFrom::End(by) => isize::try_from(by).ok().and_then(|by| bytes.checked_add_signed(by)),
        SeekFrom::Current(by) => isize::try_from(by).ok().and_then(|by| position.checked_add_signed(by)),
    };
    *position = sought.filter(|at| *at <= bytes).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(*position as u64)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// One writer, given one entry after the other.
    fn in_order(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, data) in entries {
            writer.start_file(*name, options()).unwrap();
            writer.write_all(data).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn files(entries: &[(&str, &[u8])]) -> Files {
        let mut files = Files::default();
        for (index, (name, data)) in entries.iter().enumerate() {
            let to_come = entries[index + 1..].iter().map(|(_, data)| data.len() + 256).sum();
            files.push(name, data, to_come).unwrap();
        }
        files.all_here();
        files
    }

    #[test]
    fn it_is_what_one_writer_makes_of_the_entries_in_their_order() {
        let (small, large) = (vec![7; 1000], vec![8; 300_000]);
        let sets: [&[(&str, &[u8])]; 4] = [
            &[],
            &[("selfie.jpg", &small)],
            &[("selfie.jpg", &small), ("empty.jpg", b""), ("card.png", &large)],
            &[("card.png", &large), ("selfie.jpg", &small)],
        ];
        for entries in sets {
            // Into the room before the files, beside it, and into it by a guess that is too low.
            for (bytes, guess) in
                [(2, 2), (2, 2_000_000), (ROOM - 39, ROOM - 39), (ROOM - 38, ROOM - 38), (ROOM, 2)]
            {
                let info = vec![b' '; bytes];
                let mut files = files(entries);
                let mut expected = vec![("info.json", &info[..])];
                expected.extend(entries);
                let expected = in_order(&expected);
                // A second zip is made of the same files if the first address is refused.
                for _ in 0..2 {
                    let (zip, range) = files.zip(guess, |zip| zip.write_all(&info).unwrap());
                    assert!(zip == expected, "{bytes} {guess}");
                    assert!(zip[range] == info, "{bytes} {guess}");
                }
            }
        }
    }

    #[test]
    fn files_are_copied_once() {
        let large = vec![7; 100_000];
        let mut files = files(&[("a.jpg", &large), ("b.jpg", &large)]);
        let Files::Whole { entries: Entries::InBuffer(buffer), .. } = &files else { panic!("not whole yet") };
        let (address, capacity) = (buffer.as_ptr(), buffer.capacity());
        let (zip, _) = files.zip(2, |zip| zip.write_all(b"{}").unwrap());
        let start = ROOM - 2 - LOCAL - INFO.len();
        assert_eq!(zip.as_ptr(), address.wrapping_add(start));
        assert_eq!(start + zip.len(), capacity, "there was just enough room");
    }

    #[test]
    fn files_beside_an_info_json_that_is_too_long_for_the_room_are_copied_into_a_buffer_of_the_right_size() {
        let large = vec![7; 100_000];
        let mut files = files(&[("a.jpg", &large), ("b.jpg", &large)]);
        let info = vec![b' '; ROOM];
        let (zip, _) = files.zip(info.len(), |zip| zip.write_all(&info).unwrap());
        let (length, zip) = (zip.len(), Vec::from(zip));
        assert_eq!(zip.capacity(), length);
    }

    #[test]
    fn more_files_than_were_expected_are_taken() {
        let data = vec![7; 100_000];
        let mut files = Files::default();
        for name in ["a.jpg", "b.jpg", "c.jpg"] {
            files.push(name, &data, 0).unwrap();
        }
        let (zip, _) = files.zip(2, |zip| zip.write_all(b"{}").unwrap());
        assert!(
            zip == in_order(&[("info.json", b"{}"), ("a.jpg", &data), ("b.jpg", &data), ("c.jpg", &data)])
        );
    }

    #[test]
    fn more_than_a_zip_can_list_is_refused() {
        let mut files = Files::default();
        files.push("a.jpg", b"", 0).unwrap();
        let Files::Growing { count, .. } = &mut files else { panic!("nothing was completed yet") };
        *count = usize::from(u16::MAX - 1);
        assert_eq!(files.push("b.jpg", b"", 0), Err(ImageFault::TooLarge));
    }
}
