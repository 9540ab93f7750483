//! Running a submission, with a message at every end.

use serde_json::Value;
use smile_core::operation::Operation;
use smile_core::v1::{
    Acceptance, AsyncBasicKycRequest, AsyncBusinessVerificationRequest, AsyncEnhancedKycRequest,
    BasicKycRequest, BusinessVerificationRequest, EnhancedKycRequest, Verification,
};
use smile_core::{
    CallError, Checkpoint, Event, FlowSettings, JobError, JobFlow, JobKey, ObserverResult, Partner, Progress,
};
use smile_ureq::Client;

use crate::checkpoint::{CheckpointFile, Saved};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::ids;
use crate::interrupt::Watch;
use crate::products::{Delivery, Product, Waiting};
use crate::report::{Ended, Failure, Named, Output, ProgressLine, Report, Tone, go_on_command, result_of};

/// A submission or query to run, with its destinations.
pub(crate) struct Order {
    pub(crate) output: Output,
    pub(crate) connection: Connection,
    pub(crate) partner: Partner,
    /// The environment, as in `--environment`.
    pub(crate) environment: String,
    /// The file for checkpoints.
    pub(crate) checkpoint: CheckpointFile,
    pub(crate) named: Named,
    /// True for a run from a checkpoint, which stays if nothing comes of it.
    pub(crate) is_resumed: bool,
    pub(crate) watch: Watch,
}

/// Submits a job or makes a check; or continues it from a checkpoint.
pub(crate) fn submit(order: &Order, product: &Product, from: Option<&Checkpoint>) -> Result<Exit, Failure> {
    if let Some((job, delivery)) = product.job()? {
        let client = order.client(delivery.waiting.submitting())?;
        let flow = match from {
            Some(checkpoint) => client.resume(checkpoint, job),
            None => client.begin(job),
        };
        return run_job(order, product, client, flow.map_err(|error| invalid(&error))?, &delivery.waiting);
    }
    let check = Check { order, product, from };
    match product {
        Product::EnhancedKyc(flags) => {
            let (params, info) = (flags.ids.params(), flags.id.info(true));
            match &flags.delivery.callback {
                None => {
                    check.answer(EnhancedKycRequest::new(params, info), flags.delivery.waiting.settings())
                }
                Some(url) => check.take_on(
                    AsyncEnhancedKycRequest::new(params, info).with_callback_url(url),
                    Some(&flags.delivery),
                ),
            }
        }
        Product::BasicKyc(flags) => {
            let (params, info) = (flags.ids.params(), flags.id.info(true));
            match &flags.delivery.callback {
                None => check.answer(BasicKycRequest::new(params, info), flags.delivery.waiting.settings()),
                Some(url) => check.take_on(
                    AsyncBasicKycRequest::new(params, info).with_callback_url(url),
                    Some(&flags.delivery),
                ),
            }
        }
        Product::BusinessVerification(flags) => {
            let (params, business) = (flags.ids.params(), flags.business());
            match &flags.delivery.callback {
                None => check.answer(
                    BusinessVerificationRequest::new(params, business),
                    flags.delivery.waiting.settings(),
                ),
                Some(url) => {
                    let operation =
                        AsyncBusinessVerificationRequest::new(params, business).with_callback_url(url);
                    check.take_on(operation, Some(&flags.delivery))
                }
            }
        }
        Product::Aml(flags) => check.answer(flags.check(), FlowSettings::default()),
        Product::Address(flags) => check.take_on(flags.check(), None),
        _ => unreachable!("the products with images are jobs"),
    }
}

fn run_job(
    order: &Order,
    product: &Product,
    client: Client,
    mut flow: JobFlow,
    waiting: &Waiting,
) -> Result<Exit, Failure> {
    let mut progress = ProgressLine::new(order.output, waiting.max_polls());
    order.watch.shows(&progress);
    let outcome = progress.watch(client).run_with(&mut flow, |event| {
        if let Event::Checkpoint(checkpoint) = &event {
            order.write_down(checkpoint, product)?;
        }
        progress.event(&event)
    });
    order.watch.end();
    let warnings = progress.finish();
    match outcome {
        Ok(outcome) => order.conclude(&Ended::Job(&outcome), warnings),
        Err(error) if error.progress() == Progress::Nothing => {
            order.forget();
            Err(invalid(&error))
        }
        Err(error) => Err(order.failed(&error, flow.checkpoint(), Some(product))),
    }
}

/// A single exchange to be run, or continued.
struct Check<'a> {
    order: &'a Order,
    product: &'a Product,
    from: Option<&'a Checkpoint>,
}

