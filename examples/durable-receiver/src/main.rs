//! A receiver of callbacks that stores first and acknowledges after, in SQLite.
//!
//! `cargo run -p durable-receiver` tells its story, against a sandbox in this process: nothing
//! leaves this machine. `cargo run -p durable-receiver -- serve` receives the callbacks of a real
//! partner.
#![allow(clippy::print_stdout, clippy::print_stderr)] // A program that talks to a person.

mod story;

use std::convert::Infallible;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use durable_receiver::{Fuse, serve};
use lexopt::{Arg, Parser, ValueExt as _};
use smile_ureq::Client;
use smile_ureq::core::Partner;

const HELP: &str = "\
durable-receiver            the story: a job, and a receiver that dies on the way
durable-receiver serve      receives callbacks until it is ended, and goes on where it was ended before
  --listen ADDRESS          such as 127.0.0.1:8080, which is the default
  --directory DIRECTORY     where receiver.db and ledger.db are; the current one by default
SMILE_PARTNER_ID, SMILE_API_KEY and SMILE_ENVIRONMENT (sandbox, production or a base URL) name the service.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut parser = Parser::from_env();
    match parser.next()? {
        None => story::tell(),
        Some(Arg::Long("help")) => {
            println!("{HELP}");
            Ok(())
        }
        Some(Arg::Value(command)) if command == "serve" => match run_server(parser)? {},
        Some(other) => Err(other.unexpected().into()),
    }
}

fn run_server(mut parser: Parser) -> Result<Infallible, Box<dyn Error>> {
    let (mut listen, mut directory) = ("127.0.0.1:8080".to_owned(), PathBuf::from("."));
    while let Some(flag) = parser.next()? {
        match flag {
            Arg::Long("listen") => listen = parser.value()?.string()?,
            Arg::Long("directory") => directory = parser.value()?.into(),
            other => return Err(other.unexpected().into()),
        }
    }
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} must be set"));
    let environment = variable("SMILE_ENVIRONMENT")?.parse()?;
    let partner = Partner::new(variable("SMILE_PARTNER_ID")?, variable("SMILE_API_KEY")?, environment)?;
    // For the tests, which kill it at a certain moment.
    let fuse = match std::env::var(Fuse::VARIABLE) {
        Ok(text) => text.parse()?,
        Err(_) => Fuse::default(),
    };
    Ok(serve(&listen, &directory, Client::new(partner)?, fuse)?)
}
