//! The built program against a sandbox in this process: what it prints, for people and for programs, and how it ends.
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
