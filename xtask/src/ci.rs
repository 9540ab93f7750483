//! Every check that a change has to pass, each of which can be run alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::features;
use crate::shell::{cargo, entries, output, stem, succeed, succeed_within};
use crate::weight;

/// A check. Its error says what is wrong, unless the command that it runs has done so.
pub(crate) struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Path) -> Result<(), String>,
}

/// Cheap ones first; what builds most comes when the rest is known to be well.
const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the code is formatted", run: fmt },
    Step { name: "codegen", about: "generated code matches the catalogue", run: crate::codegen::check },
    Step { name: "links", about: "every relative link in Markdown leads somewhere", run: crate::links::run },
    Step {
        name: "words",
        about: "the glossary's words are in the code, and those that it replaced are gone",
        run: crate::words::run,
    },
    Step {
        name: "comments",
        about: "first lines say what an item is, and comments have at most 100 columns",
        run: crate::comments::run,
    },
    Step {
        name: "circles",
        about: "no files or folders of a crate need each other",
        run: crate::circles::run,
    },
    Step {
        name: "deps",
        about: "smile-core is small, and depends on no HTTP client, TLS or runtime",
        run: deps,
    },
    Step {
        name: "supply",
        about: "licences, sources and duplicates are as deny.toml says",
        run: crate::supply::run,
    },
    Step { name: "clippy", about: "clippy has nothing to say", run: clippy },
    Step {
        name: "sans-io",
        about: "clippy refuses a clock, a file and a socket in smile-core",
        run: sans_io,
    },
    Step {
        name: "crates",
        about: "each library builds alone, with each of its features, none and all",
        run: crate::features::run,
    },
    Step { name: "wasm", about: "smile-core builds for wasm32-unknown-unknown", run: wasm },
    Step {
        name: "systems",
        about: "the crates check for Windows and macOS, which one file of each knows of",
        run: crate::systems::run,
    },
    Step { name: "docs", about: "the documentation builds without a warning", run: docs },
    Step { name: "api", about: "no unlisted crate shows in a public interface", run: crate::api::run },
    Step { name: "examples", about: "every example runs without any settings", run: examples },
    Step { name: "fuzz", about: "the fuzz targets build, and run for a moment", run: crate::fuzz::briefly },
    Step {
        name: "simulate",
        about: "some thousand worlds keep every rule, and catch every mutant",
        run: simulate,
    },
    Step { name: "test", about: "unit, integration and documentation tests", run: test },
];

/// The crates that smile-core must never depend on, even indirectly.
const NOT_IN_CORE: &[&str] = &[
    "async-std",
    "hyper",
    "native-tls",
    "openssl",
    "openssl-sys",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "ureq",
    "url",
];

/// The crates that smile-core must not need on wasm32: a source of randomness, which is the host's,
/// and JavaScript.
const NOT_ON_WASM: &[&str] = &["getrandom", "js-sys", "wasm-bindgen", "web-sys"];

/// The time limit of an example, which makes a few requests to an emulator of its own.
const EXAMPLE_LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn list() {
    for Step { name, about, .. } in STEPS {
        println!("{name:<10} {about}");
    }
}

/// The steps of these names, in the given order; all of them, if none is named.
pub(crate) fn choose(names: &[&str]) -> Result<Vec<&'static Step>, String> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let find =
        |name: &&str| STEPS.iter().find(|step| step.name == *name).ok_or(format!("no such step: `{name}`"));
    names.iter().map(find).collect()
}

/// Runs the steps, up to the first that fails.
pub(crate) fn run(root: &Path, steps: &[&Step]) -> Result<(), String> {
    let start = Instant::now();
    for (index, Step { name, about, run }) in steps.iter().enumerate() {
        println!("\n=== [{}/{}] {name}: {about}", index + 1, steps.len());
        let step_start = Instant::now();
        let done = run(root);
        let seconds = step_start.elapsed().as_secs_f64();
        if let Err(message) = done {
            println!("=== {name} FAILED after {seconds:.1} s");
            return Err(format!("step `{name}` failed: {message}\nto run it alone: cargo xtask ci {name}"));
        }
        println!("=== {name} passed in {seconds:.1} s");
    }
    println!("\nall {} steps passed in {:.0} s", steps.len(), start.elapsed().as_secs_f64());
    Ok(())
}

fn fmt(root: &Path) -> Result<(), String> {
    succeed(cargo(root, &["fmt", "--all", "--check"]))
}

fn clippy(root: &Path) -> Result<(), String> {
    let mut command = cargo(root, &["clippy", "--workspace", "--all-targets"]);
    command.args(features::all(root)?).args(["--", "-D", "warnings"]);
    succeed(command)
}

fn docs(root: &Path) -> Result<(), String> {
    let mut command = cargo(root, &["doc", "--workspace", "--no-deps"]);
    command.args(features::all(root)?);
    // With the flag that docs.rs sets. Marks on what needs a feature are for nightly alone, still.
    command.env("RUSTDOCFLAGS", "--cfg docsrs -D warnings");
    succeed(command)
}

fn test(root: &Path) -> Result<(), String> {
    succeed(cargo(root, &["test", "--workspace"]))
}

fn simulate(root: &Path) -> Result<(), String> {
    succeed(cargo(root, &["run", "--quiet", "-p", "smile-simulation", "--", "--worlds", "3000"]))?;
    succeed(cargo(root, &["run", "--quiet", "-p", "smile-simulation", "--", "--mutants"]))
}

