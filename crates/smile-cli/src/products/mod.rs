//! The products: their flags, the jobs and checks made from them, and the names of job types.

mod flags;
pub(crate) mod job_type;
mod jobs;
mod waiting;

pub(crate) use flags::{Delivery, Product, key_and_value};
pub(crate) use waiting::Waiting;
