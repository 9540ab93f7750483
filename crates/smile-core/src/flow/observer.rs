//! Error with which an observer ends a flow.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Answer of an observer of a flow's events: `Ok` to go on, or the reason to end the flow before
/// its next request is sent.
pub type ObserverResult = Result<(), Box<dyn Error + Send + Sync>>;

/// Reason of a caller's observer for not going on: a checkpoint that couldn't be stored, a lease
/// that was lost.
///
/// `Debug` and `Display` don't show the reason, as it may be anything, a database's words among
/// them. The error of the flow has it as its [`source`](Error::source).
#[derive(Clone)]
pub struct ObserverError(Arc<dyn Error + Send + Sync>);

impl ObserverError {
    /// An error for this reason.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(reason.into()))
    }

    /// The reason.
    pub fn reason(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

/// Equality of one error and its clones.
impl PartialEq for ObserverError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ObserverError {}

impl fmt::Display for ObserverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the observer refused to go on, so nothing more was sent")
    }
}

impl fmt::Debug for ObserverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObserverError(…)")
    }
}
