//! The token of a flow's next request: taken from the cache, waited for, or fetched.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response};

use crate::flow::{Event, FlowSettings};
use crate::operation::{Operation, Step, TokenUse, retry_after};
use crate::v3::token::{Fetch, Grant, Lead, Outcome, TokenCache, TokenRequest, Turn, Wanted};
use crate::{OperationError, Partner, Timestamp, TransportFailure, ValidationError};

/// A flow's way to its tokens: from the cache, or by a fetch of its own.
pub(crate) struct TokenSource {
    cache: TokenCache,
    stage: Stage,
}

/// The bounds of the flow that asks for a token.
pub(crate) struct Terms<'a> {
    pub(crate) partner: &'a Partner,
    pub(crate) settings: &'a FlowSettings,
    pub(crate) seed: u64,
    pub(crate) now: Timestamp,
    pub(crate) deadline: Timestamp,
}

enum Stage {
    Idle,
    Fetching(Box<Fetching>),
    Waiting(Arc<Fetch>),
    Fetched(Grant),
    Failed(TokenError),
}

struct Fetching {
    request: TokenRequest,
    /// The turn to fetch for all who wait; none for a bound token, which is for this flow alone.
    lead: Option<Lead>,
    attempts: u32,
    is_out: bool,
    /// True if the flow's own deadline cut the time for the answer.
    is_cut_short: bool,
    sent_at: Timestamp,
    not_before: Option<Timestamp>,
}

/// The flow's next step towards its token.
pub(crate) enum Access {
    Ready(Option<Grant>),
    Send { request: Request<Bytes>, timeout: Duration },
    Wait { until: Timestamp },
    Failed(TokenError),
}

/// Why there is no token.
pub(crate) enum TokenError {
    Validation(ValidationError),
    Operation(OperationError),
}

/// The time between two looks for the end of another flow's fetch. A fetch takes some tenths of a
/// second.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The time after a fetch's timeout before its turn passes on: a driver needs a moment to report.
const GRACE: Duration = Duration::from_secs(5);

const HEADER: HeaderName = HeaderName::from_static("smileid-token");

impl TokenSource {
    pub(crate) fn new(cache: TokenCache) -> Self {
        Self { cache, stage: Stage::Idle }
    }

    /// True if a token's request is out.
    pub(crate) fn is_out(&self) -> bool {
        matches!(&self.stage, Stage::Fetching(fetching) if fetching.is_out)
    }

    /// Lets go of whatever it was at. A turn to fetch passes on.
    pub(crate) fn stop(&mut self) {
        self.stage = Stage::Idle;
    }

    /// Returns the step before the request can be sent.
    pub(crate) fn next(
        &mut self,
        terms: &Terms<'_>,
        token_use: &TokenUse,
        events: &mut VecDeque<Event>,
    ) -> Access {
        // It goes round once for each thing that has ended since, and at most twice more.
        loop {
            match std::mem::replace(&mut self.stage, Stage::Idle) {
                Stage::Idle => match terms.settings.token_policy().wanted(token_use) {
                    Wanted::Nothing => return Access::Ready(None),
                    Wanted::Bound(request) => {
                        if let Err(error) = ValidationError::check(request.check(terms.partner).problems) {
                            return Access::Failed(TokenError::Validation(error));
                        }
                        self.stage = Stage::Fetching(Fetching::new(*request, None));
                    }
                    Wanted::Shared => {
                        let request = TokenRequest::new();
                        if let Err(error) = ValidationError::check(request.check(terms.partner).problems) {
                            return Access::Failed(TokenError::Validation(error));
                        }
                        let over_at = terms.now + terms.settings.request_timeout() + GRACE;
                        match self.cache.turn(&terms.partner.account(), terms.now, over_at) {
                            Turn::Use(grant) => return Access::Ready(Some(grant)),
                            Turn::Fetch(lead) => {
                                self.stage = Stage::Fetching(Fetching::new(request, Some(lead)));
                            }
                            Turn::Wait(fetch) => self.stage = Stage::Waiting(fetch),
                        }
                    }
                },
                Stage::Fetched(grant) if grant.is_usable(terms.now) => return Access::Ready(Some(grant)),
                Stage::Fetched(_) => {}
                Stage::Failed(kind) => return Access::Failed(kind),
                Stage::Waiting(fetch) => match fetch.outcome() {
                    None if fetch.is_over(terms.now) => {}
                    None => {
                        let until = (terms.now + LOOK_AGAIN).min(fetch.over_at());
                        self.stage = Stage::Waiting(fetch);
                        return Access::Wait { until };
                    }
                    Some(Outcome::Token(token)) => {
                        self.stage = Stage::Fetched(Grant::of(&fetch, token.clone()));
                    }
                    Some(Outcome::Failed(error)) => {
                        return Access::Failed(TokenError::Operation(error.clone()));
                    }
                    Some(Outcome::Abandoned) => {}
                },
                Stage::Fetching(mut fetching) => {
                    if std::mem::take(&mut fetching.is_out) {
                        let lost = TransportFailure::interrupted("nobody waited for it");
                        self.stage = fetching.failed(terms, OperationError::Transport(lost), None, events);
                        continue;
                    }
                    if fetching.has_passed_on() {
                        continue;
                    }
                    if let Some(until) = fetching.not_before.filter(|until| *until > terms.now) {
                        self.stage = Stage::Fetching(fetching);
                        return Access::Wait { until };
                    }
                    let (request, timeout) = fetching.send(terms, events);
                    self.stage = Stage::Fetching(fetching);
                    return Access::Send { request, timeout };
                }
            }
        }
    }

