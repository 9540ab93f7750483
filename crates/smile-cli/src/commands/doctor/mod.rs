//! `smile doctor`: problems of the set-up, and their remedies.

mod callback;
mod exchange;
mod finding;

use clap::Args;
use serde_json::Value;
use smile_core::{Environment, Partner};

use self::finding::{Finding, State};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::report::{Failure, Output, Report};

/// Look for problems of the set-up, and name their remedies
///
/// This asks the service for the status of a job that doesn't exist, which costs nothing: the answer shows that
/// the service can be reached, that TLS and the clock are in order, and that the signature is accepted.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Check this callback address as well. Nothing is posted to it
    #[arg(long, value_name = "URL")]
    callback: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

impl Doctor {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let mut findings = vec![];
        let environment = self.look_at_environment(&mut findings);
        let partner = self.look_at_credentials(&mut findings, environment.as_ref(), output);
        if let Some(environment) = &environment {
            let agent = self.connection.agent(environment)?;
            findings.extend(exchange::look(&agent, environment, partner.as_ref()));
        }
        match (&self.callback, &environment) {
            (Some(url), Some(environment)) => findings.push(callback::look(url, environment)),
            (None, _) => findings.push(Finding::skipped("callback", "give --callback URL")),
            (Some(_), None) => findings.push(Finding::skipped("callback", "it depends on the environment")),
        }
        let is_well = findings.iter().all(|finding| finding.state != State::Bad);
        output.print(&describe(&findings, is_well))?;
        Ok(if is_well { Exit::Done } else { Exit::No })
    }

    fn look_at_environment(&self, findings: &mut Vec<Finding>) -> Option<Environment> {
        match self.connection.environment() {
            Ok(environment) => {
                let what = match &environment {
                    Environment::Sandbox => "Smile ID's sandbox: for test data, free of charge",
                    Environment::Production => "production: jobs are billed",
                    _ => "an address of your own",
                };
                let said = format!("{} ({what})", environment.base_url());
                findings.push(Finding::good("environment", said));
                Some(environment)
            }
            Err(failure) => {
                findings.push(Finding::of("environment", &failure, "set --environment or SMILE_ENVIRONMENT"));
                None
            }
        }
    }

    fn look_at_credentials(
        &self,
        findings: &mut Vec<Finding>,
        environment: Option<&Environment>,
        output: Output,
    ) -> Option<Partner> {
        // Without an environment the credentials can be checked all the same.
        let anywhere = environment.cloned().unwrap_or(Environment::Sandbox);
        match self.connection.partner_in(anywhere, output) {
            Ok(partner) => {
                let id = partner.id().as_str();
                findings
                    .push(Finding::good("credentials", format!("partner {id}, and a key that can be one")));
                if !id.bytes().all(|byte| byte.is_ascii_digit()) {
                    let said = "the partner id isn't made of digits, as those of Smile ID are";
                    let mend = "take it from the portal, leading zeros included";
                    findings.push(Finding::careful("partner id", said, mend));
                }
                Some(partner)
            }
            Err(failure) => {
                let mend = "the portal has both, under the API keys of the environment";
                findings.push(Finding::of("credentials", &failure, mend));
                None
            }
        }
    }
}

fn describe(findings: &[Finding], is_well: bool) -> Report {
    let mut report = Report::new();
    for finding in findings {
        let (mark, tone) = finding.state.mark();
        report.marked(finding.name, mark, tone, finding.said.as_str());
        if let Some(mend) = &finding.mend {
            report.row("", format!("to mend it: {mend}"));
        }
    }
    report.text("");
    report.text(if is_well { "Nothing is wrong." } else { "Something is wrong." });
    report.set("well", is_well);
    report.set("findings", findings.iter().map(Finding::as_json).collect::<Vec<Value>>());
    report
}
