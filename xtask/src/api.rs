//! The foreign crates in the libraries' public interfaces, against the list of those that may be
//! there.
//!
//! rustdoc tells in JSON, which is not stable: it is asked for with `RUSTC_BOOTSTRAP`, so that this
//! needs no second toolchain.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::features;
use crate::members::{Member, libraries};
use crate::shell::{cargo, output, succeed};

const LIST: &str = "xtask/public_api.toml";

/// Set for the copy of this program that stands in for rustdoc.
const IN_PLACE_OF_RUSTDOC: &str = "XTASK_IN_PLACE_OF_RUSTDOC";

/// The standard library, under each of its names.
const STANDARD: &[&str] = &["alloc", "core", "std"];

/// An example of each foreign crate's appearance, by crate.
type Shown = BTreeMap<String, String>;

/// The reason for each allowed appearance, by library and then by foreign crate.
type Allowed = BTreeMap<String, BTreeMap<String, String>>;

pub(crate) fn run(root: &Path) -> Result<(), String> {
    let toml = fs::read_to_string(root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    let allowed: Allowed = toml::from_str(&toml).map_err(|error| format!("{LIST}: {error}"))?;
    let libraries = libraries(root)?;
    let ours: BTreeSet<String> = libraries.iter().map(|library| snake(&library.name)).collect();
    let directory = target_directory(root)?;
    let every_feature = features::all(root)?;
    let mut shown = BTreeMap::new();
    for Member { name, .. } in &libraries {
        let own: Vec<&str> = of(&every_feature, name);
        let mut arguments = vec!["rustdoc", "--quiet", "--lib", "-p", name];
        arguments.extend(own);
        arguments.extend(["--", "-Z", "unstable-options", "--output-format", "json"]);
        let mut command = cargo(root, &arguments);
        // Not for all that is built: build scripts look at RUSTC_BOOTSTRAP, and everything would be
        // built anew.
        let this = std::env::current_exe().map_err(|error| format!("xtask itself: {error}"))?;
        command.env("RUSTDOC", this).env(IN_PLACE_OF_RUSTDOC, "1");
        succeed(command)?;
        let file = directory.join("doc").join(format!("{}.json", snake(name)));
        let failed = |error: String| format!("{}: {error}", file.display());
        let json = fs::read_to_string(&file).map_err(|error| failed(error.to_string()))?;
        let json = serde_json::from_str(&json).map_err(|error| failed(error.to_string()))?;
        let mut foreign = foreign(&json).map_err(failed)?;
        foreign.retain(|name, _| !ours.contains(name));
        shown.insert(name.clone(), foreign);
    }
    let faults = compare(&allowed, &shown);
    if faults.is_empty() {
        for (library, foreign) in shown {
            println!("{library}: {}", foreign.into_keys().collect::<Vec<_>>().join(", "));
        }
        return Ok(());
    }
    Err(format!("what shows isn't what {LIST} says:\n  {}", faults.join("\n  ")))
}

/// Runs rustdoc if this process takes its place, and returns its exit code.
pub(crate) fn in_place_of_rustdoc() -> Option<ExitCode> {
    std::env::var_os(IN_PLACE_OF_RUSTDOC)?;
    let mut rustdoc = Command::new("rustdoc");
    rustdoc.args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1");
    let is_done = rustdoc.status().is_ok_and(|status| status.success());
    Some(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Picks the features of this library from the arguments for all of them.
fn of<'a>(every_feature: &'a [String], name: &str) -> Vec<&'a str> {
    let named = every_feature.iter().flat_map(|argument| argument.split(','));
    let own = named.filter_map(|feature| feature.strip_prefix(name)?.strip_prefix('/'));
    own.flat_map(|feature| ["--features", feature]).collect()
}

fn target_directory(root: &Path) -> Result<PathBuf, String> {
    let json = output(&mut cargo(root, &["metadata", "--no-deps", "--format-version", "1"]))?;
    let json: Value = serde_json::from_str(&json).map_err(|error| format!("cargo metadata: {error}"))?;
    json["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or("cargo metadata has no target directory".into())
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// The items in rustdoc's JSON of crates other than this one and the standard library.
fn foreign(json: &Value) -> Result<Shown, String> {
    let changed = "rustdoc's JSON is not what it was; `xtask/src/api.rs` has to follow";
    let paths = json["paths"].as_object().ok_or(changed)?;
    let crates = json["external_crates"].as_object().ok_or(changed)?;
    let items = json["index"].as_object().ok_or(changed)?;
    let mut shown = Shown::new();
    let mut paths_seen = 0;
    for item in items.values().filter(|item| item["crate_id"] == 0) {
        let mut ids = Vec::new();
        collect(&item["inner"], &mut ids);
        for id in ids {
            let Some(path) = paths.get(&id.to_string()) else { continue };
            paths_seen += 1;
            let owner = &path["crate_id"];
            if *owner == 0 {
                continue;
            }
            let name = crates.get(&owner.to_string()).and_then(|it| it["name"].as_str()).ok_or(changed)?;
            if STANDARD.contains(&name) {
                continue;
            }
            let segments: Vec<&str> =
                path["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let file = item["span"]["filename"].as_str().unwrap_or("?");
            let example = format!("{file}:{} has {}", item["span"]["begin"][0], segments.join("::"));
            // The same one each time, whatever the order of the JSON.
            let entry = shown.entry(name.to_owned()).or_insert_with(|| example.clone());
            if example < *entry {
                *entry = example;
            }
        }
    }
    // A library whose interface names not even a type of its own would be a strange one.
    if paths_seen == 0 { Err(changed.into()) } else { Ok(shown) }
}

/// The ids of all types and traits in here; not of what the compiler implements by itself.
fn collect(value: &Value, ids: &mut Vec<u64>) {
    match value {
        Value::Object(object) => {
            let is_implied = object.get("is_synthetic") == Some(&Value::Bool(true))
                || object.get("blanket_impl").is_some_and(|it| !it.is_null());
            if is_implied {
                return;
            }
            let is_named = object.contains_key("path") && object.contains_key("args");
            let is_reexport = object.contains_key("source") && object.contains_key("is_glob");
            if is_named || is_reexport {
                ids.extend(object.get("id").and_then(Value::as_u64));
            }
            object.values().for_each(|value| collect(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

/// The crates that show without being allowed, and those allowed that don't show.
fn compare(allowed: &Allowed, shown: &BTreeMap<String, Shown>) -> Vec<String> {
    let mut faults = Vec::new();
    for (library, foreign) in shown {
        let listed = allowed.get(library);
        for (name, example) in foreign {
            if !listed.is_some_and(|listed| listed.contains_key(name)) {
                faults.push(format!("{library}: {name} shows, and isn't listed: {example}"));
            }
        }
    }
    for (library, listed) in allowed {
        let Some(foreign) = shown.get(library) else {
            faults.push(format!("{library}: is listed, and is no library here"));
            continue;
        };
        for (name, reason) in listed {
            if !foreign.contains_key(name) {
                faults.push(format!("{library}: {name} is listed, and doesn't show"));
            }
            if reason.trim().is_empty() {
                faults.push(format!("{library}: {name} is listed without a reason"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `pub fn body() -> bytes::Bytes`, `pub use http`, a private detail of another crate, and
    /// `impl Send for Own`.
    fn rustdoc_json() -> Value {
        let span = |line: u32| json!({ "filename": "src/lib.rs", "begin": [line, 1] });
        let named = |id: u32| json!({ "resolved_path": { "path": "X", "id": id, "args": null } });
        json!({
            "index": {
                "1": { "crate_id": 0, "span": span(7), "inner": { "function": { "sig": { "output": named(11) } } } },
                "2": { "crate_id": 0, "span": span(3), "inner": { "function": { "sig": { "output": named(11) } } } },
                "3": { "crate_id": 0, "span": span(1), "inner": { "use": { "source": "http", "id": 12, "is_glob": false } } },
                "4": { "crate_id": 2, "span": span(9), "inner": { "function": { "sig": { "output": named(13) } } } },
                "5": { "crate_id": 0, "span": span(2), "inner": { "impl": { "trait": { "path": "Send", "id": 13, "args": null },
                       "is_synthetic": true, "blanket_impl": null } } },
                "6": { "crate_id": 0, "span": span(4), "inner": { "function": { "sig": { "inputs": [["a", named(14)], ["b", named(15)]] } } } },
            },
            "paths": {
                "11": { "crate_id": 2, "path": ["bytes", "Bytes"] },
                "12": { "crate_id": 3, "path": ["http"] },
                "13": { "crate_id": 4, "path": ["hidden", "Type"] },
                "14": { "crate_id": 0, "path": ["own", "Type"] },
                "15": { "crate_id": 1, "path": ["alloc", "string", "String"] },
            },
            "external_crates": { "1": { "name": "alloc" }, "2": { "name": "bytes" }, "3": { "name": "http" }, "4": { "name": "hidden" } },
        })
    }

    #[test]
    fn what_is_public_is_found_and_nothing_else() {
        let shown = foreign(&rustdoc_json()).unwrap();
        let expected = [("bytes", "src/lib.rs:3 has bytes::Bytes"), ("http", "src/lib.rs:1 has http")];
        assert_eq!(shown, expected.map(|(name, example)| (name.to_owned(), example.to_owned())).into());
    }

    #[test]
    fn json_of_another_shape_is_no_clean_bill() {
        for json in [json!({}), json!({ "index": {}, "paths": {}, "external_crates": {} })] {
            assert!(foreign(&json).unwrap_err().contains("has to follow"));
        }
    }

    #[test]
    fn the_list_says_what_shows_no_more_and_no_less() {
        let shown = BTreeMap::from([("a".to_owned(), Shown::from([("http".into(), "here".into())]))]);
        let check = |toml: &str| compare(&toml::from_str(toml).unwrap(), &shown);
        assert_eq!(check("[a]\nhttp = 'requests'"), [""; 0]);
        assert_eq!(check("[a]"), ["a: http shows, and isn't listed: here"]);
        assert_eq!(check(""), ["a: http shows, and isn't listed: here"]);
        assert_eq!(
            check("[a]\nhttp = 'requests'\nurl = 'addresses'"),
            ["a: url is listed, and doesn't show"]
        );
        assert_eq!(check("[a]\nhttp = ' '"), ["a: http is listed without a reason"]);
        assert_eq!(check("[a]\nhttp = 'r'\n[b]"), ["b: is listed, and is no library here"]);
    }

    #[test]
    fn a_library_is_documented_with_its_own_features() {
        let all = ["--features".to_owned(), "a/one,ab/two,a/three".to_owned()];
        assert_eq!(of(&all, "a"), ["--features", "one", "--features", "three"]);
        assert_eq!(of(&all, "b"), [""; 0]);
    }
}
