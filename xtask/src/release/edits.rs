//! The changes of a release to the tree, as functions from text to text.

use toml_edit::{DocumentMut, value};

const UNRELEASED: &str = "## Unreleased";

fn document(manifest: &str) -> Result<DocumentMut, String> {
    manifest.parse().map_err(|error| format!("Cargo.toml: {error}"))
}

/// The workspace's version.
pub(crate) fn version(manifest: &str) -> Result<String, String> {
    let document = document(manifest)?;
    let version = document.get("workspace").and_then(|table| table.get("package")?.get("version")?.as_str());
    version.map(str::to_owned).ok_or_else(|| "Cargo.toml: there is no workspace.package.version".to_owned())
}

/// The manifest with this version, also where crates of the workspace depend on each other.
pub(crate) fn bump(manifest: &str, version: &str) -> Result<String, String> {
    let mut document = document(manifest)?;
    let table = |document: &mut DocumentMut, name: &str| {
        let table = document
            .get_mut("workspace")
            .and_then(|table| table.get_mut(name)?.as_table_like_mut().map(|_| ()));
        table.ok_or_else(|| format!("Cargo.toml: there is no workspace.{name}"))
    };
    table(&mut document, "package")?;
    table(&mut document, "dependencies")?;
    document["workspace"]["package"]["version"] = value(version);
    let Some(dependencies) = document["workspace"]["dependencies"].as_table_like_mut() else {
        return Err("Cargo.toml: workspace.dependencies is no table".into());
    };
    for (name, dependency) in dependencies.iter_mut() {
        let Some(dependency) = dependency.as_table_like_mut().filter(|table| table.contains_key("path"))
        else {
            continue;
        };
        if !dependency.contains_key("version") {
            return Err(format!(
                "Cargo.toml: {} has a path and no version, so it can't be published",
                name.get()
            ));
        }
        if let Some(current) = dependency.get_mut("version") {
            *current = value(version);
        }
    }
    Ok(document.to_string())
}

/// The changelog with what is unreleased under this version, and an empty place for what comes
/// next.
pub(crate) fn roll_changelog(changelog: &str, version: &str, date: &str) -> Result<String, String> {
    let (before, rest) = changelog
        .split_once(&format!("{UNRELEASED}\n"))
        .ok_or_else(|| format!("CHANGELOG.md: there is no section \"{UNRELEASED}\""))?;
    let section = rest.split("\n## ").next().unwrap_or_default();
    if section.trim().is_empty() {
        return Err(format!("CHANGELOG.md: there is nothing under \"{UNRELEASED}\""));
    }
    if changelog.contains(&format!("\n## {version} ")) {
        return Err(format!("CHANGELOG.md: there is a section for {version} already"));
    }
    Ok(format!("{before}{UNRELEASED}\n\n## {version} ({date})\n{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
[workspace.package]
version = "0.1.0" # a comment
edition = "2024"

[workspace.dependencies]
smile-core = { path = "crates/smile-core", version = "0.1.0" }
serde = { version = "0.1.0", features = ["derive"] }
bytes = "0.1.0"
"#;

    #[test]
    fn only_our_own_versions_change() {
        assert_eq!(version(MANIFEST).unwrap(), "0.1.0");
        let bumped = bump(MANIFEST, "0.2.0").unwrap();
        let expected = MANIFEST
            .replace("version = \"0.1.0\" # a comment", "version = \"0.2.0\"")
            .replace("smile-core\", version = \"0.1.0\"", "smile-core\", version = \"0.2.0\"");
        assert_eq!(bumped, expected);
    }

    #[test]
    fn a_crate_that_could_not_be_published_is_noticed() {
        let manifest = MANIFEST.replace(", version = \"0.1.0\" }", " }");
        assert!(bump(&manifest, "0.2.0").unwrap_err().contains("smile-core"));
        assert!(bump("[package]\n", "0.2.0").is_err());
    }

    #[test]
    fn the_changelog_rolls_once_and_only_with_something_to_say() {
        let changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n";
        let rolled = roll_changelog(changelog, "0.2.0", "2026-02-02").unwrap();
        assert_eq!(
            rolled,
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-02)\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n"
        );
        assert!(roll_changelog(&rolled, "0.3.0", "2026-03-03").unwrap_err().contains("nothing under"));
        assert!(roll_changelog(changelog, "0.1.0", "2026-03-03").unwrap_err().contains("already"));
        assert!(roll_changelog("# Changelog\n", "0.1.0", "2026-03-03").is_err());
    }
}
