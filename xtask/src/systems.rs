//! Other operating systems: the crates are checked for them, and what differs between them is in
//! one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::members::libraries;
use crate::shell::{cargo, entries, output, succeed};

/// An operating system that the crates run on, beside the one that this runs on.
struct System {
    name: &'static str,
    target: &'static str,
    /// A compiler of C for it: rustls's cryptography is partly C, and the command always has it.
    /// None elsewhere than there.
    c_compiler: Option<&'static str>,
    is_here: bool,
}

const SYSTEMS: &[System] = &[
    System {
        name: "Windows",
        target: "x86_64-pc-windows-gnu",
        c_compiler: Some("x86_64-w64-mingw32-gcc"),
        is_here: cfg!(windows),
    },
    System {
        name: "macOS",
        target: "aarch64-apple-darwin",
        c_compiler: None,
        is_here: cfg!(target_os = "macos"),
    },
    System {
        name: "Linux",
        target: "x86_64-unknown-linux-gnu",
        c_compiler: None,
        is_here: cfg!(target_os = "linux"),
    },
];

/// All that is checked where there is a compiler of C.
const CRATES: &[&str] = &["smile-core", "smile-reqwest", "smile-ureq", "smile-sandbox", "smile-cli"];

/// The rest, as far as it is Rust alone.
const WITHOUT_C: &[&str] = &[
    "-p",
    "smile-core",
    "-p",
    "smile-reqwest",
    "-p",
    "smile-ureq",
    "-p",
    "smile-sandbox",
    "--no-default-features",
    "--features",
    "smile-reqwest/rustls-no-provider,smile-ureq/rustls-no-provider,smile-sandbox/scenario,smile-sandbox/state",
];

pub(crate) fn run(root: &Path) -> Result<(), String> {
    one_file(root)?;
    for System { name, target, c_compiler, is_here } in SYSTEMS {
        if *is_here {
            println!("{name} is here: the other steps check it");
            continue;
        }
        if let Err(message) = install(target) {
            println!("!!! NOT CHECKED: {name}, as the target {target} can't be had here ({message})");
            continue;
        }
        let mut command = cargo(root, &["check", "--locked", "--target", target]);
        if c_compiler.is_some_and(answers) {
            command.args(CRATES.iter().flat_map(|name| ["-p", name]));
        } else {
            println!(
                "!!! NOT CHECKED for {name}: smile-cli, and TLS, as there is no compiler of C for it here"
            );
            command.args(WITHOUT_C);
        }
        succeed(command)?;
    }
    Ok(())
}

/// Adds the target to the toolchain, if it isn't there.
pub(crate) fn install(target: &str) -> Result<(), String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).exists() {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target]);
    succeed(rustup)
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Finds crates in which more than one file asks which system it is compiled for.
fn one_file(root: &Path) -> Result<(), String> {
    let mut directories: Vec<PathBuf> =
        libraries(root)?.iter().map(|library| library.directory().to_owned()).collect();
    directories.push(root.join("crates/smile-cli"));
    let mut several = Vec::new();
    for directory in directories {
        let mut asking = Vec::new();
        find(&directory.join("src"), &mut asking)?;
        if asking.len() > 1 {
            several.append(&mut asking);
        }
    }
    if several.is_empty() {
        return Ok(());
    }
    Err(format!("more than one file of a crate asks for the system:\n{}", several.join("\n")))
}

/// Adds each file in which code asks for the system, with the first line that does.
fn find(directory: &Path, found: &mut Vec<String>) -> Result<(), String> {
    for path in entries(directory)? {
        if path.is_dir() {
            find(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            found.extend(asking(&text).next().map(|line| format!("{}:{line}", path.display())));
        }
    }
    Ok(())
}

/// The lines that ask for the system, outside of tests.
fn asking(text: &str) -> impl Iterator<Item = usize> {
    const MARKS: &[&str] = &[
        "cfg(unix)",
        "cfg(windows)",
        "cfg!(unix)",
        "cfg!(windows)",
        "not(unix)",
        "not(windows)",
        "target_os",
        "target_family",
        "std::os::",
    ];
    let code = text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
    let asks = |line: &str| MARKS.iter().any(|mark| line.contains(mark));
    code.filter(move |(_, line)| asks(line)).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_ask_for_the_system_are_found_outside_of_tests() {
        let text = "use a;\n    #[cfg(unix)]\nfn a() {}\nif cfg!(windows) {}\n#[cfg(feature = \"tls\")]\n\
            #[cfg(all(not(windows), a))]\nuse std::os::unix::a;\n#[cfg(test)]\nmod tests {\n#[cfg(unix)]\n}\n";
        assert_eq!(asking(text).collect::<Vec<_>>(), [2, 4, 6, 7]);
        assert_eq!(asking("fn unix() {}\n").count(), 0);
    }

    #[test]
    fn a_file_that_asks_is_found_once_wherever_it_is() {
        let scratch = crate::scratch::Scratch::new();
        scratch.write("src/deep/system.rs", "\n#[cfg(unix)]\n#[cfg(windows)]\n");
        scratch.write("src/other.rs", "fn other() {}\n");
        let mut found = Vec::new();
        find(&scratch.path().join("src"), &mut found).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("system.rs:2"), "{found:?}");
    }
}
