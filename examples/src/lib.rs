//! The common part of the example programs: set-up, inputs, and the report of how a job ends.
//!
//! With nothing set, a program starts a sandbox and a receiver of callbacks in its own process, and
//! sends the drawn pictures of `assets/`. With `SMILE_PARTNER_ID`, `SMILE_API_KEY` and
//! `SMILE_ENVIRONMENT` set, it talks to the real service. Its flags take the user's own input;
//! `--help` lists them.
#![allow(clippy::print_stdout, clippy::print_stderr)] // Programs that talk to a person.

mod arguments;
mod cookbook;
mod failure;
mod narrator;
mod receiver;

use std::future::Ready;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use smile_core::{
    Callback, Decision, Environment, Event, IdInfo, Image, JobId, JobOutcome, JobType, NextStep,
    ObserverResult, Partner, PartnerParams, UserId, Verdict,
};
use smile_sandbox::Sandbox;

use arguments::Arguments;
pub use failure::Failure;
pub use narrator::{async_narrator, narrator};
pub use receiver::Receiver;

/// The environment and the inputs of a program.
#[derive(Debug)]
pub struct Setup {
    partner: Partner,
    sandbox: Option<Sandbox>,
    receiver: Option<Receiver>,
    arguments: Arguments,
}

impl Setup {
    /// The real service if the environment says so; otherwise a sandbox and a receiver of callbacks
    /// of its own.
    ///
    /// # Errors
    /// What is wrong with a flag or a variable, by name.
    pub fn new(title: &str) -> Result<Self, Failure> {
        let arguments = Arguments::from_command_line()?;
        let set =
            ["SMILE_PARTNER_ID", "SMILE_API_KEY", "SMILE_ENVIRONMENT"].map(|name| std::env::var(name).ok());
        let setup = match set {
            [None, None, None] => Self::offline(arguments)?,
            [Some(partner_id), Some(api_key), Some(environment)] => {
                let partner = Partner::new(partner_id, api_key, environment.parse()?)?;
                let partner = match &arguments.callback {
                    Some(url) => partner.with_callback_url(url),
                    None => partner,
                };
                Self { partner, sandbox: None, receiver: None, arguments }
            }
            _ => {
                return Err(
                    "set SMILE_PARTNER_ID, SMILE_API_KEY and SMILE_ENVIRONMENT, or none of them".into()
                );
            }
        };
        println!("{title}, against {}\n", setup.place());
        Ok(setup)
    }

    fn offline(arguments: Arguments) -> Result<Self, Failure> {
        let sandbox = Sandbox::start()?;
        let receiver = Receiver::start(sandbox.partner().verifier())?;
        let partner =
            sandbox.partner().with_callback_url(arguments.callback.as_deref().unwrap_or(receiver.url()));
        Ok(Self { partner, sandbox: Some(sandbox), receiver: Some(receiver), arguments })
    }

