//! The packages of a release: their order, and whether they are good for anything.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use regex_lite::Regex;
use serde_json::Value;

use super::plan::last_release;
use crate::members::libraries;
use crate::shell::{cargo, output, succeed};

/// A newcomer's program, written with the packages and nothing else.
const NEWCOMER: &str = include_str!("../../templates/newcomer.rs");

/// A crate that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    needs: Vec<String>,
}

/// The crates that are published, each after those that it needs.
pub(crate) fn publish_order(tree: &Path) -> Result<Vec<Package>, String> {
    let metadata = output(&mut cargo(tree, &["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    sort(published(&metadata)?)
}

fn published(metadata: &Value) -> Result<Vec<Package>, String> {
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    // `publish` is null for any registry, and an empty list for none.
    let published = packages.iter().filter(|package| package["publish"].is_null());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<Package> = published
        .map(|package| {
            let needs = package["dependencies"].as_array().into_iter().flatten();
            let needs = needs.map(|dependency| text(&dependency["name"])).collect();
            Package { name: text(&package["name"]), needs }
        })
        .collect();
    let names: Vec<String> = found.iter().map(|package| package.name.clone()).collect();
    for package in &mut found {
        // In tests a crate may ask itself for its features.
        package.needs.retain(|name| names.contains(name) && *name != package.name);
    }
    Ok(found)
}

fn sort(mut left: Vec<Package>) -> Result<Vec<Package>, String> {
    let mut order: Vec<Package> = Vec::new();
    while !left.is_empty() {
        let is_ready = |package: &Package| {
            package.needs.iter().all(|name| order.iter().any(|earlier| earlier.name == *name))
        };
        let Some(place) = left.iter().position(is_ready) else {
            let names: Vec<&str> = left.iter().map(|package| package.name.as_str()).collect();
            return Err(format!(
                "these crates need each other, so none can be published first: {}",
                names.join(", ")
            ));
        };
        order.push(left.remove(place));
    }
    Ok(order)
}

/// Packages all of them. Cargo builds each from its tarball, in a folder of its own, with the other
/// tarballs in place of a registry.
pub(crate) fn package(tree: &Path, work: &Path, order: &[Package]) -> Result<(), String> {
    let target = work.join("target").display().to_string();
    // Nothing is committed in the clone: the edits are what is tried out.
    let mut arguments = vec!["package", "--quiet", "--allow-dirty", "--target-dir", &target];
    for package in order {
        arguments.extend(["-p", &package.name]);
    }
    succeed(cargo(tree, &arguments))
}

/// A new program, in an empty folder, that has nothing but the tarballs.
pub(crate) fn try_as_newcomer(work: &Path, order: &[Package], version: &str) -> Result<(), String> {
    let folder = work.join("newcomer");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder.join("src")).map_err(failed)?;
    let mut manifest = format!(
        "[package]\nname = \"newcomer\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         smile-sandbox = \"{version}\"\nsmile-ureq = \"{version}\"\n\n[patch.crates-io]\n"
    );
    for Package { name, .. } in order {
        let mut unpack = Command::new("tar");
        let tarball = work.join(format!("target/package/{name}-{version}.crate"));
        unpack.arg("-xzf").arg(tarball).arg("-C").arg(&folder);
        succeed(unpack)?;
        for file in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "Cargo.toml"] {
            if !folder.join(format!("{name}-{version}")).join(file).is_file() {
                return Err(format!("{name}: the package has no {file}"));
            }
        }
        manifest.push_str(&format!("{name} = {{ path = \"{name}-{version}\" }}\n"));
    }
    fs::write(folder.join("Cargo.toml"), manifest).map_err(failed)?;
    fs::write(folder.join("src/main.rs"), NEWCOMER).map_err(failed)?;
    let target = work.join("target").display().to_string();
    let mut run = cargo(&folder, &["run", "--quiet", "--target-dir", &target]);
    let said = output(run.stdin(Stdio::null()))?;
    print!("{said}");
    if said.contains("approved, final") { Ok(()) } else { Err("the newcomer's job was not approved".into()) }
}

/// Compares the public interfaces with the last release's.
pub(crate) fn semver(tree: &Path, tags: &[&str], must: bool) -> Result<(), String> {
    let Some(last) = last_release(tags) else {
        println!("there is no earlier release to compare with");
        return Ok(());
    };
    if !has(tree, "semver-checks") {
        return missing("cargo-semver-checks", must);
    }
    let mut command = cargo(tree, &["semver-checks", "--baseline-rev", last]);
    let mut compared = 0;
    for library in libraries(tree)? {
        // One that is new has promised nothing yet, and to compare it would be an error.
        let was_there = format!("{last}:crates/{}/Cargo.toml", library.name);
        let mut look = Command::new("git");
        look.args(["cat-file", "-e", &was_there]).current_dir(tree).stderr(Stdio::null());
        if look.status().is_ok_and(|status| status.success()) {
            command.args(["-p", &library.name]);
            compared += 1;
        } else {
            println!("{} is new since {last}", library.name);
        }
    }
    if compared == 0 { Ok(()) } else { succeed(command) }
}

/// Writes what each package may be made of, in CycloneDX: with every feature, on every platform.
pub(crate) fn bill_of_materials(
    tree: &Path,
    work: &Path,
    order: &[Package],
    version: &str,
) -> Result<(), String> {
    if !has(tree, "cyclonedx") {
        return missing("cargo-cyclonedx", false);
    }
    let how = ["--format", "json", "--spec-version", "1.5", "--all-features", "--target", "all", "--quiet"];
    let mut command = cargo(tree, &["cyclonedx"]);
    command.args(how);
    succeed(command)?;
    let folder = work.join("sbom");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for Package { name, .. } in order {
        let made = tree.join(format!("crates/{name}/{name}.cdx.json"));
        let made = fs::read_to_string(&made).map_err(|error| format!("{}: {error}", made.display()))?;
        let bill = as_published(&made, tree).map_err(|error| format!("{name}: {error}"))?;
        let component = &bill["metadata"]["component"];
        if component["name"] != name.as_str() || component["version"] != version {
            return Err(format!(
                "{name}: its bill of materials is of {} {}",
                component["name"], component["version"]
            ));
        }
        fs::write(folder.join(format!("{name}-{version}.cdx.json")), format!("{bill:#}\n"))
            .map_err(failed)?;
    }
    println!("{} bills of materials are in target/release-try/sbom", order.len());
    Ok(())
}

/// The bill for a user who has the package from the registry: the place where it was made is left
/// out, and our own crates don't come from there.
fn as_published(bill: &str, tree: &Path) -> Result<Value, String> {
    let local = Regex::new(r##"\?download_url=file://[^"#]*"##).map_err(|error| error.to_string())?;
    let bill = bill.replace(&format!("path+file://{}/", tree.display()), "path+file:///");
    let bill = local.replace_all(&bill, "");
    if bill.contains(&*tree.to_string_lossy()) {
        return Err("the bill of materials says where it was made".into());
    }
    serde_json::from_str(&bill).map_err(|error| error.to_string())
}

fn has(tree: &Path, subcommand: &str) -> bool {
    let mut command = cargo(tree, &[subcommand, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn missing(tool: &str, must: bool) -> Result<(), String> {
    let advice = format!("{tool} isn't installed: `cargo install {tool} --locked`");
    if must {
        return Err(advice);
    }
    println!("!!! NOT DONE: {advice}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_crate_comes_after_those_that_it_needs() {
        let metadata = json!({ "packages": [
            { "name": "cli", "publish": null, "dependencies": [{ "name": "core" }, { "name": "sandbox" }, { "name": "serde" }] },
            { "name": "sandbox", "publish": null, "dependencies": [{ "name": "core" }, { "name": "sandbox" }] },
            { "name": "tests", "publish": [], "dependencies": [{ "name": "cli" }] },
            { "name": "core", "publish": null, "dependencies": [] },
        ]});
        let order = sort(published(&metadata).unwrap()).unwrap();
        let names: Vec<&str> = order.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["core", "sandbox", "cli"]);
    }

    #[test]
    fn a_bill_of_materials_does_not_say_where_it_was_made() {
        let tree = Path::new("/home/somebody/tree");
        let made = r#"{ "bom-ref": "path+file:///home/somebody/tree/crates/b#0.1.0",
            "purls": ["pkg:cargo/b@0.1.0?download_url=file://.#src/lib.rs", "pkg:cargo/a@0.1.0?download_url=file://../a"] }"#;
        let expected = json!({ "bom-ref": "path+file:///crates/b#0.1.0",
            "purls": ["pkg:cargo/b@0.1.0#src/lib.rs", "pkg:cargo/a@0.1.0"] });
        assert_eq!(as_published(made, tree).unwrap(), expected);
        assert!(
            as_published(r#"["/home/somebody/tree/a"]"#, tree).unwrap_err().contains("where it was made")
        );
    }

    #[test]
    fn crates_that_need_each_other_are_noticed() {
        let package = |name: &str, needs: &str| Package { name: name.into(), needs: vec![needs.into()] };
        assert!(sort(vec![package("a", "b"), package("b", "a")]).unwrap_err().contains("a, b"));
    }
}
