//! The workspace's members, as cargo describes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::shell::{cargo, output};

/// A crate of the workspace.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    manifest_path: PathBuf,
    /// Null for any registry, and an empty list for none.
    publish: Option<Vec<String>>,
    targets: Vec<Target>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Member>,
}

impl Member {
    /// The features that a user can turn on, without `default`.
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        self.features.keys().map(String::as_str).filter(|name| *name != "default")
    }

    pub(crate) fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    fn is_library(&self) -> bool {
        self.publish.is_none()
            && self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

/// All of them, in order of name.
pub(crate) fn members(root: &Path) -> Result<Vec<Member>, String> {
    let json = output(&mut cargo(root, &["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata =
        serde_json::from_str(&json).map_err(|error| format!("cargo metadata: {error}"))?;
    let mut members = metadata.packages;
    members.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(members)
}

/// Those that are published and have a library.
pub(crate) fn libraries(root: &Path) -> Result<Vec<Member>, String> {
    let libraries: Vec<Member> = members(root)?.into_iter().filter(Member::is_library).collect();
    if libraries.is_empty() { Err("cargo metadata names no library".into()) } else { Ok(libraries) }
}

#[cfg(test)]
pub(crate) fn member(name: &str, directory: &Path, features: &[&str]) -> Member {
    Member {
        name: name.into(),
        manifest_path: directory.join("Cargo.toml"),
        publish: None,
        targets: vec![Target { kind: vec!["lib".into()] }],
        features: features.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
    }
}
