//! The queue of callbacks to deliver, and the log of their outcomes.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use smile_core::Timestamp;

use crate::callback::attempt::{CallbackAttempt, CallbackId, CallbackOutcome, DueCallback, is_loopback_http};
use crate::callback::disturbance::Disturbance;
use crate::callback::record::{CallbackAnswer, CallbackRecord, CallbackState};
use crate::log::Log;

/// A callback that is to be made.
#[derive(Clone)]
pub(crate) struct NewCallback<'a> {
    pub(crate) job_id: &'a str,
    pub(crate) url: &'a str,
    pub(crate) body: Bytes,
    pub(crate) copy_of: Option<CallbackId>,
    pub(crate) disturbance: Option<Disturbance>,
}

/// All callbacks. Those that were under way when the sandbox ended are due again after a restart,
/// as their arrival is unknown. Finished ones do not outlive a restart.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Callbacks {
    made: u64,
    /// The records, by id.
    #[serde(serialize_with = "open_records")]
    records: Vec<CallbackRecord>,
    /// Approximate size of the records in bytes.
    #[serde(skip)]
    records_size: usize,
    waiting: Vec<Waiting>,
    #[serde(skip)]
    attempts: Log<CallbackAttempt>,
    last_signed: Timestamp,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Waiting {
    callback: DueCallback,
    job_id: String,
    attempts: u32,
    /// The due time; `None` for a callback that is held back for another to go first.
    due: Option<Timestamp>,
    #[serde(skip)]
    is_under_way: bool,
    /// True for a callback that goes beside others of its job, and not after them.
    is_beside: bool,
}

impl Callbacks {
    /// The moment to sign the next callback for: now, but never the same twice. A signature covers
    /// the moment alone, so two results of one moment would have the same, and receivers are right
    /// to refuse the second as a forgery of the first.
    pub(crate) fn moment_to_sign(&mut self, now: Timestamp) -> Timestamp {
        self.last_signed = now.max(self.last_signed + Duration::from_millis(1));
        self.last_signed
    }

    /// Adds a callback, due now unless disturbed. An address not on this machine is refused at
    /// once.
    pub(crate) fn add(&mut self, now: Timestamp, new: &NewCallback<'_>) -> CallbackId {
        let id = self.enter(now, new);
        if new.disturbance == Some(Disturbance::Duplicate) {
            self.enter(now, &NewCallback { copy_of: new.copy_of.or(Some(id)), ..new.clone() });
        }
        id
    }

    fn enter(&mut self, now: Timestamp, new: &NewCallback<'_>) -> CallbackId {
        let id = CallbackId(self.made);
        self.made += 1;
        let due = match new.disturbance {
            Some(Disturbance::Delay(delay)) => Some(now + delay),
            // The second of two that are to change places goes first.
            Some(Disturbance::Reorder) if !self.holds_one_back(new.job_id) => None,
            _ => Some(now),
        };
        let mut waiting = Waiting {
            callback: DueCallback { id, url: new.url.to_owned(), body: new.body.clone() },
            job_id: new.job_id.to_owned(),
            attempts: 0,
            due,
            is_under_way: false,
            is_beside: new.disturbance == Some(Disturbance::Duplicate),
        };
        let state = if new.disturbance == Some(Disturbance::Drop) {
            CallbackState::Dropped
        } else if is_loopback_http(new.url) {
            let state = waiting.state();
            self.waiting.push(waiting);
            state
        } else {
            self.attempts.add(waiting.attempt(now, CallbackOutcome::Refused.into()));
            CallbackState::GivenUp
        };
        let record = CallbackRecord {
            id,
            job_id: new.job_id.to_owned(),
            made_at: now,
            url: new.url.to_owned(),
            body: new.body.clone(),
            copy_of: new.copy_of,
            disturbance: new.disturbance,
            state,
        };
        self.records_size += record.size();
        self.records.push(record);
        id
    }

    pub(crate) fn attempts(&self) -> &VecDeque<CallbackAttempt> {
        &self.attempts
    }

    pub(crate) fn records(&self) -> &[CallbackRecord] {
        &self.records
    }

    pub(crate) fn record(&self, id: CallbackId) -> Option<&CallbackRecord> {
        Some(&self.records[self.position(id)?])
    }

