//! Mutants: each takes the mend of one known fault out of a copy of the workspace, and must be
//! caught by some world.
//!
//! A mutant is a unified diff in `simulation/mutants`. Its line numbers mean nothing, and its path
//! is a hint: each hunk is looked for by its lines, in all of smile-core, and must stand in one
//! place only. So a mutant survives when files move. Before the diff there is a sentence about it,
//! and a line `Worlds: 200 from seed 0` that says where it shows.
//!
//! A mutant is caught if one of these worlds breaks a rule, and none of them does without it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The folders of the copy: everything that the simulation is built from.
const PARTS: [&str; 3] = ["crates/smile-core", "crates/smile-sandbox", "simulation"];

/// A mutant.
#[derive(Debug)]
struct Mutant {
    /// The name of its file, without the ending: the number of the fault whose mend it takes out.
    name: String,
    worlds: Worlds,
    hunks: Vec<Hunk>,
}

/// Some worlds, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worlds {
    count: u64,
    seed: u64,
}

impl Worlds {
    /// Reads the number of worlds and the seed from their line.
    fn read(diff: &str) -> Option<Self> {
        let (count, seed) =
            diff.lines().find_map(|line| line.strip_prefix("Worlds: "))?.split_once(" from seed ")?;
        Some(Self { count: count.parse().ok()?, seed: seed.parse().ok()? })
    }
}

/// Lines that give way to others.
#[derive(Debug, PartialEq, Eq)]
struct Hunk {
    old: String,
    new: String,
}

/// Runs every mutant in its worlds, and says which one caught it; whether all were caught.
pub(crate) fn run(root: &Path) -> Result<bool, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let copy = target.join("simulation-mutants");
    let mutants = read_all(&root.join("simulation/mutants"))?;
    copy_workspace(root, &copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    let healthy = copy.join("healthy");
    let program = build(&copy, &target)?;
    fs::copy(program, &healthy).map_err(|error| format!("{}: {error}", healthy.display()))?;
    let mut are_all_caught = true;
    for mutant in &mutants {
        let begin = Instant::now();
        let changed = apply(&copy, mutant)?;
        let caught = build(&copy, &target).and_then(|program| hunt(&program, mutant.worlds));
        for (path, text) in changed {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let (name, Worlds { count, seed }) = (&mutant.name, mutant.worlds);
        let Some(caught) = caught? else {
            are_all_caught = false;
            println!("{name:<10} NOT CAUGHT in {count} worlds from seed {seed}");
            continue;
        };
        if let Some(broken) = hunt(&healthy, mutant.worlds)? {
            are_all_caught = false;
            println!("{name:<10} proves nothing: without it a rule is broken as well, by seed {broken}");
            continue;
        }
        println!("{name:<10} caught after {:.0} s by seed {caught}", begin.elapsed().as_secs_f64());
    }
    println!("{} mutants", mutants.len());
    Ok(are_all_caught)
}

fn read_all(folder: &Path) -> Result<Vec<Mutant>, String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| entry.map(|it| it.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "patch"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let worlds = Worlds::read(&text)
            .ok_or_else(|| format!("{}: no line `Worlds: 200 from seed 0`", path.display()))?;
        Ok(Mutant { name, worlds, hunks: hunks(&text) })
    };
    paths.iter().map(read).collect()
}

/// The hunks of a unified diff, by their lines alone.
fn hunks(diff: &str) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for line in diff.lines() {
        if line.starts_with("@@") {
            hunks.push(Hunk { old: String::new(), new: String::new() });
            continue;
        }
        if line.starts_with("---") || line.starts_with("+++") {
            continue;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        let (mark, text) = line.split_at_checked(1).unwrap_or((" ", ""));
        if mark != "+" {
            hunk.old.push_str(text);
            hunk.old.push('\n');
        }
        if mark != "-" {
            hunk.new.push_str(text);
            hunk.new.push('\n');
        }
    }
    hunks
}

