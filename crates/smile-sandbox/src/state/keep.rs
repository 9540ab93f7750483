//! Limits on what is remembered.

/// The limits on what a sandbox remembers. Older entries are forgotten, so that a sandbox that runs
/// for weeks doesn't fill the memory.
///
/// ```
/// use smile_sandbox::{Keep, Sandbox};
///
/// let sandbox = Sandbox::builder().with_keep(Keep::default().with_jobs(100).with_bytes(16 * 1024 * 1024)).start()?;
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
    /// Keeps everything, for as long as there is memory.
    pub fn everything() -> Self {
        Self { requests: usize::MAX, jobs: usize::MAX, callbacks: usize::MAX, bytes: usize::MAX }
    }

    /// Sets the number of requests; 10,000 by default.
    pub fn with_requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// Sets the number of jobs, checks included; 10,000 by default, and at least one. A forgotten
    /// job is as if it had never been, whatever its stage: its id can be used again, and its upload
    /// address leads nowhere. Its user stays enrolled.
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// Sets the number of delivery attempts, and of finished callbacks; 10,000 by default.
    pub fn with_callbacks(mut self, callbacks: usize) -> Self {
        self.callbacks = callbacks;
        self
    }

    /// Sets the bytes of requests, as many again of jobs, mostly images, and as many of finished
    /// callbacks; 256 MiB by default. The newest request, job and callback are kept whatever their
    /// size.
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }
}
