//! One world: its people, its events, and their consequences.

mod people;
mod post;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use smile_core::{
    Callback, Environment, FlowSettings, InMemoryReplayStore, JobHistory, JobKey, Partner, PollSchedule,
    Timestamp, TransportFailure, Verifier,
};

use crate::hazard::{Hazard, Hazards};
use crate::machine::{Doing, End, Machine};
use crate::network::{Errand, Fate};
use crate::random::Random;
use crate::rules::{Broken, Ledger, Rule};
use crate::service::{Kind, Letter, START, Service, ServiceBehaviour};

/// After so many things have happened, something goes round in circles.
const MOST_HAPPENINGS: u32 = 6_000;

/// Worlds end here at the latest, in milliseconds: nothing in them takes an hour.
const HORIZON: u64 = 4 * 3_600_000;

pub(crate) const PRODUCTION: &str = "127.0.0.1:7001";
pub(crate) const ELSEWHERE: &str = "127.0.0.1:7002";

/// The settings of a world, drawn from its seed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) behaviour: ServiceBehaviour,
    /// Faults of the network, in a hundred exchanges.
    pub(crate) faults: u64,
    /// Kills, in a thousand steps.
    pub(crate) kills: u64,
    /// The length of a lease, in milliseconds.
    pub(crate) lease: u64,
    /// True if answers say when they were written.
    pub(crate) dates: bool,
}

/// A request to verify a person.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) errand: Product,
    pub(crate) key: JobKey,
    pub(crate) number: String,
    pub(crate) wanted: Wanted,
    /// The submission in whose place it came, under another job id.
    pub(crate) instead_of: Option<usize>,
}

#[allow(clippy::enum_variant_names)] // They are the products' own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    BiometricKyc,
    EnhancedKyc,
    AsyncEnhancedKyc,
}

/// The result that the service will reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Approval,
    Rejection,
    Review,
}

/// The record of a submission in the partner's database.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) checkpoint: Option<Vec<u8>>,
    pub(crate) backups: Vec<Vec<u8>>,
    pub(crate) lease: u64,
    pub(crate) lease_until: u64,
    pub(crate) token: u64,
    pub(crate) retry: bool,
    pub(crate) turns: u32,
    pub(crate) restored: u32,
    pub(crate) is_forgotten: bool,
    pub(crate) outcome: Option<String>,
}

/// A row of the partner's database about a job.
pub(crate) struct Row {
    pub(crate) history: Vec<u8>,
    pub(crate) kind: RowKind,
    /// The last word that was confirmed.
    pub(crate) last_word: Option<smile_core::Decision>,
    /// True if a genuine final callback was answered with 200.
    pub(crate) was_told: bool,
    pub(crate) waits: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowKind {
    Job,
    Number,
    /// A v3 verification, and whether it is clear of what lets a person in.
    Webhook {
        is_clear: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Submission(usize),
    Wait(String),
    Confirm(String),
}

pub(crate) struct Process {
    pub(crate) purpose: Purpose,
    pub(crate) machine: Machine,
    pub(crate) worker: usize,
    pub(crate) token: u64,
    pub(crate) began: Timestamp,
    /// The total that the process's clock was moved since it began, either way.
    pub(crate) moved: u64,
    pub(crate) state: State,
    pub(crate) out: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    Storing,
    Out,
    Waiting,
}

pub(crate) struct Exchange {
    pub(crate) process: u32,
    pub(crate) errand: Errand,
    pub(crate) request: Request<Bytes>,
    pub(crate) fate: Fate,
    pub(crate) is_answered: bool,
}

/// A callback on its way.
pub(crate) struct Post {
    pub(crate) letter: Letter,
    pub(crate) tries: u32,
    pub(crate) was_answered: bool,
    pub(crate) was_misused: bool,
}

/// The way of delivering a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    AsItIs,
    Rewritten,
}

pub(crate) enum Happening {
    Take { submission: usize, regardless: bool },
    Step { process: u32 },
    Stored { process: u32, doing: Box<Doing>, is_kept: bool },
    Arrive { exchange: u32 },
    Answer { exchange: u32, answer: Box<Result<Response<Bytes>, TransportFailure>> },
    Wake,
    Deliver { post: usize, delivery: Delivery },
    Confirm { row: String, callback: Box<Callback> },
    Wait { row: String },
    Restore { submission: usize },
    Clock { worker: usize },
    Forge,
    RestartReceiver,
    Elsewhere { submission: usize },
    Webhook { number: u64 },
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) random: Random,
    pub(crate) plan: Plan,
    queue: BTreeMap<(u64, u64), Happening>,
    queued: u64,
    pub(crate) hazards: Hazards,
    trace: Option<Vec<String>>,
    pub(crate) partner: Partner,
    pub(crate) elsewhere: Partner,
    pub(crate) verifier: Verifier,
    pub(crate) settings: FlowSettings,
    pub(crate) service: Service,
    pub(crate) submissions: Vec<Submission>,
    pub(crate) records: Vec<Record>,
    pub(crate) rows: BTreeMap<String, Row>,
    /// The milliseconds by which each worker's clock is ahead.
    pub(crate) clocks: Vec<i64>,
    pub(crate) processes: BTreeMap<u32, Process>,
    pub(crate) exchanges: BTreeMap<u32, Exchange>,
    pub(crate) numbers: u32,
    pub(crate) posts: Vec<Post>,
    pub(crate) replays: InMemoryReplayStore,
    pub(crate) ledger: Ledger,
    pub(crate) faults_left: u32,
    pub(crate) kills_left: u32,
    /// The number of requests in a row, from the beginning, that find no service at all.
    pub(crate) outage: u32,
    pub(crate) woken_for: Option<u64>,
    broken: Option<Broken>,
}

