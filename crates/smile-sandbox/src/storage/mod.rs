//! The state on disk.

pub(crate) mod error;
mod folder;
pub(crate) mod snapshot;
pub(crate) mod store;
mod system;
