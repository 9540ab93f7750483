//! The zip itself: stored entries, a fixed date, one buffer of the exact size.

use std::io::{Cursor, Write as _};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, DateTime, ZipWriter};

/// Bytes of a local header, of a central header, and of the end record, without names and data (APPNOTE 4.3).
const LOCAL: usize = 30;
const CENTRAL: usize = 46;
const END: usize = 22;

/// Entries are stored, not deflated: JPEG doesn't get smaller, and trying costs far more than the copy.
pub(super) fn stored(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let size =
        END + entries.iter().map(|(name, data)| LOCAL + CENTRAL + 2 * name.len() + data.len()).sum::<usize>();
    // The date is set by hand: the writer's own default is the clock, where its `time` feature is on.
    let options = SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(size)));
    for (name, data) in entries {
        // An entry of 4 GiB and more needs the zip64 form.
        let options = options.large_file(u32::try_from(data.len()).is_err());
        writer.start_file(*name, options).expect("names are plain, short and unique");
        writer.write_all(data).expect("writing to memory can't fail");
    }
    writer.finish().expect("writing to memory can't fail").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_has_the_exact_size_and_the_bytes_are_always_the_same() {
        let big = vec![7; 100_000];
        let entries = [("info.json", &b"{}"[..]), ("selfie.jpg", &big[..]), ("empty.jpg", &b""[..])];
        let zip = stored(&entries);
        assert_eq!(zip.len(), zip.capacity());
        assert_eq!(zip, stored(&entries));
        // Local header of the first entry: stored, no flags, and midnight of 1980-01-01.
        assert_eq!(zip[6..14], [0, 0, 0, 0, 0, 0, 0x21, 0]);
    }
}