/// The end of a world.
pub(crate) struct Ended {
    pub(crate) hazards: Hazards,
    pub(crate) broken: Option<Broken>,
    pub(crate) trace: Vec<String>,
    pub(crate) happenings: u32,
}

impl World {
    pub(crate) fn new(seed: u64, tracing: bool) -> Self {
        let mut random = Random::new(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x5EED);
        let kind = random.one_of(&[Kind::Sandbox, Kind::Model, Kind::Model, Kind::Both]);
        let is_model = kind == Kind::Model;
        let behaviour = ServiceBehaviour {
            review_approves: random.percent(50),
            review_delay: random.between(1_000, 60_000),
            notice: if is_model { random.one_of(&[0, 0, 500, 3_000]) } else { 0 },
            shares_ids: is_model && random.percent(25),
            signs_seconds: is_model && random.percent(20),
        };
        let settings = FlowSettings::default()
            .with_poll_schedule(PollSchedule::every(Duration::from_secs(3), 8))
            .with_request_timeout(Duration::from_secs(10))
            .with_upload_timeout(Duration::from_secs(40))
            .with_status_delay(Duration::from_secs(5));
        let lease = u64::try_from(settings.lease().as_millis()).unwrap_or(HORIZON);
        let plan = Plan {
            behaviour,
            faults: random.one_of(&[0, 5, 15, 30, 60]),
            kills: random.one_of(&[0, 10, 40, 120]),
            lease: random.one_of(&[2_000, 10_000, 30_000, lease, lease]),
            dates: random.percent(80),
        };
        let partner = |host: &str, key: &str| {
            let base: Environment = format!("http://{host}/v1").parse().expect("an address of our own");
            let partner = Partner::new("001", key, base).expect("ids of our own");
            partner.with_callback_url("http://127.0.0.1:9/hook")
        };
        let production = partner(PRODUCTION, "production-key");
        let clocks = (0..3)
            .map(|_| random.one_of(&[0, 0, 1_000, -1_000, 30_000, -30_000, 180_000, -180_000]))
            .collect();
        let mut world = Self {
            now: 0,
            queue: BTreeMap::new(),
            queued: 0,
            hazards: Hazards::default(),
            trace: tracing.then(Vec::new),
            verifier: Verifier::new(production.signer().clone()),
            partner: production,
            elsewhere: partner(ELSEWHERE, "other-key"),
            service: Service::new(kind, behaviour, "001", "production-key", PRODUCTION, seed),
            settings,
            submissions: Vec::new(),
            records: Vec::new(),
            rows: BTreeMap::new(),
            clocks,
            processes: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            numbers: 0,
            posts: Vec::new(),
            replays: InMemoryReplayStore::with_capacity(10_000),
            ledger: Ledger::default(),
            faults_left: 12,
            kills_left: 5,
            outage: if random.percent(5) { 6 } else { 0 },
            woken_for: None,
            broken: None,
            plan,
            random,
        };
        world.trace(|it| format!("seed {seed}: {kind:?}, {:?}, clocks {:?}", it.plan, it.clocks));
        world.populate();
        world
    }

