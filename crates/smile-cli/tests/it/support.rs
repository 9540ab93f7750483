//! Running the program.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use smile_sandbox::Sandbox;

/// The time after which a hanging program is ended: nothing here takes long.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The output of the program, and its exit status.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON object on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        assert_eq!(self.stdout.lines().count(), 1, "one object: {self:?}");
        assert_eq!(self.stderr, "", "with --json nothing else is said");
        value
    }

    #[track_caller]
    pub(crate) fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts that standard output contains all of these texts.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stdout.contains(text), "`{text}` is missing in {self:?}");
        }
        self
    }

    /// Asserts that standard error contains all of these texts.
    #[track_caller]
    pub(crate) fn warns(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is missing in {self:?}");
        }
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// The program, in an empty folder of its own, without anything from outside.
pub(crate) struct Smile {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: tempfile::TempDir,
}

impl Smile {
    pub(crate) fn new() -> Self {
        Self::with(Sandbox::start().unwrap())
    }

    pub(crate) fn with(sandbox: Sandbox) -> Self {
        Self { sandbox, folder: tempfile::tempdir().unwrap() }
    }

    /// The program, set up to talk to the sandbox.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command
            .current_dir(self.folder.path())
            .env("SMILE_ENVIRONMENT", self.sandbox.base_url())
            .env("SMILE_PARTNER_ID", self.sandbox.partner_id())
            .env("SMILE_API_KEY", self.sandbox.api_key());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Submits a job with a selfie, the path of a picture in the examples.
    pub(crate) fn submit_selfie(&self, product: &str, more: &[&str]) -> Ran {
        let selfie = asset("selfie.jpg");
        let mut arguments = vec!["submit", product, "--selfie", selfie.to_str().unwrap()];
        arguments.extend(more);
        self.run(&arguments)
    }
}

/// The program without any settings.
pub(crate) fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smile"));
    for (name, _) in std::env::vars_os() {
        if is_setting(&name) {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn is_setting(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("SMILE_") || matches!(&*name, "NO_COLOR" | "CLICOLOR" | "CLICOLOR_FORCE")
}

pub(crate) fn run(arguments: &[&str]) -> Ran {
    bare(arguments).output().unwrap().into()
}

/// Runs a command with this on standard input.
pub(crate) fn feed(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

/// A drawn picture of the examples.
pub(crate) fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/assets").join(name)
}

/// Polls until there is a value.
#[track_caller]
pub(crate) fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it didn't come");
}

/// An address of this machine with no listener, reserved for as long as this exists: a released
/// port may belong to anybody the next moment.
pub(crate) struct Nobody(tokio::net::TcpSocket);

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.0.local_addr().unwrap()
    }
}
