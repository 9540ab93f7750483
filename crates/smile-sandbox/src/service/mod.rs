//! The service: one request in, one answer out, with no clock, socket, thread or randomness.

mod dispatch;
pub(crate) mod incoming;

use std::collections::VecDeque;
use std::fmt;

use http::Uri;
use http::request::Parts;
use smile_core::Timestamp;

use crate::admin;
use crate::callback::attempt::{CallbackAttempt, CallbackId, DueCallback};
use crate::callback::disturbance::{CallbackError, CallbackRule, Disturbance, Redelivery};
use crate::callback::record::{CallbackAnswer, CallbackRecord};
use crate::fault::effects::Outgoing;
use crate::fault::kinds::Fault;
use crate::fault::rules::{FaultId, FaultInForce, FaultRule, HeadCheck};
use crate::http::endpoint::Endpoint;
use crate::http::origin::Origin;
use crate::http::routing::route;
use crate::job::record::JobRecord;
use crate::result::finding::{Review, ReviewError};
use crate::rule::matcher::Matcher;
use crate::rule::rules::When;
use crate::run::callbacks;
use crate::run::review::{advance, manual_review};
use crate::service::incoming::Incoming;
use crate::state::State;
use crate::state::request_log::RecordedRequest;
use crate::state::users::UserState;
use crate::storage::snapshot::{RestoreError, Snapshot, restore, snapshot};

/// The emulated service without its server: requests and times go in, responses and callbacks come
/// out.
///
/// [`Builder::into_service`](crate::Builder::into_service) creates it. The driver calls
/// [`handle`](Self::handle) for every request, and at [`next_wakeup`](Self::next_wakeup) posts the
/// [`due_callbacks`](Self::due_callbacks) and reports each with
/// [`callback_answered`](Self::callback_answered). The time is an argument throughout; a clock that
/// steps back counts as standing still.
///
/// ```
/// use bytes::Bytes;
/// use smile_core::Timestamp;
///
/// let mut service = smile_sandbox::Sandbox::builder().into_service()?;
/// let request = http::Request::post("/v1/job_status").body(Bytes::from_static(b"{}"))?;
/// let answer = service.handle(Timestamp::from_unix_millis(1_705_314_600_000), request);
/// assert_eq!(answer.response.body(), r#"{"error":"A required parameter is missing","code":"2413"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Service {
    pub(crate) state: State,
}

impl Service {
    pub(crate) fn new(state: State) -> Self {
        Self { state }
    }

    /// Answers a request. Never panics, whatever the request.
    ///
    /// Addresses in the answer begin with the `Host` header's value. An answer just has to be sent,
    /// unless there is a [`Fault`]: then follow [`Outgoing`].
    ///
    /// The page and the admin API are served as well, to requests with `Host: localhost` or the
    /// like. These are not among [`requests`](Self::requests), and no fault happens to them.
    pub fn handle(&mut self, now: Timestamp, incoming: impl Into<Incoming>) -> Outgoing {
        let Incoming { mut request, scheme, head_check, network } = incoming.into();
        let state = &mut self.state;
        if admin::dispatch::concerns(&request) {
            return admin::dispatch::answer(state, now, &request, network).into();
        }
        let now = advance(state, now);
        let head_check = head_check.unwrap_or_else(|| admit(state, request.uri()));
        let route = &head_check.route;
        let response = match head_check.answer_in_place(now) {
            Some(response) => response,
            None => {
                let origin = Origin::of(&request, scheme);
                dispatch::answer(state, now, route, &mut request, &origin)
            }
        };
        state.changes += u64::from(dispatch::may_change(route));
        let mut record = RecordedRequest::new(state.requests_made, now, route, request, &response);
        state.requests_made += 1;
        let outgoing = head_check.spoil(&state.signer, &state.secret, now, response);
        record.fault = head_check.recorded_fault();
        state.remember(record);
        outgoing
    }

    /// Decides the faults of a request, before its body has been read; for servers on a wire that
    /// can break. [`Incoming::with_head_check`] passes the decision to [`handle`](Self::handle),
    /// which otherwise decides by itself.
    pub fn admit(&mut self, head: &Parts) -> HeadCheck {
        if admin::dispatch::concerns_head(&head.method, &head.uri, &head.headers) {
            return HeadCheck::default();
        }
        admit(&mut self.state, &head.uri)
    }

