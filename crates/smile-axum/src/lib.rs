#![doc = include_str!("../README.md")]

mod extract;
mod layer;
mod receiver;
mod rejection;

pub use extract::ReceivedCallback;
pub use layer::{CallbackLayer, CallbackService};
pub use receiver::CallbackReceiver;
pub use rejection::Rejection;
pub use smile_core as core;
