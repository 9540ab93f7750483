//! Jobs: what is submitted, how they run, and what happens to them.

pub(crate) mod archive;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod stages;
pub(crate) mod submission;
