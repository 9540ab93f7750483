//! The least versions that the manifests ask for: that they resolve together, and that everything
//! builds with them.
//!
//! A library that says "1.0" and needs what came with 1.2 breaks in somebody else's workspace, and
//! never here.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::features;
use crate::shell::{cargo, succeed};

/// Runs the check in a clone, as Cargo.lock changes there. Uncommitted changes are left out.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let work = root.join("target/minimal");
    let tree = work.join("tree");
    let _ = fs::remove_dir_all(&tree);
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--no-hardlinks"]).arg(root).arg(&tree);
    succeed(clone)?;
    // Only the direct dependencies: what they need of others is theirs to say. It isn't stable yet,
    // and is asked for by the variable that needs no second toolchain; nothing is built with it.
    let mut update = cargo(&tree, &["update", "--quiet", "-Z", "direct-minimal-versions"]);
    update.env("RUSTC_BOOTSTRAP", "1");
    succeed(update)?;
    let mut check = cargo(&tree, &["check", "--quiet", "--locked", "--workspace", "--all-targets"]);
    check.args(features::all(&tree)?).env("CARGO_TARGET_DIR", work.join("target"));
    let done = succeed(check);
    let _ = fs::remove_dir_all(&tree);
    done.map_err(|message| {
        format!("{message}\nsome version in Cargo.toml is lower than what the code needs: raise it")
    })
}
