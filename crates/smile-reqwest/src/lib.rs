#![doc = include_str!("../README.md")]

pub mod guide;

mod client;
mod tls;
mod transport;

pub use client::Client;
pub use smile_core as core;
