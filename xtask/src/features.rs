//! Features: that each builds alone and all of them together, and that each is documented.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::members::{Member, libraries, members};
use crate::shell::{cargo, succeed};

/// Features that need a library of the system, which a bare machine hasn't got.
const OF_THE_SYSTEM: &[&str] = &["native-tls"];

/// Checks each library alone: with its default features, with none, with each, and with all of
/// them. cargo-hack knows the combinations.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let libraries = libraries(root)?;
    let missing: Vec<String> = libraries.iter().map(undocumented).collect::<Result<Vec<_>, _>>()?.concat();
    if !missing.is_empty() {
        return Err(format!("not a word about these features in the README: {}", missing.join(", ")));
    }
    let mut probe = cargo(root, &["hack", "--version"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        println!(
            "!!! NOT CHECKED: each feature alone, as cargo-hack isn't installed: `cargo install cargo-hack --locked`"
        );
        return Ok(());
    }
    let has_tls = has_system_tls();
    let mut each = cargo(root, &["hack", "check", "--quiet", "--locked", "--each-feature"]);
    each.args(libraries.iter().flat_map(|library| ["-p", &library.name]));
    if !has_tls {
        each.args(["--exclude-features", &OF_THE_SYSTEM.join(",")]);
    }
    succeed(each)?;
    if has_tls {
        return Ok(());
    }
    // All together is what cargo-hack leaves out as soon as one is excluded.
    for library in &libraries {
        let features = arguments(std::slice::from_ref(library));
        if !features.is_empty() {
            let mut all = cargo(root, &["check", "--quiet", "--locked", "-p", &library.name]);
            all.args(features);
            succeed(all)?;
        }
    }
    println!("!!! NOT CHECKED: the feature native-tls, as there is no OpenSSL with headers here");
    Ok(())
}

/// Every feature of every member that builds on a bare machine, as arguments for cargo.
///
/// `--all-features` would ask for a system library as well.
pub(crate) fn all(root: &Path) -> Result<Vec<String>, String> {
    Ok(arguments(&members(root)?))
}

fn arguments(members: &[Member]) -> Vec<String> {
    let mut named = Vec::new();
    for member in members {
        named.extend(bare(member).map(|feature| format!("{}/{feature}", member.name)));
    }
    if named.is_empty() { Vec::new() } else { vec!["--features".into(), named.join(",")] }
}

fn bare(member: &Member) -> impl Iterator<Item = &str> {
    member.features().filter(|feature| !OF_THE_SYSTEM.contains(feature))
}

/// The features that a library's README doesn't name.
fn undocumented(library: &Member) -> Result<Vec<String>, String> {
    let path = library.directory().join("README.md");
    let readme = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    // A row of a table, or a sentence.
    let says = |feature: &str| {
        readme.contains(&format!("| `{feature}`")) || readme.contains(&format!("feature `{feature}`"))
    };
    let missing = library.features().filter(|feature| !says(feature));
    Ok(missing.map(|feature| format!("{}/{feature}", library.name)).collect())
}

/// macOS and Windows have TLS of their own; elsewhere it is OpenSSL's, with its headers.
fn has_system_tls() -> bool {
    let mut command = Command::new("pkg-config");
    command.args(["--exists", "openssl"]).stdout(Stdio::null()).stderr(Stdio::null());
    cfg!(any(windows, target_vendor = "apple")) || command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::member;
    use crate::scratch::Scratch;

    #[test]
    fn all_features_are_those_of_a_bare_machine() {
        let members = [
            member("a", Path::new("a"), &["default", "native-tls", "rustls"]),
            member("b", Path::new("b"), &[]),
            member("c", Path::new("c"), &["tls"]),
        ];
        assert_eq!(arguments(&members), ["--features", "a/rustls,c/tls"]);
        assert_eq!(arguments(&members[1..2]), [""; 0]);
    }

    #[test]
    fn a_feature_that_the_readme_does_not_name_is_noticed() {
        let scratch = Scratch::new();
        scratch
            .write("README.md", "| feature | what it does |\n| --- | --- |\n| `rustls` (default) | TLS |\n");
        let library = member("a", scratch.path(), &["default", "rustls", "tls"]);
        assert_eq!(undocumented(&library).unwrap(), ["a/tls"]);
        scratch.write("README.md", "With the feature `tls` it also speaks https; | `rustls` |.");
        assert_eq!(undocumented(&library).unwrap(), [""; 0]);
    }
}
