//! The glossary in `ARCHITECTURE.md`: each of its words has an item in the code, and the words that
//! it replaced are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use crate::shell::entries;

const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Glossary";

/// Names of before, each with the glossary's word in its place.
const REPLACED: &[(&str, &str)] = &[
    ("Reach", "progress"),
    ("Doubt", "unknown reason"),
    ("Sighting", "digest"),
    ("Seen", "replay check"),
    ("Findings", "validation report"),
    ("Repeat", "repeat safety"),
    ("JobLife", "job history"),
    ("settle", "status delay"),
    ("leave_judgement_to_service", "ID type checks"),
    ("LookByHand", "manual review"),
    ("FixTheNumber", "next step"),
    ("needs_a_look", "manual review"),
    ("Nowhere", "`Signing::Unsigned`"),
    ("Oddity", "spelling variant"),
    ("Manner", "response delivery"),
    ("Admission", "head check"),
];

/// Text files in which a replaced name may not stand.
const ENDINGS: &[&str] =
    &["css", "html", "js", "json", "lock", "md", "patch", "rs", "stderr", "toml", "txt", "yaml", "yml"];

/// Files that have replaced names with good reason: the list above, and the record of the changes.
const EXEMPT: &[&str] = &["CHANGELOG.md", "xtask/src/words.rs"];

/// Checks the glossary's items, and that no replaced name is left.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let texts = texts(root)?;
    let page = texts.get(Path::new(PAGE)).ok_or(format!("{PAGE}: missing"))?;
    let rows = glossary(page)?;
    let items = Items::of(texts.iter().filter(|(path, _)| is_source(path)).map(|(_, text)| &**text));
    let mut wrong = unknown_items(&rows, &items);
    for (path, text) in &texts {
        if !EXEMPT.iter().any(|exempt| path == Path::new(exempt)) {
            wrong.extend(leftovers(text).into_iter().map(|left| format!("{}:{left}", path.display())));
        }
    }
    println!("{} words, {} files", rows.len(), texts.len());
    if wrong.is_empty() { Ok(()) } else { Err(format!("words are not kept:\n  {}", wrong.join("\n  "))) }
}

/// The repository's text files, by their paths within it.
fn texts(root: &Path) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Hidden, built and fetched files are nobody's writing.
            if name.starts_with('.') || matches!(name, "target" | "node_modules") || path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| ENDINGS.iter().any(|ending| it == *ending)) {
                let text =
                    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let within = path.strip_prefix(root).map_err(|error| error.to_string())?;
                texts.insert(within.to_path_buf(), text);
            }
        }
    }
    Ok(texts)
}

/// True for the source of a crate, without its tests.
fn is_source(path: &Path) -> bool {
    let mut parts = path.iter();
    parts.next().is_some_and(|part| part == "crates")
        && parts.nth(1).is_some_and(|part| part == "src")
        && path.extension().is_some_and(|extension| extension == "rs")
}

/// A row of the glossary.
#[derive(Debug, PartialEq)]
struct Row {
    word: String,
    /// Items as they are written: `Type` or `Type::member`.
    items: Vec<String>,
}

/// Rows of the table below the glossary's heading, in order of their words.
fn glossary(page: &str) -> Result<Vec<Row>, String> {
    let (_, section) = page.split_once(&format!("\n{HEADING}\n")).ok_or(format!("{PAGE}: no `{HEADING}`"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut rows: Vec<Row> = Vec::new();
    // The first two lines are the table's head.
    for line in section.lines().filter(|line| line.starts_with('|')).skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [word, meaning, code] = cells[..] else {
            return Err(format!("{PAGE}: a row of the glossary hasn't three cells: {line}"));
        };
        let items: Vec<String> = code.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        if word.is_empty() || meaning.is_empty() || items.is_empty() {
            return Err(format!("{PAGE}: a row of the glossary has an empty cell: {line}"));
        }
        if rows.last().is_some_and(|last| last.word.to_lowercase() >= word.to_lowercase()) {
            return Err(format!("{PAGE}: the glossary's `{word}` is out of order, or there twice"));
        }
        rows.push(Row { word: word.to_owned(), items });
    }
    if rows.is_empty() { Err(format!("{PAGE}: the glossary is empty")) } else { Ok(rows) }
}

/// Items that the glossary names and the code doesn't have.
fn unknown_items(rows: &[Row], items: &Items) -> Vec<String> {
    let named = rows.iter().flat_map(|row| row.items.iter().map(move |item| (&row.word, item)));
    named
        .filter(|(_, item)| !items.have(item))
        .map(|(word, item)| format!("{PAGE}: `{word}` names `{item}`, which no crate has"))
        .collect()
}

/// Names that the crates define: types, each with its fields, variants and functions.
#[derive(Default)]
struct Items {
    types: BTreeMap<String, BTreeSet<String>>,
}

impl Items {
    #[allow(clippy::unwrap_used, reason = "the expressions are constants, and the tests run them")]
    fn of<'a>(files: impl Iterator<Item = &'a str>) -> Self {
        let head = Regex::new(
            r"^( *)(?:pub(?:\([a-z]+\))? )?(struct|enum|trait|type|impl)\b(?:<.*?>)? (?:.* for )?(?:\w+::)*(\w+)",
        )
        .unwrap();
        let member =
            Regex::new(r"^(?:pub(?:\([a-z]+\))? )?(?:async )?(?:fn |const (?:fn )?|type )?(\w+)").unwrap();
        let (mut items, mut defined) = (Self::default(), BTreeSet::new());
        for text in files {
            // The code is formatted, so a body ends with a brace as far in as its head.
            let mut body: Option<(String, String)> = None;
            for line in text.lines() {
                if let Some((indent, name)) = &body {
                    if line.strip_prefix(&**indent) == Some("}") {
                        body = None;
                    } else if let Some(within) = line.strip_prefix(&format!("{indent}    "))
                        && let Some(member) = member.captures(within)
                    {
                        items.types.entry(name.clone()).or_default().insert(member[1].to_owned());
                    }
                } else if let Some(head) = head.captures(line) {
                    if &head[2] != "impl" {
                        defined.insert(head[3].to_owned());
                        items.types.entry(head[3].to_owned()).or_default();
                    }
                    if !line.ends_with([';', '}']) {
                        body = Some((head[1].to_owned(), head[3].to_owned()));
                    }
                }
            }
        }
        items.types.retain(|name, _| defined.contains(name));
        items
    }

    fn have(&self, item: &str) -> bool {
        match item.split_once("::") {
            None => self.types.contains_key(item),
            Some((name, member)) => self.types.get(name).is_some_and(|members| members.contains(member)),
        }
    }
}

