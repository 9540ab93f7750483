//! `smile sandbox`: the service on this machine.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use clap::Args;
use serde_json::{Value, json};
use smile_sandbox::{Builder, Sandbox as Server, Scenario, StateError};

use crate::connection::read_text;
use crate::exit::Exit;
use crate::interrupt;
use crate::report::{Failure, Output, Report, Tone, text::shell_word};

/// Run an emulator of the service on this machine
///
/// This needs no account and no network, and speaks the real protocol: with this program, and with
/// the official SDKs of other languages. It runs until Ctrl-C. Its callbacks go to http on this
/// machine alone.
#[derive(Args, Debug)]
pub(crate) struct Sandbox {
    /// The address to listen on
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    addr: SocketAddr,

    /// Allow an --addr beyond this machine: whoever reaches it can use the sandbox
    #[arg(long)]
    open_to_the_network: bool,

    /// Allow other machines to use the page as well: it shows and changes everything that was
    /// uploaded, and needs no key
    #[arg(long, requires = "open_to_the_network")]
    admin_open_to_the_network: bool,

    /// Speak https as well, on the same port, with a certificate authority made on the fly
    #[arg(long)]
    tls: bool,

    /// Write that certificate authority to this file, as PEM, for --ca or an SDK's trust store
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_file: Option<PathBuf>,

    /// The partner id that may use the sandbox
    #[arg(long, value_name = "ID", default_value = "001")]
    partner_id: String,

    /// The API key that requests must be signed with: a made-up one, never a real one
    #[arg(long, value_name = "KEY", default_value = "sandbox-api-key")]
    api_key: String,

    /// The callback address for jobs without one: http on this machine
    #[arg(long, value_name = "URL")]
    callback: Option<String>,

    /// Take the results of jobs from this scenario, in TOML
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Keep the state in this folder, so that it survives a restart: a new or empty one, or one of
    /// an earlier run
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// The seed of everything that looks random; 0 by default, or the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Write the addresses to this file, as JSON, once the sandbox accepts connections
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Sandbox {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        if let Some(url) = &self.callback {
            smile_core::CallbackUrl::new(url)?;
        }
        if let Some(path) = &self.ready_file {
            // An earlier run's file must not be taken for this run's.
            remove_earlier(path, "--ready-file", "ready_file", is_ready_file)?;
        }
        if let Some(path) = &self.ca_file {
            remove_earlier(path, "--ca-file", "ca_file", is_certificate)?;
        }
        // From here on Ctrl-C is a message to this thread, so none can come too early.
        let (sender, signals) = channel();
        interrupt::on_signal(move || {
            // This thread is gone if the program has ended.
            let _ = sender.send(());
        })?;
        let server = self.builder()?.start().map_err(|error| start_failed(&error))?;
        let addresses = Addresses::of(&server);
        if let (Some(path), Some(ca)) = (&self.ca_file, &addresses.ca) {
            write(path, ca).map_err(|rule| Failure::flag("--ca-file", "ca_file", rule))?;
        }
        if let Some(path) = &self.ready_file {
            let text = format!("{}\n", addresses.as_json());
            write(path, &text).map_err(|rule| Failure::flag("--ready-file", "ready_file", rule))?;
        }
        output.print(&self.describe(&addresses))?;
        // Ends with the first signal; a sender that is gone means the same.
        let _ = signals.recv();
        if let Some(path) = &self.ready_file {
            // The file may be gone already, and something else be there.
            let _ = remove_earlier(path, "--ready-file", "ready_file", is_ready_file);
        }
        drop(server);
        output.note("sandbox", "ended", Tone::Plain);
        Ok(Exit::Done)
    }

    fn builder(&self) -> Result<Builder, Failure> {
        let ip = self.addr.ip();
        if !ip.is_loopback() && !self.open_to_the_network {
            let rule = "lets other machines in: say --open-to-the-network too, if that is meant";
            return Err(Failure::flag("--addr", "addr", rule));
        }
        if !ip.is_loopback() && !ip.is_unspecified() && !self.tls {
            let rule =
                "must be 0.0.0.0 or [::], unless --tls is on: the SDK takes http on this machine alone";
            return Err(Failure::flag("--addr", "addr", rule));
        }
        let mut builder = Server::builder();
        // Flags outrank the scenario.
        if let Some(path) = &self.scenario {
            builder = builder.with_scenario(scenario(path)?);
        }
        builder =
            builder.with_partner_id(&*self.partner_id).with_api_key(&*self.api_key).with_addr(self.addr);
        if self.open_to_the_network {
            builder = builder.with_network_access();
        }
        if self.admin_open_to_the_network {
            builder = builder.with_admin_network_access();
        }
        if self.tls {
            builder = builder.with_tls();
        }
        if let Some(folder) = &self.state {
            builder = builder.with_state_dir(folder);
        }
        if let Some(seed) = self.seed {
            builder = builder.with_seed(seed);
        }
        if let Some(url) = &self.callback {
            builder = builder.with_callback_url(url);
        }
        Ok(builder)
    }

