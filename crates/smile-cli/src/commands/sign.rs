//! `smile sign`: the signature of a timestamp, for requests made by hand.

use clap::Args;
use smile_core::Timestamp;

use crate::connection::Credentials;
use crate::exit::Exit;
use crate::report::{Failure, Output, Report};

/// Sign a timestamp, for a request made by hand
///
/// The signature covers the timestamp and the partner id, and not the rest of a request. Anybody
/// who has it can put it on requests of their own, so treat it as a password.
#[derive(Args, Debug)]
pub(crate) struct Sign {
    /// The text to sign, to the letter; the time now, if there is none
    #[arg(long, value_name = "TEXT")]
    timestamp: Option<String>,

    #[command(flatten)]
    credentials: Credentials,
}

impl Sign {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let signer = self.credentials.signer(output)?;
        let timestamp = self.timestamp.clone().unwrap_or_else(|| crate::ids::now().to_string());
        if Timestamp::parse(&timestamp).is_none() {
            let rule = "must be a moment such as 2026-01-15T10:30:00.000Z";
            return Err(Failure::flag("--timestamp", "timestamp", rule));
        }
        let signature = signer.sign_text(&timestamp);
        let mut report = Report::new();
        report
            .row("partner_id", signer.partner_id().as_str())
            .set("partner_id", signer.partner_id().as_str());
        report.row("timestamp", timestamp.as_str()).set("timestamp", timestamp);
        report.row("signature", signature.as_str()).set("signature", signature);
        output.print(&report)?;
        Ok(Exit::Done)
    }
}
