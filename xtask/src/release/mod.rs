//! `cargo xtask release`: from a clean tree to packages that are known to build and run, and to a
//! tag.
//!
//! All the work is done in a clone, so a dry run, or a run that fails, leaves the tree as it was.
//! Nothing is uploaded: that can't be taken back, and needs a token that belongs to a person.

mod edits;
mod packages;
mod plan;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::shell::{cargo, output, succeed};
use crate::{ci, minimal};
pub(crate) use plan::Release;

/// The instructions for a step that has failed half-way.
const RECOVERY: &str = "\
If something fails half-way:
  before \"the tree is changed\"   nothing has happened: mend it and start again
  between the edits and the commit `git checkout -- .`, and start again
  after the commit, before the tag `git reset --hard HEAD~1`, and start again
  after the tag, before the push   `git tag -d v{version}` and `git reset --hard HEAD~1`, and start again
  after the push                   the version is taken: mend it under the next one
  while publishing                 what is published stays. `cargo publish` of a crate that failed can be repeated as it is, and
                                   then the rest in the same order; a crate that is wrong is withdrawn with
                                   `cargo yank --version {version} NAME`, and mended under the next version";

/// Checks everything; and with `execute`, changes the tree, commits and tags.
pub(crate) fn run(root: &Path, release: &Release) -> Result<(), String> {
    let Release { version, execute, run_ci } = release;
    step("the tree is clean");
    let dirty = output(Command::new("git").args(["status", "--porcelain"]).current_dir(root))?;
    if !dirty.is_empty() {
        return Err(format!("the tree has changes that aren't committed:\n{dirty}"));
    }
    step("the version is new");
    let tags = output(Command::new("git").args(["tag", "--list", "v*"]).current_dir(root))?;
    let tags: Vec<&str> = tags.lines().collect();
    let current = edits::version(&read(root, "Cargo.toml")?)?;
    plan::check_version(version, &current, &tags)?;
    step("the changelog has something to say");
    let today = plan::today();
    edits::roll_changelog(&read(root, "CHANGELOG.md")?, version, &today)?;

    if *run_ci {
        step("every check passes");
        ci::run(root, &ci::choose(&[])?)?;
    } else {
        println!("!!! NOT CHECKED: `cargo xtask ci` was left out on request");
    }

    step("the release is made in a clone");
    let work = root.join("target/release-try");
    let _ = fs::remove_dir_all(&work);
    let tree = work.join("tree");
    let mut clone = Command::new("git");
    succeed({
        clone.args(["clone", "--quiet", "--no-hardlinks"]).arg(root).arg(&tree);
        clone
    })?;
    edit(&tree, version, &today)?;
    succeed({
        let mut diff = Command::new("git");
        diff.args(["--no-pager", "diff", "--stat"]).current_dir(&tree);
        diff
    })?;

    step("each package builds from its tarball, against the other tarballs");
    let order = packages::publish_order(&tree)?;
    packages::package(&tree, &work, &order)?;
    step("a newcomer's program builds from the tarballs alone, and runs the main job");
    packages::try_as_newcomer(&work, &order, version)?;
    step("nothing breaks that the last release promised");
    packages::semver(&tree, &tags, *execute)?;
    step("the least versions that the manifests ask for are enough");
    minimal::run(root)?;
    step("a bill of materials for each package");
    packages::bill_of_materials(&tree, &work, &order, version)?;

    if *execute {
        step("the tree is changed, committed and tagged");
        edit(root, version, &today)?;
        for arguments in [
            &["commit", "--quiet", "--all", "--message", &format!("Release {version}")][..],
            &["tag", "--annotate", &format!("v{version}"), "--message", &format!("Release {version}")],
        ] {
            let mut git = Command::new("git");
            git.args(arguments).current_dir(root);
            succeed(git)?;
        }
    }
    println!(
        "\n{}",
        if *execute { "Now, by hand:" } else { "It would do. With --execute, and then by hand:" }
    );
    println!("  git push && git push origin v{version}");
    for package in &order {
        println!("  cargo publish -p {}", package.name);
    }
    println!("\n{}", RECOVERY.replace("{version}", version));
    Ok(())
}

/// Bumps the versions, rolls the changelog, and lets the lock file follow.
fn edit(tree: &Path, version: &str, today: &str) -> Result<(), String> {
    let manifest = edits::bump(&read(tree, "Cargo.toml")?, version)?;
    let changelog = edits::roll_changelog(&read(tree, "CHANGELOG.md")?, version, today)?;
    write(tree, "Cargo.toml", &manifest)?;
    write(tree, "CHANGELOG.md", &changelog)?;
    succeed(cargo(tree, &["update", "--workspace", "--offline", "--quiet"]))
}

fn read(tree: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))
}

fn write(tree: &Path, file: &str, text: &str) -> Result<(), String> {
    fs::write(tree.join(file), text).map_err(|error| format!("{file}: {error}"))
}

fn step(what: &str) {
    println!("\n--- {what}");
}
