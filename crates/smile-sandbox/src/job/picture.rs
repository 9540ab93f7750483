//! Completeness of a JPEG or PNG, by its structure; no pixel is decoded.

/// True for a JPEG with a frame, its scan and an end, or a PNG with a header, data and an end.
/// Anything behind the end, as in motion photos, doesn't matter.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    is_whole_jpeg(bytes).or_else(|| is_whole_png(bytes)).unwrap_or(false)
}

/// Checks a JPEG; `None` if the bytes are not a JPEG at all, or are cut.
fn is_whole_jpeg(bytes: &[u8]) -> Option<bool> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let mut has_scan = false;
    loop {
        rest = rest.strip_prefix(&[0xff])?;
        let (&marker, after) = rest.split_first()?;
        rest = match marker {
            // A fill byte before the marker itself.
            0xff => rest,
            0xd9 => return Some(has_scan),
            0x01 | 0xd0..=0xd7 => after,
            // Segments state their length, the two bytes of the length included.
            _ => after.get(usize::from(u16::from_be_bytes(*after.first_chunk()?)).max(2)..)?,
        };
        if marker == 0xda {
            has_scan = true;
            // In a scan, 0xff is followed by 0x00 or a restart, or begins the next segment.
            let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7);
            rest = &rest[rest.windows(2).position(is_marker)?..];
        }
    }
}

/// Checks a PNG; `None` if the bytes are not a PNG at all, or are cut.
fn is_whole_png(bytes: &[u8]) -> Option<bool> {
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let (mut has_header, mut has_data) = (false, false);
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?);
        let name = rest.get(4..8)?;
        has_header |= name == b"IHDR";
        has_data |= name == b"IDAT";
        // The length and the name come before the content, and a checksum behind it.
        let next = rest.get(usize::try_from(length).ok()?.checked_add(12)?..)?;
        if name == b"IEND" {
            return Some(has_header && has_data);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SampleImage;

    #[test]
    fn whole_pictures_are_whole_whatever_follows_them() {
        for bytes in [SampleImage::selfie().jpeg(), SampleImage::id_card().png()] {
            assert!(is_whole(&bytes));
            assert!(is_whole(&[&bytes[..], b"a film"].concat()));
        }
    }

    #[test]
    fn a_picture_cut_anywhere_is_not_whole() {
        for bytes in [SampleImage::selfie().jpeg(), SampleImage::id_card().png()] {
            let step = (bytes.len() / 200).max(1);
            for length in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
                assert!(!is_whole(&bytes[..length]), "{length} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn headers_alone_are_no_picture() {
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"\xff\xd8\xff\xe0",
            b"\xff\xd8\xff\xd9",
            b"\xff\xd8\xff\xe0\0\0\xff\xd9",
            b"\x89PNG\r\n\x1a\n and so on",
            b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\0\0\0\0",
        ] {
            assert!(!is_whole(bytes), "{bytes:?}");
        }
    }
}
