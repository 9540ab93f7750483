//! The zip itself: stored entries, a fixed date, one buffer that files are copied to as they come (APPNOTE 4.3).
//!
//! It is written here, and not by a library, because `info.json` stands first and is known last: there is room for it before the
//! files, so they needn't be kept apart until then, and are copied once. The tests hold it against a library's, byte for byte.

use std::ops::Range;

use bytes::Bytes;

use crate::ImageFault;

/// Bytes of a local header, of a central header, and of the end record, without names and data.
const LOCAL: usize = 30;
const CENTRAL: usize = 46;
const END: usize = 22;

const INFO: &str = "info.json";
/// Space left free for `info.json` before the files. Without images in it, it takes a fifth of
/// this.
const ROOM: usize = 8 * 1024;
/// Most space that is reserved for files to come.
const MOST_AHEAD: usize = 16 << 20;

/// The files that go behind `info.json`, with their headers.
#[derive(Default)]
pub(super) struct Files {
    buffer: Buffer,
    entries: Vec<Entry>,
}

enum Buffer {
    /// Being filled, behind the room for `info.json`.
    Growing(Vec<u8>),
    /// Part of a zip that was made.
    Made(Bytes),
}

impl Default for Buffer {
    fn default() -> Self {
        Self::Growing(Vec::new())
    }
}

struct Entry {
    name: String,
    crc32: u32,
    size: u32,
    /// From the first file's header.
    offset: u32,
}

impl Files {
    /// Adds a file; others of about so many bytes will follow it.
    pub(super) fn push(&mut self, name: String, data: &[u8], to_come: usize) -> Result<(), ImageFault> {
        let Buffer::Growing(buffer) = &mut self.buffer else { return Ok(()) };
        // The directory counts its entries in 16 bits.
        if self.entries.len() >= usize::from(u16::MAX - 1) {
            return Err(ImageFault::TooLarge);
        }
        let to_come = to_come.min(MOST_AHEAD);
        if buffer.is_empty() {
            buffer.reserve_exact(ROOM + END + CENTRAL + INFO.len() + room_for(&name, data) + to_come);
            buffer.resize(ROOM, 0);
        }
        if buffer.capacity() - buffer.len() < room_for(&name, data) {
            buffer.reserve(room_for(&name, data) + to_come);
        }
        // While it is in the processor's cache, where reading it has left it.
        let crc32 = crc32fast::hash(data);
        let entry = Entry { name, crc32, size: number(data.len()), offset: number(buffer.len() - ROOM) };
        buffer.extend(entry.local());
        buffer.extend(entry.name.as_bytes());
        buffer.extend(data);
        self.entries.push(entry);
        Ok(())
    }

    /// No more will come: gives back what was reserved for them.
    pub(super) fn all_here(&mut self) {
        let directory = self.directory_bytes();
        if let Buffer::Growing(buffer) = &mut self.buffer {
            buffer.shrink_to(buffer.len() + directory);
        }
    }

    /// The zip with this `info.json`, which takes about so many bytes; and where in the zip that is.
    pub(super) fn zip(
        &mut self,
        info_bytes: usize,
        write_info: impl FnOnce(&mut Vec<u8>),
    ) -> (Bytes, Range<usize>) {
        let head = LOCAL + INFO.len();
        let directory = self.directory_bytes();
        let (mut buffer, start, info) = match std::mem::take(&mut self.buffer) {
            Buffer::Growing(mut buffer) if !buffer.is_empty() && head + info_bytes <= ROOM => {
                let mut info = Vec::with_capacity(info_bytes);
                write_info(&mut info);
                if head + info.len() <= ROOM {
                    let range = ROOM - info.len()..ROOM;
                    buffer[range.clone()].copy_from_slice(&info);
                    (buffer, range.start - head, range)
                } else {
                    let files = &buffer[ROOM..];
                    let mut zip = Vec::with_capacity(head + info.len() + files.len() + directory);
                    zip.resize(head, 0);
                    zip.extend(&info);
                    zip.extend(files);
                    (zip, 0, head..head + info.len())
                }
            }
            buffer => {
                let files = match &buffer {
                    Buffer::Growing(buffer) => buffer.get(ROOM..).unwrap_or_default(),
                    Buffer::Made(files) => files,
                };
                let mut zip = Vec::with_capacity(head + info_bytes + files.len() + directory);
                zip.resize(head, 0);
                write_info(&mut zip);
                let info = head..zip.len();
                zip.extend(files);
                (zip, 0, info)
            }
        };
        let files_end = buffer.len();
        let entry = Entry {
            name: INFO.to_owned(),
            crc32: crc32fast::hash(&buffer[info.clone()]),
            size: number(info.len()),
            offset: 0,
        };
        buffer[start..start + LOCAL].copy_from_slice(&entry.local());
        buffer[start + LOCAL..info.start].copy_from_slice(INFO.as_bytes());
        entry.list(0, &mut buffer);
        for entry in &self.entries {
            entry.list(info.end - start, &mut buffer);
        }
        end(self.entries.len() + 1, files_end - start, &mut buffer, start);

        let buffer = Bytes::from(buffer);
        self.buffer = Buffer::Made(buffer.slice(info.end..files_end));
        (buffer.slice(start..), info.start - start..info.end - start)
    }

