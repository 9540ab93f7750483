//! The words of comments: first lines that a reader understands at once, and lines that fit.
//!
//! The first line of an item's documentation is a noun phrase or a verb, never an indirect
//! question. A comment's line has at most 100 columns. Exempt are tables, code, the destination of
//! a link, and a single word that is longer by itself: none of them can be wrapped.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::entries;

/// Words that begin an indirect question, or a clause that waits for its other half.
const NO_BEGINNING: &[&str] = &["What", "Who", "How", "Whether", "If", "That", "Where"];

/// The most columns of a comment's line, with its indent.
const COLUMNS: usize = 100;

/// Folders that hold no source of ours.
const NOT_OURS: &[&str] = &["target", "node_modules", ".git"];

/// Fails if a first line or a line's length breaks the rules.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut faults = Vec::new();
    for (file, text) in sources(root)? {
        faults.extend(faults_in(&text).into_iter().map(|(line, fault)| format!("{file}:{line}: {fault}")));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("{} comments to rewrite:\n  {}", faults.len(), faults.join("\n  ")))
}

/// Prints the first line of every documented item, with its file and line.
pub(crate) fn list(root: &Path) -> Result<(), String> {
    for (file, text) in sources(root)? {
        for (line, first) in comments(&text).into_iter().filter_map(|comment| comment.first_line()) {
            println!("{file}:{line}: {first}");
        }
    }
    Ok(())
}

/// The Rust files of the workspace, by their paths from its root.
fn sources(root: &Path) -> Result<Vec<(String, String)>, String> {
    let (mut folders, mut found) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !NOT_OURS.contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter().map(|path| read(root, path)).collect()
}

fn read(root: &Path, path: PathBuf) -> Result<(String, String), String> {
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((path.strip_prefix(root).unwrap_or(&path).display().to_string(), text))
}

/// The broken rules of a file, each with its line.
fn faults_in(text: &str) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for comment in comments(text) {
        if let Some((line, first)) = comment.first_line() {
            let word = first.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if NO_BEGINNING.contains(&word) {
                faults.push((line, format!("the first line begins with `{word}`")));
            }
        }
        faults.extend(comment.long_lines().map(|(line, columns)| (line, format!("{columns} columns"))));
    }
    faults.sort_unstable();
    faults
}

/// A comment: lines one below the other, each with the same mark.
struct Comment<'a> {
    mark: &'a str,
    /// The number of the first line.
    line: usize,
    /// The whole lines.
    lines: Vec<&'a str>,
}

impl<'a> Comment<'a> {
    /// The first line of a documentation comment, and its number.
    fn first_line(&self) -> Option<(usize, &'a str)> {
        let first = content(self.lines.first()?, self.mark).trim();
        (self.mark != "//" && !first.is_empty()).then_some((self.line, first))
    }

    /// The lines that are too long and could be wrapped, each with its columns.
    fn long_lines(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut in_code = false;
        self.lines.iter().enumerate().filter_map(move |(index, line)| {
            let text = content(line, self.mark).trim();
            let is_fence = text.starts_with("```");
            in_code ^= is_fence;
            let columns = line.chars().count();
            let can_be_wrapped =
                !in_code && !is_fence && !text.starts_with('|') && !is_link(text) && text.contains(' ');
            (columns > COLUMNS && can_be_wrapped).then_some((self.line + index, columns))
        })
    }
}

/// True for a line that gives the destination of a link, `[name]: destination`.
fn is_link(text: &str) -> bool {
    text.starts_with('[') && text.split_once("]: ").is_some_and(|(_, to)| !to.contains(' '))
}

/// A comment's line without its indent and mark.
fn content<'a>(line: &'a str, mark: &str) -> &'a str {
    line.trim_start().strip_prefix(mark).unwrap_or_default()
}

/// The mark of a line that is a comment and nothing else.
fn mark(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    ["////", "///", "//!", "//"].into_iter().find(|mark| line.starts_with(mark))
}

fn comments(text: &str) -> Vec<Comment<'_>> {
    let mut found: Vec<Comment<'_>> = Vec::new();
    let mut previous = None;
    for (index, line) in text.lines().enumerate() {
        let mark = mark(line);
        match (mark, found.last_mut()) {
            (Some(_), Some(comment)) if previous == mark => comment.lines.push(line),
            (Some(mark), _) => found.push(Comment { mark, line: index + 1, lines: vec![line] }),
            (None, _) => {}
        }
        previous = mark;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        faults_in(text).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a_first_line_that_is_a_question_is_found() {
        for word in NO_BEGINNING {
            assert_eq!(lines(&format!("fn a() {{}}\n\n/// {word} it is.\nfn b() {{}}")), [3], "{word}");
            assert_eq!(lines(&format!("//! {word} it is.")), [1], "{word}");
        }
    }

    #[test]
    fn other_first_lines_and_later_ones_are_free() {
        assert_eq!(lines("/// Whatever comes.\n/// If it comes.\nfn a() {}"), [0; 0]);
        assert_eq!(lines("// If it comes.\nfn a() {}"), [0; 0], "not documentation");
    }

    #[test]
    fn a_long_line_is_found_in_every_kind_of_comment() {
        for mark in ["//", "///", "//!"] {
            assert_eq!(lines(&format!("{mark} {}", "word ".repeat(20))), [1], "{mark}");
            assert_eq!(lines(&format!("{mark} {}", "word ".repeat(19))), [0; 0], "{mark}");
        }
        assert_eq!(lines(&format!("{}// {}", " ".repeat(8), "word ".repeat(19))), [1], "the indent counts");
    }

    #[test]
    fn what_cannot_be_wrapped_may_be_long() {
        let long = "word ".repeat(30);
        assert_eq!(lines(&format!("/// ```\n/// {long}\n/// ```\n/// | {long} |")), [0; 0]);
        assert_eq!(lines(&format!("/// [a]: https://{}", "a".repeat(120))), [0; 0]);
        assert_eq!(lines(&format!("/// ```\n/// ```\n/// {long}")), [3], "behind the code");
    }
}
