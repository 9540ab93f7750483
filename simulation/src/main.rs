//! The whole system in one process under one virtual clock: `cargo xtask simulate`. See
//! `docs/simulation.md`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever runs it")]

mod hazard;
mod machine;
mod mutants;
mod network;
mod random;
mod rules;
mod service;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use lexopt::prelude::*;

use crate::hazard::Hazards;
use crate::rules::{Broken, Rule};
use crate::world::{Ended, World};

const USAGE: &str = "\
Usage: cargo xtask simulate [--worlds N] [--seed S] [--trace] [--mutants]

Runs worlds in which workers, networks, callbacks and people do their worst, and
checks that every rule holds in each.

  --worlds N   how many worlds (10000); the first has the seed S, the next S + 1
  --seed S     the seed of the first world (0); without --worlds, of the only one
  --trace      print what happens in each world
  --keep-going
               go on after a broken rule, and say how often each was broken
  --mutants    take the mend of each known fault out again, and see it caught; the
               worlds in which it shows are the mutant's own
  --help       show this

Exit codes: 0 every rule held; 1 one was broken, or a hazard never happened;
2 the command line is wrong.";

/// The worlds to run.
struct Order {
    worlds: u64,
    seed: u64,
    traces: bool,
    keeps_going: bool,
    /// Stop quietly at the first broken rule, and say its seed alone.
    hunts: bool,
    mutants: bool,
}

/// The results of some worlds.
#[derive(Default)]
struct Tally {
    worlds: u64,
    happenings: u64,
    hazards: Hazards,
    broken: Vec<(u64, Broken)>,
}

fn main() -> ExitCode {
    let order = match parse() {
        Ok(Some(order)) => order,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if order.mutants {
        return match mutants::run(&root()) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if order.traces {
        for seed in order.seed..order.seed + order.worlds {
            let ended = run(seed, true);
            for line in &ended.trace {
                println!("{line}");
            }
            if let Some(broken) = &ended.broken {
                println!("{}", report(seed, broken));
            }
        }
    }
    let begin = Instant::now();
    let tally = run_all(&order);
    finish(&order, &tally, begin.elapsed().as_secs_f64())
}

fn parse() -> Result<Option<Order>, lexopt::Error> {
    let (mut worlds, mut seed) = (None, None);
    let (mut traces, mut keeps_going, mut hunts, mut mutants) = (false, false, false, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("worlds") => worlds = Some(parser.value()?.parse()?),
            Long("seed") => seed = Some(parser.value()?.parse()?),
            Long("trace") => traces = true,
            Long("keep-going") => keeps_going = true,
            Long("hunt") => hunts = true,
            Long("mutants") => mutants = true,
            Long("help") | Short('h') => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    let worlds = worlds.unwrap_or(if seed.is_some() { 1 } else { 10_000 });
    Ok(Some(Order { worlds, seed: seed.unwrap_or(0), traces, keeps_going, hunts, mutants }))
}

/// The workspace that it is run in; cargo says which, which counts for more than where it was
/// compiled.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// One world, from its seed to its end.
fn run(seed: u64, traces: bool) -> Ended {
    let ended = catch_unwind(AssertUnwindSafe(|| World::new(seed, traces).run()));
    ended.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
        Ended {
            hazards: Hazards::default(),
            broken: Some(Broken { rule: Rule::NoPanic, what: text.to_owned(), at: 0 }),
            trace: Vec::new(),
            happenings: 0,
        }
    })
}

/// All worlds, on every processor. What is counted doesn't depend on how many there are.
fn run_all(order: &Order) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let mut tally = std::thread::scope(|scope| {
        let work = || {
            let mut tally = Tally::default();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                if place >= order.worlds || is_over.load(Ordering::Relaxed) {
                    return tally;
                }
                let seed = order.seed + place;
                let ended = run(seed, false);
                tally.worlds += 1;
                tally.happenings += u64::from(ended.happenings);
                tally.hazards.add(&ended.hazards);
                if let Some(broken) = ended.broken {
                    tally.broken.push((seed, broken));
                    if !order.keeps_going {
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Tally::default();
        for worker in workers {
            let tally = worker.join().unwrap_or_default();
            all.worlds += tally.worlds;
            all.happenings += tally.happenings;
            all.hazards.add(&tally.hazards);
            all.broken.extend(tally.broken);
        }
        all
    });
    tally.broken.sort_by_key(|(seed, _)| *seed);
    tally
}

fn report(seed: u64, broken: &Broken) -> String {
    let at = broken.at as f64 / 1_000.0;
    format!("seed {seed}: broken after {at:.3} s: {}\n  {}", broken.rule.text(), broken.what)
}

fn finish(order: &Order, tally: &Tally, seconds: f64) -> ExitCode {
    if order.hunts {
        return match tally.broken.first() {
            Some((seed, broken)) => {
                println!("{seed} {:?} {}", broken.rule, broken.what);
                ExitCode::FAILURE
            }
            None => ExitCode::SUCCESS,
        };
    }
    if let Some((seed, broken)) = tally.broken.first() {
        if !order.traces {
            for line in run(*seed, true).trace {
                println!("{line}");
            }
        }
        println!("\n{}", report(*seed, broken));
        println!("to see it again: cargo xtask simulate --seed {seed} --trace");
        if order.keeps_going {
            print_broken(&tally.broken);
        }
        return ExitCode::FAILURE;
    }
    println!("{}", tally.hazards.table());
    let (worlds, rate) = (tally.worlds, tally.worlds as f64 / seconds.max(0.001));
    println!(
        "{worlds} worlds with {} happenings in {seconds:.1} s ({rate:.0} a second): every rule held",
        tally.happenings
    );
    let missing = tally.hazards.missing();
    // A handful of worlds can't have seen everything.
    if worlds >= 2_000 && !missing.is_empty() {
        println!("these hazards never happened: {}", missing.join("; "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Prints the number of times that each rule was broken, with a few of the seeds.
fn print_broken(broken: &[(u64, Broken)]) {
    let mut by_rule: std::collections::BTreeMap<String, Vec<u64>> = std::collections::BTreeMap::new();
    for (seed, broken) in broken {
        let what: String =
            broken.what.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).take(110).collect();
        by_rule.entry(format!("{:?}: {what}", broken.rule)).or_default().push(*seed);
    }
    for (rule, seeds) in by_rule {
        println!("{rule}: {} worlds, such as {:?}", seeds.len(), &seeds[..seeds.len().min(8)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_world_to_the_byte() {
        for seed in 0..40 {
            let (first, second) = (run(seed, true), run(seed, true));
            assert!(first.trace.len() > 3, "{:?}", first.trace);
            assert_eq!(first.trace, second.trace);
            assert_eq!(first.happenings, run(seed, false).happenings, "a trace changes nothing");
        }
    }

    #[test]
    fn seeds_differ() {
        assert_ne!(run(1, true).trace, run(2, true).trace);
    }
}
