//! The work of the workers: take a submission, run its flow step by step, and follow the advice of
//! its error.

use std::sync::LazyLock;
use std::time::Duration;

use http::{HeaderValue, Response};
use smile_core::operation::Operation;
use smile_core::v1::{AsyncEnhancedKycRequest, EnhancedKycRequest};
use smile_core::{
    Call, CallError, Checkpoint, Decision, FlowSettings, IdInfo, Image, Job, JobError, JobFlow, JobOutcome,
    Partner, PartnerParams, Progress, TransportFailure, Verdict,
};

use smile_sandbox::SampleImage;

use super::{Exchange, Happening, Process, Product, Purpose, State, Wanted, World, end_name};
use crate::hazard::Hazard;
use crate::machine::{Doing, End, Machine};
use crate::network::{Change, Errand, Fate, Instead, changed, gateway};
use crate::rules::{Rule, mark, marked};
use crate::service::START;

type Answer = Result<Response<bytes::Bytes>, TransportFailure>;

/// A small selfie, with the submission's mark behind its end.
fn selfie(submission: usize) -> Vec<u8> {
    static PICTURE: LazyLock<Vec<u8>> = LazyLock::new(|| SampleImage::selfie().jpeg());
    let mut picture = PICTURE.clone();
    picture.extend_from_slice(mark(submission).as_bytes());
    picture
}

/// The most times that the advice of a submission's errors is followed.
const MOST_TURNS: u32 = 5;

/// The most times that a submission is taken with the lease of its world, which may be too short.
const MOST_SHORT_LEASES: u64 = 4;

/// The most workers, beyond the first, that run the same submission.
const MOST_OVERLAPPING: usize = 2;

impl World {
    fn params(&self, submission: usize) -> PartnerParams {
        let of = &self.submissions[submission];
        let result = match of.wanted {
            Wanted::Approval => "0",
            Wanted::Rejection => "1",
            Wanted::Review => "2",
        };
        PartnerParams::new(of.key.user_id.clone(), of.key.job_id.clone())
            .with_param("submission", mark(submission))
            .with_param("sandbox_result", result)
    }

    pub(crate) fn job(&self, submission: usize) -> Job {
        let number = IdInfo::new("NG", "BVN", self.submissions[submission].number.clone());
        Job::biometric_kyc(self.params(submission), Image::bytes(selfie(submission)), number)
            .with_return_job_status(true)
            .with_retry(self.records[submission].retry)
    }

    /// A flow for a submission, from its checkpoint if there is one.
    fn machine(&mut self, submission: usize, partner: Partner) -> Result<Machine, Failure> {
        let seed = self.random.next();
        let settings = self.settings.clone();
        let checkpoint = self.records[submission].checkpoint.as_deref();
        let checkpoint: Option<Checkpoint> =
            checkpoint.map(|text| serde_json::from_slice(text).expect("a checkpoint of our own"));
        let number = || IdInfo::new("NG", "BVN", self.submissions[submission].number.clone());
        Ok(match self.submissions[submission].errand {
            Product::BiometricKyc => {
                let job = self.job(submission);
                let flow = match &checkpoint {
                    Some(checkpoint) => JobFlow::resume(partner, checkpoint, job, settings, seed),
                    None => JobFlow::new(partner, job, settings, seed),
                };
                Machine::Job(Box::new(flow.map_err(Failure::Job)?))
            }
            Product::EnhancedKyc => {
                let check = EnhancedKycRequest::new(self.params(submission), number());
                Machine::Kyc(Box::new(call(partner, check, checkpoint.as_ref(), settings, seed)?))
            }
            Product::AsyncEnhancedKyc => {
                let check = AsyncEnhancedKycRequest::new(self.params(submission), number());
                Machine::AsyncKyc(Box::new(call(partner, check, checkpoint.as_ref(), settings, seed)?))
            }
        })
    }

