//! Whole jobs against a bare sink, and what they cost beside the least that they could:
//! `cargo xtask bench`.
//!
//! The sink is a process of its own, and so is each runner, so that processor time and memory are
//! the runner's alone. See `docs/performance.md` for what the numbers mean.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever runs it")]

mod authority;
mod child;
mod floor;
mod pipe;
mod report;
mod runner;
mod scenario;
mod sink;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::pipe::say;
use crate::report::Plan;
use crate::runner::{Driver, Order};
use crate::scenario::Scenario;

const USAGE: &str = "\
Usage: cargo xtask bench [--rounds N] [--only SCENARIO]

Runs jobs through both adapters, over http and https, against a sink on this
machine, and prints what each job costs beside the least that it could.

  --rounds N       take the best of N rounds (5)
  --only SCENARIO  nine, ten-large or nine-files alone
  --help           show this

The exit code says whether all jobs ran; a missed target fails nothing.";

/// The role of this process.
enum Role {
    Parent(Plan),
    Sink { ca_file: Option<PathBuf>, gather: u64 },
    Runner(Order),
    Help,
}

fn main() -> ExitCode {
    let role = match parse() {
        Ok(role) => role,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match role {
        Role::Parent(plan) => report::run(&plan),
        Role::Sink { ca_file, gather } => sink::serve(ca_file.as_deref(), gather),
        Role::Runner(order) => order.run().and_then(|measured| Ok(say(&measured.to_line())?)),
        Role::Help => {
            println!("{USAGE}");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Result<Role, Box<dyn Error>> {
    let mut parser = lexopt::Parser::from_env();
    let mut plan = Plan::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("rounds") => plan.rounds = parser.value()?.parse()?,
            Long("only") => plan.only = Some(parser.value()?.string()?),
            Long("help") | Short('h') => return Ok(Role::Help),
            // The two below are how the parent starts the others.
            Value(role) if role == "sink" => {
                let (mut ca_file, mut gather) = (None, 0);
                while let Some(argument) = parser.next()? {
                    match argument {
                        Long("tls") => ca_file = Some(parser.value()?.into()),
                        Long("gather") => gather = parser.value()?.parse()?,
                        other => return Err(other.unexpected().into()),
                    }
                }
                return Ok(Role::Sink { ca_file, gather });
            }
            Value(role) if role == "run" => return Ok(Role::Runner(order(&mut parser)?)),
            other => return Err(other.unexpected().into()),
        }
    }
    plan.check()?;
    Ok(Role::Parent(plan))
}

/// `DRIVER SCENARIO BASE DIRECTORY JOBS [--at-once]`.
fn order(parser: &mut lexopt::Parser) -> Result<Order, Box<dyn Error>> {
    let driver = parser.value()?.string()?;
    let scenario = parser.value()?.string()?;
    Ok(Order {
        driver: Driver::ALL.into_iter().find(|known| known.name() == driver).ok_or("no such driver")?,
        scenario: Scenario::from_name(&scenario).ok_or("no such scenario")?,
        base: parser.value()?.string()?,
        directory: parser.value()?.into(),
        jobs: parser.value()?.parse()?,
        at_once: matches!(parser.next()?, Some(Long("at-once"))),
    })
}
