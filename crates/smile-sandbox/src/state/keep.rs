//! How much is remembered.

use std::ops::Deref;

/// How much a sandbox remembers. What is older is forgotten, so that one that runs for weeks doesn't fill the memory.
///
/// ```
/// use smile_sandbox::{Keep, Sandbox};
///
/// let sandbox = Sandbox::builder().keep(Keep::default().jobs(100).bytes(16 * 1024 * 1024)).start()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Keep {
    pub(crate) requests: usize,
    pub(crate) jobs: usize,
    pub(crate) callbacks: usize,
    pub(crate) bytes: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { requests: 10_000, jobs: 10_000, callbacks: 10_000, bytes: 256 * 1024 * 1024 }
    }
}

impl Keep {
    /// Everything, for as long as there is memory.
    pub fn everything() -> Self {
        Self { requests: usize::MAX, jobs: usize::MAX, callbacks: usize::MAX, bytes: usize::MAX }
    }

    /// So many requests; 10,000 by default.
    pub fn requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// So many jobs, checks among them; 10,000 by default, and at least one. One that is forgotten is as if it had never
    /// been, whatever its stage: its id can be used again, and its upload address leads nowhere. Its user stays enrolled.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// So many attempts to deliver a callback, and so many callbacks that are done with; 10,000 by default.
    pub fn callbacks(mut self, callbacks: usize) -> Self {
        self.callbacks = callbacks;
        self
    }

    /// So many bytes of requests, as many again of what jobs are made of, images above all, and as many of callbacks that
    /// are done with; 256 MiB by default. The newest request, job and callback are kept whatever their size.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }
}

/// Something of which only the newest are kept.
pub(crate) trait Entry {
    /// About how many bytes it takes, as far as they can be many.
    fn size(&self) -> usize;
    /// Gives these back.
    fn hollow(&mut self);
}

/// The newest of what there was, oldest first.
pub(crate) struct Log<T> {
    /// Those that are forgotten stay for a while, hollow, at the front: to move all others up each time would cost too
    /// much.
    entries: Vec<T>,
    forgotten: usize,
    size: usize,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), forgotten: 0, size: 0 }
    }
}

impl<T: Entry> Log<T> {
    /// Adds one, and forgets what is then too much. The newest one is kept if any is.
    pub(crate) fn push(&mut self, entry: T, most: usize, most_bytes: usize) {
        self.add(entry);
        self.trim(most, most_bytes);
    }

    /// Adds one, and forgets none.
    pub(crate) fn add(&mut self, entry: T) {
        self.size += entry.size();
        self.entries.push(entry);
    }

    /// Forgets the oldest, all but so many and so many bytes. The newest one is kept if any is.
    pub(crate) fn trim(&mut self, most: usize, most_bytes: usize) {
        while self.len() > most || (self.len() > 1 && self.size > most_bytes) {
            let oldest = &mut self.entries[self.forgotten];
            self.size -= oldest.size();
            oldest.hollow();
            self.forgotten += 1;
        }
        if self.forgotten > 64 && self.forgotten > self.entries.len() / 2 {
            self.entries.drain(..self.forgotten);
            self.forgotten = 0;
        }
    }
}

impl<T> Deref for Log<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries[self.forgotten..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for Vec<u8> {
        fn size(&self) -> usize {
            self.len()
        }

        fn hollow(&mut self) {
            self.clear();
        }
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut log = Log::default();
        for number in 0..1_000_u16 {
            log.push(number.to_be_bytes().to_vec(), 3, usize::MAX);
            let kept: Vec<_> = log.iter().map(|entry| u16::from_be_bytes([entry[0], entry[1]])).collect();
            assert_eq!(kept, (number.saturating_sub(2)..=number).collect::<Vec<_>>());
            assert!(log.entries.len() <= 140);
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
