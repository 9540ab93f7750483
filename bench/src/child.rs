//! The other processes, as the parent sees them.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::runner::{Measured, Order};

/// A sink that runs. It ends with its standard input, and so with the parent.
pub(crate) struct Sink {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) base: String,
}

impl Sink {
    pub(crate) fn start(ca_file: Option<&Path>, gather: usize) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["sink", "--gather", &gather.to_string()]);
        if let Some(ca_file) = ca_file {
            command.arg("--tls").arg(ca_file);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("the sink has no standard output")?);
        let base = line(&mut out)?;
        Ok(Self { child, out, base })
    }

    /// Ends it. How many connections there were, and how many requests.
    pub(crate) fn stop(mut self) -> Result<(u64, u64), Box<dyn Error>> {
        drop(self.child.stdin.take());
        let counts = line(&mut self.out)?;
        self.child.wait()?;
        let (connections, requests) = counts.split_once(' ').ok_or("the sink said something else")?;
        Ok((connections.parse()?, requests.parse()?))
    }
}

/// Runs jobs in another process.
pub(crate) fn run(order: &Order) -> Result<Measured, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", order.driver.name(), order.scenario.name(), &order.base]);
    command.arg(&order.directory).arg(order.jobs.to_string());
    if order.at_once {
        command.arg("--at-once");
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!(
            "{} of {} ended with {}",
            order.driver.name(),
            order.scenario.name(),
            output.status
        )
        .into());
    }
    Measured::from_line(std::str::from_utf8(&output.stdout)?)
}

fn line(out: &mut BufReader<ChildStdout>) -> Result<String, Box<dyn Error>> {
    let mut line = String::new();
    out.read_line(&mut line)?;
    let line = line.trim();
    if line.is_empty() { Err("the sink ended".into()) } else { Ok(line.to_owned()) }
}