    fn place(&self) -> &'static str {
        match (&self.sandbox, self.partner.environment()) {
            (Some(_), _) => "a sandbox in this process: nothing leaves this machine",
            (None, Environment::Sandbox) => "Smile ID's sandbox",
            (None, Environment::Production) => "Smile ID's production: this job is billed",
            (None, _) => "the service at SMILE_ENVIRONMENT",
        }
    }

    /// The partner, with its callback address.
    pub fn partner(&self) -> Partner {
        self.partner.clone()
    }

    /// True if the service is the sandbox of this process.
    pub fn is_offline(&self) -> bool {
        self.sandbox.is_some()
    }

    /// A user, new unless `--user-id` names one, and a new job.
    pub fn partner_params(&self) -> PartnerParams {
        let random = || getrandom::u64().expect("the system has a source of randomness");
        let user_id = self.arguments.user_id.clone().unwrap_or_else(|| format!("user-{:016x}", random()));
        let params = PartnerParams::new(UserId::new(user_id), JobId::new(format!("job-{:016x}", random())));
        match &self.arguments.sandbox_result {
            Some(result) => params.with_param("sandbox_result", result.as_str()),
            None => params,
        }
    }

    /// `--selfie`, or the drawn one.
    pub fn selfie(&self) -> Image {
        Image::path(self.arguments.selfie.clone().unwrap_or_else(|| asset("selfie.jpg")))
    }

    /// `--liveness`, or the eight drawn frames.
    pub fn liveness(&self) -> Vec<Image> {
        let frames = match self.arguments.liveness.as_slice() {
            [] if self.arguments.selfie.is_some() => vec![],
            [] => (1..=8).map(|number| asset(&format!("liveness_{number}.jpg"))).collect(),
            given => given.to_vec(),
        };
        frames.into_iter().map(Image::path).collect()
    }

    /// `--id-card`, or the drawn one.
    pub fn id_card(&self) -> Image {
        Image::path(self.arguments.id_card.clone().unwrap_or_else(|| asset("id_card_front.jpg")))
    }

    /// `--id-card-back`, or the drawn one; nothing if only a front was given.
    pub fn id_card_back(&self) -> Option<Image> {
        let drawn = || self.arguments.id_card.is_none().then(|| asset("id_card_back.jpg"));
        self.arguments.id_card_back.clone().or_else(drawn).map(Image::path)
    }

    /// `--country`, `--id-type` and `--id-number`, or a test number that the sandbox approves.
    pub fn id_info(&self) -> IdInfo {
        let or =
            |given: &Option<String>, otherwise: &str| given.clone().unwrap_or_else(|| otherwise.to_owned());
        let arguments = &self.arguments;
        let id_info = IdInfo::new(
            or(&arguments.country, "NG"),
            or(&arguments.id_type, "BVN"),
            or(&arguments.id_number, "00000000000"),
        );
        // The sandbox's standard person, who goes with its test numbers.
        let standard = |name: &str| arguments.id_number.is_none().then(|| name.to_owned());
        let first_name = arguments.first_name.clone().or_else(|| standard("Joe"));
        let last_name = arguments.last_name.clone().or_else(|| standard("Leo"));
        let id_info = first_name.into_iter().fold(id_info, IdInfo::with_first_name);
        last_name.into_iter().fold(id_info, IdInfo::with_last_name)
    }

    /// `--country`, or this one.
    pub fn country_or(&self, otherwise: &str) -> String {
        self.arguments.country.clone().unwrap_or_else(|| otherwise.to_owned())
    }

    /// `--id-number`, or this one.
    pub fn id_number_or(&self, otherwise: &str) -> String {
        self.arguments.id_number.clone().unwrap_or_else(|| otherwise.to_owned())
    }

    /// `--first-name` and `--last-name`, if they are given.
    pub fn full_name(&self) -> Option<String> {
        let names = [&self.arguments.first_name, &self.arguments.last_name];
        let given: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        (!given.is_empty()).then(|| given.join(" "))
    }

    /// The next callback, if callbacks come here.
    ///
    /// # Errors
    /// If none comes in time, or it isn't believed.
    pub fn next_callback(&self) -> Result<Option<Callback>, Failure> {
        match &self.receiver {
            Some(receiver) if self.arguments.callback.is_none() => {
                let received =
                    receiver.next(Duration::from_secs(10)).ok_or("no callback came within ten seconds")?;
                Ok(Some(received?.callback))
            }
            _ => Ok(None),
        }
    }

    /// An observer that prints the events of a job as they come.
    pub fn narrator(&self) -> impl FnMut(Event) -> ObserverResult + Send + 'static {
        narrator::narrator()
    }

    /// As [`Setup::narrator`], for the async client.
    pub fn async_narrator(&self) -> impl FnMut(Event) -> Ready<ObserverResult> + Send + 'static {
        narrator::async_narrator()
    }

    /// Prints how a job ended, and the callback if one comes here.
    ///
    /// # Errors
    /// If the callback that was expected doesn't come, or isn't believed.
    pub fn conclude(&self, outcome: &JobOutcome) -> Result<ExitCode, Failure> {
        match &self.receiver {
            Some(receiver) if self.arguments.callback.is_none() => await_callbacks(receiver, outcome)?,
            _ => println!("  callback   goes to your own address"),
        }
        let verdict = outcome.verdict();
        narrator::verdict(verdict, outcome);
        Ok(verdict.map_or(ExitCode::from(2), exit_of))
    }

    /// True if the job type takes a user that is enrolled already, and none was named.
    pub fn needs_enrolment(&self, job_type: JobType) -> bool {
        job_type == JobType::SMARTSELFIE_AUTHENTICATION && self.arguments.user_id.is_none()
    }
}

/// Prints the callbacks of a job: one, or more if the first isn't the last word.
fn await_callbacks(receiver: &Receiver, outcome: &JobOutcome) -> Result<(), Failure> {
    let key = &outcome.submission().key;
    loop {
        let received = receiver.next(Duration::from_secs(10)).ok_or("no callback came within ten seconds")?;
        let callback = received?.callback;
        if callback.entry().partner_params().job_id().as_deref() != Some(key.job_id.as_str()) {
            return Err("a callback came, about another job".into());
        }
        let verdict = callback.verdict_for(key.job_type);
        println!("  callback   received, its signature is right: {verdict}");
        if verdict.is_final() || verdict.decision() == Decision::Unknown {
            return Ok(());
        }
    }
}

/// Prints a verdict, and says how to exit: 0 if the person may be let in, at once or once the
/// record is compared; 2 otherwise.
pub fn verdict_exit(verdict: &Verdict) -> ExitCode {
    println!();
    narrator::print_verdict(verdict);
    exit_of(verdict)
}

fn exit_of(verdict: &Verdict) -> ExitCode {
    if verdict.may_be_let_in() || verdict.next_step() == NextStep::CompareTheRecord {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}

/// Runs a program and prints what goes wrong: 0 approved, 2 another verdict, 1 no verdict.
pub fn report(result: Result<ExitCode, Failure>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        eprintln!("\n  failed     {failure}");
        ExitCode::FAILURE
    })
}

/// One of the drawn pictures.
pub fn asset(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "assets", name].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smile_core::Job;
    use std::sync::{Arc, Mutex};

    #[test]
    fn no_picture_of_the_examples_is_warned_of() {
        let setup = Setup::offline(Arguments::default()).unwrap();
        let (selfie, front) = (setup.selfie(), setup.id_card());
        let job = Job::document_verification(setup.partner_params(), selfie, front, "NG")
            .with_id_card_back(setup.id_card_back().unwrap())
            .with_liveness(setup.liveness())
            .with_return_job_status(true);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let warnings = Arc::clone(&seen);
        let client = smile_ureq::Client::new(setup.partner()).unwrap();
        let outcome = client.submit_with(job, move |event| {
            if let Event::Warning(problem) = event {
                warnings.lock().unwrap().push(problem.to_string());
            }
            Ok(())
        });
        assert!(outcome.unwrap().verdict().unwrap().may_be_let_in());
        assert_eq!(*seen.lock().unwrap(), [""; 0]);
    }
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
