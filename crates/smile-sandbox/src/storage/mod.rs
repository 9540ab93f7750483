//! The state on disk.

#[cfg(feature = "state")]
pub(crate) mod error;
#[cfg(feature = "state")]
mod folder;
pub(crate) mod keeper;
#[cfg(feature = "state")]
pub(crate) mod snapshot;
#[cfg(feature = "state")]
pub(crate) mod store;