    fn directory_bytes(&self) -> usize {
        let names = self.entries.iter().map(|entry| CENTRAL + entry.name.len()).sum::<usize>();
        CENTRAL + INFO.len() + names + END
    }
}

/// Space that a file takes in all.
fn room_for(name: &str, data: &[u8]) -> usize {
    LOCAL + CENTRAL + 2 * name.len() + data.len()
}

impl Entry {
    /// Version, flags, method (stored), time and date (midnight of 1980-01-01, whatever the clock says), CRC-32 and the sizes: what
    /// both headers have.
    fn common(&self) -> [u8; 26] {
        let mut common = [0; 26];
        common[0] = 10;
        common[8] = 0x21;
        common[10..14].copy_from_slice(&self.crc32.to_le_bytes());
        common[14..18].copy_from_slice(&self.size.to_le_bytes());
        common[18..22].copy_from_slice(&self.size.to_le_bytes());
        common[22..24].copy_from_slice(&number16(self.name.len()).to_le_bytes());
        common
    }

    fn local(&self) -> [u8; LOCAL] {
        let mut header = [0; LOCAL];
        header[..4].copy_from_slice(b"PK\x03\x04");
        header[4..].copy_from_slice(&self.common());
        header
    }

    /// Adds it to the directory; the files begin at this place of the zip.
    fn list(&self, files: usize, directory: &mut Vec<u8>) {
        /// An ordinary file of a Unix system, readable by all and writable by its owner.
        const MODE: u32 = 0o100_644 << 16;
        directory.extend(b"PK\x01\x02");
        directory.extend(MADE_BY);
        directory.extend(self.common());
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend((self.offset + number(files)).to_le_bytes());
        directory.extend(self.name.as_bytes());
    }
}

/// Version 1.0 of the format, on Unix.
const MADE_BY: [u8; 2] = [10, 3];

/// Adds the end record; the zip begins at this place of the buffer.
fn end(entries: usize, directory: usize, buffer: &mut Vec<u8>, start: usize) {
    let size = buffer.len() - start - directory;
    buffer.extend(b"PK\x05\x06\0\0\0\0");
    buffer.extend(number16(entries).to_le_bytes());
    buffer.extend(number16(entries).to_le_bytes());
    buffer.extend(number(size).to_le_bytes());
    buffer.extend(number(directory).to_le_bytes());
    buffer.extend([0, 0]);
}

/// [`Package`](super::Package) keeps images below half of what fits.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn number16(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use ::zip::write::SimpleFileOptions;
    use ::zip::{CompressionMethod, DateTime, ZipWriter};

    use super::*;

    fn by_library(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let options = SimpleFileOptions::DEFAULT
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(0o644);
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, data) in entries {
            writer.start_file(*name, options).unwrap();
            writer.write_all(data).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn files(entries: &[(&str, &[u8])]) -> Files {
        let mut files = Files::default();
        for (index, (name, data)) in entries.iter().enumerate() {
            let to_come = entries[index + 1..].iter().map(|(_, data)| data.len() + 256).sum();
            files.push((*name).to_owned(), data, to_come).unwrap();
        }
        files.all_here();
        files
    }

    #[test]
    fn it_is_what_a_library_writes_whatever_the_sizes() {
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
                let expected = by_library(&expected);
                // A second zip is made of the same files if the first address is refused.
                for _ in 0..2 {
                    let (zip, range) = files.zip(guess, |zip| zip.extend(&info));
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
        let Buffer::Growing(buffer) = &files.buffer else { panic!("nothing was made yet") };
        let (address, capacity) = (buffer.as_ptr(), buffer.capacity());
        let (zip, _) = files.zip(2, |zip| zip.extend(b"{}"));
        let start = ROOM - 2 - LOCAL - INFO.len();
        assert_eq!(zip.as_ptr(), address.wrapping_add(start));
        assert_eq!(start + zip.len(), capacity, "there was just enough room");
    }

    #[test]
    fn more_than_a_zip_can_list_is_refused() {
        let mut files = Files::default();
        let entry = || Entry { name: String::new(), crc32: 0, size: 0, offset: 0 };
        files.entries.extend((1..u16::MAX).map(|_| entry()));
        assert_eq!(files.push("a.jpg".into(), b"", 0), Err(ImageFault::TooLarge));
    }
}
