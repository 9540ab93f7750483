//! Tokens of the v3 API under a fake clock: many callers share one, over random transcripts.
//!
//! One fetch at a time for all who need one; nobody waits for ever; no token is sent after it was
//! refused or has expired; none shows in an event, an error, a `Debug` or a checkpoint.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use smile_core::operation::{RawRequest, Signing};
use smile_core::v3::{TokenCache, TokenPolicy, TokenRequest};
use smile_core::{
    Call, CallError, Event, Flow, FlowSettings, Next, ObserverError, Partner, RetryPolicy, Step, Timestamp,
    TransportFailure,
};

const START: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);
/// A mark in every token, looked for in everything that is shown.
const MARK: &str = "qzTOKEN";
const KEY: &str = "qzAPIKEY";

type Answer = Result<Response<Bytes>, TransportFailure>;
type Outcome = Result<serde_json::Value, CallError>;

fn partner() -> Partner {
    Partner::new("002", KEY, "https://service.example/v3".parse().unwrap()).unwrap()
}

fn read() -> RawRequest {
    RawRequest::get("/v3/services/config").unwrap().with_signing(Signing::Token)
}

fn submit() -> RawRequest {
    RawRequest::post("/v3/new_product").unwrap().with_signing(Signing::Token)
}

fn answer(status: u16, body: &serde_json::Value) -> Answer {
    Ok(Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap())
}

/// A JWT with this end.
fn jwt(number: usize, expires_at: Option<Timestamp>) -> String {
    let expires_at = expires_at.map(|at| at.unix_millis() / 1_000);
    let claims = json!({ "exp": expires_at, "api_url": "https://service.example/v3" }).to_string();
    format!("e30.{}.{MARK}{number}", URL_SAFE_NO_PAD.encode(claims))
}

fn unauthorized() -> Answer {
    answer(401, &json!({ "status": "Unauthorized", "message": "Invalid authentication credentials." }))
}

fn is_for_token(request: &Request<Bytes>) -> bool {
    request.uri().path() == "/v3/token"
}

fn token_of(request: &Request<Bytes>) -> Option<&str> {
    let value = request.headers().get("smileid-token")?;
    assert!(value.is_sensitive(), "no `Debug` of headers shows it");
    value.to_str().ok()
}

/// The next request, over whatever is waited for before it, and the time then.
fn send(call: &mut Call<RawRequest>, now: &mut Timestamp) -> Request<Bytes> {
    for _ in 0..2_000 {
        match call.next(*now) {
            Next::Send { request, .. } => return request,
            Next::Wait { until } => *now = until,
            next => panic!("it sends nothing: {next:?}"),
        }
    }
    panic!("it waits for ever");
}

fn finish(call: &mut Call<RawRequest>, now: Timestamp) -> Outcome {
    match call.next(now) {
        Next::Finished(outcome) => outcome,
        next => panic!("it isn't over: {next:?}"),
    }
}

fn call(operation: RawRequest, tokens: &TokenCache) -> Call<RawRequest> {
    Call::new(partner(), operation, FlowSettings::default(), 7).with_tokens(tokens.clone())
}

fn fetched(number: usize, now: Timestamp) -> Answer {
    answer(200, &json!({ "token": jwt(number, Some(now + Duration::from_secs(900))) }))
}

#[test]
fn a_token_is_fetched_once_and_shared_by_what_comes_later() {
    let (tokens, mut now) = (TokenCache::new(), START);
    for number in 0..3 {
        let mut call = call(read(), &tokens);
        if number == 0 {
            assert!(is_for_token(&send(&mut call, &mut now)));
            call.receive(now, fetched(0, now));
        }
        let request = send(&mut call, &mut now);
        assert_eq!(token_of(&request).unwrap(), jwt(0, Some(START + Duration::from_secs(900))));
        call.receive(now, answer(200, &json!({})));
        finish(&mut call, now).unwrap();
    }
}

#[test]
fn the_api_key_goes_to_the_tokens_path_alone() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut call = call(read(), &tokens);
    let first = send(&mut call, &mut now);
    assert_eq!(first.uri(), "https://service.example/v3/token");
    assert_eq!(first.headers()["smileid-api-key"], KEY);
    call.receive(now, fetched(0, now));
    let second = send(&mut call, &mut now);
    assert!(second.headers().values().all(|value| value != KEY));
}