    pub(crate) fn run(mut self) -> Ended {
        let mut happenings = 0;
        while self.broken.is_none() {
            let Some((&(at, number), _)) = self.queue.first_key_value() else { break };
            let Some(happening) = self.queue.remove(&(at, number)) else { break };
            self.now = at;
            happenings += 1;
            if happenings > MOST_HAPPENINGS || at > HORIZON {
                self.break_rule(Rule::Ends, "it goes on for ever".to_owned());
                break;
            }
            self.happen(happening);
        }
        if self.broken.is_none() {
            self.check_end();
        }
        Ended {
            hazards: self.hazards,
            broken: self.broken,
            trace: self.trace.unwrap_or_default(),
            happenings,
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Take { submission, regardless } => self.take(submission, regardless),
            Happening::Step { process } => self.step(process),
            Happening::Stored { process, doing, is_kept } => self.stored(process, *doing, is_kept),
            Happening::Arrive { exchange } => self.arrive(exchange),
            Happening::Answer { exchange, answer } => self.answered(exchange, *answer),
            Happening::Wake => self.wake(),
            Happening::Deliver { post, delivery } => self.deliver(post, delivery),
            Happening::Confirm { row, callback } => self.confirm(row, &callback),
            Happening::Wait { row } => self.wait_for(row),
            Happening::Restore { submission } => self.restore(submission),
            Happening::Clock { worker } => self.step_clock(worker),
            Happening::Forge => self.forge(),
            Happening::RestartReceiver => {
                self.note(Hazard::ReceiverRestarted);
                self.replays = InMemoryReplayStore::with_capacity(10_000);
            }
            Happening::Elsewhere { submission } => self.run_elsewhere(submission),
            Happening::Webhook { number } => self.webhook(number),
        }
    }

    pub(crate) fn after(&mut self, delay: u64, happening: Happening) {
        self.queued += 1;
        self.queue.insert((self.now + delay, self.queued), happening);
    }

    pub(crate) fn trace(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>9.3} s  {}", self.now as f64 / 1_000.0, text(self));
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    pub(crate) fn note(&mut self, hazard: Hazard) {
        self.hazards.note(hazard);
        self.trace(|_| format!("hazard: {hazard:?}"));
    }

    pub(crate) fn break_rule(&mut self, rule: Rule, what: String) {
        self.trace(|_| format!("BROKEN {rule:?}: {what}"));
        self.broken.get_or_insert(Broken { rule, what, at: self.now });
    }

    /// The time on the service's clock.
    pub(crate) fn true_time(&self) -> Timestamp {
        Timestamp::from_unix_millis(START + self.now)
    }

    /// The time on a worker's clock.
    pub(crate) fn clock(&self, worker: usize) -> Timestamp {
        Timestamp::from_unix_millis((START + self.now).saturating_add_signed(self.clocks[worker]))
    }

    /// Checks the rules that hold once everything is over.
    fn check_end(&mut self) {
        for (index, record) in self.records.iter().enumerate() {
            if record.outcome.is_none() {
                let what = format!("submission {index} has no outcome");
                return self.break_rule(Rule::Ends, what);
            }
        }
        let untold = self.rows.iter().find(|(_, row)| {
            row.was_told && history(row).state() == smile_core::JobState::Open && row.kind == RowKind::Job
        });
        if let Some((job_id, _)) = untold {
            let what =
                format!("the row of {job_id} knows nothing of a result whose callback was answered with 200");
            self.break_rule(Rule::NothingLost, what);
        }
    }
}

pub(crate) fn history(row: &Row) -> JobHistory {
    serde_json::from_slice(&row.history).expect("a history of our own")
}

pub(crate) fn end_name(end: &End) -> String {
    match end {
        End::Job(end) => match &**end {
            Ok(outcome) => match outcome.verdict() {
                Some(verdict) => format!("{:?}, final: {}", verdict.decision(), verdict.is_final()),
                None => "no verdict yet".to_owned(),
            },
            Err(error) => format!("error: {error}"),
        },
        End::Kyc(end) => match &**end {
            Ok(verification) => format!("{:?}", verification.verdict.decision()),
            Err(error) => format!("error: {error}"),
        },
        End::Accepted(Ok(_)) => "accepted".to_owned(),
        End::Accepted(Err(error)) => format!("error: {error}"),
        End::Confirmed(end) => match &**end {
            Ok(confirmed) => format!("confirmed: {:?}", confirmed.verdict().decision()),
            Err(error) => format!("not confirmed: {error}"),
        },
    }
}
