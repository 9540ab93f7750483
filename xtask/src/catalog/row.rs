//! A row of the catalogue's TOML: where its facts come from, and edits that keep everything else.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, value};

use crate::codegen::id_types::ID_TYPES;

/// The entry in `source`: of a whole row that is the service's, and behind the names of facts that
/// are.
pub(super) const SOURCE: &str = "services endpoint";

/// Facts, as a source names them that isn't that of the whole row:
/// `docs; label, format: services endpoint`.
pub(super) const FACTS: &[&str] =
    &["label", "name", "products", "required fields", "format", "test number", "photo", "status"];

/// The keys of a row, in the order in which they are written.
pub(super) const KEYS: &[&str] = &[
    "country",
    "id_type",
    "label",
    "products",
    "required_fields",
    "basic_kyc_extra_fields",
    "format",
    "ignore_case",
    "format_certainty",
    "alternatives",
    "hyphens_optional",
    "test_number",
    "photo",
    "status",
    "note",
    "source",
    "certainty",
];
/// Says in the source of a row which of its facts are the service's now.
pub(super) fn credit(row: &mut dyn TableLike, facts: &[&str]) {
    if let Some(source) = row.get("source").and_then(Item::as_str) {
        let source = credited(source, facts);
        set(row, "source", source.into());
    }
}

/// Replaces the source of these facts; the sources of other facts, and of the row as a whole, stay.
pub(super) fn credited(source: &str, facts: &[&str]) -> String {
    let mut of_service = facts.to_vec();
    let mut parts = Vec::new();
    for part in source.split("; ") {
        match named(part) {
            None => parts.push(part.to_owned()),
            Some((names, SOURCE)) => of_service.extend(names),
            Some((mut names, from)) => {
                names.retain(|name| !facts.contains(name));
                if !names.is_empty() {
                    parts.push(format!("{}: {from}", names.join(", ")));
                }
            }
        }
    }
    if !parts.iter().any(|part| part == SOURCE) {
        let names: Vec<&str> = FACTS.iter().copied().filter(|fact| of_service.contains(fact)).collect();
        parts.push(format!("{}: {SOURCE}", names.join(", ")));
    }
    parts.join("; ")
}

/// The source of a fact, according to the source of its row.
pub(super) fn source_of(source: &str, fact: &str) -> String {
    let parts = || source.split("; ");
    let own = parts().filter_map(named).filter(|(names, _)| names.contains(&fact)).map(|(_, from)| from);
    let own: Vec<&str> = own.collect();
    let general: Vec<&str> = parts().filter(|part| named(part).is_none()).collect();
    let of_fact = if own.is_empty() { general } else { own };
    if of_fact.is_empty() { source.to_owned() } else { of_fact.join("; ") }
}

/// The facts that a part of a source is about, and where they are from; `None` if it is about all
/// there are.
pub(super) fn named(part: &str) -> Option<(Vec<&str>, &str)> {
    let (names, from) = part.split_once(": ")?;
    let names: Vec<&str> = names.split(", ").collect();
    names.iter().all(|name| FACTS.contains(name)).then_some((names, from))
}

pub(super) fn row_mut(tables: &mut ArrayOfTables, at: usize) -> Result<&mut Table, String> {
    tables.get_mut(at).ok_or(format!("{ID_TYPES}: row {at} can't be found again"))
}

/// Keeps the comment behind the value, if there is one.
pub(super) fn set(table: &mut dyn TableLike, key: &str, mut new: toml_edit::Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(present) => {
            *new.decor_mut() = present.decor().clone();
            *present = new;
        }
        None => {
            table.insert(key, value(new));
        }
    }
}

/// The text before a value in a list: a break or a space, and comments.
pub(super) fn prefix(array: &Array, at: usize) -> &str {
    let value = array.get(at);
    value.and_then(|value| value.decor().prefix()?.as_str()).unwrap_or_default()
}

/// Puts a value into a list, on a line of its own if the others are.
pub(super) fn insert(array: &mut Array, at: usize, mut new: toml_edit::Value) {
    let indent = if array.len() > 1 { prefix(array, 1) } else { prefix(array, 0) };
    let is_broken = indent.contains('\n');
    let indent = if is_broken { "\n  " } else { " " };
    let first = prefix(array, 0).to_owned();
    new.decor_mut().set_prefix(match at {
        0 => first.as_str(),
        _ => indent,
    });
    if at == 0
        && let Some(second) = array.get_mut(0)
    {
        second.decor_mut().set_prefix(indent);
    }
    array.insert_formatted(at, new);
}

/// Takes a value out of a list, and leaves the comments before it, which may be about the value
/// before.
pub(super) fn remove(array: &mut Array, at: usize) {
    let before = prefix(array, at).to_owned();
    array.remove(at);
    let is_last = at == array.len();
    let next = if is_last { array.trailing().as_str().unwrap_or_default() } else { prefix(array, at) };
    let next = if before.contains('#') {
        format!("{}{next}", before.trim_end())
    } else if at == 0 && !is_last {
        before
    } else {
        return;
    };
    match array.get_mut(at) {
        Some(value) => value.decor_mut().set_prefix(next),
        None => array.set_trailing(next),
    }
}

pub(super) fn set_format(table: &mut Table, (pattern, ignore_case): &(String, bool), mut others: Array) {
    set(table, "format", literal(pattern));
    if *ignore_case {
        set(table, "ignore_case", true.into());
    } else {
        table.remove("ignore_case");
    }
    set(table, "format_certainty", "confirmed".into());
    if !others.is_empty() {
        others.iter_mut().for_each(|other| other.decor_mut().set_prefix("\n  "));
        others.set_trailing("\n");
        others.set_trailing_comma(true);
        set(table, "alternatives", others.into());
    }
}

pub(super) fn alternative(pattern: &str, ignore_case: bool, source: &str, certainty: &str) -> InlineTable {
    let mut alternative = InlineTable::new();
    alternative.insert("format", literal(pattern));
    if ignore_case {
        alternative.insert("ignore_case", true.into());
    }
    alternative.insert("source", source.into());
    alternative.insert("certainty", certainty.into());
    alternative
}

/// The pattern in single quotes if possible, so that backslashes stand for themselves.
pub(super) fn literal(pattern: &str) -> toml_edit::Value {
    format!("'{pattern}'").parse().unwrap_or_else(|_| pattern.into())
}

pub(super) fn array(texts: &[String]) -> Array {
    texts.iter().map(String::as_str).collect()
}

pub(super) fn sort(table: &mut Table) {
    let place = |key: &str| KEYS.iter().position(|other| *other == key);
    table.sort_values_by(|a, _, b, _| place(a.get()).cmp(&place(b.get())));
}