    /// Takes the outcome of the token's request.
    pub(crate) fn receive(
        &mut self,
        terms: &Terms<'_>,
        answer: Result<Response<Bytes>, TransportFailure>,
        events: &mut VecDeque<Event>,
    ) {
        let Stage::Fetching(mut fetching) = std::mem::replace(&mut self.stage, Stage::Idle) else { return };
        fetching.is_out = false;
        let (parsed, wait) = match answer {
            Err(failure) => (Err(OperationError::Transport(failure)), None),
            Ok(response) => {
                let parsed = fetching.request.parse(terms.partner, fetching.sent_at, &response);
                (parsed, retry_after(&response, terms.now))
            }
        };
        let parsed = parsed.and_then(|token| match token.expires_at() {
            Some(at) if at <= terms.now => {
                Err(OperationError::Token("is over already by this machine's clock, which must be set right"))
            }
            _ => Ok(token),
        });
        self.stage = match parsed {
            Ok(token) => Stage::Fetched(match fetching.lead.take() {
                Some(lead) => lead.succeed(terms.now, token),
                None => Grant::bound(token),
            }),
            Err(error) => fetching.failed(terms, error, wait, events),
        };
    }

    /// The token of this grant was answered with a 401. Tells whether another one may be fetched
    /// for the same request.
    pub(crate) fn refused(&mut self, grant: &Grant) -> bool {
        self.cache.refuse(grant);
        grant.is_shared()
    }
}

impl Fetching {
    fn new(request: TokenRequest, lead: Option<Lead>) -> Box<Self> {
        let sent_at = Timestamp::default();
        Box::new(Self {
            request,
            lead,
            attempts: 0,
            is_out: false,
            is_cut_short: false,
            sent_at,
            not_before: None,
        })
    }

    fn has_passed_on(&self) -> bool {
        self.lead.as_ref().is_some_and(Lead::has_passed_on)
    }

    fn send(&mut self, terms: &Terms<'_>, events: &mut VecDeque<Event>) -> (Request<Bytes>, Duration) {
        let left = terms.deadline.since(terms.now);
        let timeout = terms.settings.request_timeout().min(left);
        self.is_cut_short = timeout < terms.settings.request_timeout();
        (self.is_out, self.sent_at, self.not_before) = (true, terms.now, None);
        self.attempts += 1;
        if let Some(lead) = &self.lead {
            lead.put_off(terms.now + timeout + GRACE);
        }
        events.push_back(Event::Sending { step: Step::Token, attempt: self.attempts, timeout });
        (self.request.request(terms.partner, terms.now), timeout)
    }

    fn failed(
        mut self: Box<Self>,
        terms: &Terms<'_>,
        error: OperationError,
        retry_after: Option<Duration>,
        events: &mut VecDeque<Event>,
    ) -> Stage {
        if self.has_passed_on() {
            // Somebody else fetches by now.
            return Stage::Idle;
        }
        let policy = terms.settings.retry_policy();
        let wait = policy.delay_after(self.attempts, Step::Token, retry_after, terms.seed);
        let at = wait.filter(|_| error.is_transient()).map(|wait| terms.now + wait);
        match at {
            Some(at) if at < terms.deadline => {
                if let Some(lead) = &self.lead {
                    lead.put_off(at + terms.settings.request_timeout() + GRACE);
                }
                self.not_before = Some(at);
                let attempt = self.attempts;
                events.push_back(Event::Retrying { step: Step::Token, attempt, error, at });
                return Stage::Fetching(self);
            }
            // It is this flow that has no more time; those who wait may have.
            Some(_) => {}
            None if self.is_cut_short && error.is_timeout() => {}
            None => {
                if let Some(lead) = self.lead.take() {
                    lead.fail(error.clone());
                }
            }
        }
        Stage::Failed(TokenError::Operation(error))
    }
}

/// Puts the token into a request, where it is sensitive.
pub(crate) fn put_token(request: &mut Request<Bytes>, grant: &Grant) {
    request.headers_mut().insert(HEADER, grant.token().header());
}
