#![doc = include_str!("../README.md")]

mod address;
mod checkpoint;
mod cli;
mod commands;
mod connection;
mod exit;
mod ids;
mod interrupt;
mod order;
mod products;
mod report;
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
