//! The ID types and banks that are written down, against an answer of the service's own.

mod answer;
mod changes;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item};

use self::answer::Answer;
use self::changes::Changes;
use self::row::{SOURCE, credit, insert, remove, row_mut, set};
use crate::codegen::id_types::{self, ID_TYPES, IdType, Product, Status};
use crate::codegen::tables::{self, BANKS, Bank, COUNTRIES};

/// The country whose banks the service lists.
const NIGERIA: &str = "NG";

/// The differences between the tables and the answer.
pub(crate) struct Report {
    /// The differences, one for each row that differs.
    pub(crate) differences: Vec<String>,
    /// The remarks worth knowing that aren't differences.
    pub(crate) remarks: Vec<String>,
}

/// Compares the tables of ID types and of banks with an answer of the services endpoint that was
/// saved, and with `write` makes the tables say the same.
///
/// What the answer doesn't list at all, it says nothing of.
pub(crate) fn diff(root: &Path, answer: &Path, write: bool) -> Result<Report, String> {
    let name = answer.display();
    let json = fs::read_to_string(answer).map_err(|error| format!("{name}: {error}"))?;
    let json: Value = serde_json::from_str(&json).map_err(|error| format!("{name}: {error}"))?;
    let answer = Answer::read(&json).map_err(|error| format!("{name}: {error}"))?;
    let read = |file: &str| fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"));
    let mut id_types = Document::new(ID_TYPES, read(ID_TYPES)?)?;
    let mut banks = Document::new(BANKS, read(BANKS)?)?;
    let countries = tables::countries(&read(COUNTRIES)?)?;
    let id_type_rows = id_types::id_types(&id_types.toml)?;
    let bank_rows = tables::banks(&banks.toml, &countries)?;

    let mut report = Report { differences: Vec::new(), remarks: answer.remarks() };
    compare_id_types(&answer, &id_type_rows, &mut id_types.new, &mut report)?;
    if let Some(said) = &answer.banks {
        compare_banks(said, &bank_rows, &mut banks.new, &mut report)?;
    }

    if write {
        let no_good = |fault: String| format!("what would be written is no good: {fault}");
        // Both, before one is written.
        id_types::id_types_rs(&id_types.new.to_string(), &countries).map_err(no_good)?;
        tables::banks(&banks.new.to_string(), &countries).map_err(no_good)?;
        id_types.write(root)?;
        banks.write(root)?;
    }
    Ok(report)
}

/// A file of the catalogue, as it is and as it would say what the answer says.
struct Document {
    file: &'static str,
    toml: String,
    old: DocumentMut,
    new: DocumentMut,
}

impl Document {
    fn new(file: &'static str, toml: String) -> Result<Self, String> {
        let old: DocumentMut = toml.parse().map_err(|error| format!("{file}: {error}"))?;
        Ok(Self { file, toml, new: old.clone(), old })
    }

    /// Writes the document, unless nothing differs: it doesn't keep everything, line endings for
    /// one.
    fn write(&self, root: &Path) -> Result<(), String> {
        let new = self.new.to_string();
        if new == self.old.to_string() {
            return Ok(());
        }
        fs::write(root.join(self.file), new).map_err(|error| format!("{}: {error}", self.file))
    }
}

