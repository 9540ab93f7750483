//! Every seed, and what once crashed a target, on any toolchain.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use smile_fuzz_targets::TARGETS;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds"))
}

#[test]
fn all_seeds_pass() {
    for (name, target) in TARGETS {
        let mut count = 0;
        for seed in std::fs::read_dir(folder().join(name)).unwrap() {
            let path = seed.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            let done = std::panic::catch_unwind(|| target(&data));
            assert!(done.is_ok(), "{}", path.file_name().unwrap().display());
            // And cut off anywhere, which is what a fuzzer tries first.
            for end in [data.len() / 3, data.len() / 2, data.len().saturating_sub(1)] {
                target(&data[..end]);
            }
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}

#[test]
fn every_target_is_one_that_cargo_fuzz_knows() {
    let manifest = std::fs::read_to_string(folder().join("../Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(folder().join(format!("../fuzz_targets/{name}.rs")).exists(), "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}
