//! The extractor and the layer, each in a router without a socket.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

mod extractor;
mod layer;
mod support;
mod token;
