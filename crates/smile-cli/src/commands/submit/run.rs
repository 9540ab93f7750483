//! Running what was ordered: with a word at every end, good or bad.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use smile_core::operation::Operation;
use smile_core::v1::{
    Accepted, AsyncBasicKyc, AsyncBusinessVerification, AsyncEnhancedKyc, BasicKyc, BusinessVerification,
    EnhancedKyc, Verification,
};
use smile_core::{
    CallError, Checkpoint, Event, FlowSettings, JobError, JobFlow, JobKey, JobOutcome, Partner, Reach,
};
use smile_ureq::Client;

use super::product::{Delivery, Product};
use super::waiting::Waiting;
use crate::checkpoint::{Saved, Unfinished};
use crate::commands::status::{describe_outcome, follow_up};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::ids;
use crate::interrupt::Watch;
use crate::output::{Output, Report, Tone};
use crate::progress::Progress;
use crate::text::shell_command;
use crate::verdict;

/// What is to be done, and where what becomes of it goes.
pub(crate) struct Order {
    pub(crate) output: Output,
    pub(crate) connection: Connection,
    pub(crate) partner: Partner,
    /// As `--environment` has it.
    pub(crate) environment: String,
    /// Where a checkpoint goes.
    pub(crate) checkpoint: PathBuf,
    /// The user's id, if it was made here: an id of the partner's own may be personal.
    pub(crate) shown_user_id: Option<String>,
    pub(crate) show_personal: bool,
    pub(crate) job_id: String,
    /// The checkpoint is there already, and goes when the job is over.
    pub(crate) is_resumed: bool,
    pub(crate) watch: Watch,
}

pub(super) fn submit(order: &Order, product: &Product) -> Result<Exit, Failure> {
    if let Some((job, delivery)) = product.job()? {
        let client = order.client(delivery.waiting.submitting())?;
        let flow = client.begin(job).map_err(|error| invalid(&error))?;
        return run_job(order, product, client, flow, &delivery.waiting);
    }
    match product {
        Product::EnhancedKyc(flags) => {
            let (params, info) = (flags.ids.params(), flags.id.info(true));
            match &flags.delivery.callback {
                None => answer(order, EnhancedKyc::new(params, info), flags.delivery.waiting.settings()),
                Some(url) => take_on(
                    order,
                    AsyncEnhancedKyc::new(params, info).callback_url(url)?,
                    Some(&flags.delivery),
                ),
            }
        }
        Product::BasicKyc(flags) => {
            let (params, info) = (flags.ids.params(), flags.id.info(true));
            match &flags.delivery.callback {
                None => answer(order, BasicKyc::new(params, info), flags.delivery.waiting.settings()),
                Some(url) => {
                    take_on(order, AsyncBasicKyc::new(params, info).callback_url(url)?, Some(&flags.delivery))
                }
            }
        }
        Product::BusinessVerification(flags) => {
            let (params, business) = (flags.ids.params(), flags.business());
            match &flags.delivery.callback {
                None => answer(
                    order,
                    BusinessVerification::new(params, business),
                    flags.delivery.waiting.settings(),
                ),
                Some(url) => {
                    let check = AsyncBusinessVerification::new(params, business).callback_url(url)?;
                    take_on(order, check, Some(&flags.delivery))
                }
            }
        }
        Product::Aml(flags) => answer(order, flags.check(), FlowSettings::default()),
        Product::Address(flags) => take_on(order, flags.check()?, None),
        _ => unreachable!("the products with images are jobs"),
    }
}

/// Goes on with a job that was broken off before the service certainly had it.
pub(crate) fn go_on(order: &Order, unfinished: &Unfinished, waiting: &Waiting) -> Result<Exit, Failure> {
    let product = &unfinished.product;
    let Some((job, _)) = product.job()? else {
        return Err(Failure::usage("CHECKPOINT must be of a product with images"));
    };
    let client = order.client(waiting.submitting())?;
    let flow = client.resume(&unfinished.checkpoint, job).map_err(|error| invalid(&error))?;
    run_job(order, product, client, flow, waiting)
}

fn run_job(
    order: &Order,
    product: &Product,
    client: Client,
    mut flow: JobFlow,
    waiting: &Waiting,
) -> Result<Exit, Failure> {
    let mut progress = Progress::new(order.output, waiting.max_polls());
    order.watch.shows(&progress);
    let key = flow.key().clone();
    let outcome = progress.watch(client).run_with(&mut flow, |event| {
        if let Event::Checkpoint(checkpoint) = &event {
            let saved = order.saved(&key, checkpoint.clone(), Some(product));
            let path = order.checkpoint.clone();
            order.watch.on_interrupt(move || broken_off(INTERRUPTED, &saved, &path));
        }
        progress.event(&event)
    });
    order.watch.end();
    let warnings = progress.finish();
    match outcome {
        Ok(outcome) => order.conclude(&outcome, warnings),
        Err(error) if error.reach() == Reach::Nothing => Err(invalid(&error)),
        Err(error) => Err(order.failed(&error, flow.checkpoint(), Some(product))),
    }
}