    /// The time of the next event without a request: a stage of a script, a review, or a callback.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let result = self.state.jobs.next_due().map(|(due, _)| due);
        result.into_iter().chain(self.state.callbacks.next_due()).min()
    }

    /// The callbacks to be posted now. Each is returned once, until it has been answered.
    pub fn due_callbacks(&mut self, now: Timestamp) -> Vec<DueCallback> {
        let now = advance(&mut self.state, now);
        let due = self.state.callbacks.take_due(now);
        self.state.changes += u64::from(!due.is_empty());
        due
    }

    /// Reports the outcome of posting a callback. One that was not delivered becomes due again, on
    /// the schedule.
    ///
    /// A [`CallbackOutcome`](crate::CallbackOutcome) is enough; a [`CallbackAnswer`] has the
    /// beginning of the body too.
    pub fn callback_answered(&mut self, id: CallbackId, now: Timestamp, answer: impl Into<CallbackAnswer>) {
        let now = advance(&mut self.state, now);
        self.state.changes += 1;
        self.state.callbacks.answered(now, id, answer.into(), &self.state.settings.callback_retries);
        let keep = self.state.settings.keep;
        self.state.callbacks.keep_newest(keep.callbacks, keep.bytes);
    }

    /// Decides about a job that is under review, in place of the automatic review.
    ///
    /// # Errors
    /// If there is no such job, if it is not under review, or if its type has no code for the
    /// decision.
    pub fn review(&mut self, now: Timestamp, job_id: &str, review: Review) -> Result<(), ReviewError> {
        let now = advance(&mut self.state, now);
        manual_review(&mut self.state, now, job_id, review)
    }

    /// Adds a fault for the next request to this endpoint, with any of its methods. Several faults
    /// of an endpoint happen one after the other.
    pub fn fail_next(&mut self, endpoint: Endpoint, fault: Fault) {
        self.add_fault(FaultRule::new(fault).with_endpoint(endpoint).with_times(1));
    }

    /// Adds a fault rule for requests from now on.
    pub fn add_fault(&mut self, rule: FaultRule) -> FaultId {
        self.state.changes += 1;
        self.state.faults.add(rule)
    }

    /// The fault rules that may still apply, oldest first.
    pub fn faults(&self) -> &[FaultInForce] {
        self.state.faults.in_force()
    }

    /// Removes a fault rule; true if it was still in force.
    pub fn remove_fault(&mut self, id: FaultId) -> bool {
        self.state.changes += 1;
        self.state.faults.remove(id)
    }

    /// Removes all fault rules.
    pub fn clear_faults(&mut self) {
        self.state.changes += 1;
        self.state.faults.clear();
    }

    /// Sets the state of a user.
    pub fn set_user(&mut self, user_id: &str, state: UserState) {
        self.state.changes += 1;
        self.state.users.set(user_id, state);
    }

    /// The state of a user.
    pub fn user(&self, user_id: &str) -> UserState {
        self.state.users.state(user_id)
    }

    /// The requests so far, oldest first; the newest ones if there were more than the
    /// [limit](crate::Keep).
    pub fn requests(&self) -> &VecDeque<RecordedRequest> {
        &self.state.requests
    }

    /// The job with this id of the partner's.
    pub fn job(&self, job_id: &str) -> Option<JobRecord> {
        self.state.jobs.position(job_id).map(|position| self.state.jobs.at(position).record())
    }

    /// All jobs, checks included, in the order of their announcement.
    pub fn jobs(&self) -> Vec<JobRecord> {
        self.state.jobs.iter().map(crate::job::jobs::Job::record).collect()
    }

    /// All attempts to deliver a callback so far, oldest first.
    pub fn callback_attempts(&self) -> &VecDeque<CallbackAttempt> {
        self.state.callbacks.attempts()
    }

    /// Forgets everything that has happened, and all settings since the start: jobs, users,
    /// requests, callbacks, those that wait included, rules and faults. The builder's settings
    /// stay, a scenario among them, whose rules are as if unused. The clock doesn't go back, and
    /// the numbers of callbacks continue, as some may be under way.
    pub fn reset(&mut self) {
        self.state.reset();
    }

    /// Starts a rule for some jobs, which need not exist yet. Of the rules that apply to a job the
    /// newest answers.
    ///
    /// ```
    /// use smile_sandbox::{Matcher, Outcome, Sandbox};
    ///
    /// let mut service = Sandbox::builder().into_service()?;
    /// service.when(Matcher::job_id("kyc-1")).respond([Outcome::Provisional, Outcome::ReviewerRejected]);
    /// # Ok::<(), smile_core::ConfigError>(())
    /// ```
    pub fn when(&mut self, matcher: Matcher) -> When<'_> {
        When::new(matcher, |rule| self.state.add_rule(rule))
    }

    /// All callbacks that were made, copies and dropped ones included, in the order of their ids.
    pub fn callbacks(&self) -> &[CallbackRecord] {
        self.state.callbacks.records()
    }

    /// Delivers a callback once more, whatever its state, and returns the id of the copy. The copy
    /// is due now, and is tried again on the same schedule.
    ///
    /// # Errors
    /// If there is no such callback.
    pub fn redeliver(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        redelivery: Redelivery,
    ) -> Result<CallbackId, CallbackError> {
        let now = advance(&mut self.state, now);
        callbacks::redeliver(&mut self.state, now, id, redelivery)
    }

    /// Disturbs a callback that was already made.
    ///
    /// A disturbance of the time ([`Drop`](Disturbance::Drop), [`Delay`](Disturbance::Delay),
    /// [`Reorder`](Disturbance::Reorder)) applies to the callback itself while it waits to be
    /// posted, for the first time or again. In all other cases the callback is left alone and a
    /// disturbed copy goes out. Returns the id of the disturbed callback: its own, or the copy's;
    /// of two duplicates the first.
    ///
    /// # Errors
    /// If there is no such callback, or if the callback to be dropped doesn't wait to be posted.
    pub fn disturb_callback(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        disturbance: Disturbance,
    ) -> Result<CallbackId, CallbackError> {
        let now = advance(&mut self.state, now);
        callbacks::disturb_callback(&mut self.state, now, id, disturbance)
    }

    /// Adds a rule that disturbs callbacks to come. Of several rules the first that applies to a
    /// callback is used.
    pub fn disturb_callbacks(&mut self, rule: CallbackRule) {
        self.state.changes += 1;
        self.state.callback_rules.add(rule);
    }

    /// The rules for callbacks to come that have not been used up.
    pub fn callback_rules(&self) -> &[CallbackRule] {
        self.state.callback_rules.all()
    }

    /// Removes all rules for callbacks. Callbacks already disturbed stay so.
    pub fn clear_callback_rules(&mut self) {
        self.state.changes += 1;
        self.state.callback_rules.clear();
    }

    /// A snapshot of the state that outlives a restart.
    ///
    /// ```
    /// use smile_sandbox::{Sandbox, Snapshot, UserState};
    ///
    /// let mut service = Sandbox::builder().into_service()?;
    /// service.set_user("ada", UserState::Enrolled);
    /// let json = serde_json::to_string(&service.snapshot())?;
    ///
    /// let mut next = Sandbox::builder().into_service()?;
    /// next.restore(serde_json::from_str(&json)?)?;
    /// assert_eq!(next.user("ada"), UserState::Enrolled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        snapshot(&self.state)
    }

    /// Restores a snapshot, in place of all that has happened so far. The settings stay, and so do
    /// the rules of a scenario; one that is the same as in the snapshot keeps its use count.
    ///
    /// # Errors
    /// If the snapshot is of another version or partner, or damaged. Nothing is changed then.
    pub fn restore(&mut self, snapshot: Snapshot) -> Result<(), RestoreError> {
        restore(&mut self.state, snapshot)
    }
}

fn admit(state: &mut State, uri: &Uri) -> HeadCheck {
    let route = route(uri.path());
    let faults = state.faults.take(route.endpoint(), &state.secret);
    HeadCheck { route, faults }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("partner_id", self.state.signer.partner_id())
            .field("requests", &self.state.requests.len())
            .field("jobs", &self.state.jobs.len())
            .finish_non_exhaustive()
    }
}
