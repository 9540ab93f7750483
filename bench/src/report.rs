//! The parent: starts the others in turn, and makes a table of what they say.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::child::{self, Sink};
use crate::runner::{Driver, Measured, Order};
use crate::scenario::Scenario;

/// The most memory of each of many jobs in flight at once, beside its images.
const KIB_A_JOB: usize = 64;

/// The scenarios and drivers to run.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) only: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { rounds: 5, only: None }
    }
}

impl Plan {
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_known = |name: &str| Scenario::from_name(name).is_some();
        match &self.only {
            _ if self.rounds == 0 => Err("--rounds must be at least 1".into()),
            Some(name) if !is_known(name) => Err(format!("no such scenario: `{name}`")),
            _ => Ok(()),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

/// Runs everything, and prints the tables.
pub(crate) fn run(plan: &Plan) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    for scenario in Scenario::ALL {
        scenario.write_files(directory.path())?;
    }
    let scenarios = [Scenario::Nine, Scenario::TenLarge];
    let scenarios: Vec<Scenario> = scenarios.into_iter().filter(|one| plan.has(one.name())).collect();
    if !scenarios.is_empty() {
        one_after_the_other(plan, &scenarios, directory.path())?;
    }
    if plan.has(Scenario::NineFiles.name()) {
        all_at_once(plan, directory.path())?;
    }
    Ok(())
}

fn one_after_the_other(plan: &Plan, scenarios: &[Scenario], directory: &Path) -> Result<(), Box<dyn Error>> {
    let ca_file = directory.join("ca.pem");
    let sinks = [Sink::start(None, 0)?, Sink::start(Some(&ca_file), 0)?];
    let mut all: BTreeMap<_, Vec<Measured>> = BTreeMap::new();
    // Rounds outermost: whatever else the machine does for a while, it does to all of them.
    for round in 1..=plan.rounds {
        eprintln!("round {round} of {}", plan.rounds);
        for &scenario in scenarios {
            for (is_tls, sink) in [false, true].into_iter().zip(&sinks) {
                for driver in Driver::ALL {
                    let order = Order {
                        driver,
                        scenario,
                        base: sink.base.clone(),
                        directory: directory.to_owned(),
                        jobs: scenario.jobs(),
                        at_once: false,
                    };
                    let measured = child::run(&order)?;
                    all.entry((scenario.name(), is_tls, driver.name())).or_default().push(measured);
                }
            }
        }
    }
    for sink in sinks {
        sink.stop()?;
    }

    println!(
        "\n| job | over | driver | CPU a job | floor | ratio | target | reached | wall a job | peak memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for &scenario in scenarios {
        for is_tls in [false, true] {
            for driver in [Driver::Blocking, Driver::Async] {
                let of = |driver: Driver| {
                    Summary::of(&all[&(scenario.name(), is_tls, driver.name())], scenario.jobs())
                };
                let (own, floor) = (of(driver), of(driver.floor()));
                let ratio = own.cpu.as_secs_f64() / floor.cpu.as_secs_f64();
                let target = target(scenario, driver, is_tls);
                println!(
                    "| {} | {} | {} | {} | {} | {ratio:.2} | {target} | {} | {} | {:.1} MiB |",
                    scenario.name(),
                    if is_tls { "https" } else { "http" },
                    driver.name(),
                    microseconds(own.cpu),
                    microseconds(floor.cpu),
                    yes_or_no(ratio <= target),
                    microseconds(own.wall),
                    mib(own.peak_kib),
                );
            }
        }
    }
    println!(
        "\nPeak memory of `ten-large`: the target is 25 MiB in all. CPU and wall: the least of {} rounds.",
        plan.rounds
    );
    Ok(())
}

/// The most that a job may cost, in multiples of the floor.
fn target(scenario: Scenario, driver: Driver, is_tls: bool) -> f64 {
    match (scenario, is_tls, driver) {
        (Scenario::Nine, true, _) => 2.0,
        (Scenario::Nine, false, Driver::Async) => 4.0,
        (Scenario::Nine, false, _) => 3.0,
        (Scenario::TenLarge | Scenario::NineFiles, true, _) => 1.3,
        (Scenario::TenLarge | Scenario::NineFiles, false, _) => 1.5,
    }
}

/// A round's jobs all wait for each other at the sink, so each of them holds what it holds at its
/// most.
fn all_at_once(plan: &Plan, directory: &Path) -> Result<(), Box<dyn Error>> {
    let scenario = Scenario::NineFiles;
    let jobs = scenario.jobs();
    let images = jobs * scenario.file_bytes();
    let limit_kib = images / 1024 + jobs * KIB_A_JOB;
    println!(
        "\n| jobs at once | errors | peak memory | images | beside them, a job | target | reached | connections | requests | wall |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for _ in 0..plan.rounds.min(3) {
        let sink = Sink::start(None, jobs)?;
        let order = Order {
            driver: Driver::Async,
            scenario,
            base: sink.base.clone(),
            directory: PathBuf::from(directory),
            jobs,
            at_once: true,
        };
        let measured = child::run(&order)?;
        let (connections, requests) = sink.stop()?;
        let peak = usize::try_from(measured.peak_kib)?;
        let beside = (peak as f64 - images as f64 / 1024.0) / jobs as f64;
        println!(
            "| {jobs} | 0 | {:.0} MiB | {:.0} MiB | {beside:.0} KiB | {KIB_A_JOB} KiB | {} | {connections} | {requests} | {:.2} s |",
            mib(measured.peak_kib),
            images as f64 / f64::from(1 << 20),
            yes_or_no(peak <= limit_kib),
            measured.wall.as_secs_f64(),
        );
    }
    Ok(())
}

/// The best time and the highest memory of several rounds.
struct Summary {
    cpu: Duration,
    wall: Duration,
    peak_kib: u64,
}

impl Summary {
    /// The least that one job cost, which other programs disturb least, and the most memory of any
    /// round.
    fn of(rounds: &[Measured], jobs: usize) -> Self {
        let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
        Self {
            cpu: rounds.iter().map(|round| round.cpu / jobs).min().unwrap_or_default(),
            wall: rounds.iter().map(|round| round.wall / jobs).min().unwrap_or_default(),
            peak_kib: rounds.iter().map(|round| round.peak_kib).max().unwrap_or_default(),
        }
    }
}

fn microseconds(duration: Duration) -> String {
    format!("{:.0} µs", duration.as_secs_f64() * 1e6)
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_round_doesnt_count_but_one_large_one_does() {
        let round = |ms, peak_kib| Measured {
            cpu: Duration::from_millis(ms),
            wall: Duration::from_millis(2 * ms),
            peak_kib,
        };
        let summary = Summary::of(&[round(10, 7), round(900, 9), round(20, 8)], 10);
        assert_eq!(summary.cpu, Duration::from_millis(1));
        assert_eq!(summary.wall, Duration::from_millis(2));
        assert_eq!(summary.peak_kib, 9);
    }
}
