//! `smile trigger`: a callback for a receiver under test, right or broken.

use std::time::Duration;

use clap::Args;
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use smile_core::{CallbackUrl, Timestamp};
use smile_sandbox::signed_callback::{
    ExpectedRefusal, Flaw, Outcome, Product, SignedCallback, SignedCallbackError, signed_callback,
};

use crate::address;
use crate::connection::Credentials;
use crate::exit::Exit;
use crate::ids;
use crate::report::{Failure, Output, Report, Tone};

/// Post a signed callback to a receiver on this machine: of any kind, or broken in any way
///
/// The exit status is 0 if the receiver reacts as a sound one does: a right callback is answered
/// with 2xx, a broken one is not; otherwise 3. `smile trigger --list` prints the products, outcomes
/// and flaws.
#[derive(Args, Debug)]
pub(crate) struct Trigger {
    /// The product of the callback, such as biometric-kyc
    #[arg(required_unless_present = "list")]
    product: Option<String>,

    /// The outcome, such as approved, or a result code such as 0811
    #[arg(required_unless_present = "list")]
    outcome: Option<String>,

    /// The receiver, on this machine
    #[arg(long, value_name = "URL", required_unless_present = "list")]
    to: Option<String>,

    /// Break it in this way, such as other-key
    #[arg(long, value_name = "FLAW")]
    broken: Option<String>,

    /// The job's id; a new one by default
    #[arg(long)]
    job_id: Option<String>,

    /// The user's id; a new one by default
    #[arg(long)]
    user_id: Option<String>,

    /// A partner param that comes back with the result, as a nonce would; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = crate::products::key_and_value)]
    partner_param: Vec<(String, String)>,

    /// Add a photo of this many characters of base64; a receiver has to expect 1200000
    #[arg(long, value_name = "CHARACTERS")]
    photo: Option<usize>,

    /// The time of signing, such as 2026-01-15T10:30:00.000Z; now by default
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// Post the callback this many times, to the byte, as a service does that got no answer
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    times: u32,

    /// List the products and their outcomes, and the flaws
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    credentials: Credentials,
}

impl Trigger {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        if self.list {
            output.print(&list(self.product()?))?;
            return Ok(Exit::Done);
        }
        let url = self.receiver()?;
        let product = self.product()?.ok_or_else(|| Failure::usage("PRODUCT must be named"))?;
        let flaw = self.flaw()?;
        let callback = self.callback(product, flaw, output)?;
        let agent = agent();
        let mut answers = vec![];
        for _ in 0..self.times {
            let answer = post(&agent, url, &callback).map_err(|why| {
                Failure::failed(format!("the receiver can't be reached: {why}"))
                    .with_advice("start it, or `smile listen`, and give its address with --to")
            })?;
            answers.push(answer);
        }
        let sound = sound_answer(flaw);
        let is_sound = answers.iter().all(|answer| sound.allows(*answer));
        output.print(&self.describe(product, flaw, &answers, sound))?;
        Ok(if is_sound { Exit::Done } else { Exit::No })
    }

    fn product(&self) -> Result<Option<Product>, Failure> {
        let wrong = |error| Failure::usage(format!("PRODUCT must be one that there is: {error}"));
        self.product.as_deref().map(|name| name.parse().map_err(wrong)).transpose()
    }

    fn flaw(&self) -> Result<Option<Flaw>, Failure> {
        let wrong =
            |error| Failure::flag("--broken", "broken", format!("must be a flaw that there is: {error}"));
        self.broken.as_deref().map(|name| name.parse().map_err(wrong)).transpose()
    }

    /// The receiver's address. Only this machine is allowed: a partner's signature must not be sent
    /// elsewhere.
    fn receiver(&self) -> Result<&str, Failure> {
        let url = self.to.as_deref().unwrap_or_default();
        let wrong = |rule: &str| Failure::flag("--to", "to", rule);
        CallbackUrl::new(url).map_err(|error| wrong(&error.problem().rule))?;
        let is_local = url.parse().is_ok_and(|uri: Uri| address::is_local(&uri));
        if is_local {
            Ok(url)
        } else {
            Err(wrong("must be on this machine, such as http://127.0.0.1:8080/callback"))
        }
    }

    fn callback(
        &self,
        product: Product,
        flaw: Option<Flaw>,
        output: Output,
    ) -> Result<SignedCallback, Failure> {
        let signer = self.credentials.signer(output)?;
        let outcome: Outcome = self.outcome.as_deref().unwrap_or_default().parse().map_err(|_| {
            let known = outcomes(product).join(", ");
            Failure::usage(format!("OUTCOME must be one that {product} has: {known}"))
        })?;
        let at = match &self.at {
            None => crate::ids::now(),
            Some(text) => Timestamp::parse(text).ok_or_else(|| {
                Failure::flag("--at", "at", "must be a moment such as 2026-01-15T10:30:00.000Z")
            })?,
        };
        let (job_id, user_id) = new_ids(product);
        let mut builder = signed_callback(product, outcome)
            .with_signer(&signer)
            .with_signing_time(at)
            .with_job_id(self.job_id.clone().unwrap_or(job_id))
            .with_user_id(self.user_id.clone().unwrap_or(user_id));
        for (key, value) in &self.partner_param {
            builder = builder.with_partner_param(key.as_str(), value.as_str());
        }
        if let Some(characters) = self.photo {
            builder = builder.with_photo_of(characters);
        }
        if let Some(flaw) = flaw {
            builder = builder.with_flaw(flaw);
        }
        builder.build().map_err(|error| refused(&error))
    }

    fn describe(
        &self,
        product: Product,
        flaw: Option<Flaw>,
        answers: &[StatusCode],
        sound: SoundAnswer,
    ) -> Report {
        let outcome = self.outcome.as_deref().unwrap_or_default();
        let mut report = Report::new();
        report.row("posted", format!("{product}, {outcome}"));
        if let Some(flaw) = flaw {
            report.row("broken", format!("{flaw}: {}", flaw.description()));
        }
        report.row("a sound receiver", sound.description());
        for answer in answers {
            let (words, tone) = match (sound.allows(*answer), answer.is_success()) {
                (true, _) => ("", Tone::Good),
                (false, true) => (", WRONG: it took what it must refuse", Tone::Bad),
                (false, false) => (", WRONG: it refused what is right", Tone::Bad),
            };
            report.toned("answered", format!("{}{words}", answer.as_str()), tone);
        }
        report.set("product", product.name()).set("outcome", outcome).set("broken", flaw.map(Flaw::name));
        report.set("answers", answers.iter().map(StatusCode::as_u16).collect::<Vec<u16>>());
        report.set("sound_answer", sound.name());
        report.set("sound", answers.iter().all(|answer| sound.allows(*answer)));
        report
    }
}

