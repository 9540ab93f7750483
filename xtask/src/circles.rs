//! Circles of modules: files or folders of a crate that need each other.
//!
//! In each folder of a crate's `src`, the files and folders that lie directly in it are looked at;
//! one needs another if it names something of it. A circle through any files shows in the lowest
//! folder that has all of them. What a module lets through from its children (`pub use`) is looked
//! for where it is defined. Tests may name everything; a builder and what it builds, in one folder,
//! each other.
//!
//! Methods show by the type that they are called on, not by the file that defines them, so a type's
//! `impl` blocks belong in the type's own file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::members::members;
use crate::shell::entries;

/// Fails if there is a circle.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut found = Vec::new();
    for member in members(root)? {
        let source = member.directory().join("src");
        if source.is_dir() {
            let files = read(&source)?;
            found.extend(circles(&member.name, &files));
        }
    }
    let told: Vec<String> = found.iter().map(Circle::told).collect();
    if told.is_empty() { Ok(()) } else { Err(format!("modules need each other:\n  {}", told.join("\n  "))) }
}

/// A set of files and folders of one folder, each of which needs every other, if not directly.
#[derive(Debug)]
struct Circle {
    /// The crate, and the folder.
    place: String,
    members: BTreeSet<String>,
    /// Which file needs which, between different members.
    arrows: Vec<(String, String)>,
}

impl Circle {
    fn told(&self) -> String {
        let members: Vec<&str> = self.members.iter().map(String::as_str).collect();
        let arrows: Vec<String> =
            self.arrows.iter().map(|(from, to)| format!("    {from} -> {to}")).collect();
        format!("{}: {}\n{}", self.place, members.join(" "), arrows.join("\n"))
    }
}

/// A file of a crate.
struct File {
    /// The path under `src`, without `.rs`.
    path: String,
    /// The place in the tree of modules; the crate's own is empty.
    module: Vec<String>,
    text: String,
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        Self { path: path.to_owned(), module, text }
    }
}

