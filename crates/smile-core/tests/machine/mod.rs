//! An honest service behind a hostile network, and a careless driver with an unreliable clock,
//! which crashes and resumes: the world that the rules of the machine are put to the test in.
//!
//! What no client can stand is left out of the transcripts, and nothing else:
//!
//! - A request taken for unsent, or refused with a code of the service's or the store's own, that
//!   was acted on all the same. Those are the only failures after which an upload is repeated
//!   without asking.
//! - A request that arrives after its own timeout, when its sender was told that it isn't there.
//! - A 2xx to an upload from anybody but the store: TLS is there for that, and the store's receipt
//!   says nothing more.
//! - A signed status that is untrue, or about another job without naming it: the signature doesn't
//!   cover the body.
//! - An answer handed to another request than its own: `receive` can't tell the two apart.
//! - A crash of a driver that sends before it has stored the checkpoint.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each who plays here uses a part of it, and a world that cannot go on has failed.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use smile_core::{
    Checkpoint, Event, Flow, FlowSettings, Image, Job, JobError, JobFlow, JobOutcome, Next, PollSchedule,
    Progress, RetryPolicy, SubmissionId, Timestamp, TransportFailure, TransportFailureKind,
};

use super::support::{self, Answer, JPEG, START, Sent, answer, classify, partner};

// The service.

/// The service, as far as one job goes. It keeps no secrets from the test.
#[derive(Clone, Debug)]
pub struct Service {
    pub opened: bool,
    /// Number of times that a zip was taken, worked on and billed.
    pub zips: u32,
    pub addresses: u32,
    pub polls_until_result: u32,
    pub result: ServiceResult,
    /// Submission that the job's partner params name; a zip is of the one that opened the job last.
    pub submission: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceResult {
    pub code: &'static str,
    pub job_success: bool,
    pub is_approval: bool,
}

pub const RESULTS: &[ServiceResult] = &[
    ServiceResult { code: "0810", job_success: true, is_approval: true },
    ServiceResult { code: "1210", job_success: true, is_approval: true },
    ServiceResult { code: "0810", job_success: false, is_approval: false },
    ServiceResult { code: "0811", job_success: false, is_approval: false },
    ServiceResult { code: "0812", job_success: true, is_approval: false },
    ServiceResult { code: "0001", job_success: false, is_approval: false },
    ServiceResult { code: "1012", job_success: true, is_approval: false },
    ServiceResult { code: "9999", job_success: true, is_approval: false },
];

impl Service {
    /// A request arrives.
    pub fn act(&mut self, request: &Request<Bytes>) -> Answer {
        match classify(request) {
            Sent::Prep { retry: false } if self.opened => support::refused(400, "2215"),
            Sent::Prep { .. } => {
                self.opened = true;
                self.addresses += 1;
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
                let id = body["partner_params"][SubmissionId::PARTNER_PARAM].as_str().unwrap().to_owned();
                assert!(
                    self.submission.as_ref().is_none_or(|other| *other == id),
                    "all lives of a job are one submission"
                );
                self.submission = Some(id);
                let body = json!({
                    "upload_url": format!("https://bucket.s3.example/selfie.zip?n={}", self.addresses),
                    "smile_job_id": "0000000007", "ref_id": "r", "code": "2202",
                });
                answer(200, body.to_string())
            }
            Sent::Put => {
                self.zips += 1;
                assert_eq!(self.zips, 1, "nothing is billed twice");
                answer(200, "")
            }
            Sent::Status if self.zips == 0 => support::no_zip(),
            Sent::Status if self.polls_until_result > 0 => {
                self.polls_until_result -= 1;
                support::pending()
            }
            Sent::Status => result("job-1", self.result, self.submission.as_deref()),
        }
    }

    /// The least progress that anybody may believe in.
    pub fn truth(&self) -> Progress {
        match self {
            Self { zips: 1.., .. } => Progress::MaybeUploaded,
            Self { opened: true, .. } => Progress::MaybeOpened,
            _ => Progress::Nothing,
        }
    }

