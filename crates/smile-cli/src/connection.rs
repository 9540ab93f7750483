//! The partner's credentials and the service: flags, variables, and the sources of the API key.

use std::env::VarError;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use smile_core::{ApiKey, Environment, FlowSettings, Partner, PartnerId, Signer};
use smile_ureq::Client;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::report::{Failure, Output, Tone};
use crate::system::is_open_to_others;

/// The largest key file, certificate bundle or checkpoint, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The partner's credentials.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Credentials {
    /// Your partner id
    #[arg(long, env = "SMILE_PARTNER_ID", value_name = "ID", hide_env_values = true, global = true)]
    partner_id: Option<String>,

    /// Read the API key from this file, in place of SMILE_API_KEY
    #[arg(long, value_name = "FILE", conflicts_with = "api_key_stdin", global = true)]
    api_key_file: Option<PathBuf>,

    /// Read the API key from standard input, in place of SMILE_API_KEY
    #[arg(long, global = true)]
    api_key_stdin: bool,
}

/// The partner's credentials, and the service.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The service: `sandbox` (the default), `production`, or a base URL such as
    /// http://127.0.0.1:8080/v1
    #[arg(
        long,
        env = "SMILE_ENVIRONMENT",
        value_name = "ENVIRONMENT",
        hide_env_values = true,
        global = true
    )]
    pub(crate) environment: Option<String>,

    #[command(flatten)]
    credentials: Credentials,

    /// Trust only the certificates in this PEM file, such as those of a `smile sandbox --tls`
    #[arg(long, value_name = "FILE", global = true)]
    ca: Option<PathBuf>,
}

impl Credentials {
    /// The signer, for commands that send nothing to the service.
    pub(crate) fn signer(&self, output: Output) -> Result<Signer, Failure> {
        Ok(Signer::new(PartnerId::new(self.partner_id()?)?, &ApiKey::new(self.api_key(output)?)?))
    }

    fn partner_id(&self) -> Result<&str, Failure> {
        let rule = "must be set, here or as SMILE_PARTNER_ID";
        self.partner_id.as_deref().ok_or_else(|| Failure::flag("--partner-id", "partner_id", rule))
    }

    /// The API key, without the one line break at the end of a file.
    fn api_key(&self, output: Output) -> Result<String, Failure> {
        let mut text = if let Some(path) = &self.api_key_file {
            warn_if_others_can_read(path, output);
            let wrong = |rule: &str| Failure::flag("--api-key-file", "api_key", rule);
            let file = File::open(path)
                .map_err(|error| wrong(&format!("must name a file that can be read: {}", error.kind())))?;
            read_text(file).map_err(|rule| wrong(&rule))?
        } else if self.api_key_stdin {
            read_text(std::io::stdin().lock())
                .map_err(|rule| Failure::flag("--api-key-stdin", "api_key", rule))?
        } else {
            let rule =
                "must be set; the API key is never taken from the command line, where others could see it";
            // A variable has no line break of its own: one in it came along when the key was
            // copied.
            return std::env::var("SMILE_API_KEY").map_err(|error| match error {
                VarError::NotPresent => {
                    Failure::flag("SMILE_API_KEY, --api-key-file or --api-key-stdin", "api_key", rule)
                }
                VarError::NotUnicode(_) => Failure::flag("SMILE_API_KEY", "api_key", "must be text in UTF-8"),
            });
        };
        let line =
            text.strip_suffix('\n').map_or(text.len(), |line| line.strip_suffix('\r').unwrap_or(line).len());
        text.truncate(line);
        Ok(text)
    }
}

impl Connection {
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        Ok(self.environment_word().parse()?)
    }

    /// The environment, in the word of the flag.
    pub(crate) fn environment_word(&self) -> &str {
        self.environment.as_deref().unwrap_or("sandbox")
    }

    /// Takes over the environment and the partner of a checkpoint: flags and variables may repeat
    /// them, and name no others.
    pub(crate) fn going_on(mut self, environment: &str, partner_id: &str) -> Result<Self, Failure> {
        let begun_in: Environment = environment.parse()?;
        if self.environment.is_some() && self.environment()?.base_url() != begun_in.base_url() {
            let rule = "must be the one that the job was begun in, or be left out";
            return Err(Failure::flag("--environment or SMILE_ENVIRONMENT", "environment", rule));
        }
        if self.credentials.partner_id.as_deref().is_some_and(|given| given != partner_id) {
            let rule = "must be the one that the job was begun with, or be left out";
            return Err(Failure::flag("--partner-id or SMILE_PARTNER_ID", "partner_id", rule));
        }
        self.environment = Some(environment.to_owned());
        self.credentials.partner_id = Some(partner_id.to_owned());
        Ok(self)
    }

    /// The partner, in the environment that the flags name.
    pub(crate) fn partner(&self, output: Output) -> Result<Partner, Failure> {
        self.partner_in(self.environment()?, output)
    }

    pub(crate) fn partner_in(&self, environment: Environment, output: Output) -> Result<Partner, Failure> {
        let credentials = &self.credentials;
        Ok(Partner::new(credentials.partner_id()?, credentials.api_key(output)?, environment)?)
    }

    /// A client for this partner.
    pub(crate) fn client(&self, partner: Partner, settings: FlowSettings) -> Result<Client, Failure> {
        let agent = self.agent(partner.environment())?;
        Ok(Client::with_http_client(partner, agent).with_settings(settings))
    }

    /// An HTTP agent for this environment. It trusts what the library's own would, or the
    /// authorities of `--ca` alone.
    pub(crate) fn agent(&self, environment: &Environment) -> Result<ureq::Agent, Failure> {
        let mut config = Client::http_client_builder().timeout_connect(Some(Duration::from_secs(10)));
        // Requests to this machine must not take a detour over a proxy.
        if environment.is_loopback() {
            config = config.proxy(None);
        }
        if let Some(path) = &self.ca {
            config = config.tls_config(TlsConfig::builder().root_certs(certificates(path)?).build());
        }
        Ok(ureq::Agent::new_with_config(config.build()))
    }
}

fn certificates(path: &Path) -> Result<RootCerts, Failure> {
    let wrong = |rule: String| Failure::flag("--ca", "ca", rule);
    let file = File::open(path)
        .map_err(|error| wrong(format!("must name a file that can be read: {}", error.kind())))?;
    let pem = read_text(file).map_err(wrong)?;
    let certificates: Vec<_> = parse_pem(pem.as_bytes())
        .filter_map(|item| if let Ok(PemItem::Certificate(one)) = item { Some(one) } else { None })
        .collect();
    if certificates.is_empty() {
        return Err(wrong("must name a PEM file with a certificate in it".to_owned()));
    }
    Ok(RootCerts::from(certificates))
}

/// Reads a short text, of 1 MiB at most.
pub(crate) fn read_text(reader: impl std::io::Read) -> Result<String, String> {
    let mut text = String::new();
    match reader.take(MAX_FILE + 1).read_to_string(&mut text) {
        Ok(bytes) if bytes as u64 > MAX_FILE => Err("must be no longer than 1 MiB".to_owned()),
        Ok(_) => Ok(text),
        Err(error) => Err(format!("must be text that can be read: {}", error.kind())),
    }
}

fn warn_if_others_can_read(path: &Path, output: Output) {
    if is_open_to_others(path) {
        output.note(
            "warning",
            "others on this machine can read the file of --api-key-file: `chmod 600` it",
            Tone::Careful,
        );
    }
}
