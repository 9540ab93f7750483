//! The steps after a callback is stored: apply, confirm, act.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use http::HeaderMap;
use smile_ureq::Client;
use smile_ureq::core::{
    Callback, Change, ConfirmError, Confirmation, FlowSettings, JobHistory, JobOutcome, JobState, JobStatus,
    PollSchedule, Verdict,
};

use crate::store::Letter;
use crate::{Failure, Fuse, Ledger, Moment, Store, say};

/// Takes one thing after the other out of the database. It keeps nothing in its head, so it can die
/// at any moment.
#[derive(Debug)]
pub struct Worker {
    store: Store,
    ledger: Ledger,
    client: Client,
    fuse: Fuse,
}

/// The outcome of a status request to the service.
enum Answer {
    Confirmed(Confirmation),
    /// A last word, and not what the callback says.
    Otherwise(Box<JobStatus>),
    Asked(JobOutcome),
    /// The service can't tell yet.
    Later(String),
}

impl Worker {
    /// Makes a worker on these databases. Each time it makes one status request with this client,
    /// as the waits between are the database's, so that they outlast the process.
    pub fn new(store: Store, ledger: Ledger, client: Client, fuse: Fuse) -> Self {
        let settings = FlowSettings::default()
            .with_poll_schedule(PollSchedule::every(Duration::ZERO, 1))
            .with_deadline(Duration::from_secs(60));
        Self { store, ledger, client: client.with_settings(settings), fuse }
    }

    /// Does all that there is to do, and waits to be woken for more.
    ///
    /// # Errors
    /// If the databases can't be used. What isn't finished goes on with the next start.
    pub fn run(mut self, woken: &Receiver<()>) -> Result<Infallible, Failure> {
        let mut has_worked = true;
        loop {
            while self.step()? {
                has_worked = true;
            }
            if std::mem::take(&mut has_worked) {
                self.store.tidy(self.client.now())?;
                say(format_args!("idle"));
            }
            let wait = match self.store.next_due()? {
                Some(due) => due.since(self.client.now()),
                None => Duration::from_secs(3600),
            };
            if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(wait) {
                return Err(Failure::Listen("nobody receives any more".to_owned()));
            }
        }
    }

    /// Does the next thing, if there is one.
    ///
    /// # Errors
    /// If the databases can't be used.
    pub fn step(&mut self) -> Result<bool, Failure> {
        if let Some((job_id, action)) = self.store.next_action()? {
            self.ledger.carry_out(&job_id, action)?;
            self.fuse.reach(Moment::Acted);
            self.store.done(&job_id)?;
            say(format_args!("done: {} for {job_id}", action.as_str()));
            return Ok(true);
        }
        let Some(letter) = self.store.next_letter(self.client.now())? else { return Ok(false) };
        if letter.is_applied {
            self.confirm(&letter)?;
        } else {
            self.apply(&letter)?;
        }
        Ok(true)
    }

    fn apply(&mut self, letter: &Letter) -> Result<(), Failure> {
        let Some(callback) = self.read_again(letter) else {
            // It was believed when it came. Meanwhile the key was changed, say; the service still
            // knows.
            return self.store.skip_applying(letter);
        };
        let change = self.store.apply(self.client.now(), letter, &callback)?;
        say(format_args!("applied: a callback about {}: {change:?}", letter.key.job_id));
        Ok(())
    }

    fn confirm(&mut self, letter: &Letter) -> Result<(), Failure> {
        let answer = match self.read_again(letter) {
            Some(callback) => match self.client.confirm(letter.submission(), &callback) {
                Ok(confirmed) => Answer::Confirmed(confirmed),
                Err(error) if error.is_retryable() => Answer::Later(error.to_string()),
                Err(error) => {
                    if !matches!(error, ConfirmError::Superseded { .. }) {
                        self.store.look(letter, &error.to_string())?;
                    }
                    match error.status().filter(|status| self.is_last_word(letter, status)) {
                        Some(status) => Answer::Otherwise(Box::new(status.clone())),
                        None => self.ask(letter),
                    }
                }
            },
            None => self.ask(letter),
        };
        self.fuse.reach(Moment::Asked);
        let now = self.client.now();
        let verdict = match &answer {
            Answer::Confirmed(confirmed) => Some(confirmed.verdict().clone()),
            Answer::Otherwise(status) => status.verdict(),
            Answer::Asked(outcome) => outcome.verdict().cloned(),
            Answer::Later(why) => {
                say(format_args!("put off: {}: {why}", letter.key.job_id));
                None
            }
        };
        let Some(verdict) = verdict else { return self.store.put_off(now, letter) };
        let change = self.store.conclude(letter, |history| match &answer {
            Answer::Confirmed(confirmed) => history.apply_confirmed(now, confirmed),
            Answer::Otherwise(status) => history.apply_status(now, status),
            Answer::Asked(outcome) => history.apply_outcome(now, outcome),
            Answer::Later(_) => Change::Late,
        })?;
        say(format_args!("confirmed: {} is {verdict}: {change:?}", letter.key.job_id));
        Ok(())
    }

    /// Goes by the job's status alone.
    fn ask(&self, letter: &Letter) -> Answer {
        let names_it = |outcome: &JobOutcome| {
            let id = letter.submission().id;
            let entry = outcome.status().and_then(JobStatus::entry);
            id.is_none_or(|id| entry.is_some_and(|entry| id.is_named_by(entry)))
        };
        match self.client.wait_for(letter.key.clone()) {
            Ok(outcome) if outcome.verdict().is_some() && !names_it(&outcome) => {
                Answer::Later("the service has another submission's result under this job id".to_owned())
            }
            Ok(outcome) if outcome.verdict().is_some_and(Verdict::is_final) => Answer::Asked(outcome),
            Ok(_) => Answer::Later("the service has no last word yet".to_owned()),
            Err(error) => Answer::Later(error.to_string()),
        }
    }

    /// True if the status alone decides the letter's job.
    fn is_last_word(&self, letter: &Letter, status: &JobStatus) -> bool {
        let mut history = JobHistory::new(self.client.partner().account(), letter.key.clone());
        if let Some(id) = letter.submission().id {
            history = history.with_submission_id(id);
        }
        history.apply_status(letter.received_at, status) == Change::Advanced
            && history.state() == JobState::Final
    }

    /// The callback of a letter, verified as at the moment when it came.
    fn read_again(&self, letter: &Letter) -> Option<Callback> {
        let verifier = self.client.partner().verifier();
        verifier.verify(letter.received_at, &HeaderMap::new(), letter.body.clone()?).ok()
    }
}