#[test]
fn after_a_401_a_new_token_is_fetched_and_the_request_sent_once_more() {
    for operation in [read(), submit()] {
        let (tokens, mut now) = (TokenCache::new(), START);
        let mut call = call(operation, &tokens);
        send(&mut call, &mut now);
        call.receive(now, fetched(0, now));
        send(&mut call, &mut now);
        call.receive(now, unauthorized());
        assert!(is_for_token(&send(&mut call, &mut now)));
        call.receive(now, fetched(1, now));
        assert!(token_of(&send(&mut call, &mut now)).unwrap().ends_with("1"));
        call.receive(now, answer(200, &json!({ "ok": true })));
        assert_eq!(finish(&mut call, now).unwrap(), json!({ "ok": true }));
    }
}

#[test]
fn a_second_401_is_the_end_and_that_token_isnt_kept_either() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut first = call(read(), &tokens);
    for number in 0..2 {
        send(&mut first, &mut now);
        first.receive(now, fetched(number, now));
        send(&mut first, &mut now);
        first.receive(now, unauthorized());
    }
    let error = finish(&mut first, now).unwrap_err();
    assert!(error.is_unauthorized() && !error.outcome_unknown());
    assert!(is_for_token(&send(&mut call(read(), &tokens), &mut now)));
}

#[test]
fn a_401_that_isnt_the_apis_own_sends_no_submission_again() {
    for body in ["<html>log in</html>", r#"{"message":"log in to the proxy"}"#] {
        let (tokens, mut now) = (TokenCache::new(), START);
        let mut call = call(submit(), &tokens);
        send(&mut call, &mut now);
        call.receive(now, fetched(0, now));
        send(&mut call, &mut now);
        call.receive(now, Ok(Response::builder().status(401).body(Bytes::from(body)).unwrap()));
        assert!(finish(&mut call, now).unwrap_err().outcome_unknown(), "{body}");
    }
}

#[test]
fn many_401s_of_one_token_cause_one_fetch() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut calls: Vec<_> = (0..8).map(|_| call(read(), &tokens)).collect();
    send(&mut calls[0], &mut now);
    calls[0].receive(now, fetched(0, now));
    for call in &mut calls {
        send(call, &mut now);
    }
    // One after the other they learn that the token is dead.
    calls[0].receive(now, unauthorized());
    assert!(is_for_token(&send(&mut calls[0], &mut now)));
    calls[0].receive(now, fetched(1, now));
    for call in &mut calls[1..] {
        now = now + Duration::from_millis(150);
        call.receive(now, unauthorized());
        assert!(token_of(&send(call, &mut now)).unwrap().ends_with("1"), "it takes the new one");
    }
}

#[test]
fn a_failed_fetch_fails_all_who_waited_once() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut calls: Vec<_> = (0..5).map(|_| call(read(), &tokens)).collect();
    send(&mut calls[0], &mut now);
    for call in &mut calls[1..] {
        assert!(matches!(call.next(now), Next::Wait { .. }));
    }
    calls[0].receive(now, unauthorized());
    now = now + Duration::from_millis(20);
    for call in &mut calls {
        let error = finish(call, now).unwrap_err();
        assert!(error.is_unauthorized());
        assert!(error.to_string().starts_with("token failed: the service answered HTTP 401"), "{error}");
    }
}

#[test]
fn a_fetch_that_fails_for_a_moment_is_tried_again_within_the_policy() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut call = call(read(), &tokens);
    for _ in 0..4 {
        assert!(is_for_token(&send(&mut call, &mut now)));
        call.receive(now, answer(500, &json!({ "status": "x", "message": "An unexpected error occurred." })));
    }
    let error = finish(&mut call, now).unwrap_err();
    assert!(error.is_retryable() && !error.outcome_unknown());
}

#[test]
fn a_waiting_caller_keeps_its_own_deadline() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut first = call(read(), &tokens);
    send(&mut first, &mut now);
    let settings = FlowSettings::default().with_deadline(Duration::from_secs(2));
    let mut hurried = Call::new(partner(), read(), settings, 7).with_tokens(tokens);
    let mut waited = now;
    let error = loop {
        match hurried.next(waited) {
            Next::Wait { until } => waited = until,
            Next::Finished(outcome) => break outcome.unwrap_err(),
            next => panic!("{next:?}"),
        }
        assert!(waited <= now + Duration::from_secs(2));
    };
    assert!(error.is_timeout() && !error.outcome_unknown());
    assert_eq!(waited, now + Duration::from_secs(2), "to the moment");
}

