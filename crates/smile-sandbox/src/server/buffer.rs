//! Memory for bodies.
//!
//! Large ones get a map of their own, which goes back to the system as soon as nobody has use for it. Allocators keep
//! what they were given back, and zips by the hundred would never seem to be forgotten.

use bytes::Bytes;
use memmap2::MmapMut;

/// From here on a map is worth its while.
const LARGE: usize = 64 * 1024;

/// A body that is being read.
pub(crate) enum Buffer {
    Small(Vec<u8>),
    Large { map: MmapMut, len: usize },
}

impl Buffer {
    /// With room for so many bytes; it grows if there are more.
    pub(crate) fn with_room(room: usize) -> Self {
        let map = if room < LARGE { None } else { MmapMut::map_anon(room).ok() };
        map.map_or_else(|| Self::Small(Vec::with_capacity(room)), |map| Self::Large { map, len: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.as_ref().len()
    }

    pub(crate) fn extend(&mut self, more: &[u8]) {
        match self {
            Self::Small(bytes) => bytes.extend_from_slice(more),
            Self::Large { map, len } => {
                if let Some(room) = map.get_mut(*len..*len + more.len()) {
                    room.copy_from_slice(more);
                    *len += more.len();
                } else {
                    *self = Self::Small([self.as_ref(), more].concat());
                }
            }
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Small(bytes) => bytes,
            Self::Large { map, len } => &map[..*len],
        }
    }
}

impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        match buffer {
            Buffer::Small(bytes) => bytes.into(),
            large @ Buffer::Large { .. } => Self::from_owner(large),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_whatever_the_room() {
        let bytes: Vec<u8> = (0..3 * LARGE).map(|at| at as u8).collect();
        for room in [0, 10, LARGE, 2 * LARGE, 3 * LARGE, 4 * LARGE] {
            let mut buffer = Buffer::with_room(room);
            for piece in bytes.chunks(10_000) {
                buffer.extend(piece);
            }
            assert_eq!((buffer.len(), Bytes::from(buffer)), (bytes.len(), bytes.clone().into()), "{room}");
        }
        assert_eq!(Bytes::from(Buffer::with_room(LARGE)), "");
    }
}
