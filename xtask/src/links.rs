//! Check that every relative link in the repository's Markdown leads somewhere, down to the
//! heading.
//!
//! Nobody is asked over the network: whether another site still has a page is no reason for a
//! change to fail here. Links by the name of an item, such as `[the loop](flow)`, are rustdoc's,
//! which checks them when the documentation is built.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{BrokenLink, Event, Options, Parser, Tag, TagEnd};

use crate::shell::entries;

/// Checks all pages, and names each link that leads nowhere, with its line.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let pages = pages(root)?;
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, page) in &pages {
        for link in &page.links {
            count += 1;
            if let Err(why) = check(root, &pages, path, &link.to) {
                wrong.push(format!("{}:{}: `{}` {why}", path.display(), link.line, link.to));
            }
        }
    }
    println!("{count} links on {} pages", pages.len());
    if wrong.is_empty() { Ok(()) } else { Err(format!("links lead nowhere:\n  {}", wrong.join("\n  "))) }
}

/// The links and anchors of a page.
struct Page {
    links: Vec<Link>,
    /// The names that can follow a `#`.
    anchors: Vec<String>,
    /// True if rustdoc builds the page as well, where links may name items.
    is_rustdoc: bool,
}

struct Link {
    to: String,
    line: usize,
}

/// The pages, by their paths within the repository.
fn pages(root: &Path) -> Result<BTreeMap<PathBuf, Page>, String> {
    let mut pages = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // What is hidden, built or fetched is nobody's writing.
            if name.starts_with('.') || matches!(name, "target" | "node_modules") || path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text =
                    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let within = path.strip_prefix(root).map_err(|error| error.to_string())?;
                pages.insert(within.to_path_buf(), Page::read(&text, within.starts_with("crates")));
            }
        }
    }
    Ok(pages)
}

impl Page {
    fn read(text: &str, is_rustdoc: bool) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        let mut undefined = Vec::new();
        // `[text]` alone is just that; `[text][name]` means a link, and the name has to be
        // somewhere.
        let on_undefined = |link: BrokenLink<'_>| {
            if !is_rustdoc && matches!(link.link_type, pulldown_cmark::LinkType::Reference) {
                undefined.push((link.span, link.reference.to_string()));
            }
            None
        };
        let mut links = Vec::new();
        let mut headings = Headings::default();
        let mut heading: Option<String> = None;
        let line_of = |span: &Range<usize>| text[..span.start].matches('\n').count() + 1;
        let parser = Parser::new_with_broken_link_callback(text, options, Some(on_undefined));
        for (event, span) in parser.into_offset_iter() {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(Link { to: dest_url.to_string(), line: line_of(&span) });
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => headings.add(&heading.take().unwrap_or_default()),
                Event::Text(words) | Event::Code(words) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                }
                _ => {}
            }
        }
        links.extend(
            undefined.into_iter().map(|(span, name)| Link { to: format!("[{name}]"), line: line_of(&span) }),
        );
        Self { links, anchors: headings.anchors, is_rustdoc }
    }
}

/// Anchors as GitHub and rustdoc make them.
#[derive(Default)]
struct Headings {
    anchors: Vec<String>,
    seen: HashMap<String, u32>,
}

impl Headings {
    fn add(&mut self, heading: &str) {
        let kept = heading.chars().filter(|it| it.is_alphanumeric() || matches!(it, '-' | '_' | ' '));
        let slug: String =
            kept.map(|it| if it == ' ' { '-' } else { it }).flat_map(char::to_lowercase).collect();
        // The second of the same name is `name-1`.
        let count = self.seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
        self.anchors.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
    }
}

