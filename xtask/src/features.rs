//! Features: that each builds alone and all of them together, and that each is documented.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::members::{Member, libraries, members};
use crate::shell::{cargo, succeed};

/// Features that need a library of the system, which a bare machine hasn't got.
const OF_THE_SYSTEM: &[&str] = &["native-tls"];

/// Checks each library with its default features, with none, with each alone, and with all.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let libraries = libraries(root)?;
    let missing: Vec<String> = libraries.iter().map(undocumented).collect::<Result<Vec<_>, _>>()?.concat();
    if !missing.is_empty() {
        return Err(format!("not a word about these features in the README: {}", missing.join(", ")));
    }
    let has_tls = has_system_tls();
    for library in &libraries {
        for choice in choices(library, has_tls) {
            let mut arguments = vec!["check", "--quiet", "-p", &library.name];
            arguments.extend(choice.iter().map(String::as_str));
            succeed(cargo(root, &arguments))?;
        }
    }
    if !has_tls {
        println!("!!! NOT CHECKED: the feature native-tls, as there is no OpenSSL with headers here");
    }
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

/// The arguments for each combination that is looked at, without repeating one.
fn choices(library: &Member, has_tls: bool) -> Vec<Vec<String>> {
    let only = |features: &str| -> Vec<String> {
        vec!["--no-default-features".into(), "--features".into(), features.into()]
    };
    let features: Vec<&str> =
        library.features().filter(|it| has_tls || !OF_THE_SYSTEM.contains(it)).collect();
    let mut choices = vec![Vec::new()];
    if !features.is_empty() {
        choices.push(vec!["--no-default-features".into()]);
        choices.extend(features.iter().map(|feature| only(feature)));
    }
    if features.len() > 1 {
        choices.push(only(&features.join(",")));
    }
    choices
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
    fn each_feature_is_looked_at_alone_and_with_the_others() {
        let library = member("a", Path::new("a"), &["default", "native-tls", "rustls", "tls"]);
        let words =
            |has_tls| choices(&library, has_tls).iter().map(|choice| choice.join(" ")).collect::<Vec<_>>();
        assert_eq!(
            words(true),
            [
                "",
                "--no-default-features",
                "--no-default-features --features native-tls",
                "--no-default-features --features rustls",
                "--no-default-features --features tls",
                "--no-default-features --features native-tls,rustls,tls",
            ]
        );
        assert_eq!(words(false).last().unwrap(), "--no-default-features --features rustls,tls");
        assert_eq!(choices(&member("b", Path::new("b"), &[]), true), [Vec::<String>::new()]);
    }

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