    /// Has a worker take a submission, unless there is a lease on it.
    pub(crate) fn take(&mut self, submission: usize, regardless: bool) {
        if self.records[submission].outcome.is_some() {
            return;
        }
        let until = self.records[submission].lease_until;
        if until > self.now && !regardless {
            let delay = until - self.now;
            return self.after(delay, Happening::Take { submission, regardless: false });
        }
        let mut alive = self.processes.values().filter(|it| it.purpose == Purpose::Submission(submission));
        let (first, others) = (alive.next(), alive.count());
        if others >= MOST_OVERLAPPING {
            return self.after(20_000, Happening::Take { submission, regardless });
        }
        if let Some(process) = first {
            let out = process.out.and_then(|out| self.exchanges.get(&out));
            let is_upload = out.is_some_and(|exchange| exchange.errand == Errand::Put);
            self.note(Hazard::LeaseRanOut);
            if is_upload {
                self.note(Hazard::OverlappingUpload);
            }
        }
        let record = &mut self.records[submission];
        record.token += 1;
        // Workers that take each other's jobs away all the time never end one.
        let full = u64::try_from(self.settings.lease().as_millis()).unwrap_or(u64::MAX / 2);
        record.lease = if record.token > MOST_SHORT_LEASES { full } else { self.plan.lease };
        record.lease_until = self.now + record.lease;
        let (token, lease) = (record.token, record.lease);
        match self.machine(submission, self.partner.clone()) {
            Ok(machine) => {
                self.start(Purpose::Submission(submission), machine, token);
                // Should the worker die, another one looks for what is left.
                self.after(lease + 1, Happening::Take { submission, regardless: false });
            }
            Err(Failure::Job(error)) => self.failed(submission, &error),
            Err(Failure::Call(error)) => self.call_failed(submission, &error),
        }
    }

    pub(crate) fn start(&mut self, purpose: Purpose, machine: Machine, token: u64) {
        let worker = self.random.below(3) as usize;
        self.numbers += 1;
        let process = self.numbers;
        let began = self.clock(worker);
        self.trace(|_| format!("process {process} on worker {worker} begins: {purpose:?}"));
        let state = State::Ready;
        self.processes
            .insert(process, Process { purpose, machine, worker, token, began, moved: 0, state, out: None });
        self.after(0, Happening::Step { process });
    }

    /// True if the process dies here.
    fn is_killed(&mut self, process: u32, hazard: Hazard) -> bool {
        if self.kills_left == 0 || self.random.below(1_000) >= self.plan.kills {
            return false;
        }
        self.kills_left -= 1;
        self.note(hazard);
        self.trace(|_| format!("process {process} is killed"));
        self.processes.remove(&process);
        true
    }

    pub(crate) fn step(&mut self, number: u32) {
        let Some(process) = self.processes.get(&number) else { return };
        if process.state == State::Waiting && self.is_killed(number, Hazard::KilledWhileWaiting) {
            return;
        }
        let Some(process) = self.processes.get(&number) else { return };
        let now = self.clock(process.worker);
        let deadline = self.settings.deadline() + Duration::from_millis(process.moved);
        // A send that began in time may take its time limit; what else is late is the world's
        // doing.
        if now.since(process.began) > deadline + Duration::from_secs(70) {
            return self.break_rule(Rule::InTime, format!("process {number} goes on after its deadline"));
        }
        let Some(process) = self.processes.get_mut(&number) else { return };
        process.out = None;
        let turn = process.machine.turn(now);
        if let Purpose::Submission(submission) = process.purpose
            && !turn.checkpoints.is_empty()
        {
            process.state = State::Storing;
            if self.is_killed(number, Hazard::KilledBeforeStoring) {
                return;
            }
            return self.store(number, submission, &turn.checkpoints, turn.doing);
        }
        self.perform(number, turn.doing);
    }

    /// Stores checkpoints, as far as the storage and the lease allow it.
    fn store(&mut self, process: u32, submission: usize, checkpoints: &[Checkpoint], doing: Doing) {
        let mut delay = self.random.between(1, 20);
        let mut is_kept =
            self.processes.get(&process).is_some_and(|it| it.token == self.records[submission].token);
        if !is_kept {
            self.note(Hazard::StaleWorkerRefused);
        } else if self.faults_left > 0 && self.random.below(100) < self.plan.faults / 4 {
            self.faults_left -= 1;
            match self.random.below(3) {
                0 => {
                    self.note(Hazard::StoreRefused);
                    is_kept = false;
                }
                1 => {
                    self.note(Hazard::StoredAndRefused);
                    self.keep(submission, checkpoints);
                    is_kept = false;
                }
                _ => {
                    self.note(Hazard::StoredLate);
                    self.keep(submission, checkpoints);
                    delay = self.random.between(500, 1_500);
                }
            }
        } else {
            self.keep(submission, checkpoints);
        }
        self.after(delay, Happening::Stored { process, doing: Box::new(doing), is_kept });
    }