    /// Forgets the oldest attempts, all but so many and so many bytes, and the oldest records,
    /// except of callbacks that have yet to be delivered. The newest of both is kept whatever its
    /// size.
    pub(crate) fn keep_newest(&mut self, most: usize, most_bytes: usize) {
        self.attempts.trim(most, most_bytes);
        let mut excess = self.records.len().saturating_sub(most);
        let mut excess_bytes = self.records_size.saturating_sub(most_bytes);
        if excess == 0 && excess_bytes == 0 {
            return;
        }
        let newest = self.records.last().map(|record| record.id);
        self.records.retain(|record| {
            let is_too_much = excess > 0 || (excess_bytes > 0 && Some(record.id) != newest);
            let stays = !is_too_much || record.state.is_open();
            if !stays {
                excess = excess.saturating_sub(1);
                excess_bytes = excess_bytes.saturating_sub(record.size());
                self.records_size -= record.size();
            }
            stays
        });
    }

    /// Forgets all callbacks. Numbers are not used again: callbacks under way have yet to be
    /// answered.
    pub(crate) fn clear(&mut self) {
        *self = Self { made: self.made, last_signed: self.last_signed, ..Self::default() };
    }

    /// Resumes after a restart: restores the parts of the records that are stored only once.
    pub(crate) fn resume(&mut self) {
        for at in 0..self.waiting.len() {
            self.note(at);
            let callback = &self.waiting[at].callback;
            if let Some(record) = self.records.iter_mut().find(|record| record.id == callback.id) {
                record.url.clone_from(&callback.url);
                record.body = callback.body.clone();
            }
        }
        self.records_size = self.records.iter().map(CallbackRecord::size).sum();
    }

    /// The time at which the next callback is due; those under way are not counted.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        (0..self.waiting.len()).filter(|&at| self.may_go(at)).filter_map(|at| self.waiting[at].due).min()
    }

    /// Takes the due callbacks, which are under way from now on.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<DueCallback> {
        let mut due = Vec::new();
        for at in 0..self.waiting.len() {
            if self.waiting[at].due.is_some_and(|due| due <= now) && self.may_go(at) {
                self.waiting[at].is_under_way = true;
                due.push(self.waiting[at].callback.clone());
                self.note(at);
            }
        }
        self.release(now);
        due
    }

    /// Records the outcome of an attempt, and schedules another if needed.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        answer: CallbackAnswer,
        schedule: &[Duration],
    ) {
        let under_way = |waiting: &Waiting| waiting.callback.id == id && waiting.is_under_way;
        let Some(at) = self.waiting.iter().position(under_way) else { return };
        let waiting = &mut self.waiting[at];
        let is_delivered = answer.outcome.is_delivered();
        self.attempts.add(waiting.attempt(now, answer));
        match schedule.get(waiting.attempts as usize - 1) {
            Some(&pause) if !is_delivered => {
                waiting.due = Some(now + pause);
                waiting.is_under_way = false;
                self.note(at);
            }
            _ => self.end(at, if is_delivered { CallbackState::Delivered } else { CallbackState::GivenUp }),
        }
    }

    /// Postpones or drops a callback that waits to be posted; false if it doesn't wait.
    pub(crate) fn put_off(&mut self, now: Timestamp, id: CallbackId, disturbance: Disturbance) -> bool {
        let waits = |waiting: &Waiting| waiting.callback.id == id && !waiting.is_under_way;
        let Some(at) = self.waiting.iter().position(waits) else { return false };
        if let Some(record) = self.position(id) {
            self.records[record].disturbance = Some(disturbance);
        }
        let waiting = &mut self.waiting[at];
        match disturbance {
            Disturbance::Drop => {
                self.end(at, CallbackState::Dropped);
                return true;
            }
            Disturbance::Delay(delay) => waiting.due = Some(waiting.due.unwrap_or(now).max(now) + delay),
            _ => waiting.due = None,
        }
        self.note(at);
        true
    }

    /// Releases the callbacks held back for the one that has just gone, to go behind it.
    fn release(&mut self, now: Timestamp) {
        let goes = |waiting: &&Waiting| waiting.is_under_way;
        let jobs: Vec<_> = self.waiting.iter().filter(goes).map(|waiting| waiting.job_id.clone()).collect();
        let mut at = 0;
        for _ in 0..self.waiting.len() {
            let held = self.waiting[at].due.is_none() && jobs.contains(&self.waiting[at].job_id);
            if held {
                let mut waiting = self.waiting.remove(at);
                waiting.due = Some(now);
                self.waiting.push(waiting);
                self.note(self.waiting.len() - 1);
            } else {
                at += 1;
            }
        }
    }

    fn holds_one_back(&self, job_id: &str) -> bool {
        self.waiting.iter().any(|waiting| waiting.due.is_none() && waiting.job_id == job_id)
    }

    /// True if a callback is not under way, and neither is an earlier one of the same job:
    /// callbacks that are due together keep their order. One that waits for another attempt can be
    /// overtaken.
    fn may_go(&self, at: usize) -> bool {
        let this = &self.waiting[at];
        let blocks = |earlier: &Waiting| earlier.job_id == this.job_id && earlier.is_under_way;
        !this.is_under_way && (this.is_beside || !self.waiting[..at].iter().any(blocks))
    }

    /// Updates the record of an unfinished callback.
    fn note(&mut self, at: usize) {
        let (id, state) = (self.waiting[at].callback.id, self.waiting[at].state());
        if let Some(record) = self.position(id) {
            self.records[record].state = state;
        }
    }

    /// Records the final state of a callback.
    fn end(&mut self, at: usize, state: CallbackState) {
        let waiting = self.waiting.remove(at);
        if let Some(record) = self.position(waiting.callback.id) {
            self.records[record].state = state;
        }
    }

    fn position(&self, id: CallbackId) -> Option<usize> {
        self.records.binary_search_by_key(&id, |record| record.id).ok()
    }
}