#[test]
fn a_fetch_whose_caller_runs_out_of_time_passes_on_and_fails_nobody_else() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let settings = FlowSettings::default().with_deadline(Duration::from_secs(2));
    let mut hurried = Call::new(partner(), read(), settings, 7).with_tokens(tokens.clone());
    send(&mut hurried, &mut now);
    let mut patient = call(read(), &tokens);
    assert!(matches!(patient.next(now), Next::Wait { .. }));
    now = now + Duration::from_secs(2);
    hurried.receive(now, Err(TransportFailure::timed_out("")));
    assert!(finish(&mut hurried, now).unwrap_err().is_timeout());
    assert!(is_for_token(&send(&mut patient, &mut now)), "it is the other's turn now");
}

#[test]
fn a_fetch_that_its_observer_refuses_passes_on() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut first = call(read(), &tokens);
    send(&mut first, &mut now);
    let mut second = call(read(), &tokens);
    assert!(matches!(second.next(now), Next::Wait { .. }));
    first.refuse(now, ObserverError::new("the lease is lost"));
    assert!(is_for_token(&send(&mut second, &mut now)));
}

#[test]
fn a_token_that_is_over_by_this_machines_clock_is_an_error_that_says_so() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut call = call(read(), &tokens);
    send(&mut call, &mut now);
    call.receive(now, answer(200, &json!({ "token": jwt(0, Some(now)) })));
    let said = finish(&mut call, now).unwrap_err().to_string();
    assert!(said.contains("is over already by this machine's clock"), "{said}");
}

#[test]
fn a_redirected_token_request_is_an_error_and_nothing_follows_it() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut call = call(read(), &tokens);
    send(&mut call, &mut now);
    let elsewhere = Response::builder().status(307).header("location", "https://evil.example/v3/token");
    call.receive(now, Ok(elsewhere.body(Bytes::new()).unwrap()));
    let said = finish(&mut call, now).unwrap_err().to_string();
    assert!(said.contains("a redirect, which is never followed"), "{said}");
}

#[test]
fn a_token_is_in_no_checkpoint() {
    let (tokens, mut now) = (TokenCache::new(), START);
    let mut call = call(submit(), &tokens);
    send(&mut call, &mut now);
    call.receive(now, fetched(0, now));
    send(&mut call, &mut now);
    let checkpoint = serde_json::to_string(&call.checkpoint()).unwrap();
    assert!(!checkpoint.contains(MARK) && !checkpoint.contains(KEY), "{checkpoint}");
}

#[test]
fn the_policy_is_a_setting() {
    let policy = TokenPolicy::default().with_shared_submissions(true);
    let settings = FlowSettings::default().with_token_policy(policy.clone());
    assert_eq!(settings.token_policy(), &policy);
    assert_eq!(TokenRequest::new().product(), None);
}

// Random transcripts.

/// Next step, and the caller that takes it.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Asks for the next step; a wait is not waited for.
    Ask,
    /// Gets the answer to what it has sent.
    Answer,
    /// Gets none.
    Lose,
    /// Calls again without one.
    Forget,
    /// Goes away, and another comes.
    Leave,
    /// Time passes, for all.
    Pass(u64),
    /// The service takes back all tokens that it has given.
    Revoke,
}

/// The service's answer to the next request for a token.
#[derive(Clone, Copy, Debug)]
enum Issue {
    For(u64),
    WithoutExpiry,
    Refuse,
    Fail,
    Unreadable,
}

struct World {
    tokens: TokenCache,
    now: Timestamp,
    callers: Vec<Caller>,
    issued: Vec<Issued>,
    issues: Vec<Issue>,
    /// Tokens that some caller knows to be refused.
    known_dead: BTreeSet<String>,
    /// Token that must be in the cache.
    kept: Option<(String, Timestamp)>,
    fetches: usize,
}

struct Issued {
    text: String,
    expires_at: Option<Timestamp>,
    is_revoked: bool,
}

struct Caller {
    call: Call<RawRequest>,
    began: Option<Timestamp>,
    is_hurried: bool,
    sent: Option<Request<Bytes>>,
    /// Time until which it fetches.
    fetching_until: Option<Timestamp>,
}

const PATIENT: Duration = Duration::from_secs(120);
const HURRIED: Duration = Duration::from_secs(3);

fn caller(tokens: &TokenCache, number: usize) -> Caller {
    let is_hurried = number % 3 == 2;
    let settings = FlowSettings::default()
        .with_deadline(if is_hurried { HURRIED } else { PATIENT })
        .with_request_timeout(Duration::from_secs(10))
        .with_retry_policy(RetryPolicy::default().with_max_attempts(2));
    let operation = if number.is_multiple_of(2) { read() } else { submit() };
    let call = Call::new(partner(), operation, settings, number as u64).with_tokens(tokens.clone());
    Caller { call, began: None, is_hurried, sent: None, fetching_until: None }
}

