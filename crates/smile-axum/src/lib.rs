#![doc = include_str!("../README.md")]

mod checker;
mod extract;
mod layer;
mod received;
mod receiver;
mod rejection;
mod token;

pub use layer::{CallbackLayer, CallbackService};
pub use received::ReceivedCallback;
pub use receiver::CallbackReceiver;
pub use rejection::Rejection;
pub use smile_core as core;
pub use token::TokenService;
