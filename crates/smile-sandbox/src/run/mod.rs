//! What happens to jobs: how they are carried out, reviewed, and told of.

pub(crate) mod callbacks;
pub(crate) mod checks;
pub(crate) mod judge;
pub(crate) mod process;
pub(crate) mod review;
pub(crate) mod stages;