/// Why a link on this page leads nowhere, if it does.
fn check(root: &Path, pages: &BTreeMap<PathBuf, Page>, from: &Path, to: &str) -> Result<(), String> {
    let is_elsewhere = ["https://", "http://", "mailto:"].iter().any(|scheme| to.starts_with(scheme));
    if is_elsewhere {
        return Ok(());
    }
    if to.starts_with('[') {
        return Err("isn't defined on the page".into());
    }
    let (file, anchor) = to.split_once('#').map_or((to, None), |(file, anchor)| (file, Some(anchor)));
    if file.starts_with('/') || (file.is_empty() && anchor.is_none()) {
        return Err("is no relative path".into());
    }
    let path = match file {
        "" => from.to_path_buf(),
        _ => within(&from.parent().unwrap_or(Path::new("")).join(file)).ok_or("leaves the repository")?,
    };
    let page = pages.get(&path);
    if !root.join(&path).exists() {
        let is_item = pages.get(from).is_some_and(|page| page.is_rustdoc) && is_item_path(file);
        return if is_item { Ok(()) } else { Err("isn't there".into()) };
    }
    match (anchor, page) {
        (None, _) => Ok(()),
        (Some(_), None) => Err("has an anchor, and is no page".into()),
        (Some(anchor), Some(page)) if page.anchors.iter().any(|it| it == anchor) => Ok(()),
        (Some(_), Some(_)) => Err(format!("has no such heading in {}", path.display())),
    }
}

/// The path without `.` and `..`; nothing if it leads out of the repository.
fn within(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

/// True for the path of an item, as rustdoc takes it: `Client::resume`, `struct@Job`,
/// `crate::core::Verdict`.
fn is_item_path(text: &str) -> bool {
    let path = text.split_once('@').map_or(text, |(_, path)| path);
    let path = path.trim_end_matches("()").trim_end_matches('!');
    path.split("::").all(|part| {
        part.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && part.chars().all(|it| it.is_alphanumeric() || it == '_')
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on has failed.
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn complaint(files: &[(&str, &str)]) -> String {
        let scratch = Scratch::new();
        for (path, text) in files {
            scratch.write(path, text);
        }
        run(scratch.path()).err().unwrap_or_default()
    }

    #[test]
    fn files_folders_and_headings_are_found() {
        let readme = "\
            # Top\n\n[a](docs/a.md) [its part](docs/a.md#how-old-may-a-callback-be) [folder](docs) [top](#top)\n\
            ![picture](p.png) [elsewhere](https://example.com/gone#x) [named][there] [just brackets]\n\n\
            ```md\n[in code](nowhere.md)\n```\n\n[there]: docs/../docs/a.md#the-same-1\n";
        let page = "# How old may a *callback* be?\n\n## The `same`\n\n## The same\n\n[up](../README.md)\n";
        assert_eq!(complaint(&[("README.md", readme), ("docs/a.md", page), ("p.png", "")]), "");
    }

    #[test]
    fn what_leads_nowhere_is_named_with_its_line() {
        for (link, why) in [
            ("[a](gone.md)", "`gone.md` isn't there"),
            ("![a](gone.png)", "`gone.png` isn't there"),
            ("[a](docs/a.md#gone)", "`docs/a.md#gone` has no such heading in docs/a.md"),
            ("[a](#gone)", "`#gone` has no such heading in README.md"),
            ("[a](main.rs#L1)", "`main.rs#L1` has an anchor, and is no page"),
            ("[a](../README.md)", "`../README.md` leaves the repository"),
            ("[a](/docs/a.md)", "`/docs/a.md` is no relative path"),
            ("[a]()", "`` is no relative path"),
            ("[a][gone]", "`[gone]` isn't defined on the page"),
            ("[a](Client::resume)", "`Client::resume` isn't there"),
        ] {
            let readme = format!("# Top\n\nfine: [a](docs/a.md)\n\n| |\n| --- |\n| {link} |\n");
            let said = complaint(&[("README.md", &readme), ("docs/a.md", "# A\n"), ("main.rs", "")]);
            assert_eq!(said, format!("links lead nowhere:\n  README.md:7: {why}"), "{link}");
        }
    }

    #[test]
    fn items_are_left_to_rustdoc_on_its_own_pages_and_files_are_not() {
        let page =
            "[a](Client::resume) [b](struct@Job) [c](super::x) [d](flow) [e](submit()) [`f`][crate::F]\n";
        assert_eq!(complaint(&[("crates/a/README.md", page)]), "");
        assert!(complaint(&[("crates/a/README.md", "[a](docs/gone.md)")]).contains("isn't there"));
        assert!(complaint(&[("docs/a.md", page)]).contains("`struct@Job` isn't there"));
    }

    #[test]
    fn what_is_built_or_hidden_is_not_looked_at() {
        let wrong = "[a](gone.md)";
        let files = [("target/a.md", wrong), ("fuzz/target/a.md", wrong), (".x/a.md", wrong)];
        assert_eq!(complaint(&files), "");
    }
}