/// A check that answers at once.
fn answer<O>(order: &Order, operation: O, settings: FlowSettings) -> Result<Exit, Failure>
where
    O: Operation<Output = Verification>,
{
    let key = operation.key();
    let (found, warnings) = call(order, operation, settings)?;
    order.watch.end();
    let mut report = Report::new();
    verdict::describe(&mut report, &found.verdict);
    verdict::describe_entry(&mut report, &found.entry, order.show_personal);
    order.describe_ids(&mut report);
    report.set("warnings", warnings);
    order.hand_over(&report, key)?;
    Ok(verdict::exit_of(&found.verdict))
}

/// A check that answers by callback.
fn take_on<O>(order: &Order, operation: O, delivery: Option<&Delivery>) -> Result<Exit, Failure>
where
    O: Operation<Output = Accepted>,
{
    let key = operation.key();
    let settings = delivery.map_or_else(FlowSettings::default, |delivery| delivery.waiting.settings());
    let (_, warnings) = call(order, operation, settings)?;
    if let (Some(key), Some(delivery)) = (key.clone(), delivery.filter(|delivery| delivery.wait)) {
        return ask(order, key, &delivery.waiting, warnings);
    }
    let mut report = Report::new();
    report.toned("taken on", "the result comes by callback", Tone::Good).set("submitted", true);
    order.describe_ids(&mut report);
    report.set("warnings", warnings);
    order.watch.end();
    order.hand_over(&report, key)?;
    Ok(Exit::Done)
}

/// Waits for the result of what the service has.
pub(crate) fn ask(
    order: &Order,
    key: JobKey,
    waiting: &Waiting,
    warnings: Vec<Value>,
) -> Result<Exit, Failure> {
    let flow = JobFlow::wait_for(order.partner.clone(), key, waiting.asking(), ids::random());
    wait(order, flow, waiting, warnings)
}

/// Waits for the result of this very submission.
pub(crate) fn ask_for(order: &Order, checkpoint: &Checkpoint, waiting: &Waiting) -> Result<Exit, Failure> {
    let (partner, seed) = (order.partner.clone(), ids::random());
    let flow = JobFlow::wait_for_submission(partner, checkpoint, waiting.asking(), seed);
    wait(order, flow.map_err(|error| invalid(&error))?, waiting, vec![])
}

fn wait(order: &Order, mut flow: JobFlow, waiting: &Waiting, warnings: Vec<Value>) -> Result<Exit, Failure> {
    let client = order.client(waiting.asking())?;
    let saved = order.saved(flow.key(), flow.checkpoint(), None);
    let path = order.checkpoint.clone();
    order.watch.on_interrupt(move || broken_off(INTERRUPTED, &saved, &path));
    let mut progress = Progress::new(order.output, waiting.max_polls());
    order.watch.shows(&progress);
    let outcome = client.run_with(&mut flow, |event| progress.event(&event));
    progress.finish();
    order.watch.end();
    match outcome {
        Ok(outcome) => order.conclude(&outcome, warnings),
        Err(error) => Err(order.failed(&error, flow.checkpoint(), None)),
    }
}

/// Runs a check.
fn call<O>(order: &Order, operation: O, settings: FlowSettings) -> Result<(O::Output, Vec<Value>), Failure>
where
    O: Operation,
    O::Output: Clone,
{
    let client = order.client(settings)?;
    let key = operation.key();
    // Before the first request there is nothing to go back to; the check of the input is over in no time.
    let farewell = {
        let (saved, path) = (key.map(|key| order.to_ask(key)), order.checkpoint.clone());
        move || match saved {
            Some(saved) => broken_off(INTERRUPTED, &saved, &path),
            None => Failure::new(
                Exit::Interrupted,
                "interrupted; the service may have acted on it: wait for its callback, don't send it again",
            ),
        }
    };
    order.watch.on_interrupt(farewell);
    let mut progress = Progress::new(order.output, 0);
    order.watch.shows(&progress);
    let answer = client.call_with(operation, |event| progress.event(&event));
    let warnings = progress.finish();
    match answer {
        Ok(answer) => Ok((answer, warnings)),
        Err(error) => {
            order.watch.end();
            Err(order.check_failed(&error))
        }
    }
}

const INTERRUPTED: (Exit, &str) = (Exit::Interrupted, "interrupted");

impl Order {
    fn client(&self, settings: FlowSettings) -> Result<Client, Failure> {
        self.connection.client(self.partner.clone(), settings)
    }

    fn to_ask(&self, key: JobKey) -> Saved {
        Saved::to_ask(&self.environment, self.partner.id().as_str(), key)
    }