    pub fn is_known_to_have(&self, progress: Progress) -> bool {
        match progress {
            Progress::Opened => self.opened,
            Progress::Uploaded => self.zips > 0,
            _ => true,
        }
    }
}

pub fn result(job_id: &str, result: ServiceResult, submission: Option<&str>) -> Answer {
    support::status(json!({
        "job_complete": true, "job_success": result.job_success, "code": "2302",
        "result": {
            "ResultCode": result.code, "SmileJobID": "0000000007",
            "PartnerParams": {
                "user_id": "user-1", "job_id": job_id, "job_type": "1", SubmissionId::PARTNER_PARAM: submission,
            },
        },
    }))
}

// The network.

#[derive(Clone, Copy, Debug)]
pub enum Network {
    Deliver,
    NotSent,
    RequestLost(TransportFailureKind),
    AnswerLost(TransportFailureKind),
    TurnedAway {
        status: u16,
        retry_after: Option<&'static str>,
    },
    FailedAfterActing {
        status: u16,
        retry_after: Option<&'static str>,
    },
    /// The store's own words; anything but a zip gets through.
    StoreRefuses {
        status: u16,
        code: &'static str,
    },
    Garbage {
        kind: usize,
        acts: bool,
    },
}

pub const RETRY_AFTER: &[Option<&str>] = &[
    None,
    Some("0"),
    Some("1"),
    Some("59"),
    Some("3600"),
    Some("18446744073709551615"),
    Some("18446744073709551616"),
    Some("-1"),
    Some("1.5"),
    Some("soon"),
    Some(""),
    Some("Thu, 01 Jan 1970 00:00:00 GMT"),
    Some("Mon, 15 Jan 2024 10:30:20 GMT"),
    Some("Fri, 31 Dec 9999 23:59:59 GMT"),
];

pub fn network() -> impl Strategy<Value = Network> {
    use TransportFailureKind::{Interrupted, ResponseTooLarge, TimedOut};
    // Whether it was acted on can't be told from any of these.
    let statuses =
        || select(&[301_u16, 302, 307, 400, 403, 403, 408, 409, 413, 429, 500, 502, 503, 503, 504][..]);
    let codes = select(
        &[(403, "AccessDenied"), (403, "ExpiredToken"), (503, "SlowDown"), (400, "EntityTooLarge")][..],
    );
    prop_oneof![
        8 => Just(Network::Deliver),
        1 => Just(Network::NotSent),
        1 => select(&[TimedOut, Interrupted][..]).prop_map(Network::RequestLost),
        2 => select(&[TimedOut, Interrupted, ResponseTooLarge][..]).prop_map(Network::AnswerLost),
        2 => (statuses(), select(RETRY_AFTER))
            .prop_map(|(status, retry_after)| Network::TurnedAway { status, retry_after }),
        1 => codes.prop_map(|(status, code)| Network::StoreRefuses { status, code }),
        2 => (statuses(), select(RETRY_AFTER))
            .prop_map(|(status, retry_after)| Network::FailedAfterActing { status, retry_after }),
        2 => (0..16_usize, any::<bool>()).prop_map(|(kind, acts)| Network::Garbage { kind, acts }),
    ]
}

impl Network {
    pub fn exchange(self, service: &mut Service, request: &Request<Bytes>) -> Answer {
        let failed = |status: u16, retry_after: Option<&str>| {
            let response = Response::builder().status(status);
            let response = retry_after.into_iter().fold(response, |it, text| it.header("Retry-After", text));
            Ok(response.body(Bytes::from_static(b"<html>bad moment</html>")).unwrap())
        };
        match self {
            Self::Deliver => service.act(request),
            Self::NotSent => Err(TransportFailure::not_sent("")),
            Self::RequestLost(kind) => Err(TransportFailure::new(kind, "")),
            Self::AnswerLost(kind) => {
                let _ = service.act(request);
                Err(TransportFailure::new(kind, ""))
            }
            Self::TurnedAway { status, retry_after } => failed(status, retry_after),
            Self::StoreRefuses { status, code } if classify(request) == Sent::Put => {
                support::storage_refusal(status, code)
            }
            Self::StoreRefuses { .. } => service.act(request),
            Self::FailedAfterActing { status, retry_after } => {
                let _ = service.act(request);
                failed(status, retry_after)
            }
            Self::Garbage { kind, acts } => {
                // The store's 2xx is its receipt, whatever the body: it is never made up.
                let acts = acts || classify(request) == Sent::Put;
                if acts {
                    let _ = service.act(request);
                }
                garbage(&classify(request), kind)
            }
        }
    }
}

pub fn garbage(of: &Sent, kind: usize) -> Answer {
    let any: &[&[u8]] =
        &[b"", b"<html>sign in</html>", b"{\"upload_url\":\"https://bu", b"[]", b"null", b"\xFF"];
    let prep: &[&str] = &[
        r#"{"upload_url":7}"#,
        r#"{"upload_url":"http://bucket.example/selfie.zip"}"#,
        r#"{"upload_url":"https://a@b/selfie.zip","smile_job_id":[]}"#,
        r#"{"error":{"a":1},"code":{}}"#,
        "{}",
    ];
    let status: &[Answer] = &[
        support::badly_signed(),
        result("job-2", RESULTS[0], None),
        answer(200, r#"{"job_complete":true,"job_success":true,"result":{"ResultCode":"0810"}}"#),
        answer(200, r#"{"job_complete":[],"timestamp":{},"signature":1}"#),
        answer(200, r#"{"error":7,"code":2314}"#),
        answer(200, r#"{"code":"2314","timestamp":"2024-01-15T10:30:00.000Z","signature":"="}"#),
    ];
    match of {
        Sent::Prep { .. } if kind >= any.len() => answer(200, prep[kind % prep.len()]),
        Sent::Status if kind >= any.len() => status[kind % status.len()].clone(),
        _ => answer(200, any[kind % any.len()].to_vec()),
    }
}

// The driver.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    Careful,
    /// Never tells what came of it: the exchange happens and its answer is dropped.
    DropsTheAnswer,
    /// Never even does it.
    DoesNothing,
    TellsTwice,
    /// Delivers an answer that nobody asked for, or that comes after the machine was told of its
    /// loss.
    TellsUnasked(usize),
    ReadsUnasked {
        good: bool,
    },
    FileIsGone,
    WakesEarly,
    ClockBack(u64),
    ClockForward(u64),
    Cancels,
    CancelsWhileItIsOut,
    Crashes(Crash),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    BeforeSending,
    BeforeTelling,
    AfterTelling,
}

pub fn driver() -> impl Strategy<Value = Driver> {
    use Crash::{AfterTelling, BeforeSending, BeforeTelling};
    let odd = prop_oneof![
        Just(Driver::DropsTheAnswer),
        Just(Driver::DoesNothing),
        Just(Driver::TellsTwice),
        (0..8_usize).prop_map(Driver::TellsUnasked),
        any::<bool>().prop_map(|good| Driver::ReadsUnasked { good }),
        Just(Driver::WakesEarly),
        select(&[1_u64, 60_000, u64::MAX][..]).prop_map(Driver::ClockBack),
        select(&[500_u64, 1_000, 5_000, 40_000][..]).prop_map(Driver::ClockForward),
        select(&[BeforeSending, BeforeTelling, AfterTelling][..]).prop_map(Driver::Crashes),
    ];
    // What ends most jobs at once is rare.
    let fatal = prop_oneof![
        Just(Driver::FileIsGone),
        select(&[400_000_u64, u64::MAX][..]).prop_map(Driver::ClockForward),
        Just(Driver::Cancels),
        Just(Driver::CancelsWhileItIsOut),
    ];
    prop_oneof![38 => Just(Driver::Careful), 15 => odd, 2 => fatal]
}

// A transcript.

#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub driver: Driver,
    pub network: Network,
    pub millis: u64,
}

pub const PLAIN: Turn = Turn { driver: Driver::Careful, network: Network::Deliver, millis: 50 };

pub fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (driver(), network(), select(&[0_u64, 1, 50, 50, 2_000][..]));
    prop::collection::vec(turn.prop_map(|(driver, network, millis)| Turn { driver, network, millis }), 0..60)
}

#[derive(Clone, Debug)]
pub struct Plot {
    pub turns: Vec<Turn>,
    pub deadline: Duration,
    pub settings: FlowSettings,
    pub seed: u64,
    pub waits: bool,
    pub retry: bool,
    pub from_disk: bool,
    pub service: Service,
}

/// Settings, and the deadline that is in them.
pub fn settings() -> impl Strategy<Value = (Duration, FlowSettings)> {
    let seconds = Duration::from_secs;
    let deadlines = vec![Duration::from_millis(1), seconds(5), seconds(300), seconds(300), seconds(100_000)];
    let retries = vec![
        RetryPolicy::default(),
        RetryPolicy::default(),
        RetryPolicy::never(),
        RetryPolicy::default().with_max_attempts(0),
        RetryPolicy::default().with_max_attempts(7).with_backoff(Duration::ZERO, Duration::ZERO),
        RetryPolicy::default().with_backoff(Duration::MAX, Duration::MAX),
    ];
    let polls = vec![
        PollSchedule::default(),
        PollSchedule::default(),
        PollSchedule::every(Duration::ZERO, 8),
        PollSchedule::every(seconds(3), 1),
        PollSchedule::every(seconds(3), 0),
        PollSchedule::every(Duration::MAX, u32::MAX),
    ];
    (select(deadlines), select(retries), select(polls)).prop_map(|(deadline, retry, poll)| {
        let settings = FlowSettings::default().with_deadline(deadline);
        (deadline, settings.with_retry_policy(retry).with_poll_schedule(poll))
    })
}

pub fn plot() -> impl Strategy<Value = Plot> {
    let options = (any::<bool>(), prop::bool::weighted(0.2), any::<bool>());
    (turns(), settings(), any::<u64>(), options, 0..4_u32, select(RESULTS)).prop_map(
        |(turns, (deadline, settings), seed, (waits, retry, from_disk), polls_until_result, result)| Plot {
            turns,
            deadline,
            settings,
            seed,
            waits: waits || retry,
            retry,
            from_disk,
            service: Service {
                opened: false,
                zips: 0,
                addresses: 0,
                polls_until_result,
                result,
                submission: None,
            },
        },
    )
}

impl Plot {
    pub fn job(&self) -> Job {
        let image = if self.from_disk { Image::path("card.jpg") } else { Image::bytes(JPEG) };
        support::job()
            .with_id_card(image)
            .with_return_job_status(self.waits)
            .with_retry(self.retry)
            .with_callback_url("https://bank.example/")
    }
}

/// Record of one process of a flow so far: the rules that hold from one call to the next.
pub struct Watch {
    pub deadline_after: Duration,
    pub clock: Timestamp,
    pub deadline: Option<Timestamp>,
    pub sends: u32,
}

impl Watch {
    pub fn new(deadline_after: Duration) -> Self {
        Self { deadline_after, clock: Timestamp::default(), deadline: None, sends: 0 }
    }

    /// Notes the time that the machine was told; a clock that steps back stands still.
    pub fn told(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
    }

    pub fn saw<T>(&mut self, next: &Next<T>) {
        let deadline = *self.deadline.get_or_insert(self.clock + self.deadline_after);
        match next {
            Next::Send { timeout, .. } => {
                self.sends += 1;
                assert!(self.sends <= 150, "a flow gives up at some time");
                assert!(self.clock < deadline, "nothing is sent at or past the deadline");
                assert!(!timeout.is_zero() && *timeout <= deadline.since(self.clock), "{timeout:?}");
            }
            Next::Wait { until } => {
                assert!(*until > self.clock, "a wait goes forward");
                assert!(*until < deadline, "a wait leaves time to act");
            }
            Next::Read(_) | Next::Finished(_) => {}
        }
    }
}

#[derive(Debug)]
pub struct End {
    pub outcome: Result<JobOutcome, JobError>,
    pub lives: u32,
    pub sent: Vec<Sent>,
}

/// Plays a transcript to its end; panics where a rule is broken.
pub fn play(plot: &Plot) -> End {
    let mut service = plot.service.clone();
    let mut turns = plot.turns.iter().copied();
    let mut now = START;
    let mut stored: Option<String> = None;
    let mut sent = Vec::new();
    let mut steps = 0;

    for life in 1.. {
        let seed = plot.seed ^ u64::from(life);
        let mut flow = match &stored {
            None => JobFlow::new(partner().without_answer_window(), plot.job(), plot.settings.clone(), seed)
                .unwrap(),
            Some(text) => {
                let checkpoint: Checkpoint = serde_json::from_str(text).unwrap();
                JobFlow::resume(
                    partner().without_answer_window(),
                    &checkpoint,
                    plot.job(),
                    plot.settings.clone(),
                    seed,
                )
                .unwrap()
            }
        };
        assert!(
            flow.checkpoint().progress() >= service.truth(),
            "what was stored is not less than the truth"
        );
        let mut watch = Watch::new(plot.deadline);
        let mut addresses: Vec<http::Uri> = Vec::new();
        // Whether a request is out, and an answer that came after the machine was told that there
        // is none.
        let (mut is_out, mut late): (bool, Option<Answer>) = (false, None);

        loop {
            steps += 1;
            assert!(steps < 2_000, "it ends");
            let turn = turns.next().unwrap_or(PLAIN);
            match turn.driver {
                Driver::ClockBack(millis) => {
                    now = Timestamp::from_unix_millis(now.unix_millis().saturating_sub(millis));
                }
                Driver::ClockForward(millis) => now = now + Duration::from_millis(millis),
                Driver::Cancels => flow.cancel(),
                Driver::TellsUnasked(which) if !is_out => {
                    let before = (flow.checkpoint(), format!("{flow:?}"));
                    let made_up =
                        [support::approved(), support::opened(), support::timeout(), answer(200, "")];
                    let told = late.take().unwrap_or_else(|| made_up[which % made_up.len()].clone());
                    flow.receive(now, told);
                    watch.told(now);
                    assert_eq!(before, (flow.checkpoint(), format!("{flow:?}")), "nobody waits for it");
                }
                Driver::ReadsUnasked { good } => {
                    let missing = || std::io::ErrorKind::NotFound.into();
                    flow.file_read(now, if good { Ok(JPEG.to_vec()) } else { Err(missing()) });
                    watch.told(now);
                }
                _ => {}
            }

            let next = flow.next(now);
            is_out = matches!(next, Next::Send { .. });
            watch.told(now);
            watch.saw(&next);
            for event in std::iter::from_fn(|| flow.take_event()) {
                if let Event::Checkpoint(checkpoint) = event {
                    stored = Some(serde_json::to_string(&checkpoint).unwrap());
                }
            }
            assert!(flow.checkpoint().progress() >= service.truth());
            assert!(service.is_known_to_have(flow.checkpoint().progress()));

            match next {
                Next::Finished(outcome) => {
                    stays_finished(&mut flow, &outcome);
                    judge(&outcome, &service);
                    return End { outcome, lives: life, sent };
                }
                _ if turn.driver == Driver::Crashes(Crash::BeforeSending) => break,
                Next::Wait { until } => {
                    let left = until.since(now);
                    now = now + if turn.driver == Driver::WakesEarly { left / 3 } else { left };
                }
                Next::Read(path) => match turn.driver {
                    Driver::DropsTheAnswer | Driver::DoesNothing => {}
                    Driver::FileIsGone => flow.file_read(now, Err(std::io::ErrorKind::NotFound.into())),
                    _ => {
                        assert_eq!(path.to_str(), Some("card.jpg"));
                        flow.file_read(now, Ok(JPEG.to_vec()));
                    }
                },
                Next::Send { request, timeout } => {
                    sent.push(classify(&request));
                    if classify(&request) == Sent::Put {
                        assert!(addresses.contains(request.uri()), "no upload before its address is known");
                    }
                    if turn.driver == Driver::DoesNothing {
                        continue;
                    }
                    let told = turn.network.exchange(&mut service, &request);
                    let is_timeout = told.as_ref().is_err_and(|f| f.kind() == TransportFailureKind::TimedOut);
                    now = now + if is_timeout { timeout } else { Duration::from_millis(turn.millis) };
                    assert!(
                        flow.checkpoint().progress() >= service.truth(),
                        "a request that is out may arrive"
                    );
                    match turn.driver {
                        Driver::Crashes(Crash::BeforeTelling) => break,
                        Driver::CancelsWhileItIsOut => flow.cancel(),
                        Driver::DropsTheAnswer => {
                            late = Some(told);
                            continue;
                        }
                        _ => {}
                    }
                    addresses.extend(address_in(&told));
                    flow.receive(now, told.clone());
                    is_out = false;
                    watch.told(now);
                    assert!(flow.checkpoint().progress() >= service.truth());
                    assert!(service.is_known_to_have(flow.checkpoint().progress()));
                    if turn.driver == Driver::TellsTwice {
                        let before = (flow.checkpoint(), format!("{flow:?}"));
                        flow.receive(now, told);
                        assert_eq!(before, (flow.checkpoint(), format!("{flow:?}")));
                    }
                    if turn.driver == Driver::Crashes(Crash::AfterTelling) {
                        break;
                    }
                }
            }
        }
    }
    unreachable!("steps are counted")
}

pub fn address_in(told: &Answer) -> Option<http::Uri> {
    let body: serde_json::Value = serde_json::from_slice(told.as_ref().ok()?.body()).ok()?;
    body["upload_url"].as_str()?.parse().ok()
}

/// Once finished, always finished, with the same outcome, whatever is done to it.
pub fn stays_finished(flow: &mut JobFlow, outcome: &Result<JobOutcome, JobError>) {
    for poke in 0..5 {
        match poke {
            0 => flow.cancel(),
            1 => flow.receive(Timestamp::MAX, support::approved()),
            2 => flow.file_read(Timestamp::default(), Ok(JPEG.to_vec())),
            3 => flow.receive(START, support::timeout()),
            _ => {}
        }
        let Next::Finished(again) = flow.next(START) else { panic!("it is over") };
        assert_eq!(&again, outcome);
        assert!(flow.take_event().is_none(), "and there is nothing more to tell");
    }
}

/// Checks that an end's statements about the service are true.
pub fn judge(outcome: &Result<JobOutcome, JobError>, service: &Service) {
    match outcome {
        Ok(outcome) => {
            assert_eq!(service.zips, 1, "the service has what it is said to have: {outcome:?}");
            if let Some(verdict) = outcome.verdict() {
                assert_eq!(service.polls_until_result, 0, "there is a result");
                assert_eq!(verdict.is_approved(), service.result.is_approval, "{verdict}");
            }
        }
        Err(error) => {
            assert!(error.progress() >= service.truth(), "{error}");
            assert!(service.is_known_to_have(error.progress()), "{error}");
            if service.zips > 0 && error.progress() != Progress::Uploaded {
                assert!(error.outcome_unknown(), "{error}");
            }
            assert!(!error.is_job_already_exists(), "nobody else has opened it: {error}");
            assert!(!error.is_of_another_submission(), "nobody else has submitted it: {error}");
            if error.is_retryable() {
                assert!(!service.opened, "who submits it again as it is must not be refused: {error}");
            }
        }
    }
}
