//! How much is remembered.

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
    pub fn with_requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// So many jobs, checks among them; 10,000 by default, and at least one. One that is forgotten is as if it had never
    /// been, whatever its stage: its id can be used again, and its upload address leads nowhere. Its user stays enrolled.
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// So many attempts to deliver a callback, and so many callbacks that are done with; 10,000 by default.
    pub fn with_callbacks(mut self, callbacks: usize) -> Self {
        self.callbacks = callbacks;
        self
    }

    /// So many bytes of requests, as many again of what jobs are made of, images above all, and as many of callbacks that
    /// are done with; 256 MiB by default. The newest request, job and callback are kept whatever their size.
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }
}
