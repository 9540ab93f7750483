//! `smile web-token`: a token for the hosted web integration.

use clap::Args;
use serde_json::Value;
use smile_core::v1::WebTokenRequest;
use smile_core::{FlowSettings, JobId, PartnerParams, Timestamp, UserId};

use crate::connection::Connection;
use crate::exit::Exit;
use crate::ids;
use crate::report::{Failure, Output, ProgressLine, Report};

/// Ask for a token that permits a browser to run one job
///
/// The token is a credential: hand it to that browser, and to nobody else.
#[derive(Args, Debug)]
pub(crate) struct WebToken {
    /// The product: biometric_kyc, authentication, smartselfie, enhanced_kyc, basic_kyc,
    /// identity_verification, doc_verification, enhanced_document_verification, ekyc_smartselfie or
    /// e_signature; - is as good as _
    #[arg(long)]
    product: String,

    /// The address for the result: https, or http on this machine
    #[arg(long, value_name = "URL")]
    callback: Option<String>,

    /// Your id of the user; a new one, if there is none
    #[arg(long)]
    user_id: Option<String>,

    /// Your id of the job; a new one, if there is none
    #[arg(long)]
    job_id: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

impl WebToken {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let partner = self.connection.partner(output)?;
        let user_id = self.user_id.clone().unwrap_or_else(|| ids::new("user"));
        let job_id = self.job_id.clone().unwrap_or_else(|| ids::new("web"));
        let params = PartnerParams::new(UserId::new(&*user_id), JobId::new(&*job_id));
        // Elsewhere on this command line products are written with hyphens.
        let product = self.product.replace('-', "_");
        let mut request = WebTokenRequest::new(params, product.as_str());
        if let Some(url) = &self.callback {
            request = request.with_callback_url(url);
        }
        let client = self.connection.client(partner, FlowSettings::default())?;
        let mut progress = ProgressLine::new(output, 0);
        let token = client.call_with(request, |event| progress.event(&event));
        let warnings = progress.finish();
        let token = token.map_err(|error| Failure::from(&error))?;

        let mut report = Report::new();
        report.row("token", token.expose()).set("token", token.expose());
        let seconds = token.claims().and_then(|claims| claims.get("exp").and_then(Value::as_u64));
        if let Some(seconds) = seconds {
            let until = Timestamp::from_unix_millis(seconds.saturating_mul(1_000)).to_string();
            report.row("good until", until.as_str()).set("good_until", until);
        }
        report.row("product", product.as_str()).set("product", product);
        if self.user_id.is_none() {
            report.row("user_id", user_id.as_str()).set("user_id", user_id);
        }
        report.row("job_id", job_id.as_str()).set("job_id", job_id).set("warnings", warnings);
        output.print(&report)?;
        Ok(Exit::Done)
    }
}
