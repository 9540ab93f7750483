//! What people and programs look at the sandbox with: a page at `/`, and a JSON API under `/_sandbox/`, described by
//! `openapi.json`. The wire has nothing in either place.
//!
//! It shows whatever was sent to this sandbox, people included, to those who can reach it on loopback. Who that is, `guard`
//! decides. Requests here are not recorded among those of the wire, and reading changes nothing.

mod ask;
mod bodies;
mod callbacks;
pub(crate) mod dispatch;
mod error;
mod faults;
pub(crate) mod guard;
mod input;
mod jobs;
mod page;
mod requests;
mod whole;
