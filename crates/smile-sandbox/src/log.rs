//! Bounded logs, which forget their oldest entries.

use std::collections::VecDeque;
use std::ops::Deref;

/// An entry of a bounded log.
pub(crate) trait Entry {
    /// Approximate size in bytes, of the parts that can be large.
    fn size(&self) -> usize;
}

/// The newest entries, oldest first.
pub(crate) struct Log<T> {
    entries: VecDeque<T>,
    size: usize,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 0 }
    }
}

impl<T: Entry> Log<T> {
    /// Adds an entry, and forgets the oldest beyond the limits. The newest is kept if any is.
    pub(crate) fn push(&mut self, entry: T, most: usize, most_bytes: usize) {
        self.add(entry);
        self.trim(most, most_bytes);
    }

    /// Adds an entry, and forgets none.
    pub(crate) fn add(&mut self, entry: T) {
        self.size += entry.size();
        self.entries.push_back(entry);
    }

    /// Forgets the oldest entries, all but so many and so many bytes. The newest is kept if any is.
    pub(crate) fn trim(&mut self, most: usize, most_bytes: usize) {
        while self.entries.len() > most || (self.entries.len() > 1 && self.size > most_bytes) {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.size -= oldest.size();
        }
    }
}

impl<T> Deref for Log<T> {
    type Target = VecDeque<T>;

    fn deref(&self) -> &VecDeque<T> {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for Vec<u8> {
        fn size(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut log = Log::default();
        for number in 0..1_000_u16 {
            log.push(number.to_be_bytes().to_vec(), 3, usize::MAX);
            let kept: Vec<_> = log.iter().map(|entry| u16::from_be_bytes([entry[0], entry[1]])).collect();
            assert_eq!(kept, (number.saturating_sub(2)..=number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn bytes_are_counted_and_the_newest_is_kept_whatever_its_size() {
        let mut log = Log::default();
        for (size, kept) in [(4, 1), (6, 2), (1, 2), (100, 1), (1, 1), (9, 2)] {
            log.push(vec![0; size], usize::MAX, 10);
            assert_eq!(log.len(), kept, "{size}");
            assert_eq!(log.size, log.iter().map(Vec::len).sum::<usize>());
        }
    }

    #[test]
    fn none_can_be_kept() {
        let mut log = Log::default();
        log.push(vec![0; 4], 0, 10);
        assert!(log.is_empty());
    }
}
