//! The receiver as a process of its own, against the sandbox: killed at any moment, and lied to.
#![allow(clippy::unwrap_used)]

mod forgeries;
mod killed;
mod proxy;
mod world;
