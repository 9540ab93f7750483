//! The built program against a sandbox in this process: its output for people and programs, and its
//! exit statuses.
#![allow(clippy::unwrap_used)]

mod checks;
mod doctor;
mod facts;
mod interruption;
mod jobs;
mod leaks;
mod listen;
mod sandbox;
mod support;
mod trigger;
mod usage;
mod verify;