    fn keep(&mut self, submission: usize, checkpoints: &[Checkpoint]) {
        for checkpoint in checkpoints {
            let text = serde_json::to_vec(checkpoint).expect("a checkpoint is JSON");
            self.trace(|_| format!("submission {submission}: stored {checkpoint:?}"));
            let record = &mut self.records[submission];
            if let Some(earlier) = record.checkpoint.replace(text) {
                record.backups.push(earlier);
            }
            record.lease_until = self.now + record.lease;
        }
    }

    pub(crate) fn stored(&mut self, process: u32, doing: Doing, is_kept: bool) {
        if !self.processes.contains_key(&process) || self.is_killed(process, Hazard::KilledBeforeSending) {
            return;
        }
        if is_kept || matches!(doing, Doing::End(_)) {
            return self.perform(process, doing);
        }
        // Nothing is sent without its checkpoint.
        if matches!(doing, Doing::Send(..)) {
            self.hand_over(process, Err(TransportFailure::refused("the checkpoint could not be stored")));
        }
        self.after(0, Happening::Step { process });
    }

    fn perform(&mut self, process: u32, doing: Doing) {
        match doing {
            Doing::Send(request, timeout) => self.send(process, *request, timeout),
            Doing::Wait(until) => {
                let Some(it) = self.processes.get_mut(&process) else { return };
                it.state = State::Waiting;
                let worker = it.worker;
                let wait = until.since(self.clock(worker));
                let late = self.random.one_of(&[0, 0, 0, 7, 250]);
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2);
                self.after(wait + late, Happening::Step { process });
            }
            Doing::End(end) => {
                if self.is_killed(process, Hazard::KilledBeforeRecording) {
                    return;
                }
                self.trace(|_| format!("process {process} ends: {}", end_name(&end)));
                let Some(process) = self.processes.remove(&process) else { return };
                self.ended(process, end);
            }
        }
    }

    fn send(&mut self, process: u32, request: http::Request<bytes::Bytes>, timeout: Duration) {
        let Some(it) = self.processes.get_mut(&process) else { return };
        it.state = State::Out;
        self.numbers += 1;
        let number = self.numbers;
        it.out = Some(number);
        let errand = Errand::of(&request);
        let limit = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX / 2).max(1);
        let is_bad = self.faults_left > 0 && self.random.percent(self.plan.faults);
        let fate = if is_bad {
            self.faults_left -= 1;
            Fate::bad(&mut self.random, errand, limit)
        } else {
            Fate::good(&mut self.random, errand, limit)
        };
        let mut fate = fate;
        if self.outage > 0 {
            self.outage -= 1;
            fate = Fate::none();
        }
        self.trace(|_| format!("process {process} sends {number}: {errand:?} within {limit} ms, {fate:?}"));
        if let Some(hazard) = fate.hazard {
            self.hazards.note(hazard);
        }
        for arrival in &fate.arrivals {
            self.after(*arrival, Happening::Arrive { exchange: number });
        }
        let (at, answer) = match fate.instead {
            Some((at, Instead::NotSent)) => (at, Err(TransportFailure::not_sent("no connection"))),
            Some((at, Instead::Interrupted)) => (at, Err(TransportFailure::interrupted("cut"))),
            Some((at, Instead::Gateway(status))) => (at, Ok(self.dated(gateway(status)))),
            Some((at, Instead::TimedOut)) => (at, Err(TransportFailure::timed_out("no answer"))),
            None => (limit, Err(TransportFailure::timed_out("no answer"))),
        };
        self.after(at.min(limit), Happening::Answer { exchange: number, answer: Box::new(answer) });
        self.exchanges.insert(number, Exchange { process, errand, request, fate, is_answered: false });
    }

    /// A request arrives at the service.
    pub(crate) fn arrive(&mut self, number: u32) {
        let Some(exchange) = self.exchanges.get(&number) else { return };
        let (errand, request) = (exchange.errand, crate::service::copy(&exchange.request));
        let (way_back, change, is_answered) =
            (exchange.fate.way_back, exchange.fate.change, exchange.is_answered);
        let response = match self.service.handle(self.now, &request) {
            Ok(response) => response,
            Err(what) => return self.break_rule(Rule::Agree, what),
        };
        self.trace(|_| {
            let body = String::from_utf8_lossy(&response.body()[..response.body().len().min(700)]);
            format!("{number} arrives, {}: {body}", response.status())
        });
        if response.status() == 200 {
            self.enter(errand, &request);
        }
        self.collect();
        if is_answered {
            return;
        }
        let response = match change {
            Some(change) => {
                let response = changed(change, &request, response, &self.partner);
                if !matches!(change, Change::Gateway(_)) {
                    self.trace(|_| {
                        format!("{number} is changed: {}", String::from_utf8_lossy(response.body()))
                    });
                }
                response
            }
            None => response,
        };
        let answer = Box::new(Ok(self.dated(response)));
        self.after(way_back, Happening::Answer { exchange: number, answer });
    }

    /// Enters into the ledger what the service has done.
    fn enter(&mut self, errand: Errand, request: &http::Request<bytes::Bytes>) {
        let Some(submission) = marked(request.body()) else { return };
        let job_id = self.submissions[submission].key.job_id.as_str().to_owned();
        match errand {
            Errand::Prep => self.ledger.open(submission, &job_id),
            Errand::Put | Errand::Check => {
                let times = self.ledger.process(submission, &job_id);
                self.trace(|_| format!("submission {submission} is processed, {times} in all"));
                let earlier = self.submissions[submission].instead_of;
                if let Some(earlier) = earlier
                    && self.ledger.is_processed(earlier)
                    && !self.records[earlier].is_forgotten
                {
                    let what = format!(
                        "submission {submission} is processed, and so is {earlier}, in whose place it came"
                    );
                    self.break_rule(Rule::Once, what);
                }
                let later = self.submissions.iter().position(|it| it.instead_of == Some(submission));
                if let Some(later) = later.filter(|later| self.ledger.is_processed(*later))
                    && !self.records[submission].is_forgotten
                {
                    let what = format!(
                        "submission {submission} is processed, and so was {later}, which took its place"
                    );
                    self.break_rule(Rule::Once, what);
                }
                if times > 1 {
                    let product = self.submissions[submission].errand;
                    let what = format!("submission {submission}, {product:?}, is processed {times} times");
                    self.break_rule(Rule::Once, what);
                }
            }
            Errand::Status => {}
        }
    }

    fn dated(&self, mut response: Response<bytes::Bytes>) -> Response<bytes::Bytes> {
        if self.plan.dates
            && let Ok(value) = HeaderValue::from_str(&http_date(START + self.now))
        {
            response.headers_mut().insert("date", value);
        }
        response
    }

    /// An answer, or word that there is none, reaches the worker.
    pub(crate) fn answered(&mut self, number: u32, answer: Answer) {
        let Some(exchange) = self.exchanges.get_mut(&number) else { return };
        if std::mem::replace(&mut exchange.is_answered, true) {
            return;
        }
        let process = exchange.process;
        let Some(it) = self.processes.get(&process) else { return };
        if it.out != Some(number) {
            return;
        }
        let hazard = if answer.is_ok() { Hazard::KilledBeforeReading } else { Hazard::KilledWhileOut };
        if self.is_killed(process, hazard) {
            return;
        }
        self.trace(|_| match &answer {
            Ok(response) => format!("{number} is answered: {}", response.status()),
            Err(failure) => format!("{number} fails: {failure}"),
        });
        if self.faults_left > 0 && self.plan.kills > 0 && self.random.below(200) == 0 {
            self.faults_left -= 1;
            self.note(Hazard::AnswerForgotten);
        } else {
            self.hand_over(process, answer);
        }
        self.step(process);
    }

    fn hand_over(&mut self, process: u32, answer: Answer) {
        let Some(it) = self.processes.get_mut(&process) else { return };
        let now = START + self.now;
        let now = smile_core::Timestamp::from_unix_millis(now.saturating_add_signed(self.clocks[it.worker]));
        it.state = State::Ready;
        it.machine.receive(now, answer);
    }

    /// A flow has ended, and its outcome is stored.
    fn ended(&mut self, process: Process, end: End) {
        match (process.purpose, end) {
            (Purpose::Submission(submission), end) => {
                if process.token != self.records[submission].token {
                    self.note(Hazard::StaleWorkerRefused);
                    // It can't know what its successor has done; but nobody may be let in on its
                    // word.
                    if !end.is_error() {
                        self.judge(submission, &end);
                    }
                    return;
                }
                self.judge(submission, &end);
                self.conclude(submission, end);
            }
            (Purpose::Wait(row), End::Job(end)) => self.waited(&row, &end),
            (Purpose::Confirm(row), End::Confirmed(end)) => self.confirmed(&row, *end),
            _ => {}
        }
    }

    /// Judges the truth of a flow's report about a submission.
    fn judge(&mut self, submission: usize, end: &End) {
        match end {
            End::Job(end) => match &**end {
                Ok(outcome) => {
                    if let Some(verdict) = outcome.verdict() {
                        self.judge_verdict(submission, verdict);
                    }
                }
                Err(error) => self.judge_error(submission, error),
            },
            End::Kyc(end) => match &**end {
                Ok(verification) => {
                    let echoed = verification.entry.as_json().get("PartnerParams");
                    let whose = echoed.and_then(|params| params.get("submission")).and_then(|it| it.as_str());
                    if whose != Some(&mark(submission)) || !self.ledger.is_processed(submission) {
                        let what = format!(
                            "the check of submission {submission} is answered with {whose:?}'s result"
                        );
                        self.break_rule(Rule::LetIn, what);
                    }
                }
                Err(error) => self.judge_call_error(submission, error),
            },
            End::Accepted(Ok(_)) if !self.ledger.is_processed(submission) => {
                let what = format!("the check of submission {submission} counts as accepted, and never was");
                self.break_rule(Rule::NothingLost, what);
            }
            End::Accepted(Ok(_)) | End::Confirmed(_) => {}
            End::Accepted(Err(error)) => self.judge_call_error(submission, error),
        }
    }

    fn judge_verdict(&mut self, submission: usize, verdict: &Verdict) {
        let is_approved = self.is_approved(submission);
        if lets_in(verdict) && !is_approved {
            let what = format!("submission {submission} is let in, and was never approved");
            return self.break_rule(Rule::LetIn, what);
        }
        if verdict.is_final() && verdict.decision() == Decision::Rejected && is_approved {
            self.break_rule(
                Rule::TurnedAway,
                format!("submission {submission} is rejected, and was approved"),
            );
        }
    }

    fn judge_error(&mut self, submission: usize, error: &JobError) {
        // Who has lost every checkpoint can't know what there was before.
        if self.records[submission].is_forgotten {
            return;
        }
        let (opened, processed) = (self.ledger.is_opened(submission), self.ledger.is_processed(submission));
        let progress = error.progress();
        let is_too_low =
            (processed && progress < Progress::MaybeUploaded) || (opened && progress < Progress::MaybeOpened);
        // Another submission's zip under the same id may pass for this one's; to ask is no harm.
        let is_shared = !self.ledger.owners(self.submissions[submission].key.job_id.as_str()).is_empty();
        let is_too_high = !is_shared
            && ((progress == Progress::Uploaded && !processed) || (progress == Progress::Opened && !opened));
        if is_too_low || is_too_high {
            let what = format!(
                "submission {submission} has come so far: opened {opened}, processed {processed}; but its error says {error}"
            );
            self.break_rule(Rule::NothingLost, what);
        }
    }

    fn judge_call_error(&mut self, submission: usize, error: &CallError) {
        if self.ledger.is_processed(submission)
            && !error.outcome_unknown()
            && !self.records[submission].is_forgotten
        {
            let what = format!(
                "submission {submission} is processed, and its error doesn't say that it may be: {error}"
            );
            self.break_rule(Rule::NothingLost, what);
        }
    }

    /// Records what a submission has come to, or follows the advice of its error.
    fn conclude(&mut self, submission: usize, end: End) {
        let job_id = self.submissions[submission].key.job_id.as_str().to_owned();
        match end {
            End::Job(end) => match *end {
                Ok(outcome) => {
                    self.apply(&job_id, |now, history| history.apply_outcome(now, &outcome));
                    if outcome.verdict().is_none() {
                        self.after(20_000, Happening::Wait { row: job_id });
                    }
                    let outcome = match &outcome {
                        JobOutcome::Complete { .. } => "a verdict",
                        _ => "taken on",
                    };
                    self.close(submission, outcome);
                }
                Err(error) => self.failed(submission, &error),
            },
            End::Kyc(end) => match *end {
                Ok(_) => self.close(submission, "a verdict"),
                Err(error) => self.call_failed(submission, &error),
            },
            End::Accepted(Ok(_)) => self.close(submission, "taken on"),
            End::Accepted(Err(error)) => self.call_failed(submission, &error),
            End::Confirmed(_) => {}
        }
    }

    fn close(&mut self, submission: usize, outcome: &str) {
        self.trace(|_| format!("submission {submission} is closed: {outcome}"));
        self.records[submission].outcome = Some(outcome.to_owned());
    }

    /// Follows the advice of an error to the letter.
    fn failed(&mut self, submission: usize, error: &JobError) {
        self.records[submission].turns += 1;
        if self.records[submission].turns > MOST_TURNS {
            return self.close(submission, "given up, by the partner");
        }
        let text = error.to_string();
        let pause = self.random.between(1_000, 20_000);
        let says = |words: &str| text.contains(words);
        let has_checkpoint = self.records[submission].checkpoint.is_some();
        let (resumes, retries) =
            (says("resume it from its checkpoint"), says("submit it again with `with_retry(true)`"));
        if says("under a new job id") {
            self.note(Hazard::AdvisedNewId);
            self.submit_anew(submission, pause);
            self.close(submission, "submitted under a new job id");
        } else if resumes && has_checkpoint && !(retries && self.random.percent(50)) {
            self.note(Hazard::AdvisedResume);
            self.records[submission].lease_until = 0;
            self.after(pause, Happening::Take { submission, regardless: false });
        } else if retries {
            self.note(Hazard::AdvisedRetry);
            let record = &mut self.records[submission];
            (record.retry, record.checkpoint, record.lease_until) = (true, None, 0);
            // It is another attempt, and the checkpoints of the first are worth nothing any more.
            record.backups.clear();
            self.after(pause, Happening::Take { submission, regardless: false });
        } else if says("ask for its status") {
            self.note(Hazard::AdvisedWait);
            let row = self.submissions[submission].key.job_id.as_str().to_owned();
            self.after(pause, Happening::Wait { row });
            self.close(submission, "taken on");
        } else if says("nothing was submitted") {
            if error.is_retryable() {
                self.note(Hazard::AdvisedAgain);
                let record = &mut self.records[submission];
                (record.checkpoint, record.lease_until) = (None, 0);
                self.after(pause, Happening::Take { submission, regardless: false });
            } else {
                self.close(submission, "a clear error");
            }
        } else {
            self.break_rule(Rule::Advice, format!("what is to be done after: {text}"));
        }
    }

    fn call_failed(&mut self, submission: usize, error: &CallError) {
        self.records[submission].turns += 1;
        if error.outcome_unknown() {
            self.note(Hazard::AdvisedNotAgain);
            self.close(submission, "outcome unknown");
        } else if error.is_retryable() && self.records[submission].turns <= MOST_TURNS {
            self.note(Hazard::AdvisedAgain);
            let pause = self.random.between(1_000, 20_000);
            let record = &mut self.records[submission];
            (record.checkpoint, record.lease_until) = (None, 0);
            self.after(pause, Happening::Take { submission, regardless: false });
        } else {
            self.close(submission, "a clear error");
        }
    }

    /// Waits for the result of a job that was taken on.
    pub(crate) fn wait_for(&mut self, row: String) {
        let Some(it) = self.rows.get_mut(&row) else { return };
        it.waits += 1;
        if it.waits > 3 {
            return;
        }
        let key = self.submissions.iter().find(|it| it.key.job_id.as_str() == row).map(|it| it.key.clone());
        let Some(key) = key else { return };
        let seed = self.random.next();
        let flow = JobFlow::wait_for(self.partner.clone(), key, self.settings.clone(), seed);
        self.start(Purpose::Wait(row), Machine::Job(Box::new(flow)), 0);
    }

    fn waited(&mut self, row: &str, end: &Result<JobOutcome, JobError>) {
        if let Ok(outcome) = end {
            self.apply(row, |now, history| history.apply_outcome(now, outcome));
            if outcome.verdict().is_none() {
                self.after(60_000, Happening::Wait { row: row.to_owned() });
            }
        }
    }

    /// An older checkpoint takes the place of the newest, as after a restored backup or from a
    /// copied file, once what was sent last is over.
    pub(crate) fn restore(&mut self, submission: usize) {
        let is_alive = self.processes.values().any(|it| it.purpose == Purpose::Submission(submission));
        let is_out = self
            .exchanges
            .values()
            .any(|exchange| !exchange.is_answered && marked(exchange.request.body()) == Some(submission));
        let was_replaced = self.submissions.iter().any(|it| it.instead_of == Some(submission));
        let record = &self.records[submission];
        if record.backups.is_empty() || record.restored > 1 || was_replaced {
            return;
        }
        let is_check = self.submissions[submission].errand != Product::BiometricKyc;
        if is_alive || is_out {
            return self.after(5_000, Happening::Restore { submission });
        }
        let was_done = record.outcome.is_some();
        // A check that nobody remembers is another check: nothing at the service keeps them apart.
        let forgets = !is_check && self.random.percent(10);
        let place = self.random.below(record.backups.len() as u64) as usize;
        let record = &mut self.records[submission];
        if is_check && String::from_utf8_lossy(&record.backups[place]).contains("\"nothing\"") {
            return;
        }
        record.restored += 1;
        record.checkpoint = if forgets { None } else { Some(record.backups[place].clone()) };
        // One from before anything was sent knows as little as none.
        let knows_nothing = |text: &Vec<u8>| {
            let checkpoint: Option<Checkpoint> = serde_json::from_slice(text).ok();
            checkpoint.is_none_or(|checkpoint| checkpoint.progress() == Progress::Nothing)
        };
        record.is_forgotten |= record.checkpoint.as_ref().is_none_or(knows_nothing);
        record.outcome = None;
        record.lease_until = 0;
        self.note(match (forgets, was_done) {
            (true, _) => Hazard::AllForgotten,
            (false, true) => Hazard::CopyResumed,
            (false, false) => Hazard::OldCheckpointRestored,
        });
        // The last send may have arrived late, if its sender was killed.
        let pause = 45_000 + self.random.between(0, 60_000);
        self.records[submission].lease_until = self.now + pause;
        self.after(pause, Happening::Take { submission, regardless: false });
    }

    pub(crate) fn step_clock(&mut self, worker: usize) {
        let by = self.random.one_of(&[500, 3_000, 20_000]);
        let is_forward = self.random.percent(50);
        self.note(if is_forward { Hazard::ClockSteppedForward } else { Hazard::ClockSteppedBack });
        self.clocks[worker] += if is_forward { by } else { -by };
        for process in self.processes.values_mut().filter(|process| process.worker == worker) {
            process.moved += by.unsigned_abs();
        }
    }
}

/// Why a flow can't begin.
enum Failure {
    Job(JobError),
    Call(CallError),
}

/// A check, from its checkpoint if there is one.
fn call<O: Operation>(
    partner: Partner,
    check: O,
    checkpoint: Option<&Checkpoint>,
    settings: FlowSettings,
    seed: u64,
) -> Result<Call<O>, Failure> {
    match checkpoint {
        Some(checkpoint) => Call::resume(partner, checkpoint, check, settings, seed).map_err(Failure::Call),
        None => Ok(Call::new(partner, check, settings, seed)),
    }
}

/// True if a verdict lets the person in, by itself.
pub(crate) fn lets_in(verdict: &Verdict) -> bool {
    verdict.may_be_let_in()
}

/// RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(unix_millis: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = unix_millis / 1_000;
    let weekday = DAYS[(seconds / 86_400 % 7) as usize];
    // `YYYY-MM-DDTHH:MM:SS.mmmZ`
    let text = smile_core::Timestamp::from_unix_millis(unix_millis).to_string();
    let month = text[5..7].parse::<usize>().map_or("Jan", |month| MONTHS[month - 1]);
    format!("{weekday}, {} {month} {} {} GMT", &text[8..10], &text[..4], &text[11..19])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_has_it() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