fn read(source: &Path) -> Result<Vec<File>, String> {
    let (mut files, mut folders) = (Vec::new(), vec![source.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text =
                    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                files.push(File::new(&name_of(source, &path), text));
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn name_of(source: &Path, path: &Path) -> String {
    let path: PathBuf = path.strip_prefix(source).unwrap_or(path).with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn circles(krate: &str, files: &[File]) -> Vec<Circle> {
    let modules: BTreeMap<&[String], usize> =
        files.iter().enumerate().map(|(at, file)| (file.module.as_slice(), at)).collect();
    let read: Vec<Named> = files.iter().map(|file| Named::read(&file.module, &file.text)).collect();
    let of_tests: BTreeSet<&[String]> =
        read.iter().flat_map(|named| &named.test_modules).map(Vec::as_slice).collect();
    let is_of_tests =
        |file: &File| (1..=file.module.len()).any(|length| of_tests.contains(&file.module[..length]));
    let mut arrows: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (from, named) in read.iter().enumerate() {
        if is_of_tests(&files[from]) {
            continue;
        }
        for path in &named.paths {
            let needed = defined_in(path, &modules, &read);
            if let Some(to) = needed.filter(|to| *to != from && !is_of_tests(&files[*to])) {
                arrows.insert((from, to));
            }
        }
    }
    let arrows: Vec<(&str, &str)> =
        arrows.into_iter().map(|(from, to)| (files[from].path.as_str(), files[to].path.as_str())).collect();
    let arrows: Vec<(&str, &str)> =
        arrows.iter().filter(|(from, to)| !is_back_to_builder(from, to, &arrows)).copied().collect();
    let mut folders: BTreeSet<&str> = BTreeSet::from([""]);
    for file in files {
        folders.extend(file.path.match_indices('/').map(|(at, _)| &file.path[..at]));
    }
    folders.into_iter().flat_map(|folder| circles_in(krate, folder, &arrows)).collect()
}

/// True for the arrow from a built type to its builder, `builder.rs` in the same folder: only the
/// arrow to the built type counts.
fn is_back_to_builder(from: &str, to: &str, arrows: &[(&str, &str)]) -> bool {
    let is_beside = to.strip_suffix("builder").is_some_and(|folder| {
        (folder.is_empty() || folder.ends_with('/'))
            && from.strip_prefix(folder).is_some_and(|name| !name.contains('/'))
    });
    is_beside && arrows.contains(&(to, from))
}

/// The circles among what lies directly in a folder.
fn circles_in(krate: &str, folder: &str, arrows: &[(&str, &str)]) -> Vec<Circle> {
    let child = |path: &str| {
        let rest = if folder.is_empty() { path } else { path.strip_prefix(folder)?.strip_prefix('/')? };
        Some(rest.split('/').next().unwrap_or(rest).to_owned())
    };
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in arrows {
        if let (Some(from), Some(to)) = (child(from), child(to))
            && from != to
        {
            needs.entry(from).or_default().insert(to);
        }
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        needs.keys().map(|start| (start.as_str(), reachable(start, &needs))).collect();
    let mut found: Vec<Circle> = Vec::new();
    for (start, ends) in &reached {
        let is_known = found.iter().any(|circle| circle.members.contains(*start));
        if is_known || !ends.contains(start) {
            continue;
        }
        let back = |end: &&&str| reached.get(**end).is_some_and(|ends| ends.contains(start));
        let members: BTreeSet<String> = ends.iter().filter(back).map(|end| (*end).to_owned()).collect();
        let is_inside = |path: &str| child(path).is_some_and(|child| members.contains(&child));
        let arrows =
            arrows.iter().filter(|(from, to)| is_inside(from) && is_inside(to) && child(from) != child(to));
        let arrows = arrows.map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let place = format!("{krate} src/{folder}").trim_end_matches('/').to_owned();
        found.push(Circle { place, members, arrows });
    }
    found
}

fn reachable<'a>(start: &str, needs: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(from) = open.pop() {
        for to in needs.get(from).into_iter().flatten() {
            if seen.insert(to.as_str()) {
                open.push(to);
            }
        }
    }
    seen
}

/// The most times that a name may be re-exported by another module before it is taken to be defined
/// there.
const MOST_TURNS: usize = 16;

/// The file that defines what a path names.
fn defined_in(path: &[String], modules: &BTreeMap<&[String], usize>, read: &[Named]) -> Option<usize> {
    let mut path = path.to_vec();
    for _ in 0..MOST_TURNS {
        let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
        let file = *modules.get(&path[..length])?;
        let Some(name) = path.get(length) else { return Some(file) };
        let let_through = &read[file].let_through;
        let by_name = let_through.iter().find(|(through, _)| through == name).map(|(_, to)| to.clone());
        let Some(mut next) = by_name else { return Some(file) };
        next.extend_from_slice(&path[length + 1..]);
        if next == path {
            return Some(file);
        }
        path = next;
    }
    None
}

/// The names in the code of a file, tests aside.
#[derive(Debug, Default)]
struct Named {
    /// Paths from the crate's root.
    paths: Vec<Vec<String>>,
    /// The re-exports: each name, and the path that it comes from.
    let_through: Vec<(String, Vec<String>)>,
    /// Modules in files of their own that are compiled for tests alone.
    test_modules: Vec<Vec<String>>,
}

impl Named {
    fn read(module: &[String], text: &str) -> Self {
        let words = words(text);
        let children: BTreeSet<&str> = words
            .windows(3)
            .filter(|three| three[0] == "mod" && (three[2] == ";" || three[2] == "{"))
            .map(|three| three[1].as_str())
            .collect();
        let mut reader = Reader {
            words: &words,
            at: 0,
            module,
            inner: Vec::new(),
            children,
            bare: BTreeSet::new(),
            named: Self::default(),
        };
        reader.read();
        let Reader { mut named, bare, .. } = reader;
        // What is let through can be named here as well.
        let used = named.let_through.iter().filter(|(name, _)| bare.contains(name.as_str()));
        let used: Vec<Vec<String>> = used.map(|(_, path)| path.clone()).collect();
        named.paths.extend(used);
        named
    }
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    module: &'a [String],
    /// The modules within the file that the place is in; `None` for other braces.
    inner: Vec<Option<&'a str>>,
    children: BTreeSet<&'a str>,
    /// Types and functions that are named without a path.
    bare: BTreeSet<&'a str>,
    named: Named,
}

impl<'a> Reader<'a> {
    fn word(&self, ahead: usize) -> &'a str {
        self.words.get(self.at + ahead).map_or("", String::as_str)
    }

    fn read(&mut self) {
        while self.at < self.words.len() {
            match self.word(0) {
                "#" if self.is_for_tests() => self.skip_test(),
                // Who may see it, which isn't what it needs.
                "pub" if self.word(1) == "(" && self.word(2) == "in" => {
                    while !matches!(self.word(0), ")" | "") {
                        self.at += 1;
                    }
                }
                "mod" if self.word(2) == "{" => {
                    self.inner.push(Some(self.word(1)));
                    self.at += 3;
                }
                "{" => {
                    self.inner.push(None);
                    self.at += 1;
                }
                "}" => {
                    self.inner.pop();
                    self.at += 1;
                }
                "use" => {
                    let is_public = self.at > 0 && matches!(self.words[self.at - 1].as_str(), "pub" | ")");
                    self.at += 1;
                    self.read_use(&[], is_public);
                }
                first if self.begins_path(first) => {
                    let path = self.read_path();
                    self.note(&path);
                }
                word => {
                    let before = self.at.checked_sub(1).map_or("", |before| self.words[before].as_str());
                    let is_item = word.starts_with(char::is_uppercase) || self.word(1) == "(";
                    if is_item && !matches!(before, "::" | "." | "fn" | "struct" | "enum" | "trait" | "type")
                    {
                        self.bare.insert(word);
                    }
                    self.at += 1;
                }
            }
        }
    }

    /// True if a path that is not part of another begins here.
    fn begins_path(&self, first: &str) -> bool {
        let is_start = matches!(first, "crate" | "super" | "self") || self.children.contains(first);
        let before = self.at.checked_sub(1).map_or("", |before| self.words[before].as_str());
        is_start && self.word(1) == "::" && !matches!(before, "::" | "$")
    }

    fn read_path(&mut self) -> Vec<String> {
        let mut path = vec![self.word(0).to_owned()];
        self.at += 1;
        while self.word(0) == "::" && is_name(self.word(1)) {
            path.push(self.word(1).to_owned());
            self.at += 2;
        }
        path
    }

    /// A tree of imports, up to its end.
    fn read_use(&mut self, before: &[String], is_public: bool) {
        let mut path = before.to_vec();
        loop {
            match self.word(0) {
                "{" => {
                    self.at += 1;
                    while !matches!(self.word(0), "}" | "") {
                        self.read_use(&path, is_public);
                        if self.word(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "::" => self.at += 1,
                "*" => {
                    self.at += 1;
                    self.note(&path);
                    return;
                }
                word if is_name(word) => {
                    if word != "self" || path.is_empty() {
                        path.push(word.to_owned());
                    }
                    self.at += 1;
                }
                _ => break,
            }
            if self.word(0) == "as" {
                self.let_through(&path, self.word(1), is_public);
                self.at += 2;
                return;
            }
        }
        let name = path.last().cloned().unwrap_or_default();
        if path.is_empty() {
            self.at += 1;
        } else {
            self.let_through(&path, &name, is_public);
        }
    }

    fn let_through(&mut self, path: &[String], name: &str, is_public: bool) {
        match self.rooted(path) {
            Some(path) if is_public && self.inner.is_empty() => {
                self.named.let_through.push((name.to_owned(), path));
            }
            Some(path) => self.named.paths.push(path),
            None => {}
        }
    }

    fn note(&mut self, path: &[String]) {
        self.named.paths.extend(self.rooted(path));
    }

    /// A path from the crate's root; `None` if it leads to another crate.
    fn rooted(&self, path: &[String]) -> Option<Vec<String>> {
        let mut here: Vec<String> = self.module.to_vec();
        here.extend(self.inner.iter().flatten().map(|name| (*name).to_owned()));
        let (first, mut rest) = path.split_first()?;
        match first.as_str() {
            "crate" => here.clear(),
            "self" => {}
            "super" => {
                here.pop();
                while let [next, further @ ..] = rest
                    && next == "super"
                {
                    here.pop();
                    rest = further;
                }
            }
            child if self.children.contains(child) => here.push(child.to_owned()),
            _ => return None,
        }
        here.extend_from_slice(rest);
        Some(here)
    }

    /// True if an attribute begins here by which the code after it is compiled for tests alone.
    fn is_for_tests(&self) -> bool {
        let words: Vec<&str> = (1..7).map(|ahead| self.word(ahead)).collect();
        words[..5] == ["[", "cfg", "(", "test", ")"]
            || words[..5] == ["[", "cfg", "(", "all", "("] && self.word(6) == "test"
    }

    /// The item that is compiled for tests alone.
    fn skip_test(&mut self) {
        while !matches!(self.word(0), ";" | "{" | "") {
            if self.word(0) == "mod" && self.word(2) == ";" {
                let mut path = self.module.to_vec();
                path.push(self.word(1).to_owned());
                self.named.test_modules.push(path);
            }
            self.at += 1;
        }
        let mut depth = 0_usize;
        while self.at < self.words.len() {
            match self.word(0) {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The words and signs of code, without comments, and without what stands in quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = quoted(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    words
}

/// The length of a text or character in quotes at the beginning.
fn quoted(rest: &str) -> Option<usize> {
    let raw = rest.strip_prefix('b').unwrap_or(rest);
    if let Some(after) = raw.strip_prefix('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = rest.len() - after.len() + hashes + 1;
            return Some(rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len()));
        }
    }
    let begin = rest.len() - raw.len();
    if raw.starts_with('"') {
        let mut escaped = false;
        for (at, c) in raw.char_indices().skip(1) {
            match c {
                '"' if !escaped => return Some(begin + at + 1),
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        return Some(rest.len());
    }
    // A lifetime has no second quote.
    let mut chars = raw.strip_prefix('\'')?.char_indices();
    match chars.next()? {
        (_, '\\') => raw[3..].find('\'').map(|at| begin + at + 4),
        (_, c) if raw[1 + c.len_utf8()..].starts_with('\'') => Some(begin + c.len_utf8() + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
        let told = |circle: &Circle| {
            let members: Vec<&str> = circle.members.iter().map(String::as_str).collect();
            format!("{}: {}", circle.place, members.join(" "))
        };
        circles("a-crate", &files).iter().map(told).collect()
    }

    #[test]
    fn a_circle_that_is_put_in_is_found() {
        let lib = ("lib", "mod one; mod two; mod three;");
        let line =
            [lib, ("one", "use crate::two::B;"), ("two", "use super::three::{self, C};"), ("three", "")];
        assert!(found(&line).is_empty());
        let closed = [lib, line[1], line[2], ("three", "fn f(a: crate::one::A) {}")];
        assert_eq!(found(&closed), ["a-crate src: one three two"]);
    }

    #[test]
    fn folders_that_need_each_other_are_a_circle_even_if_no_files_are() {
        let files = [
            ("lib", "mod a; mod b;"),
            ("a/mod", "mod x; mod y;"),
            ("a/x", "use crate::b::z::Z;"),
            ("a/y", ""),
            ("b/mod", "pub(crate) mod z; mod w;"),
            ("b/z", ""),
            ("b/w", "use crate::a::y::Y;"),
        ];
        assert_eq!(found(&files), ["a-crate src: a b"]);
    }

    #[test]
    fn what_is_let_through_counts_where_it_is_defined() {
        let files = [
            ("lib", "mod a; mod b; pub use a::{A as Shown, x::X}; pub use b::B;"),
            ("a/mod", "mod x; pub use self::x::A;"),
            ("a/x", "use crate::B;"),
            ("b", "use crate::Shown;"),
        ];
        assert_eq!(found(&files), ["a-crate src: a b"]);
        let open = [files[0], files[1], files[2], ("b", "")];
        assert!(found(&open).is_empty(), "{:?}", found(&open));
    }

    #[test]
    fn what_is_let_through_can_be_used_by_its_bare_name_as_well() {
        let lib = ("lib", "mod a;");
        let child = ("a/x", "use super::Whole; pub(crate) struct Part; pub(crate) fn part(whole: Whole) {}");
        for (parent, is_circle) in [
            ("mod x; pub use x::Part; pub struct Whole { part: Part }", true),
            ("mod x; pub use x::part; pub struct Whole; fn f() { part(Whole) }", true),
            ("mod x; pub use x::Part; pub struct Whole;", false),
            (
                "mod x; pub use x::part; pub struct Whole { part: u8 } fn f(whole: Whole) { whole.part() }",
                false,
            ),
        ] {
            assert_eq!(!found(&[lib, ("a/mod", parent), child]).is_empty(), is_circle, "{parent}");
        }
    }

    #[test]
    fn a_module_and_its_child_can_need_each_other() {
        let files = [("lib", "mod a;"), ("a/mod", "mod x; fn f() { x::g() }"), ("a/x", "use super::f;")];
        assert_eq!(found(&files), ["a-crate src/a: mod x"]);
    }

    #[test]
    fn who_may_see_an_item_is_nothing_that_it_needs() {
        let parent = ("a/mod", "mod x; fn f() { x::g() }");
        let files = [("lib", "mod a;"), parent, ("a/x", "pub(in crate::a) fn g() {}")];
        assert!(found(&files).is_empty(), "{:?}", found(&files));
        let child = ("a/x", "pub(in crate::a) fn g() { crate::a::f() }");
        assert_eq!(found(&[files[0], parent, child]), ["a-crate src/a: mod x"]);
    }

    #[test]
    fn tests_comments_and_quotes_name_what_they_like() {
        let lib = ("lib", "mod one; mod two; #[cfg(test)] mod testing;");
        let one =
            "// crate::two::A\n/* crate::two::A */ const A: &str = \"crate::two::A\"; const B: char = '\"';
            const C: &str = r#\"crate::two::A\"#; fn f<'a>() {}
            #[cfg(test)] mod tests { use crate::two::A; mod deeper { use super::super::f; } }";
        let files = [lib, ("one", one), ("two", "use crate::one::A;"), ("testing", "use crate::one::A;")];
        assert!(found(&files).is_empty(), "{:?}", found(&files));
    }

    #[test]
    fn modules_within_a_file_are_the_file() {
        let files = [
            ("lib", "mod one; mod two;"),
            ("one", "mod inner { use super::super::two::A; pub(super) fn g() {} } fn f() { inner::g() }"),
            ("two", ""),
        ];
        assert!(found(&files).is_empty());
        let closed = [files[0], files[1], ("two", "use crate::one::f;")];
        assert_eq!(found(&closed), ["a-crate src: one two"]);
    }

    #[test]
    fn a_builder_and_what_it_builds_may_name_each_other() {
        let lib = ("lib", "mod a;");
        let (folder, builder) =
            (("a/mod", "mod builder; mod house;"), ("a/builder", "use super::house::House;"));
        let house = ("a/house", "use super::builder::Builder;");
        assert!(found(&[lib, folder, builder, house]).is_empty());
        let idle = ("a/builder", "");
        let circle = [
            ("lib", "mod a; mod house;"),
            ("a/mod", "mod builder;"),
            ("a/builder", "use crate::house::H;"),
            ("house", "use crate::a::builder::Builder;"),
        ];
        assert!(found(&[lib, folder, idle, house]).is_empty());
        assert_eq!(found(&circle), ["a-crate src: a house"], "they lie in one folder");
        let third = [
            lib,
            ("a/mod", "mod builder; mod house; mod wall;"),
            builder,
            ("a/house", "use super::wall::W;"),
            ("a/wall", "use super::builder::Builder;"),
        ];
        assert_eq!(found(&third), ["a-crate src/a: builder house wall"]);
    }
}