/// Applies a mutant, and returns what the changed files were before.
fn apply(copy: &Path, mutant: &Mutant) -> Result<Vec<(PathBuf, String)>, String> {
    let mut files = Vec::new();
    sources(&copy.join("crates/smile-core/src"), &mut files).map_err(|error| error.to_string())?;
    let mut before: Vec<(PathBuf, String)> = Vec::new();
    for (number, hunk) in mutant.hunks.iter().enumerate() {
        let mut places = Vec::new();
        for path in &files {
            let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            for _ in text.matches(&hunk.old) {
                places.push((path.clone(), text.clone()));
            }
        }
        let [(path, text)] = places.as_slice() else {
            let (name, count) = (&mutant.name, places.len());
            return Err(format!(
                "hunk {} of the mutant {name} stands in {count} places, and must stand in one: write it anew",
                number + 1
            ));
        };
        fs::write(path, text.replacen(&hunk.old, &hunk.new, 1))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if before.iter().all(|(earlier, _)| earlier != path) {
            before.push((path.clone(), text.clone()));
        }
    }
    Ok(before)
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

/// Builds the copy as it is, and returns its program.
fn build(copy: &Path, target: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let words = ["build", "--quiet", "--offline", "-p", "smile-simulation"];
    cargo.args(words).current_dir(copy).env("CARGO_TARGET_DIR", target);
    let built = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    if !built.status.success() {
        return Err(format!("it doesn't build:\n{}", String::from_utf8_lossy(&built.stderr)));
    }
    Ok(target.join("debug").join(format!("smile-simulation{}", std::env::consts::EXE_SUFFIX)))
}

/// The seed of a world that breaks a rule, with the rule.
fn hunt(program: &Path, worlds: Worlds) -> Result<Option<String>, String> {
    let mut hunt = Command::new(program);
    hunt.args(["--hunt", "--seed", &worlds.seed.to_string(), "--worlds", &worlds.count.to_string()]);
    let found = hunt.output().map_err(|error| format!("{}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    match (found.status.success(), said.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(said)),
        _ => Err(format!("{} ended with {}", program.display(), found.status)),
    }
}

/// Copies what the simulation is built from, into a workspace of its own. What is the same is left
/// as it is, so that it isn't built again.
fn copy_workspace(root: &Path, copy: &Path) -> io::Result<()> {
    fs::create_dir_all(copy)?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let members = |line: &str| match line.split_once(" = ") {
        Some(("members", _)) => format!("members = {PARTS:?}\n"),
        Some(("exclude", _)) => String::new(),
        _ => format!("{line}\n"),
    };
    write_if_new(&copy.join("Cargo.toml"), manifest.lines().map(members).collect::<String>().as_bytes())?;
    // Cargo leaves what isn't needed out of its own.
    fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock"))?;
    for part in PARTS {
        copy_folder(&root.join(part), &copy.join(part))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        let origin = from.join(path.file_name().unwrap_or_default());
        if path.is_dir() && !origin.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.is_file() && !origin.is_file() {
            fs::remove_file(path)?;
        }
    }
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let to = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &to)?;
        } else {
            write_if_new(&to, &fs::read(&path)?)?;
        }
    }
    Ok(())
}

fn write_if_new(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|earlier| earlier == content) { Ok(()) } else { fs::write(path, content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "\
--- a/flow/job.rs
+++ b/flow/job.rs
@@ -1,3 +1,3 @@
 fn a() {
-    b();
+    c();
 }
@@ -9 +9,0 @@
-d();
";

    #[test]
    fn hunks_are_read_by_their_lines() {
        let first = Hunk { old: "fn a() {\n    b();\n}\n".into(), new: "fn a() {\n    c();\n}\n".into() };
        let second = Hunk { old: "d();\n".into(), new: String::new() };
        assert_eq!(hunks(DIFF), [first, second]);
    }

    #[test]
    fn the_worlds_of_a_mutant_are_read() {
        let said = format!("It forgets.\nWorlds: 250 from seed 4000\n{DIFF}");
        assert_eq!(Worlds::read(&said), Some(Worlds { count: 250, seed: 4_000 }));
        assert_eq!(Worlds::read(DIFF), None);
    }

    #[test]
    fn there_is_a_mutant_of_each_fault() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let names: Vec<String> =
            read_all(&root.join("mutants")).unwrap().into_iter().map(|mutant| mutant.name).collect();
        for fault in ["A1", "A2", "A3-jobs", "A3-checks", "A4", "A5", "B7", "B8", "B9", "B10", "D19"] {
            assert!(names.iter().any(|name| name == fault), "{fault}: {names:?}");
        }
    }

    #[test]
    fn every_mutant_still_fits() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut files = Vec::new();
        sources(&root.join("crates/smile-core/src"), &mut files).unwrap();
        let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        for mutant in read_all(&root.join("simulation/mutants")).unwrap() {
            assert!(!mutant.hunks.is_empty(), "{}", mutant.name);
            for hunk in &mutant.hunks {
                let places: usize = texts.iter().map(|text| text.matches(&hunk.old).count()).sum();
                assert_eq!(places, 1, "{}: {}", mutant.name, hunk.old);
                assert_ne!(hunk.old, hunk.new, "{}", mutant.name);
            }
        }
    }
}