impl World {
    fn new(issues: &[Issue]) -> Self {
        let tokens = TokenCache::new();
        let callers = (0..5).map(|number| caller(&tokens, number)).collect();
        Self {
            tokens,
            now: START,
            callers,
            issued: Vec::new(),
            issues: issues.iter().rev().copied().collect(),
            known_dead: BTreeSet::new(),
            kept: None,
            fetches: 0,
        }
    }

    fn shown(&mut self, at: usize, outcome: Option<&Outcome>) {
        let caller = &mut self.callers[at];
        let mut shown = format!("{:?} {:?}", caller.call, self.tokens);
        shown += &serde_json::to_string(&caller.call.checkpoint()).unwrap();
        while let Some(event) = caller.call.take_event() {
            shown += &format!("{event:?}");
            if let Event::Retrying { step: Step::Token, at, .. } = event {
                caller.fetching_until = Some(at + Duration::from_secs(15));
            }
        }
        if let Some(Err(error)) = outcome {
            shown += &format!("{error} {error:?} {error:#?}");
        }
        assert!(!shown.contains(MARK) && !shown.contains(KEY), "{shown}");
    }

    /// The caller asks what to do; tells when to ask again, if it waits.
    fn ask(&mut self, at: usize) -> Option<Timestamp> {
        let now = self.now;
        let caller = &mut self.callers[at];
        let began = *caller.began.get_or_insert(now);
        caller.sent = None;
        let next = caller.call.next(now);
        match next {
            Next::Send { request, timeout } => {
                assert!(timeout > Duration::ZERO);
                self.shown(at, None);
                if is_for_token(&request) {
                    self.begins(at, timeout);
                } else {
                    self.carries(at, &request);
                }
                self.callers[at].sent = Some(request);
                None
            }
            Next::Wait { until } => {
                assert!(until > now, "a wait goes forward");
                let limit = if caller.is_hurried { HURRIED } else { PATIENT };
                assert!(until <= began + limit, "and not past the caller's own deadline");
                self.shown(at, None);
                Some(until)
            }
            Next::Finished(outcome) => {
                self.shown(at, Some(&outcome));
                self.comes(at);
                None
            }
            Next::Read(_) => panic!("there are no files"),
        }
    }

    /// A fetch is begun, or tried again.
    fn begins(&mut self, at: usize, timeout: Duration) {
        let now = self.now;
        for (other, caller) in self.callers.iter().enumerate() {
            let is_live = caller.fetching_until.is_some_and(|until| until > now);
            assert!(other == at || !is_live, "two fetch at the same time");
        }
        let is_new = self.callers[at].fetching_until.is_none();
        let usable = self.kept.as_ref().filter(|(text, expires_at)| {
            now + TokenCache::MARGIN < *expires_at && !self.known_dead.contains(text)
        });
        assert!(!is_new || usable.is_none(), "there is a token that is good");
        self.fetches += 1;
        self.callers[at].fetching_until = Some(now + timeout + Duration::from_secs(5));
    }

    /// A request goes out.
    fn carries(&mut self, at: usize, request: &Request<Bytes>) {
        let token = token_of(request).expect("it carries a token").to_owned();
        let issued = self.issued.iter().find(|issued| issued.text == token).expect("the service made it");
        assert!(!self.known_dead.contains(&token), "it was refused, and somebody knows");
        assert!(issued.expires_at.is_none_or(|at| self.now < at), "it has expired");
        self.callers[at].fetching_until = None;
    }

    fn comes(&mut self, at: usize) {
        let number = at + self.callers.len();
        let fresh = caller(&self.tokens, number % 7 + at);
        self.callers[at] = fresh;
    }

    /// The service answers.
    fn answer(&mut self, at: usize) {
        let Some(request) = self.callers[at].sent.take() else { return };
        let now = self.now;
        let answer = if is_for_token(&request) {
            assert!(request.headers()["smileid-api-key"].is_sensitive());
            match self.issues.pop().unwrap_or(Issue::For(900)) {
                Issue::For(seconds) => self.issue(at, Some(now + Duration::from_secs(seconds))),
                Issue::WithoutExpiry => self.issue(at, None),
                Issue::Refuse => unauthorized(),
                Issue::Fail => answer(503, &json!({ "status": "x", "message": "later" })),
                Issue::Unreadable => answer(200, &json!({ "token": "a\r\nb" })),
            }
        } else {
            let token = token_of(&request).unwrap();
            let is_good = self.issued.iter().any(|issued| {
                issued.text == token && !issued.is_revoked && issued.expires_at.is_none_or(|at| now < at)
            });
            if is_good {
                answer(200, &json!({}))
            } else {
                self.known_dead.insert(token.to_owned());
                unauthorized()
            }
        };
        self.receives(at, answer);
    }

