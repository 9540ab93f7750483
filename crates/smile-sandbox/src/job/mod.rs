//! Jobs: their submissions, events, results and records.

pub(crate) mod archive;
pub(crate) mod digest;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod picture;
pub(crate) mod record;
pub(crate) mod stage;
pub(crate) mod submission;
