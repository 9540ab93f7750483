//! Running jobs: verdicts, reviews, results and callbacks.

pub(crate) mod callbacks;
pub(crate) mod checks;
pub(crate) mod judge;
pub(crate) mod process;
pub(crate) mod review;
pub(crate) mod stages;