fn compare_id_types(
    answer: &Answer,
    rows: &[IdType],
    document: &mut DocumentMut,
    report: &mut Report,
) -> Result<(), String> {
    // Empty and read before, so that it is there.
    let tables = document["id_type"].as_array_of_tables_mut().ok_or("the rows are not [[id_type]] tables")?;
    for (key, said) in &answer.id_types {
        let [country, id_type] = key;
        for format in &said.unusable {
            report
                .remarks
                .push(format!("{country} {id_type}: the format `{format}` can't be used; it is left out"));
        }
        let Some(at) = rows.iter().position(|row| row.country == *country && row.id_type == *id_type) else {
            report.differences.push(format!("new      {country} {id_type}: {}", said.summary()));
            tables.push(said.table(country, id_type));
            continue;
        };
        let changes = Changes::new(said, &answer.sections, &rows[at]);
        let words = changes.words(&rows[at]).join("; ");
        let table = row_mut(tables, at)?;
        if changes.is_back {
            let words = if words.is_empty() { words } else { format!(": {words}") };
            report.differences.push(format!("back     {country} {id_type}{words}"));
            if let Some(note) = table.get("note").and_then(Item::as_str) {
                report.remarks.push(format!("{country} {id_type}: does this still hold? {note}"));
            }
        } else if !words.is_empty() {
            report.differences.push(format!("changed  {country} {id_type}: {words}"));
        }
        changes.write(table, &rows[at]);
    }
    for (at, row) in rows.iter().enumerate() {
        let key = [row.country.clone(), row.id_type.clone()];
        // The endpoint has never listed what is for businesses only.
        let is_expected = row.status == Status::Current && row.products != [Product::BusinessVerification];
        if !is_expected || answer.id_types.contains_key(&key) {
            continue;
        }
        if answer.lists_all_of(row) {
            report.differences.push(format!("gone     {} {}", row.country, row.id_type));
            let table = row_mut(tables, at)?;
            set(table, "status", "legacy".into());
            credit(table, &["status"]);
        } else if answer.lists_id_types && !answer.sections.is_empty() {
            report.remarks.push(format!(
                "{} {}: not listed, but not every product that takes it has a list in `hosted_web`; it stays",
                row.country, row.id_type
            ));
        }
    }
    Ok(())
}

fn compare_banks(
    said: &BTreeMap<String, Vec<String>>,
    rows: &[Bank],
    document: &mut DocumentMut,
    report: &mut Report,
) -> Result<(), String> {
    let banks = document["bank"].as_array_mut().ok_or(format!("{BANKS}: the rows are not `bank = [ … ]`"))?;
    let rows: BTreeMap<&str, &Bank> =
        rows.iter().filter(|row| row.country == NIGERIA).map(|row| (row.code.as_str(), row)).collect();
    for (code, names) in said {
        let Some(name) = names.first() else { continue };
        match rows.get(code.as_str()) {
            None => {
                report.differences.push(format!("new      {NIGERIA} bank {code}: {name:?}"));
                insert_bank(banks, code, name);
            }
            Some(row) if !names.contains(&row.name) => {
                report
                    .differences
                    .push(format!("renamed  {NIGERIA} bank {code}: name is {name:?}, not {:?}", row.name));
                let at = banks.iter().position(|bank| code_of(bank) == Some(code));
                if let Some(bank) = at.and_then(|at| banks.get_mut(at)?.as_inline_table_mut()) {
                    set(bank, "name", name.into());
                    credit(bank, &["name"]);
                }
            }
            Some(_) => {}
        }
    }
    for (code, row) in rows {
        if !said.contains_key(code) {
            report.differences.push(format!("gone     {NIGERIA} bank {code}: {:?}", row.name));
            let at = banks.iter().position(|bank| code_of(bank) == Some(code));
            at.into_iter().for_each(|at| remove(banks, at));
        }
    }
    Ok(())
}

/// The code of a Nigerian bank.
fn code_of(bank: &toml_edit::Value) -> Option<&str> {
    let bank = bank.as_inline_table()?;
    let text = |key| bank.get(key).and_then(toml_edit::Value::as_str);
    text("code").filter(|_| text("country") == Some(NIGERIA))
}

/// Among the others, where its code belongs.
fn insert_bank(banks: &mut Array, code: &str, name: &str) {
    let mut bank = InlineTable::new();
    for (key, text) in
        [("country", NIGERIA), ("code", code), ("name", name), ("source", SOURCE), ("certainty", "confirmed")]
    {
        bank.insert(key, text.into());
    }
    let behind = banks.iter().position(|other| code_of(other).is_some_and(|other| other > code));
    let last = || (0..banks.len()).rfind(|at| banks.get(*at).and_then(code_of).is_some()).map(|at| at + 1);
    let at = behind.or_else(last).unwrap_or(banks.len());
    insert(banks, at, bank.into());
}
