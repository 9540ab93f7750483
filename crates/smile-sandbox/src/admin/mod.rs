//! The web page at `/` for people, and the JSON API under `/_sandbox/` for programs, which
//! `openapi.json` describes. The real service has nothing at either place.
//!
//! Both show everything that was sent to this sandbox, people included, to whoever `guard` lets in.
//! Requests to them are not recorded among those to the service, and reading changes nothing.

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