    fn issue(&mut self, at: usize, expires_at: Option<Timestamp>) -> Answer {
        // Whole seconds, as a token says it.
        let whole = |at: Timestamp| Timestamp::from_unix_millis(at.unix_millis() / 1_000 * 1_000);
        let expires_at = expires_at.map(whole);
        let text = jwt(self.issued.len(), expires_at);
        let is_in_time = self.callers[at].fetching_until.is_some_and(|until| until > self.now);
        if let Some(expires_at) = expires_at.filter(|_| is_in_time) {
            self.kept = Some((text.clone(), expires_at));
        }
        self.issued.push(Issued { text: text.clone(), expires_at, is_revoked: false });
        answer(200, &json!({ "token": text }))
    }

    fn receives(&mut self, at: usize, answer: Answer) {
        self.callers[at].fetching_until = None;
        self.callers[at].call.receive(self.now, answer);
        self.shown(at, None);
    }

    fn play(&mut self, at: usize, what: Move) {
        let at = at % self.callers.len();
        match what {
            Move::Ask => {
                if self.callers[at].sent.is_none() {
                    self.ask(at);
                }
            }
            Move::Answer => self.answer(at),
            Move::Lose => {
                if self.callers[at].sent.take().is_some() {
                    self.receives(at, Err(TransportFailure::timed_out("no answer")));
                }
            }
            Move::Forget => {
                self.ask(at);
            }
            Move::Leave => self.comes(at),
            Move::Pass(millis) => self.now = self.now + Duration::from_millis(millis),
            Move::Revoke => self.issued.iter_mut().for_each(|issued| issued.is_revoked = true),
        }
    }

    /// Everybody who has begun comes to an end, without anybody new.
    fn everybody_ends(&mut self) {
        for at in 0..self.callers.len() {
            let mut is_over = false;
            for _ in 0..20_000 {
                if self.callers[at].sent.is_some() {
                    self.answer(at);
                }
                let began = self.callers[at].began;
                match self.ask(at) {
                    Some(until) => self.now = self.now.max(until),
                    // `ask` has put another in the place of who is over.
                    None if began.is_some() && self.callers[at].began.is_none() => {
                        is_over = true;
                        break;
                    }
                    None => {}
                }
            }
            assert!(is_over, "caller {at} waits for ever");
        }
    }
}

fn moves() -> impl Strategy<Value = Vec<(usize, Move)>> {
    let what = prop_oneof![
        8 => Just(Move::Ask),
        6 => Just(Move::Answer),
        1 => Just(Move::Lose),
        1 => Just(Move::Forget),
        1 => Just(Move::Leave),
        3 => select(vec![1, 20, 500, 3_000, 16_000, 845_000]).prop_map(Move::Pass),
        1 => Just(Move::Revoke),
    ];
    prop::collection::vec((0_usize..5, what), 0..80)
}

fn issues() -> impl Strategy<Value = Vec<Issue>> {
    let issue = prop_oneof![
        5 => Just(Issue::For(900)),
        1 => Just(Issue::For(61)),
        1 => Just(Issue::For(30)),
        1 => Just(Issue::For(1)),
        1 => Just(Issue::WithoutExpiry),
        1 => Just(Issue::Refuse),
        1 => Just(Issue::Fail),
        1 => Just(Issue::Unreadable),
    ];
    prop::collection::vec(issue, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn callers_share_tokens_whatever_happens(moves in moves(), issues in issues()) {
        let mut world = World::new(&issues);
        for (at, what) in moves {
            world.play(at, what);
        }
        world.everybody_ends();
    }
}

/// The transcripts above are worth something only if they go everywhere.
#[test]
fn the_transcripts_go_everywhere() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut dead, mut fetches, mut shared) = (0, 0, 0);
    for _ in 0..300 {
        let (moves, issues) = (moves(), issues()).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(&issues);
        for (at, what) in moves {
            world.play(at, what);
        }
        dead += world.known_dead.len();
        fetches += world.fetches;
        shared += usize::from(world.fetches == 1 && world.issued.len() == 1);
    }
    assert!(dead > 20 && fetches > 400 && shared > 10, "{dead} {fetches} {shared}");
}