fn wasm(root: &Path) -> Result<(), String> {
    const TARGET: &str = "wasm32-unknown-unknown";
    if let Err(message) = crate::systems::install(TARGET) {
        println!("!!! NOT CHECKED: the target {TARGET} can't be had here ({message})");
        return Ok(());
    }
    let tree = output(&mut cargo(root, &["tree", "-p", "smile-core", "-e", "normal", "--target", TARGET]))?;
    let found: Vec<&str> =
        NOT_ON_WASM.iter().copied().filter(|name| tree.contains(&format!(" {name} v"))).collect();
    if !found.is_empty() || !tree.contains(" zip v") {
        return Err(format!("on {TARGET}, smile-core depends on {}", found.join(", ")));
    }
    succeed(cargo(root, &["check", "-p", "smile-core", "--target", TARGET]))
}

fn examples(root: &Path) -> Result<(), String> {
    // First, so that the time limit is about running alone.
    succeed(cargo(root, &["build", "-p", "smile-examples", "--examples"]))?;
    let is_program = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let programs: Vec<PathBuf> = entries(&root.join("examples"))?.into_iter().filter(is_program).collect();
    if programs.is_empty() {
        return Err("there are no programs in examples/".into());
    }
    for path in programs {
        let mut command = cargo(root, &["run", "--quiet", "-p", "smile-examples", "--example", stem(&path)?]);
        command.stdin(Stdio::null());
        // Without settings, an example has to make do with an emulator: it must reach nobody from
        // here.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SMILE_") {
                command.env_remove(name);
            }
        }
        succeed_within(EXAMPLE_LIMIT, command)?;
    }
    // A package of its own, for SQLite. Without arguments it tells its story, whatever the
    // variables say.
    succeed(cargo(root, &["build", "-p", "durable-receiver"]))?;
    let mut command = cargo(root, &["run", "--quiet", "-p", "durable-receiver"]);
    command.stdin(Stdio::null());
    succeed_within(EXAMPLE_LIMIT, command)
}

/// Reads what cargo resolves, on every platform and with every feature.
fn deps(root: &Path) -> Result<(), String> {
    let arguments =
        ["tree", "-p", "smile-core", "-e", "normal", "--all-features", "--target", "all", "--prefix", "none"];
    let tree = output(&mut cargo(root, &arguments))?;
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    if !names.contains(&"smile-core") {
        return Err("cargo tree does not show smile-core itself; has its output changed?".into());
    }
    let found: Vec<&str> = NOT_IN_CORE.iter().copied().filter(|name| names.contains(name)).collect();
    if !found.is_empty() {
        return Err(format!("smile-core depends on {}", found.join(", ")));
    }
    weight::check_core(root)
}

/// Puts smile-core's clippy.toml to the test, on a crate that does what core must not. Without this
/// nobody would notice a misspelt path there, or a clippy that no longer reads the file.
fn sans_io(root: &Path) -> Result<(), String> {
    const MANIFEST: &str = "[package]\nname = \"probe\"\nedition = \"2024\"\n\n[workspace]\n";
    const PROBE: &str = "\
        pub fn clock() -> impl Sized { std::time::Instant::now() }\n\
        pub fn file() -> impl Sized { std::fs::File::open(\"a\") }\n\
        pub fn socket() -> impl Sized { std::net::TcpStream::connect(\"a:1\") }\n\
        pub fn thread() { std::thread::sleep(std::time::Duration::ZERO) }\n\
        pub fn environment() -> impl Sized { std::env::var(\"A\") }\n";
    const REFUSED: &[&str] = &[
        "disallowed method `std::time::Instant::now`",
        "disallowed type `std::fs::File`",
        "disallowed method `std::net::TcpStream::connect`",
        "disallowed method `std::thread::sleep`",
        "disallowed method `std::env::var`",
    ];

    // Outside the workspace, whose own settings must not have a say.
    let probe = std::env::temp_dir().join(format!("smile-core-probe-{}", std::process::id()));
    let failed = |error: std::io::Error| format!("{}: {error}", probe.display());
    fs::create_dir_all(probe.join("src")).map_err(failed)?;
    fs::write(probe.join("Cargo.toml"), MANIFEST).map_err(failed)?;
    fs::write(probe.join("src/lib.rs"), PROBE).map_err(failed)?;
    fs::copy(root.join("crates/smile-core/clippy.toml"), probe.join("clippy.toml")).map_err(failed)?;
    let result = cargo(&probe, &["clippy", "--quiet", "--offline", "--", "-D", "warnings"])
        .env("CARGO_TARGET_DIR", probe.join("target"))
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .map_err(|error| format!("cargo clippy: {error}"));
    fs::remove_dir_all(&probe).map_err(failed)?;
    let result = result?;

    let said = String::from_utf8_lossy(&result.stderr);
    let missed: Vec<&str> = REFUSED.iter().copied().filter(|refusal| !said.contains(refusal)).collect();
    if result.status.success() || !missed.is_empty() {
        return Err(format!("clippy let these pass: {}. It said:\n{said}", missed.join(", ")));
    }
    println!("refused: {} of {}", REFUSED.len(), REFUSED.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_name_and_all_of_them_without_one() {
        let names = |chosen: Vec<&Step>| chosen.iter().map(|step| step.name).collect::<Vec<_>>();
        assert_eq!(choose(&[]).map(names).unwrap().len(), STEPS.len());
        assert_eq!(choose(&["test", "fmt"]).map(names).unwrap(), ["test", "fmt"]);
        assert_eq!(choose(&["tests"]).map(names).unwrap_err(), "no such step: `tests`");
    }
}
