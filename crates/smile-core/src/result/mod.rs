//! What the service says about a job: result entries, their actions, and what they amount to.

mod actions;
mod entry;
mod image_links;
mod verdict;

pub use actions::{ActionValue, Actions, UnknownValue};
pub use entry::{EchoedParams, ResultCode, ResultEntry};
pub use image_links::ImageLinks;
pub use verdict::{Decision, Doubt, Verdict};
