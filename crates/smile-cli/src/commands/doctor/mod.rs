//! `smile doctor`: problems of the set-up, and their remedies.

mod callback;
mod check_result;
mod exchange;

use clap::Args;
use serde_json::Value;
use smile_core::{Environment, Partner};

use self::check_result::{CheckResult, State};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::report::{Failure, Output, Report};

/// Look for problems of the set-up, and name their remedies
///
/// This asks the service for the status of a job that doesn't exist, which costs nothing: the
/// answer shows that the service can be reached, that TLS and the clock are in order, and that the
/// signature is accepted.
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
        let mut results = vec![];
        let environment = self.look_at_environment(&mut results);
        let partner = self.look_at_credentials(&mut results, environment.as_ref(), output);
        if let Some(environment) = &environment {
            let agent = self.connection.agent(environment)?;
            results.extend(exchange::look(&agent, environment, partner.as_ref()));
        }
        match (&self.callback, &environment) {
            (Some(url), Some(environment)) => results.push(callback::look(url, environment)),
            (None, _) => results.push(CheckResult::skipped("callback", "give --callback URL")),
            (Some(_), None) => {
                results.push(CheckResult::skipped("callback", "it depends on the environment"));
            }
        }
        let is_well = results.iter().all(|result| result.state != State::Bad);
        output.print(&describe(&results, is_well))?;
        Ok(if is_well { Exit::Done } else { Exit::No })
    }

    fn look_at_environment(&self, results: &mut Vec<CheckResult>) -> Option<Environment> {
        match self.connection.environment() {
            Ok(environment) => {
                let what = match &environment {
                    Environment::Sandbox => "Smile ID's sandbox: for test data, free of charge",
                    Environment::Production => "production: jobs are billed",
                    _ => "an address of your own",
                };
                let said = format!("{} ({what})", environment.base_url());
                results.push(CheckResult::good("environment", said));
                Some(environment)
            }
            Err(failure) => {
                results.push(CheckResult::of(
                    "environment",
                    &failure,
                    "set --environment or SMILE_ENVIRONMENT",
                ));
                None
            }
        }
    }

    fn look_at_credentials(
        &self,
        results: &mut Vec<CheckResult>,
        environment: Option<&Environment>,
        output: Output,
    ) -> Option<Partner> {
        // Without an environment the credentials can be checked all the same.
        let anywhere = environment.cloned().unwrap_or(Environment::Sandbox);
        match self.connection.partner_in(anywhere, output) {
            Ok(partner) => {
                let id = partner.id().as_str();
                results.push(CheckResult::good(
                    "credentials",
                    format!("partner {id}, and a key that can be one"),
                ));
                if !id.bytes().all(|byte| byte.is_ascii_digit()) {
                    let said = "the partner id isn't made of digits, as those of Smile ID are";
                    let mend = "take it from the portal, leading zeros included";
                    results.push(CheckResult::careful("partner id", said, mend));
                }
                Some(partner)
            }
            Err(failure) => {
                let mend = "the portal has both, under the API keys of the environment";
                results.push(CheckResult::of("credentials", &failure, mend));
                None
            }
        }
    }
}

fn describe(results: &[CheckResult], is_well: bool) -> Report {
    let mut report = Report::new();
    for result in results {
        let (mark, tone) = result.state.mark();
        report.marked(result.name, mark, tone, result.said.as_str());
        if let Some(mend) = &result.mend {
            report.row("", format!("to mend it: {mend}"));
        }
    }
    report.text("");
    report.text(if is_well { "Nothing is wrong." } else { "Something is wrong." });
    report.set("well", is_well);
    report.set("checks", results.iter().map(CheckResult::as_json).collect::<Vec<Value>>());
    report
}
