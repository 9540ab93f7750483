//! Load test of the sandbox, with a crowd and over a long day: jobs without an error, and memory
//! that comes back.
//!
//! ```sh
//! cargo run --release -p smile-tests --example soak
//! ```
//!
//! It runs a sandbox in a process of its own, whose memory is told from that of its clients: 200
//! jobs at a time, of nine images each, and then 10,000 jobs. It ends with an error if one of them
//! fails. Memory is shown where the system tells it (Linux), and judged by whoever reads it.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A program for a terminal, which has nobody else to tell.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use smile_core::{FlowSettings, Image, Job, Partner, PollSchedule};
use smile_sandbox::Sandbox;
use smile_tests::{jpeg, params};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const CROWD: usize = 200;
const DAY: usize = 10_000;
/// The number of the day's jobs under way at a time.
const AT_A_TIME: usize = 20;
const IMAGES: u8 = 9;
const IMAGE_SIZE: usize = 50_000;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve();
    }
    let start = Instant::now();
    let mut served = Served::start();
    println!("ready after {:?}", start.elapsed());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();

    println!("at the start: {}", served.memory());
    for round in 1..=3 {
        let start = Instant::now();
        runtime.block_on(submit(&served.base_url, &format!("crowd-{round}"), CROWD, CROWD));
        println!("{CROWD} jobs at a time, round {round}, in {:.1?}: {}", start.elapsed(), served.memory());
        served.reset();
        println!("after a reset: {}", served.memory());
    }

    let start = Instant::now();
    for tenth in 1..=10 {
        runtime.block_on(submit(&served.base_url, &format!("day-{tenth}"), DAY / 10, AT_A_TIME));
        println!("{} jobs in {:.1?}: {}", tenth * DAY / 10, start.elapsed(), served.memory());
    }
    served.reset();
    println!("after a reset: {}", served.memory());
}

/// Runs jobs to their verdicts, so many at a time.
async fn submit(base_url: &str, name: &str, jobs: usize, at_a_time: usize) {
    let partner = Partner::new("001", "soak", base_url.parse().unwrap()).unwrap();
    let settings =
        FlowSettings::default().with_poll_schedule(PollSchedule::every(Duration::from_millis(10), 100));
    let client = smile_reqwest::Client::new(partner).unwrap().with_settings(settings);
    let images: Vec<Image> = (0..IMAGES).map(|number| Image::bytes(jpeg(number, IMAGE_SIZE))).collect();
    let turns = Arc::new(Semaphore::new(at_a_time));
    let mut running = JoinSet::new();
    for number in 0..jobs {
        let job = Job::smartselfie_registration(params(&format!("{name}-{number}")), images[0].clone())
            .with_liveness(images[1..].iter().cloned())
            .with_return_job_status(true);
        let (client, turn) = (client.clone(), Arc::clone(&turns).acquire_owned().await.unwrap());
        running.spawn(async move {
            let outcome = client.submit(job).await;
            drop(turn);
            outcome
        });
    }
    while let Some(outcome) = running.join_next().await {
        let outcome = outcome.unwrap().unwrap_or_else(|error| panic!("{error}"));
        assert!(outcome.verdict().is_some_and(smile_core::Verdict::is_approved));
    }
}

/// The other process.
struct Served {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    base_url: String,
}

impl Served {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut served = Self { process, orders, answers: BufReader::new(answers), base_url: String::new() };
        served.base_url = served.answer();
        served
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn reset(&mut self) {
        writeln!(self.orders, "reset").unwrap();
        self.answer();
        // Connections that the clients have closed have their buffers until that is noticed.
        std::thread::sleep(Duration::from_millis(500));
    }

    fn memory(&self) -> String {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())) else {
            return "memory unknown".to_owned();
        };
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        format!("{} MiB (at most {} MiB)", kib("VmRSS:") / 1024, kib("VmHWM:") / 1024)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve() {
    let sandbox = Sandbox::builder().with_api_key("soak").start().unwrap();
    println!("{}", sandbox.base_url());
    for _ in std::io::stdin().lines() {
        sandbox.reset();
        println!("done");
    }
}
