//! `cargo xtask fuzz`: all fuzz targets in turn, each from its seeds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::shell::{cargo, entries, stem, succeed};

/// The largest input that is tried, in bytes. What is longer finds nothing that this doesn't, and
/// is slow.
const MAX_LEN: &str = "-max_len=16384";

/// Each target for so many seconds, from its seeds and from what earlier runs have found. What
/// crashes one is left in `fuzz/artifacts`: mend it, and move the file to `fuzz/seeds`, where every
/// test run replays it.
pub(crate) fn run(root: &Path, seconds: u64) -> Result<(), String> {
    if !is_installed(root) {
        return Err("cargo-fuzz isn't installed: `cargo install cargo-fuzz --locked`".into());
    }
    build(root)?;
    let targets = targets(root)?;
    let mut report = Vec::new();
    for name in &targets {
        let corpus = root.join("fuzz/corpus").join(name);
        fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
        let mut fuzz = cargo_fuzz(root, &["run", "--sanitizer", "none", name]);
        fuzz.arg(&corpus).arg(root.join("fuzz/seeds").join(name));
        fuzz.args([
            "--",
            &format!("-max_total_time={seconds}"),
            MAX_LEN,
            "-print_final_stats=1",
            "-verbosity=0",
        ]);
        report.push(format!("{name:<20} {}", executions(fuzz)?));
    }
    println!("\ntarget               executions in {seconds} s, without a crash\n{}", report.join("\n"));
    Ok(())
}

/// The step of CI: they build, and each runs for a moment. Without cargo-fuzz or a C++ compiler one
/// loud line has to do.
pub(crate) fn briefly(root: &Path) -> Result<(), String> {
    if !is_installed(root) {
        println!("!!! NOT CHECKED: cargo-fuzz isn't installed: `cargo install cargo-fuzz --locked`");
        return Ok(());
    }
    run(root, 5)
}

fn build(root: &Path) -> Result<(), String> {
    succeed(cargo_fuzz(root, &["build", "--sanitizer", "none"]))
}

fn is_installed(root: &Path) -> bool {
    let mut version = cargo(root, &["fuzz", "--version"]);
    version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// There is no `unsafe` to look into, so no sanitizer is needed, and with this the stable toolchain
/// will do.
fn cargo_fuzz(root: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo(&root.join("fuzz"), &["fuzz"]);
    command.args(arguments).env("RUSTC_BOOTSTRAP", "1").stdin(Stdio::null());
    command
}

fn targets(root: &Path) -> Result<Vec<String>, String> {
    let programs: Vec<PathBuf> = entries(&root.join("fuzz/fuzz_targets"))?;
    programs.iter().map(|path| stem(path).map(str::to_owned)).collect()
}

/// Runs a target, and reads how often it ran from what it says at the end.
fn executions(mut fuzz: Command) -> Result<u64, String> {
    // The fuzzer speaks on its standard error alone.
    fuzz.stdout(Stdio::null());
    let said = crate::shell::errors(&mut fuzz)?;
    let count =
        said.lines().filter_map(|line| line.strip_prefix("stat::number_of_executed_units:")).next_back();
    count
        .and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| "the fuzzer didn't say how often it ran".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let targets = targets(root).unwrap();
        assert!(targets.len() >= 10);
        for name in targets {
            assert!(!entries(&root.join("fuzz/seeds").join(&name)).unwrap().is_empty(), "{name}");
        }
    }
}