    fn describe(&self, addresses: &Addresses) -> Report {
        let mut report = Report::new();
        report.row("http", addresses.http.as_str());
        if let Some(https) = &addresses.https {
            report.row("https", https.as_str());
            let ca = match &self.ca_file {
                Some(path) => path.display().to_string(),
                None => "in the --ready-file, or as --ca-file".to_owned(),
            };
            report.row("its CA", ca);
        }
        report.row("page", addresses.page.as_str());
        report.row("partner id", self.partner_id.as_str()).row("API key", self.api_key.as_str());
        report.text("");
        report.text("In another terminal:");
        report.text(format!(
            "  export SMILE_ENVIRONMENT={} SMILE_PARTNER_ID={} SMILE_API_KEY={}",
            shell_word(&addresses.http),
            shell_word(&self.partner_id),
            shell_word(&self.api_key)
        ));
        report.text("  smile submit enhanced-kyc --country NG --id-type BVN --id-number 00000000000");
        report.text("");
        report.text("It runs until Ctrl-C.");
        for (key, value) in addresses.as_json().as_object().into_iter().flatten() {
            report.set(key, value.clone());
        }
        report.set("partner_id", self.partner_id.as_str()).set("api_key", self.api_key.as_str());
        report
    }
}

/// The addresses of the sandbox.
struct Addresses {
    /// The base URL, with `/v1`.
    http: String,
    /// The https base URL, with `/v1`.
    https: Option<String>,
    /// The certificate authority of `https`, as PEM.
    ca: Option<String>,
    /// The address of the page.
    page: String,
}

impl Addresses {
    fn of(server: &Server) -> Self {
        let http = server.base_url().to_owned();
        let root = http.strip_suffix("/v1").unwrap_or(&http);
        let page = format!("{root}/");
        let https = server.https_base_url().map(str::to_owned);
        Self { page, https, ca: server.ca_pem().map(str::to_owned), http }
    }

    fn as_json(&self) -> Value {
        json!({ "http": self.http, "https": self.https, "ca": self.ca, "page": self.page })
    }
}

/// Removes the file of an earlier run, and nothing else.
fn remove_earlier(path: &Path, flag: &str, field: &str, is_own: fn(&str) -> bool) -> Result<(), Failure> {
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let text = File::open(path).ok().filter(|_| metadata.is_file()).map(read_text);
    if text.is_some_and(|text| text.is_ok_and(|text| is_own(&text))) {
        // If it can't be removed, the new one can't be written either, which is reported then.
        let _ = std::fs::remove_file(path);
        return Ok(());
    }
    Err(Failure::flag(
        flag,
        field,
        "must be a new file, or one that an earlier run wrote: what is in it would be lost",
    ))
}

fn is_ready_file(text: &str) -> bool {
    let ready: Value = serde_json::from_str(text).unwrap_or_default();
    ["http", "https", "ca", "page"].into_iter().all(|name| ready.get(name).is_some())
}

/// True for one certificate, as this command writes it: a bundle is somebody else's.
fn is_certificate(text: &str) -> bool {
    let text = text.trim();
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    text.starts_with(begin) && text.ends_with(end) && text.matches("-----BEGIN").count() == 1
}

/// Writes a file whole or not at all, for programs that wait for it.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| format!("must be a file that can be written: {}", error.kind()))
}

/// Reads a scenario; an error names its place in the file.
fn scenario(path: &Path) -> Result<Scenario, Failure> {
    let wrong = |rule: String| Failure::flag("--scenario", "scenario", rule);
    let file = File::open(path)
        .map_err(|error| wrong(format!("must be a file that can be read: {}", error.kind())))?;
    let text = read_text(file).map_err(wrong)?;
    Scenario::parse(&text).map_err(|error| wrong(format!("can't be used: {error}")))
}

fn start_failed(error: &std::io::Error) -> Failure {
    let source = error.get_ref();
    if let Some(wrong) = source.and_then(|source| source.downcast_ref::<smile_core::ConfigError>()) {
        let problem = wrong.problem();
        let flag = format!("--{}", problem.field.replace('_', "-"));
        return Failure::flag(&flag, &problem.field, problem.rule.as_str());
    }
    if let Some(wrong) = source.and_then(|source| source.downcast_ref::<StateError>()) {
        return Failure::flag("--state", "state", format!("can't be used: {wrong}"));
    }
    if matches!(error.kind(), std::io::ErrorKind::AddrInUse | std::io::ErrorKind::AddrNotAvailable) {
        return Failure::flag("--addr", "addr", format!("must be an address to listen at: {}", error.kind()));
    }
    Failure::failed(format!("the sandbox can't be started: {}", error.kind()))
}