/// Replaced names in a text, each with its line and the word to use.
fn leftovers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in line.split(|it: char| !it.is_alphanumeric() && it != '_') {
            if let Some((old, new)) = REPLACED.iter().find(|(old, _)| *old == word) {
                found.push(format!("{}: `{old}` is now: {new}", index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
pub struct Job {
    key: JobKey,
}

impl Job {
    pub fn key(&self) -> &JobKey {
        &self.key
    }
}

pub(crate) enum Decision {
    /// Yes.
    Approved,
    Other(String),
}
";

    fn page(rows: &str) -> String {
        format!(
            "# Architecture\n\n## Glossary\n\nWords.\n\n| word | meaning | code |\n| - | - | - |\n{rows}\n## More\n\n| a | b |\n"
        )
    }

    #[test]
    fn rows_are_read_up_to_the_next_heading() {
        let rows = glossary(&page("| decision | Yes or no | `Decision`, `Decision::Approved` |\n")).unwrap();
        let items = vec!["Decision".to_owned(), "Decision::Approved".to_owned()];
        assert_eq!(rows, [Row { word: "decision".into(), items }]);
    }

    #[test]
    fn a_glossary_that_is_missing_empty_or_torn_is_refused() {
        for rows in [
            "",
            "| decision | Yes or no |\n",
            "| decision |  | `Decision` |\n",
            "| decision | Yes | none |\n",
        ] {
            assert!(glossary(&page(rows)).is_err(), "{rows}");
        }
        assert!(glossary("# Architecture\n").is_err());
    }

    #[test]
    fn words_are_in_order_and_there_once() {
        let row = |word: &str| format!("| {word} | Meaning | `Job` |\n");
        assert!(glossary(&page(&[row("job"), row("Job key")].concat())).is_ok());
        assert!(glossary(&page(&[row("job key"), row("job")].concat())).unwrap_err().contains("`job`"));
        assert!(glossary(&page(&[row("job"), row("job")].concat())).is_err());
    }

    #[test]
    fn an_item_that_no_crate_has_is_named_with_its_word() {
        let items = Items::of([SOURCE].into_iter());
        for item in ["Job", "Job::key", "Decision", "Decision::Approved", "Decision::Other"] {
            assert!(items.have(item), "{item}");
        }
        for item in
            ["JobKey", "Job::unkey", "Decision::key", "Decision::Rejected", "Verdict::Approved", "key"]
        {
            assert!(!items.have(item), "{item}");
        }
        let rows = [Row { word: "rejection".into(), items: vec!["Decision::Rejected".into()] }];
        let wrong = unknown_items(&rows, &items);
        assert!(wrong[0].contains("`rejection`") && wrong[0].contains("`Decision::Rejected`"), "{wrong:?}");
    }

    #[test]
    fn a_replaced_name_is_found_as_a_whole_word_with_its_line() {
        let old = REPLACED[0].0;
        let found = leftovers(&format!("fine\nlet it = {old}::Nothing;\n"));
        assert!(found.len() == 1 && found[0].starts_with("2: "), "{found:?}");
        assert!(leftovers(&format!("{old}able and Un{}\n", old.to_lowercase())).is_empty());
    }

    #[test]
    fn only_the_source_of_a_crate_defines_items() {
        assert!(is_source(Path::new("crates/smile-core/src/v1/mod.rs")));
        for path in
            ["crates/smile-core/tests/call.rs", "xtask/src/words.rs", "crates/smile-core/src/notes.md"]
        {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }
}
