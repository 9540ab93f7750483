//! The dependencies of a library, and the time that it takes to build.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::members::{Member, libraries};
use crate::shell::{cargo, output, succeed};

/// Around what `--write` replaces in a README.
const BEGIN: &str = "<!-- cargo xtask weight --write -->";
const END: &str = "<!-- end -->";

/// smile-core is in everything, so its own tree is kept small: at most so many crates, itself among
/// them.
const MOST_IN_CORE: usize = 45;

/// Prints the weight of each library, and with `write` puts it into the READMEs.
pub(crate) fn run(root: &Path, write: bool) -> Result<(), String> {
    let libraries = libraries(root)?;
    // Before anything is built, as that takes minutes.
    if write {
        libraries.iter().try_for_each(|library| write_into(library, None))?;
    }
    let target = root.join("target/weight");
    let mut rows = Vec::new();
    for library in &libraries {
        let crates = crates(root, &library.name, &[])?.len();
        let seconds = build(root, &target, &library.name)?;
        if write {
            write_into(library, Some(&sentence(crates, &seconds)))?;
        }
        rows.push((library.name.as_str(), crates, seconds));
    }
    println!(
        "\nwith default features; seconds of a clean release build here, by the clock and of all processors"
    );
    println!("{:<16} {:>6} {:>9} {:>10}", "", "crates", "clock", "processors");
    for (name, crates, Seconds { clock, processors }) in rows {
        let processors = processors.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0}"));
        println!("{name:<16} {crates:>6} {clock:>9.0} {processors:>10}");
    }
    Ok(())
}

/// Checks that smile-core hasn't grown.
pub(crate) fn check_core(root: &Path) -> Result<(), String> {
    let count = crates(root, "smile-core", &["--all-features"])?.len();
    println!("smile-core is {count} crates, and may be {MOST_IN_CORE}");
    if count <= MOST_IN_CORE {
        return Ok(());
    }
    Err(format!(
        "smile-core has come to {count} crates, and may be {MOST_IN_CORE}: `cargo tree -p smile-core -e normal`"
    ))
}

/// The crates that are built for this one here, itself among them.
fn crates(root: &Path, name: &str, more: &[&str]) -> Result<BTreeSet<String>, String> {
    let mut arguments = vec!["tree", "-p", name, "-e", "normal", "--prefix", "none", "--no-dedupe"];
    arguments.extend(["--format", "{p}"]);
    arguments.extend(more);
    Ok(distinct(&output(&mut cargo(root, &arguments))?))
}

/// A name and a version are a crate; what follows in the line says where it is from.
fn distinct(tree: &str) -> BTreeSet<String> {
    let first_two = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    tree.lines().map(first_two).filter(|line| !line.is_empty()).collect()
}

/// The time of a build.
struct Seconds {
    clock: f64,
    /// The processor time of all processes together, which is the same on a busy machine; none if
    /// it isn't available.
    processors: Option<f64>,
}

/// Builds in release, as a shipped program does: the settings of our own dev profile have no part
/// in it.
fn build(root: &Path, target: &Path, name: &str) -> Result<Seconds, String> {
    let _ = fs::remove_dir_all(target);
    // Only what is built is to be measured.
    succeed(cargo(root, &["fetch", "--quiet", "--locked"]))?;
    let mut command = cargo(root, &["build", "--quiet", "--locked", "--release", "--lib", "-p", name]);
    command.env("CARGO_TARGET_DIR", target);
    let (start, before) = (Instant::now(), children());
    succeed(command)?;
    let seconds = Seconds {
        clock: start.elapsed().as_secs_f64(),
        processors: before.zip(children()).map(|(before, after)| after - before),
    };
    let _ = fs::remove_dir_all(target);
    Ok(seconds)
}

/// The processor time of all processes that this one has waited for, in seconds. Linux alone tells
/// in a file.
fn children() -> Option<f64> {
    children_in(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn children_in(stat: &str) -> Option<f64> {
    // The name of the program, in brackets, may have anything in it. Times are in hundredths of a
    // second.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / 100.0)
}

fn sentence(crates: usize, seconds: &Seconds) -> String {
    let time = seconds.processors.unwrap_or(seconds.clock);
    format!(
        "{crates} crates with the default features, itself among them. A clean release build takes {time:.0} seconds of one \
         processor,\nall told. `cargo xtask weight` counts and measures anew."
    )
}

/// Without a text, only sees that there is a place for one.
fn write_into(library: &Member, text: Option<&str>) -> Result<(), String> {
    let path = library.directory().join("README.md");
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let readme = fs::read_to_string(&path).map_err(failed)?;
    let readme = replace(&readme, text.unwrap_or_default()).ok_or_else(|| {
        format!("{}: there is no place for it, between `{BEGIN}` and `{END}`", path.display())
    })?;
    if text.is_some() { fs::write(&path, readme).map_err(failed) } else { Ok(()) }
}

fn replace(readme: &str, text: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{text}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_and_two_versions_of_it_twice() {
        let tree = "a v0.1.0 (/somewhere)\nsyn v2.0.1\nsyn v3.0.1\nb v1.0.0 (proc-macro)\nb v1.0.0 (proc-macro) (*)\n\n";
        assert_eq!(distinct(tree).len(), 4);
    }

    #[test]
    fn a_readme_changes_between_the_marks_alone() {
        let readme = format!("# a\n\n{BEGIN}\nold\n{END}\n\nmore\n");
        let replaced = replace(&readme, "new").unwrap();
        assert_eq!(replaced, readme.replace("old", "new"));
        assert_eq!(replace(&replaced, "new").unwrap(), replaced);
        assert_eq!(replace("# a\n", "new"), None);
    }

    #[test]
    fn processor_time_is_that_of_the_children() {
        let stat = "1 (a ) b) S 2 3 4 5 6 7 8 9 10 11 1200 1300 250 150 18 19";
        assert_eq!(children_in(stat), Some(4.0));
        assert_eq!(children_in("1 (a) S"), None);
    }
}
