#![doc = include_str!("../README.md")]

mod client;
mod transport;

pub use client::Client;
pub use smile_core as core;
