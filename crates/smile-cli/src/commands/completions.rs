//! `smile completions`: the completion script of a shell.

use clap::Args;
use clap_complete::Shell;
use serde_json::json;

use crate::exit::Exit;
use crate::report::{Failure, Output};

/// Print a completion script for a shell
///
/// For bash: `smile completions bash > ~/.local/share/bash-completion/completions/smile`
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, output: Output, command: &mut clap::Command) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "smile", &mut script);
        let script = String::from_utf8_lossy(&script);
        if output.is_json() {
            output.write_json(&json!({ "shell": self.shell.to_string(), "script": script }))?;
        } else {
            output.write(&script)?;
        }
        Ok(Exit::Done)
    }
}