/// The answer of a sound receiver.
#[derive(Clone, Copy)]
enum SoundAnswer {
    Success,
    Refusal,
    /// Any answer: the callback by itself can't be told from a right one.
    Any,
}

fn sound_answer(flaw: Option<Flaw>) -> SoundAnswer {
    match flaw.map(Flaw::refused_for) {
        None => SoundAnswer::Success,
        Some(ExpectedRefusal::Nothing | ExpectedRefusal::Contradiction) => SoundAnswer::Any,
        Some(_) => SoundAnswer::Refusal,
    }
}

impl SoundAnswer {
    fn allows(self, status: StatusCode) -> bool {
        match self {
            Self::Success => status.is_success(),
            Self::Refusal => !status.is_success(),
            Self::Any => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refusal => "refusal",
            Self::Any => "any",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Success => "answers with 2xx",
            Self::Refusal => "refuses it: 4xx or 5xx",
            Self::Any => "may take it, and approves nobody before it has asked for the job's status",
        }
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None);
    ureq::Agent::new_with_config(config.build())
}

fn post(agent: &ureq::Agent, url: &str, callback: &SignedCallback) -> Result<StatusCode, &'static str> {
    let mut request = agent.post(url);
    for (name, value) in callback.headers() {
        request = request.header(name, value);
    }
    let answer = request.send(&callback.body()[..]).map_err(|error| address::connection_failure(&error))?;
    Ok(answer.status())
}

/// New ids of a job and a user, in the service's form for v3.
fn new_ids(product: Product) -> (String, String) {
    if product.is_v3() {
        let id = |prefix| format!("{prefix}_01k{:016x}{:07x}", ids::random(), ids::random() & 0xfff_ffff);
        (id("job"), id("user"))
    } else {
        (ids::new("job"), ids::new("user"))
    }
}

fn refused(error: &SignedCallbackError) -> Failure {
    match error {
        SignedCallbackError::NoSuchOutcome { product, .. } => {
            let known = outcomes(*product).join(", ");
            Failure::usage(format!("OUTCOME must be one that {product} has: {known}"))
        }
        SignedCallbackError::NoPhoto { .. } => {
            Failure::flag("--photo", "photo", "can't be with this product, whose callbacks carry none")
        }
        SignedCallbackError::PhotoTooLarge => {
            Failure::flag("--photo", "photo", "must be up to 64 MiB: 67108864")
        }
        SignedCallbackError::NoHeader { field } => {
            let flag = format!("--{}", field.replace('_', "-"));
            Failure::flag(&flag, field, "must not have characters that no header can carry")
        }
        error => Failure::usage(error.to_string()),
    }
}

/// The outcomes with a name, and the codes.
fn outcomes(product: Product) -> Vec<String> {
    let named = product.outcomes().iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut codes: Vec<String> = product.result_codes().map(|row| row.code.to_owned()).collect();
    codes.dedup();
    named.into_iter().chain(codes).collect()
}

fn list(only: Option<Product>) -> Report {
    let mut report = Report::new();
    let products: Vec<Product> =
        Product::all().iter().copied().filter(|product| only.is_none_or(|only| only == *product)).collect();
    report.text("PRODUCT and OUTCOME");
    for product in &products {
        report.row(product.name(), outcomes(*product).join(", "));
    }
    report.text("").text("--broken FLAW");
    for flaw in Flaw::all() {
        report.row(flaw.name(), flaw.description());
    }
    let products = products.iter().map(|product| {
        json!({ "name": product.name(), "description": product.description(), "outcomes": outcomes(*product) })
    });
    report.set("products", products.collect::<Vec<Value>>());
    let flaws = Flaw::all().iter().map(|flaw| {
        let sound = sound_answer(Some(*flaw)).name();
        json!({ "name": flaw.name(), "description": flaw.description(), "sound_answer": sound })
    });
    report.set("flaws", flaws.collect::<Vec<Value>>());
    report
}
