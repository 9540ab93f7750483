//! One scenario over one driver, in a process of its own, so that only the scenario is measured.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use smile_core::{Job, JobError, JobOutcome};

use crate::floor::Floor;
use crate::scenario::{self, Scenario};

/// Jobs before the measuring begins: connections, caches, the allocator's habits.
const WARM_UP: usize = 10;
/// Jobs are made outside what is measured, so many at a time.
const BATCH: usize = 10;

/// The program that runs the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// The floor, over TLS with ring.
    FloorRing,
    /// The floor, over TLS with aws-lc.
    FloorAwsLc,
    /// `smile-ureq`.
    Blocking,
    /// `smile-reqwest`.
    Async,
}

impl Driver {
    pub(crate) const ALL: [Self; 4] = [Self::FloorRing, Self::Blocking, Self::FloorAwsLc, Self::Async];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FloorRing => "floor-ring",
            Self::FloorAwsLc => "floor-aws-lc",
            Self::Blocking => "blocking",
            Self::Async => "async",
        }
    }

    /// The floor with the same TLS.
    pub(crate) const fn floor(self) -> Self {
        match self {
            Self::FloorRing | Self::Blocking => Self::FloorRing,
            Self::FloorAwsLc | Self::Async => Self::FloorAwsLc,
        }
    }

    fn provider(self) -> CryptoProvider {
        match self.floor() {
            Self::FloorRing => ring::default_provider(),
            _ => aws_lc_rs::default_provider(),
        }
    }
}

/// The instructions for a runner.
pub(crate) struct Order {
    pub(crate) driver: Driver,
    pub(crate) scenario: Scenario,
    pub(crate) base: String,
    pub(crate) directory: PathBuf,
    pub(crate) jobs: usize,
    /// All jobs at once.
    pub(crate) at_once: bool,
}

/// The measurements of a runner.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// User and system time of the process, for all jobs.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// The most memory that the process ever had resident, in KiB.
    pub(crate) peak_kib: u64,
}

impl Measured {
    /// Formats the measurements for the parent, on standard output.
    pub(crate) fn to_line(self) -> String {
        format!("{} {} {}", self.cpu.as_nanos(), self.wall.as_nanos(), self.peak_kib)
    }

    pub(crate) fn from_line(line: &str) -> Result<Self, Box<dyn Error>> {
        let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let [cpu, wall, peak_kib] = numbers[..] else { return Err("the runner said something else".into()) };
        Ok(Self { cpu: Duration::from_nanos(cpu), wall: Duration::from_nanos(wall), peak_kib })
    }
}

impl Order {
    /// Runs the jobs.
    pub(crate) fn run(&self) -> Result<Measured, Box<dyn Error>> {
        let mut measured = match self.driver {
            Driver::FloorRing | Driver::FloorAwsLc => self.floor()?,
            Driver::Blocking => self.blocking()?,
            Driver::Async if self.at_once => self.at_once()?,
            Driver::Async => self.one_by_one()?,
        };
        measured.peak_kib = peak_kib()?;
        Ok(measured)
    }

    fn floor(&self) -> Result<Measured, Box<dyn Error>> {
        let provider = self.driver.provider();
        let mut floor =
            Floor::connect(&self.base, &self.ca_file(), provider, self.scenario, &self.directory)?;
        for _ in 0..WARM_UP {
            floor.job()?;
        }
        let begin = Spent::now()?;
        for _ in 0..self.jobs {
            floor.job()?;
        }
        begin.since()
    }

    fn blocking(&self) -> Result<Measured, Box<dyn Error>> {
        let mut config = ureq::Agent::config_builder().proxy(None);
        if self.is_tls() {
            let pem = std::fs::read(self.ca_file())?;
            let ca = ureq::tls::Certificate::from_pem(&pem)?.to_owned();
            let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::new_with_certs(&[ca]));
            config = config.tls_config(tls.build());
        }
        let agent = ureq::Agent::new_with_config(config.build());
        let client = smile_ureq::Client::with_http_client(scenario::partner(&self.base), agent)
            .with_settings(scenario::settings());
        self.batches(|job| client.submit(job))
    }

    fn one_by_one(&self) -> Result<Measured, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let client = self.async_client()?;
        self.batches(|job| {
            // As in a server, where a job runs on the runtime's own threads.
            let running = runtime.spawn(client.submit(job));
            runtime.block_on(running).expect("the task neither panics nor is cancelled")
        })
    }

    fn at_once(&self) -> Result<Measured, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let client = self.async_client()?;
        let frames = self.scenario.frames();
        let jobs: Vec<Job> =
            (0..self.jobs).map(|number| self.scenario.job(&self.directory, &frames, number)).collect();
        let begin = Spent::now()?;
        let running: Vec<_> = jobs.into_iter().map(|job| runtime.spawn(client.submit(job))).collect();
        for job in running {
            done(runtime.block_on(job)?)?;
        }
        begin.since()
    }

    fn async_client(&self) -> Result<smile_reqwest::Client, Box<dyn Error>> {
        let mut builder = reqwest::Client::builder().no_proxy();
        if self.is_tls() {
            builder =
                builder.tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(self.ca_file())?)?]);
        }
        let client = smile_reqwest::Client::with_http_client_builder(scenario::partner(&self.base), builder)?;
        Ok(client.with_settings(scenario::settings()))
    }

    /// Runs jobs that are made beforehand: their text would be in memory anyway.
    fn batches(
        &self,
        mut submit: impl FnMut(Job) -> Result<JobOutcome, JobError>,
    ) -> Result<Measured, Box<dyn Error>> {
        let frames = self.scenario.frames();
        let make = |count: usize| -> Vec<Job> {
            (0..count).map(|number| self.scenario.job(&self.directory, &frames, number)).collect()
        };
        for job in make(WARM_UP) {
            done(submit(job))?;
        }
        let mut all = Measured::default();
        let mut left = self.jobs;
        while left > 0 {
            let jobs = make(left.min(BATCH));
            left -= jobs.len();
            let begin = Spent::now()?;
            for job in jobs {
                done(submit(job))?;
            }
            let batch = begin.since()?;
            all.cpu += batch.cpu;
            all.wall += batch.wall;
        }
        Ok(all)
    }

    fn is_tls(&self) -> bool {
        self.base.starts_with("https:")
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }
}

/// A job counts only if it went all the way.
fn done(outcome: Result<JobOutcome, JobError>) -> Result<(), Box<dyn Error>> {
    match outcome?.verdict() {
        Some(verdict) if verdict.may_be_let_in() => Ok(()),
        _ => Err("a job ended without the result that the sink gives".into()),
    }
}

/// The processor time that this process has spent up to a moment.
struct Spent {
    cpu: TimeVal,
    at: Instant,
}

impl Spent {
    fn now() -> nix::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        Ok(Self { cpu: usage.user_time() + usage.system_time(), at: Instant::now() })
    }

    fn since(self) -> Result<Measured, Box<dyn Error>> {
        let now = Self::now()?;
        let cpu = Duration::from_micros((now.cpu - self.cpu).num_microseconds().try_into()?);
        Ok(Measured { cpu, wall: now.at - self.at, peak_kib: 0 })
    }
}

/// `VmHWM` of this process.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
