//! The state on disk.

pub(crate) mod keeper;
#[cfg(feature = "state")]
pub(crate) mod snapshot;
#[cfg(feature = "state")]
pub(crate) mod store;
