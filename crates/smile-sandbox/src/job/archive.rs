//! Reading an uploaded zip, through its central directory as the real service has to: the SDKs
//! between them store and deflate, add data descriptors, repeat names, and leave junk beside the
//! entries that matter.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _};
use std::ops::Range;

use bytes::Bytes;
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

/// A zip with more entries than this is refused; a job has about a dozen.
const MAX_ENTRIES: usize = 1_000;
/// The signature of each entry of a central directory.
const CENTRAL_ENTRY: &[u8] = b"PK\x01\x02";
/// The most unpacked bytes that are read of one zip; a zip that needs more is refused.
const MAX_UNPACKED: u64 = 128 * 1024 * 1024;

/// The error of a zip that can't be read, or whose directory is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// An uploaded zip.
pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Bytes>>,
    bytes: Bytes,
    unpacked: BTreeMap<String, Bytes>,
    left: u64,
}

impl Archive {
    pub(crate) fn open(bytes: Bytes) -> Result<Self, Corrupt> {
        Self::open_within(bytes, MAX_UNPACKED)
    }

    fn open_within(bytes: Bytes, left: u64) -> Result<Self, Corrupt> {
        // Checked before the directory is parsed: a directory of a million entries fits into an
        // upload, and takes ten times the memory. Chance matches within a picture don't matter
        // here.
        let claimed = memchr::memmem::find_iter(&bytes, CENTRAL_ENTRY).take(2 * MAX_ENTRIES + 1).count();
        if claimed > 2 * MAX_ENTRIES {
            return Err(Corrupt);
        }
        let zip = ZipArchive::new(Cursor::new(bytes.clone())).map_err(|_| Corrupt)?;
        if zip.len() > MAX_ENTRIES {
            return Err(Corrupt);
        }
        Ok(Self { zip, bytes, unpacked: BTreeMap::new(), left })
    }

    /// The content of the entry of exactly this name, if there is one; the last, if there are
    /// several.
    pub(crate) fn read(&mut self, name: &str) -> Result<Option<Bytes>, Corrupt> {
        if let Some(content) = self.unpacked.get(name) {
            return Ok(Some(content.clone()));
        }
        let Some(index) = self.zip.index_for_name(name) else { return Ok(None) };
        let entry = self.zip.by_index(index).map_err(|_| Corrupt)?;
        let lies_there = stored_at(&entry);
        // One byte more than allowed tells "just fits" from "too large", whatever the entry says of
        // its size.
        let mut entry = entry.take(self.left + 1);
        let content = match lies_there.and_then(|range| self.bytes.get(range)) {
            Some(stored) => {
                // A stored entry need not be copied, but is read, which confirms its checksum.
                let read = io::copy(&mut entry, &mut io::sink()).map_err(|_| Corrupt)?;
                if read != stored.len() as u64 {
                    return Err(Corrupt);
                }
                self.bytes.slice_ref(stored)
            }
            None => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(|_| Corrupt)?;
                content.into()
            }
        };
        self.left = self.left.checked_sub(content.len() as u64).ok_or(Corrupt)?;
        self.unpacked.insert(name.to_owned(), content.clone());
        Ok(Some(content))
    }
}

/// The place of an entry's content in the zip, if the entry is stored without compression.
fn stored_at(entry: &ZipFile<'_, Cursor<Bytes>>) -> Option<Range<usize>> {
    let is_stored = entry.compression() == CompressionMethod::Stored && !entry.encrypted();
    let start = entry.data_start().filter(|_| is_stored)?;
    let end = start.checked_add(entry.compressed_size())?;
    Some(start.try_into().ok()?..end.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip_of(entries: &[(&str, &[u8], CompressionMethod)]) -> Bytes {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content, method) in entries {
            writer.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner().into()
    }

    #[test]
    fn stored_and_deflated_entries_are_read_side_by_side() {
        let zip = zip_of(&[
            ("a", b"one", CompressionMethod::Stored),
            ("b", &[7; 500], CompressionMethod::Deflated),
        ]);
        let mut archive = Archive::open(zip).unwrap();
        assert_eq!(archive.read("a").unwrap().unwrap(), "one");
        assert_eq!(archive.read("b").unwrap().unwrap(), vec![7; 500]);
        assert_eq!(archive.read("c"), Ok(None));
    }

    #[test]
    fn an_upload_that_is_no_zip_is_corrupt() {
        let good = zip_of(&[("info.json", b"{}", CompressionMethod::Stored)]);
        for bytes in [Bytes::new(), Bytes::from_static(b"not a zip"), good.slice(..good.len() - 10)] {
            assert!(Archive::open(bytes).is_err());
        }
    }

    #[test]
    fn a_damaged_entry_is_corrupt() {
        let good = zip_of(&[("a", b"content", CompressionMethod::Stored)]);
        let at = good.windows(7).position(|window| window == b"content").unwrap();
        let mut damaged = good.to_vec();
        damaged[at] ^= 1;
        assert_eq!(Archive::open(damaged.into()).unwrap().read("a"), Err(Corrupt));
    }

    #[test]
    fn no_more_than_the_limit_is_unpacked_and_nothing_twice() {
        let zip = zip_of(&[
            ("a", &[0; 1_000], CompressionMethod::Deflated),
            ("b", &[0], CompressionMethod::Stored),
        ]);
        let mut archive = Archive::open_within(zip.clone(), 1_000).unwrap();
        assert_eq!(archive.read("a").unwrap().unwrap().len(), 1_000);
        assert_eq!(archive.read("a").unwrap().unwrap().len(), 1_000);
        assert_eq!(archive.read("b"), Err(Corrupt));
        assert_eq!(Archive::open_within(zip, 999).unwrap().read("a"), Err(Corrupt));
    }

    #[test]
    fn too_many_entries_are_refused() {
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| n.to_string()).collect();
        let all: Vec<_> =
            names.iter().map(|name| (name.as_str(), &b""[..], CompressionMethod::Stored)).collect();
        assert!(Archive::open(zip_of(&all[1..])).is_ok());
        assert!(Archive::open(zip_of(&all)).is_err());
    }
}