    fn saved(&self, key: &JobKey, checkpoint: Checkpoint, product: Option<&Product>) -> Saved {
        Saved::of(&self.environment, self.partner.id().as_str(), key.clone(), checkpoint, product)
    }

    /// A job that failed after the service had heard of it.
    fn failed(&self, error: &JobError, checkpoint: Checkpoint, product: Option<&Product>) -> Failure {
        let failure = Failure::from(error);
        // Only a job that is resumed comes here with that, and its checkpoint is there already.
        if error.validation().is_some() {
            return failure;
        }
        // There is nothing to go on with.
        if error.is_job_already_exists()
            || (error.is_of_another_submission() && error.reach() <= Reach::Opened)
        {
            return failure;
        }
        broken_off(
            (failure.exit(), failure.message()),
            &self.saved(error.key(), checkpoint, product),
            &self.checkpoint,
        )
    }

    fn check_failed(&self, error: &CallError) -> Failure {
        let failure = Failure::from(error);
        match error.key() {
            Some(key) if error.outcome_unknown() => {
                let saved = self.to_ask(key.clone());
                broken_off((failure.exit(), failure.message()), &saved, &self.checkpoint)
            }
            _ => failure,
        }
    }

    fn conclude(&self, outcome: &JobOutcome, warnings: Vec<Value>) -> Result<Exit, Failure> {
        let mut report = Report::new();
        let exit = describe_outcome(&mut report, outcome, self.show_personal);
        self.describe_ids(&mut report);
        let key = &outcome.submission().key;
        if outcome.verdict().is_none() {
            report.row("ask", follow_up("status", self.shown_user_id.as_deref(), key));
        }
        report.set("warnings", warnings);
        self.hand_over(&report, Some(key.clone()))?;
        let is_over = !matches!(outcome, JobOutcome::Unfinished { .. });
        // Not before it is printed: without it, the answer couldn't be had again.
        if self.is_resumed && is_over && std::fs::remove_file(&self.checkpoint).is_err() {
            self.output.note(
                "warning",
                "the job is over, but its checkpoint can't be removed",
                Tone::Careful,
            );
        }
        Ok(exit)
    }

    /// Prints what the service was paid for. If that fails, a checkpoint is written by which it can
    /// be asked for again.
    fn hand_over(&self, report: &Report, key: Option<JobKey>) -> Result<(), Failure> {
        self.output.print_paid(report).map_err(|why| {
            let message = format!(
                "the service has carried it out, but the answer couldn't be written to standard output: {why}"
            );
            match key {
                Some(key) => {
                    broken_off((Exit::OutcomeUnknown, &message), &self.to_ask(key), &self.checkpoint)
                        .with_advice("don't submit it again")
                }
                None => Failure::new(Exit::OutcomeUnknown, message)
                    .with_advice("the result comes by callback: don't submit it again"),
            }
        })
    }

    fn describe_ids(&self, report: &mut Report) {
        if let Some(user_id) = &self.shown_user_id {
            report.row("user_id", user_id.as_str()).set("user_id", user_id.as_str());
        }
        report.row("job_id", self.job_id.as_str()).set("job_id", self.job_id.as_str());
    }
}

const CALLBACK_ADVICE: &str = "say where the result goes with --callback URL, or wait for it with --wait";

/// Nothing was submitted.
fn invalid(error: &JobError) -> Failure {
    Failure::from(error).with_alternative("callback_url", CALLBACK_ADVICE)
}

/// Writes a checkpoint, and says how to go on.
fn broken_off((exit, message): (Exit, &str), saved: &Saved, path: &Path) -> Failure {
    let failure = Failure::new(exit, message).with_detail("job_id", saved.key.job_id.as_str());
    let has_it = if saved.unfinished.is_none() {
        "the service has the job, or may have it: don't submit it again"
    } else {
        "the job is not finished"
    };
    let failure = if exit == Exit::Interrupted { failure.with_advice(has_it) } else { failure };
    match saved.write(path) {
        Ok(path) => {
            let command = if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
                shell_command(
                    ["smile", "resume", "--"]
                        .map(AsRef::<OsStr>::as_ref)
                        .into_iter()
                        .chain([path.as_os_str()]),
                )
            } else {
                shell_command(["smile".as_ref(), "resume".as_ref(), path.as_os_str()])
            };
            failure
                .with_advice(format!("to go on: {command}"))
                .with_advice(holds(saved))
                .with_detail("checkpoint", path.display().to_string())
        }
        Err(why) => failure.with_advice(format!(
            "no checkpoint could be written ({why}); ask for the job's status before it is submitted again"
        )),
    }
}

/// What is personal in a checkpoint.
fn holds(saved: &Saved) -> &'static str {
    if saved.unfinished.is_some() {
        "the checkpoint holds what the flags say about the person: keep it to yourself, and remove it when it is of no use"
    } else {
        "the checkpoint holds the ids of the user and the job: if they are personal, keep it to yourself"
    }
}
