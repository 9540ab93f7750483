//! The receiver as a process, for those who want to see it die.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::Fuse;

/// The program, running as `serve`, and killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    url: String,
}

impl Process {
    /// Starts it for this partner of a sandbox, with `fuse` as [`Fuse::VARIABLE`] if there is one,
    /// and waits until it listens.
    ///
    /// # Errors
    /// If it can't be started, or says nothing.
    pub fn start(
        program: &Path,
        sandbox: &smile_sandbox::Sandbox,
        directory: &Path,
        listen: &str,
        fuse: Option<&str>,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", listen, "--directory"])
            .arg(directory)
            .env("SMILE_PARTNER_ID", sandbox.partner_id())
            .env("SMILE_API_KEY", sandbox.api_key())
            .env("SMILE_ENVIRONMENT", sandbox.base_url())
            .env_remove(Fuse::VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(fuse) = fuse {
            command.env(Fuse::VARIABLE, fuse);
        }
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut process = Self { child, lines, url: String::new() };
        let first = process.next_line(Duration::from_secs(30)).ok();
        let url = first.as_deref().and_then(|line| line.strip_prefix("listening on "));
        process.url = url.ok_or_else(|| io::Error::other("the receiver doesn't listen"))?.to_owned();
        Ok(process)
    }

    /// The URL that callbacks are sent to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads the program's next line of output.
    ///
    /// # Errors
    /// If it says nothing in time, or nothing more ever because it has ended.
    pub fn next_line(&self, timeout: Duration) -> Result<String, RecvTimeoutError> {
        self.lines.recv_timeout(timeout)
    }

    /// Kills it, without a chance to put anything in order.
    ///
    /// # Errors
    /// If the system can't do that.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If it has ended by itself, all the better.
        let _ = self.kill();
    }
}
