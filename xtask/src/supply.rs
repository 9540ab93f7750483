//! The check of the dependencies: licences, sources, duplicates, known weaknesses. cargo-deny
//! looks, by `deny.toml`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::shell::{cargo, succeed, succeed_within};

/// The advisory database is a small repository; where it can't be had, that takes no longer to
/// notice.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut probe = cargo(root, &["deny", "--version"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        println!("!!! NOT CHECKED: cargo-deny isn't installed: `cargo install cargo-deny --locked`");
        return Ok(());
    }
    succeed(cargo(root, &["deny", "--locked", "check", "licenses", "bans", "sources"]))?;
    let mut fetch = cargo(root, &["deny", "--locked", "fetch", "db"]);
    // It is fetched with git, which must not wait for somebody to type a password.
    fetch.env("GIT_TERMINAL_PROMPT", "0");
    if let Err(message) = succeed_within(FETCH_LIMIT, fetch) {
        println!("!!! NOT CHECKED: advisories, as their database can't be had here ({message})");
        return Ok(());
    }
    succeed(cargo(root, &["deny", "--locked", "check", "advisories"]))
}