impl Check<'_> {
    /// Runs a check that answers at once.
    fn answer<O>(&self, operation: O, settings: FlowSettings) -> Result<Exit, Failure>
    where
        O: Operation<Output = Verification>,
    {
        let order = self.order;
        let (found, _, warnings) = self.call(operation, settings)?;
        order.watch.end();
        order.conclude(&Ended::Answered(&found), warnings)
    }

    /// Runs a check that answers by callback.
    fn take_on<O>(&self, operation: O, delivery: Option<&Delivery>) -> Result<Exit, Failure>
    where
        O: Operation<Output = Acceptance>,
    {
        let order = self.order;
        let settings = delivery.map_or_else(FlowSettings::default, |delivery| delivery.waiting.settings());
        let (_, checkpoint, warnings) = self.call(operation, settings)?;
        if let Some(delivery) = delivery.filter(|delivery| delivery.wait) {
            return ask_for(order, &checkpoint, &delivery.waiting, warnings);
        }
        order.watch.end();
        order.conclude(&Ended::TakenOn, warnings)
    }

    fn call<O>(
        &self,
        operation: O,
        settings: FlowSettings,
    ) -> Result<(O::Output, Checkpoint, Vec<Value>), Failure>
    where
        O: Operation,
        O::Output: Clone,
    {
        let order = self.order;
        let client = order.client(settings)?;
        let mut call = match self.from {
            Some(checkpoint) => {
                client.resume_call(checkpoint, operation).map_err(|error| Failure::from(&error))?
            }
            None => client.begin_call(operation),
        };
        let mut progress = ProgressLine::new(order.output, 0);
        order.watch.shows(&progress);
        let answer = client.run_with(&mut call, |event| {
            match &event {
                // The answer is known: it is printed, and not asked for again.
                Event::Checkpoint(checkpoint) if checkpoint.progress() == Progress::Uploaded => {}
                Event::Checkpoint(checkpoint) => order.write_down(checkpoint, self.product)?,
                _ => {}
            }
            progress.event(&event)
        });
        let warnings = progress.finish();
        match answer {
            Ok(answer) => Ok((answer, call.checkpoint(), warnings)),
            Err(error) => {
                order.watch.end();
                Err(order.check_failed(&error, call.checkpoint(), self.product))
            }
        }
    }
}

/// Waits for the result of a job that the service has.
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
pub(crate) fn ask_for(
    order: &Order,
    checkpoint: &Checkpoint,
    waiting: &Waiting,
    warnings: Vec<Value>,
) -> Result<Exit, Failure> {
    let (partner, seed) = (order.partner.clone(), ids::random());
    let flow = JobFlow::wait_for_submission(partner, checkpoint, waiting.asking(), seed);
    wait(order, flow.map_err(|error| invalid(&error))?, waiting, warnings)
}

fn wait(order: &Order, mut flow: JobFlow, waiting: &Waiting, warnings: Vec<Value>) -> Result<Exit, Failure> {
    let client = order.client(waiting.asking())?;
    let (saved, file) = (order.saved(flow.checkpoint(), None), order.checkpoint.clone());
    // If that fails, the previous checkpoint serves as well.
    let _ = file.write(&saved);
    order.watch.on_interrupt(move || broken_off(INTERRUPTED, &saved, &file));
    let mut progress = ProgressLine::new(order.output, waiting.max_polls());
    order.watch.shows(&progress);
    let outcome = client.run_with(&mut flow, |event| progress.event(&event));
    progress.finish();
    order.watch.end();
    match outcome {
        Ok(outcome) => order.conclude(&Ended::Job(&outcome), warnings),
        Err(error) => Err(order.failed(&error, flow.checkpoint(), None)),
    }
}

const INTERRUPTED: (Exit, &str) = (Exit::Interrupted, "interrupted");

impl Order {
    fn client(&self, settings: FlowSettings) -> Result<Client, Failure> {
        self.connection.client(self.partner.clone(), settings)
    }

    fn saved(&self, checkpoint: Checkpoint, product: Option<&Product>) -> Saved {
        Saved::of(&self.environment, self.partner.id().as_str(), checkpoint, product)
    }

    /// Writes the checkpoint of a job or a check, before the next request is sent.
    fn write_down(&self, checkpoint: &Checkpoint, product: &Product) -> ObserverResult {
        let saved = self.saved(checkpoint.clone(), Some(product));
        match self.checkpoint.write(&saved) {
            // Only queries follow, and the last checkpoint is good enough for them.
            Err(_) if checkpoint.progress() == Progress::Uploaded => {}
            written => written.map_err(|why| format!("the checkpoint can't be written ({why})"))?,
        }
        let file = self.checkpoint.clone();
        self.watch.on_interrupt(move || broken_off(INTERRUPTED, &saved, &file));
        Ok(())
    }

