//! The programs of the cookbook, `docs/*.md`, which `cargo test --doc` runs.

macro_rules! pages {
    ($($page:ident $file:literal)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../docs/", $file))]
            mod $page {}
        )*

        #[cfg(test)]
        const PAGES: &[&str] = &[$($file),*];
    };
}

pages! {
    five_minutes "five-minutes.md"
    retries_and_billing "retries-and-billing.md"
    going_live "going-live.md"
    rotating_keys "rotating-keys.md"
    migrating_to_v3 "migrating-to-v3.md"
    testing_an_integration "testing-an-integration.md"
    without_a_runtime "without-a-runtime.md"
    wasm_worker "wasm-worker.md"
    ffi_sketch "ffi-sketch.md"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::PAGES;

    #[test]
    fn every_page_with_a_program_is_run() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let mut seen = 0;
        for entry in std::fs::read_dir(docs).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if text.contains("```rust") {
                assert!(
                    PAGES.contains(&name.as_str()),
                    "{name} isn't among the pages of examples/src/cookbook.rs"
                );
                seen += 1;
            }
        }
        assert!(seen > 0, "there are no pages with programs");
    }
}