/// Serialises the records of callbacks that wait, or are under way.
fn open_records<S: serde::Serializer>(records: &[CallbackRecord], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(records.iter().filter(|record| record.state.is_open()))
}

impl Waiting {
    fn state(&self) -> CallbackState {
        match self.due {
            _ if self.is_under_way => CallbackState::UnderWay,
            Some(due) => CallbackState::Waiting(due),
            None => CallbackState::HeldBack,
        }
    }

    fn attempt(&mut self, at: Timestamp, answer: CallbackAnswer) -> CallbackAttempt {
        self.attempts += 1;
        CallbackAttempt {
            id: self.callback.id,
            job_id: self.job_id.clone(),
            attempt: self.attempts,
            at,
            url: self.callback.url.clone(),
            body: self.callback.body.clone(),
            outcome: answer.outcome,
            answer: answer.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    const OK: CallbackOutcome = CallbackOutcome::Answered(StatusCode::OK);
    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1_000)
    }

    fn new(job_id: &str, disturbance: Option<Disturbance>) -> NewCallback<'_> {
        NewCallback { job_id, url: "http://127.0.0.1/", body: Bytes::new(), copy_of: None, disturbance }
    }

    fn ids(due: &[DueCallback]) -> Vec<u64> {
        due.iter().map(|callback| callback.id.number()).collect()
    }

    #[test]
    fn callbacks_of_one_job_do_not_overtake_each_other() {
        let mut callbacks = Callbacks::default();
        for job in ["a", "a", "b"] {
            callbacks.add(at(0), &new(job, None));
        }
        assert_eq!(ids(&callbacks.take_due(at(0))), [0, 2]);
        assert!(callbacks.take_due(at(0)).is_empty());
        assert_eq!(callbacks.next_due(), None);
        callbacks.answered(at(1), CallbackId(0), OK.into(), &[]);
        assert_eq!(callbacks.next_due(), Some(at(0)));
        assert_eq!(ids(&callbacks.take_due(at(1))), [1]);
    }

    #[test]
    fn a_failed_one_is_tried_again_on_schedule_and_then_given_up() {
        let mut callbacks = Callbacks::default();
        callbacks.add(at(0), &new("a", None));
        let schedule = [MINUTE, 5 * MINUTE];
        for (due, outcome) in [
            (at(0), CallbackOutcome::Unreachable),
            (at(60), CallbackOutcome::Answered(StatusCode::BAD_GATEWAY)),
            (at(360), CallbackOutcome::TimedOut),
        ] {
            assert_eq!(callbacks.next_due(), Some(due));
            let id = callbacks.take_due(due)[0].id;
            callbacks.answered(due, id, outcome.into(), &schedule);
        }
        assert_eq!(callbacks.next_due(), None);
        let attempts: Vec<_> =
            callbacks.attempts().iter().map(|attempt| (attempt.attempt, attempt.at)).collect();
        assert_eq!(attempts, [(1, at(0)), (2, at(60)), (3, at(360))]);
    }

    #[test]
    fn no_two_are_signed_for_the_same_moment() {
        let mut callbacks = Callbacks::default();
        let moments = [at(5), at(5), at(5), at(6)].map(|now| callbacks.moment_to_sign(now).unix_millis());
        assert_eq!(moments, [5_000, 5_001, 5_002, 6_000]);
        callbacks.clear();
        assert_eq!(callbacks.moment_to_sign(at(6)).unix_millis(), 6_001);
    }

    #[test]
    fn an_answer_to_nothing_is_ignored() {
        let mut callbacks = Callbacks::default();
        callbacks.answered(at(0), CallbackId(7), OK.into(), &[]);
        callbacks.add(at(0), &new("a", None));
        callbacks.answered(at(0), CallbackId(0), OK.into(), &[]);
        assert!(callbacks.attempts().is_empty());
        assert_eq!(ids(&callbacks.take_due(at(0))), [0]);
    }

    #[test]
    fn two_that_change_places_go_one_after_the_other() {
        let mut callbacks = Callbacks::default();
        callbacks.add(at(0), &new("a", Some(Disturbance::Reorder)));
        callbacks.add(at(0), &new("b", None));
        assert_eq!(ids(&callbacks.take_due(at(0))), [1], "another job's does not count");
        assert_eq!(callbacks.records()[0].state, CallbackState::HeldBack);
        callbacks.add(at(1), &new("a", Some(Disturbance::Reorder)));
        assert_eq!(ids(&callbacks.take_due(at(1))), [2]);
        assert!(callbacks.take_due(at(1)).is_empty(), "the second has yet to be answered");
        callbacks.answered(at(2), CallbackId(2), OK.into(), &[]);
        assert_eq!(ids(&callbacks.take_due(at(2))), [0]);
    }

    #[test]
    fn a_duplicate_does_not_wait_for_its_twin() {
        let mut callbacks = Callbacks::default();
        callbacks.add(at(0), &new("a", Some(Disturbance::Duplicate)));
        callbacks.add(at(0), &new("a", None));
        assert_eq!(ids(&callbacks.take_due(at(0))), [0, 1]);
        assert_eq!(callbacks.records()[1].copy_of, Some(CallbackId(0)));
        callbacks.answered(at(0), CallbackId(1), OK.into(), &[]);
        assert!(callbacks.take_due(at(0)).is_empty());
        callbacks.answered(at(0), CallbackId(0), OK.into(), &[]);
        assert_eq!(ids(&callbacks.take_due(at(0))), [2]);
    }

    #[test]
    fn one_that_waits_can_be_put_off_and_dropped_and_one_that_does_not_cannot() {
        let mut callbacks = Callbacks::default();
        let id = callbacks.add(at(0), &new("a", None));
        assert!(callbacks.put_off(at(0), id, Disturbance::Delay(MINUTE)));
        assert_eq!(callbacks.next_due(), Some(at(60)));
        assert!(callbacks.put_off(at(0), id, Disturbance::Reorder));
        assert_eq!(callbacks.next_due(), None);
        assert!(callbacks.put_off(at(5), id, Disturbance::Delay(MINUTE)));
        assert_eq!(callbacks.next_due(), Some(at(65)));
        assert_eq!(ids(&callbacks.take_due(at(65))), [0]);
        assert!(!callbacks.put_off(at(65), id, Disturbance::Drop), "it is under way");
        callbacks.answered(at(65), id, CallbackOutcome::TimedOut.into(), &[MINUTE]);
        assert!(callbacks.put_off(at(65), id, Disturbance::Drop));
        assert_eq!((callbacks.next_due(), callbacks.records()[0].state), (None, CallbackState::Dropped));
        assert!(!callbacks.put_off(at(65), id, Disturbance::Drop));
    }

    #[test]
    fn numbers_are_not_used_again_after_all_was_forgotten() {
        let mut callbacks = Callbacks::default();
        callbacks.add(at(0), &new("a", None));
        let old = callbacks.take_due(at(0))[0].id;
        callbacks.clear();
        let id = callbacks.add(at(1), &new("a", None));
        callbacks.take_due(at(1));
        callbacks.answered(at(1), old, OK.into(), &[]);
        assert_eq!(callbacks.record(id).map(|record| record.state), Some(CallbackState::UnderWay));
        assert!(callbacks.attempts().is_empty());
    }
}