    /// Removes the checkpoint of a job that failed, if there is nothing to continue.
    fn forget(&self) {
        if !self.is_resumed {
            self.remove_checkpoint();
        }
    }

    /// Removes the checkpoint of a job whose result is printed: without it, the result couldn't be
    /// had again.
    fn end(&self) {
        self.remove_checkpoint();
    }

    fn remove_checkpoint(&self) {
        if self.checkpoint.remove().is_err() {
            self.output.note(
                "warning",
                "the job is over, but its checkpoint can't be removed",
                Tone::Careful,
            );
        }
    }

    /// Describes a failure after the service had received the job.
    fn failed(&self, error: &JobError, checkpoint: Checkpoint, product: Option<&Product>) -> Failure {
        let failure = Failure::from(error);
        // Only a resumed job fails like that, and its checkpoint is there already.
        if error.validation().is_some() {
            return failure;
        }
        // There is nothing to continue.
        if error.is_job_already_exists()
            || (error.is_of_another_submission() && error.progress() <= Progress::Opened)
        {
            self.forget();
            return failure;
        }
        let saved = self.saved(checkpoint, product);
        broken_off((failure.exit(), failure.message()), &saved, &self.checkpoint)
    }

    fn check_failed(&self, error: &CallError, checkpoint: Checkpoint, product: &Product) -> Failure {
        let failure = Failure::from(error);
        if error.outcome_unknown() {
            let saved = self.saved(checkpoint, Some(product));
            return broken_off((failure.exit(), failure.message()), &saved, &self.checkpoint);
        }
        self.forget();
        failure
    }

    /// Prints the result, and removes the checkpoint if there is nothing left to ask.
    fn conclude(&self, ended: &Ended<'_>, warnings: Vec<Value>) -> Result<Exit, Failure> {
        let checkpoint = self.checkpoint.written().map(|(_, path)| path);
        let (report, exit) = result_of(ended, &self.named, checkpoint.as_deref(), warnings);
        self.hand_over(&report)?;
        if ended.is_over() {
            self.end();
        }
        Ok(exit)
    }

    /// Prints an answer that was paid for. If that fails, the checkpoint can ask for it again.
    fn hand_over(&self, report: &Report) -> Result<(), Failure> {
        self.output.print_paid(report).map_err(|why| {
            let message = format!(
                "the service has carried it out, but the answer couldn't be written to standard output: {why}"
            );
            match self.checkpoint.written() {
                Some((saved, _)) => broken_off((Exit::OutcomeUnknown, &message), &saved, &self.checkpoint),
                None => Failure::new(Exit::OutcomeUnknown, message),
            }
            .with_advice("don't submit it again")
        })
    }
}

const CALLBACK_ADVICE: &str = "say where the result goes with --callback URL, or wait for it with --wait";

/// Describes a failure before anything was submitted.
fn invalid(error: &JobError) -> Failure {
    Failure::from(error).with_alternative("callback_url", CALLBACK_ADVICE)
}

/// Writes a checkpoint, and describes how to continue.
fn broken_off((exit, message): (Exit, &str), saved: &Saved, file: &CheckpointFile) -> Failure {
    let failure = Failure::new(exit, message);
    let failure = match saved.job_id() {
        Some(job_id) => failure.with_detail("job_id", job_id),
        None => failure,
    };
    let check = saved.unfinished.as_ref().filter(|unfinished| unfinished.checkpoint.check().is_some());
    if saved.key.is_none() {
        // The service can't be asked about it, so there is nothing to continue.
        let _ = file.remove();
        return failure.with_advice(
            "the service may have acted on it: wait for its callback, don't submit it again before",
        );
    }
    let has_it = match (check, &saved.unfinished) {
        (None, Some(_)) => "the job is not finished",
        _ => "the service has the job, or may have it: don't submit it again",
    };
    let failure = if exit == Exit::Interrupted { failure.with_advice(has_it) } else { failure };
    let written = file.write(saved);
    match (file.written(), written) {
        // An older one is as good: nothing that changes anything was sent without it.
        (Some((saved, path)), _) => failure
            .with_detail("checkpoint", path.display().to_string())
            .with_advice(format!("to go on: {}", go_on_command(&path)))
            .with_advice(holds(&saved)),
        (None, why) => failure.with_advice(format!(
            "no checkpoint could be written ({}); ask for the job's status before it is submitted again",
            why.err().unwrap_or_default()
        )),
    }
}

/// The personal content of a checkpoint, as a warning.
fn holds(saved: &Saved) -> &'static str {
    if saved.unfinished.is_some() {
        "the checkpoint holds what the flags say about the person: keep it to yourself, and remove it when it is of no use"
    } else {
        "the checkpoint holds the ids of the user and the job: if they are personal, keep it to yourself"
    }
}
