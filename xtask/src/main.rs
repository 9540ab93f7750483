//! The workspace's own tasks, in Rust, so that they need nothing but the toolchain: `cargo xtask`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever runs it")]

mod api;
mod catalog;
mod ci;
mod circles;
mod codegen;
mod comments;
mod features;
mod fuzz;
mod links;
mod members;
mod minimal;
mod release;
#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.
mod scratch;
mod shell;
mod supply;
mod systems;
mod weight;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <task>

Tasks:
  codegen            turn crates/smile-core/catalog/*.toml into Rust
  codegen --check    change nothing; fail if the generated Rust is stale
  catalog diff SERVICES.json
                     compare the catalogue's ID types, the products that take
                     them, and Nigeria's banks with a saved answer of the
                     services endpoint (GET /services): what is new, changed,
                     gone, back or renamed
  catalog diff SERVICES.json --write
                     and make id_types.toml and banks.toml say the same; what
                     is taken over is marked as the services endpoint's
  bench [--help]     run whole jobs against a bare sink, and say what they cost
                     beside the least that they could
  simulate [--help]  run worlds in which workers, networks and people do their
                     worst, and check that every rule holds in each
  ci                 run every check there is, up to the first that fails
  ci <step>...       run only these steps
  ci --list          name the steps
  fuzz --seconds N   run every fuzz target for N seconds, from its seeds
  release --version X.Y.Z
                     check that everything is ready to be released: a clean
                     tree, all checks, a changelog, packages that build and run
                     by themselves; changes nothing
  release --version X.Y.Z --execute
                     and then bump, commit and tag. Nothing is uploaded: it says
                     what to do, and how to recover from what fails half-way
      --without-ci   leave out the checks (of a dry run alone)
  minimal-versions   check, in a clone, that all builds with the least versions of
                     the direct dependencies that the manifests ask for
  weight             count the crates of each library's tree, and time its clean
                     build (minutes)
  weight --write     and put the figures into the libraries' READMEs
  comments           print the first line of every documented item
  help               show this

Exit codes: 0 all is well; 1 something is wrong; 2 the command line is.
Of `catalog diff`: 0 no difference, or it is written; 1 a difference; 2 nothing could be compared.";

fn main() -> ExitCode {
    if let Some(code) = api::in_place_of_rustdoc() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = workspace_root();
    let done = match arguments.as_slice() {
        ["codegen"] => codegen::write(&root),
        ["comments"] => comments::list(&root),
        ["codegen", "--check"] => codegen::check(&root),
        ["catalog", "diff", answer] if !answer.starts_with('-') => return diff(&root, answer, false),
        ["catalog", "diff", answer, "--write"] | ["catalog", "diff", "--write", answer] => {
            return diff(&root, answer, true);
        }
        ["bench", arguments @ ..] => {
            let mut words = vec!["run", "--quiet", "--release", "-p", "smile-bench", "--"];
            words.extend(arguments);
            shell::succeed(shell::cargo(&root, &words))
        }
        ["simulate", arguments @ ..] => {
            let mut words = vec!["run", "--quiet", "-p", "smile-simulation", "--"];
            words.extend(arguments);
            shell::succeed(shell::cargo(&root, &words))
        }
        ["ci", "--list"] => {
            ci::list();
            Ok(())
        }
        ["ci", names @ ..] => match ci::choose(names) {
            Ok(steps) => ci::run(&root, &steps),
            Err(message) => return misused(&message),
        },
        ["fuzz", "--seconds", seconds] => match seconds.parse() {
            Ok(seconds) => fuzz::run(&root, seconds),
            Err(_) => return misused("`--seconds` needs a whole number"),
        },
        ["release", arguments @ ..] => match release::Release::parse(arguments) {
            Ok(release) => release::run(&root, &release),
            Err(message) => return misused(&message),
        },
        ["minimal-versions"] => minimal::run(&root),
        ["weight"] => weight::run(&root, false),
        ["weight", "--write"] => weight::run(&root, true),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => return misused("which task?"),
        [task, ..] => return misused(&format!("no such task, or not with these arguments: `{task}`")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn diff(root: &Path, answer: &str, write: bool) -> ExitCode {
    let report = match catalog::diff(root, Path::new(answer), write) {
        Ok(report) => report,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    for difference in &report.differences {
        println!("{difference}");
    }
    for remark in &report.remarks {
        println!("note     {remark}");
    }
    match (report.differences.len(), write) {
        (0, _) => println!("no difference"),
        (count, false) => {
            println!("{count} rows differ; to write them into the catalogue: --write");
            return ExitCode::FAILURE;
        }
        (count, true) => {
            println!("{count} rows are written; look at them, and then run `cargo xtask codegen`");
        }
    }
    ExitCode::SUCCESS
}

fn misused(message: &str) -> ExitCode {
    eprintln!("error: {message}\n\n{USAGE}");
    ExitCode::from(2)
}

/// Wherever it is run from, it works on the workspace that it belongs to. Cargo says which when it
/// runs it, which counts for more than where it was compiled: workspaces that share a target
/// directory share the binary.
fn workspace_root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&xtask).parent().expect("xtask lies in the workspace's root").to_path_buf()
}
