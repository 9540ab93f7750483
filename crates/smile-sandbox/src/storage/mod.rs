//! The state on disk.

pub(crate) mod snapshot;
pub(crate) mod store;
