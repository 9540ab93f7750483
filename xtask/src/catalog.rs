//! The ID types and banks that are written down, against an answer of the service's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use regex_lite::RegexBuilder;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, value};

use crate::codegen::id_types::{self, ID_TYPES, IMPLIED, IdType, Product, Status};
use crate::codegen::tables::{self, BANKS, Bank, COUNTRIES};

/// What goes into `source`: of a whole row that is the service's, and behind the names of facts that are.
const SOURCE: &str = "services endpoint";

/// Facts, as a source names them that isn't that of the whole row: `docs; label, format: services endpoint`.
const FACTS: &[&str] =
    &["label", "name", "products", "required fields", "format", "test number", "photo", "status"];

/// The country whose banks the service lists.
const NIGERIA: &str = "NG";

/// The keys of a row, in the order in which they are written.
const KEYS: &[&str] = &[
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

/// How the tables and the answer differ.
pub(crate) struct Report {
    /// One for each row that does.
    pub(crate) differences: Vec<String>,
    /// What isn't a difference, and should be known.
    pub(crate) remarks: Vec<String>,
}

/// Compares the tables of ID types and of banks with an answer of the services endpoint that was saved, and with
/// `write` makes the tables say the same.
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

    /// Not at all if nothing differs: how a line ends, for one, a document doesn't keep.
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

/// An answer of the service. Unlike the SDK, this refuses what it doesn't understand: somebody is there to look at it.
struct Answer {
    /// By country and name.
    id_types: BTreeMap<[String; 2], Said>,
    /// Whether that is from `id_types`, among others.
    lists_id_types: bool,
    /// The products that `hosted_web` has a list for.
    sections: Vec<String>,
    /// The names, mostly one, by code.
    banks: Option<BTreeMap<String, Vec<String>>>,
    unusable_banks: Vec<String>,
}

/// What the service says of an ID type, all products together.
#[derive(Default)]
struct Said {
    products: Vec<String>,
    /// As `id_types` has them.
    required_fields: Option<Vec<String>>,
    /// As `hosted_web` has them, by product.
    required_by_product: Vec<(String, Vec<String>)>,
    labels: Vec<String>,
    /// With whether case is to be ignored.
    formats: Vec<(String, bool)>,
    unusable: Vec<String>,
    test_numbers: Vec<String>,
}

impl Answer {
    fn read(json: &Value) -> Result<Self, String> {
        let services = json.as_object().ok_or("not an object")?;
        let mut answer = Self {
            id_types: BTreeMap::new(),
            lists_id_types: false,
            sections: Vec::new(),
            banks: None,
            unusable_banks: Vec::new(),
        };
        let (by_country, hosted_web) = (object(services, "id_types")?, object(services, "hosted_web")?);
        if by_country.is_none() && hosted_web.is_none() {
            return Err(
                "not an answer of the services endpoint: it has neither `id_types` nor `hosted_web`".into()
            );
        }
        for (country, id_types) in by_country.into_iter().flatten() {
            let id_types = id_types.as_object().ok_or(format!("id_types.{country} is not an object"))?;
            for (name, fields) in id_types {
                let fields =
                    texts(fields).ok_or(format!("id_types.{country}.{name} is not a list of names"))?;
                answer.entry(country, name).required_fields = Some(required(fields));
                answer.lists_id_types = true;
            }
        }
        for (product, by_country) in hosted_web.into_iter().flatten() {
            // That lists documents, of which there is a table of its own.
            if product == "doc_verification" {
                continue;
            }
            let by_country =
                by_country.as_object().ok_or(format!("hosted_web.{product} is not an object"))?;
            for (country, details) in by_country {
                let path = format!("hosted_web.{product}.{country}.id_types");
                let id_types = details.get("id_types").and_then(Value::as_object);
                for (name, details) in id_types.ok_or(format!("{path} is not an object"))? {
                    let said = answer.entry(country, name);
                    said.add(product, details).map_err(|fault| format!("{path}.{name}{fault}"))?;
                    add(&mut answer.sections, product.clone());
                }
            }
        }
        answer.add_banks(services.get("bank_codes"))?;
        Ok(answer)
    }

    fn entry(&mut self, country: &str, name: &str) -> &mut Said {
        self.id_types.entry([country.to_owned(), name.to_owned()]).or_default()
    }

    fn add_banks(&mut self, list: Option<&Value>) -> Result<(), String> {
        let list = match list {
            None | Some(Value::Null) => return Ok(()),
            Some(list) => list.as_array().ok_or("bank_codes is not a list")?,
        };
        let mut banks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (at, bank) in list.iter().enumerate() {
            let fault = |fault: String| format!("bank_codes[{at}]{fault}");
            let details = bank.as_object().ok_or_else(|| fault(" is not an object".into()))?;
            match (text(details, "code").map_err(fault)?, text(details, "name").map_err(fault)?) {
                (Some(code), Some(name)) => add(banks.entry(code).or_default(), name),
                _ => self.unusable_banks.push(bank.to_string()),
            }
        }
        self.banks = Some(banks).filter(|banks| !banks.is_empty());
        Ok(())
    }

    /// What it says nothing of.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.lists_id_types {
            remarks.push("the answer has no list `id_types`: what is gone can't be told".into());
        }
        if self.sections.is_empty() {
            remarks.push(
                "the answer has no list `hosted_web`: what is gone, and what takes what, can't be told"
                    .into(),
            );
        }
        if self.banks.is_none() {
            remarks.push("the answer has no list `bank_codes`: banks are not compared".into());
        }
        remarks.extend(
            self.unusable_banks
                .iter()
                .map(|bank| format!("the bank {bank} has no code or no name; it is left out")),
        );
        remarks
    }

    /// Whether the ID type of the row would be among what is listed, if the service still took it.
    fn lists_all_of(&self, row: &IdType) -> bool {
        let has_section = |product| self.sections.iter().any(|section| product_of(section) == Some(product));
        let mut expected = row.products.iter().filter(|product| **product != Product::BusinessVerification);
        self.lists_id_types && !self.sections.is_empty() && expected.all(|product| has_section(*product))
    }
}

fn object<'a>(services: &'a Map<String, Value>, key: &str) -> Result<Option<&'a Map<String, Value>>, String> {
    let found = services.get(key).map(|found| found.as_object().ok_or(format!("{key} is not an object")));
    found.transpose()
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// What there is of it, without the spaces around it.
fn text(details: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match details.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!(".{key} is not a string")),
    }
}

fn required(mut fields: Vec<String>) -> Vec<String> {
    fields.retain(|field| !IMPLIED.contains(&field.as_str()));
    fields
}

/// The product of a section of `hosted_web`, if it is known.
fn product_of(section: &str) -> Option<Product> {
    Product::deserialize(Value::from(section)).ok()
}

impl Said {
    fn add(&mut self, product: &str, details: &Value) -> Result<(), String> {
        let details = details.as_object().ok_or(" is not an object")?;
        add(&mut self.products, product.to_owned());
        if let Some(label) = text(details, "label")? {
            add(&mut self.labels, label);
        }
        if let Some(number) = text(details, "test_data")? {
            add(&mut self.test_numbers, number);
        }
        if let Some(format) = text(details, "id_number_regex")? {
            // A quirk of the service: some end as a pattern of JavaScript does.
            let (pattern, ignore_case) =
                format.strip_suffix("/i").map_or((format.as_str(), false), |pattern| (pattern, true));
            match RegexBuilder::new(pattern).case_insensitive(ignore_case).build() {
                Ok(_) => add(&mut self.formats, (pattern.to_owned(), ignore_case)),
                Err(_) => add(&mut self.unusable, format),
            }
        }
        if let Some(fields) = details.get("required_fields") {
            let fields = texts(fields).ok_or(".required_fields is not a list of names")?;
            self.required_by_product.push((product.to_owned(), required(fields)));
        }
        Ok(())
    }

    /// The fields that every product requires, as far as can be told; with those that count as Basic KYC's own, which
    /// are not among them. Where lists differ, there is one for each.
    fn required_fields(&self, extra: &[String]) -> Vec<Vec<String>> {
        if let Some(fields) = &self.required_fields {
            return vec![fields.clone()];
        }
        let (basic, others): (Vec<_>, Vec<_>) =
            self.required_by_product.iter().partition(|(product, _)| product == "basic_kyc");
        if !others.is_empty() {
            return others.into_iter().map(|(_, fields)| fields.clone()).collect();
        }
        let without =
            |fields: &[String]| fields.iter().filter(|field| !extra.contains(field)).cloned().collect();
        basic.into_iter().map(|(_, fields)| without(fields)).collect()
    }

    fn summary(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.labels.first().map(|label| format!("{label:?}")));
        parts.extend(Some(self.products.join(", ")).filter(|products| !products.is_empty()));
        let fields = self.required_fields(&[]);
        parts.extend(fields.first().map(|fields| format!("required {}", list(fields))));
        parts.extend(self.formats.iter().map(show));
        parts.extend(self.test_numbers.first().map(|number| format!("test number {number}")));
        parts.join("; ")
    }

    /// A row of its own.
    fn table(&self, country: &str, id_type: &str) -> Table {
        let mut table = Table::new();
        table.decor_mut().set_prefix("\n");
        set(&mut table, "country", country.into());
        set(&mut table, "id_type", id_type.into());
        set(&mut table, "label", self.labels.first().map_or(id_type, String::as_str).into());
        set(&mut table, "products", array(&self.products).into());
        let fields = self.required_fields(&[]);
        set(&mut table, "required_fields", array(fields.first().map_or(&[], Vec::as_slice)).into());
        let mut formats = self.formats.iter();
        if let Some(format) = formats.next() {
            let others = formats.map(|(pattern, ignore_case)| {
                toml_edit::Value::from(alternative(pattern, *ignore_case, SOURCE, "confirmed"))
            });
            set_format(&mut table, format, others.collect());
        }
        if let Some(number) = self.test_numbers.first() {
            set(&mut table, "test_number", number.into());
        }
        set(&mut table, "photo", "unknown".into());
        set(&mut table, "status", "current".into());
        let is_named = !self.labels.is_empty();
        let source = if is_named { SOURCE.into() } else { format!("{SOURCE}; label: from the API's name") };
        set(&mut table, "source", source.into());
        set(&mut table, "certainty", "confirmed".into());
        sort(&mut table);
        table
    }
}

/// What a row doesn't say yet.
struct Changes<'a> {
    is_back: bool,
    label: Option<&'a str>,
    /// The products that newly take it.
    takes: Vec<&'a str>,
    /// Those that did, have a list, and aren't in it.
    drops: Vec<&'a str>,
    required_fields: Option<Vec<String>>,
    formats: Vec<&'a (String, bool)>,
    test_number: Option<&'a str>,
}

impl<'a> Changes<'a> {
    fn new(said: &'a Said, sections: &'a [String], row: &IdType) -> Self {
        let knows_format = |(pattern, ignore_case): &(String, bool)| {
            (row.format.as_ref() == Some(pattern) && row.ignore_case == *ignore_case)
                || row
                    .alternatives
                    .iter()
                    .any(|other| other.format == *pattern && other.ignore_case == *ignore_case)
        };
        let has_product =
            |product: &str| product_of(product).is_some_and(|product| row.products.contains(&product));
        let takes = said.products.iter().filter(|product| !has_product(product));
        // If it is in no list at all, there may be other ways to it.
        let lists = if said.products.is_empty() { &[] } else { sections };
        let drops = lists.iter().filter(|section| has_product(section) && !said.products.contains(section));
        let knows_label = said.labels.contains(&row.label);
        let knows_number = row.test_number.as_ref().is_some_and(|number| said.test_numbers.contains(number));
        Self {
            is_back: row.status == Status::Legacy,
            label: said.labels.first().filter(|_| !knows_label).map(String::as_str),
            takes: takes.map(String::as_str).collect(),
            drops: drops.map(String::as_str).collect(),
            required_fields: new_fields(said, row),
            formats: said.formats.iter().filter(|format| !knows_format(format)).collect(),
            test_number: said.test_numbers.first().filter(|_| !knows_number).map(String::as_str),
        }
    }

    /// Except that it is back.
    fn words(&self, row: &IdType) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.takes.iter().map(|product| format!("{product} takes it now")));
        words.extend(self.drops.iter().map(|product| format!("{product} takes it no longer")));
        if let Some(fields) = &self.required_fields {
            words.push(format!("required fields are {}, not {}", list(fields), list(&row.required_fields)));
        }
        if let Some(label) = self.label {
            words.push(format!("label is {label:?}, not {:?}", row.label));
        }
        words.extend(self.formats.iter().map(|format| format!("{} is new", show(format))));
        if let Some(number) = self.test_number {
            let was = row.test_number.as_deref().unwrap_or("none");
            words.push(format!("test number is {number}, not {was}"));
        }
        words
    }

    /// Writes them into the row, and leaves the rest of it as it is; that includes its certainty.
    fn write(&self, table: &mut Table, row: &IdType) {
        let mut facts = Vec::new();
        if let Some(label) = self.label {
            set(table, "label", label.into());
            facts.push("label");
        }
        if !self.takes.is_empty() || !self.drops.is_empty() {
            if let Some(products) = table.get_mut("products").and_then(Item::as_array_mut) {
                self.write_products(products);
            }
            facts.push("products");
        }
        if let Some(fields) = &self.required_fields {
            set(table, "required_fields", array(fields).into());
            facts.push("required fields");
        }
        let mut formats = self.formats.iter();
        if let Some(format) = formats.next() {
            // What was thought before stays, behind it: a number is refused only if it fits nothing.
            let mut others = Array::new();
            if let Some(format) = &row.format {
                let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default();
                let (source, certainty) = (source_of(text("source"), "format"), text("format_certainty"));
                others.push(alternative(format, row.ignore_case, &source, certainty));
            }
            if let Some(present) = table.get("alternatives").and_then(Item::as_array) {
                others.extend(present.iter().cloned());
            }
            for (pattern, ignore_case) in formats {
                others.push(alternative(pattern, *ignore_case, SOURCE, "confirmed"));
            }
            set_format(table, format, others);
            facts.push("format");
        }
        if let Some(number) = self.test_number {
            set(table, "test_number", number.into());
            facts.push("test number");
        }
        if self.is_back {
            set(table, "status", "current".into());
            facts.push("status");
        }
        if !facts.is_empty() {
            credit(table, &facts);
            sort(table);
        }
    }

    fn write_products(&self, products: &mut Array) {
        for product in &self.drops {
            let at = products.iter().position(|other| other.as_str() == Some(product));
            at.into_iter().for_each(|at| remove(products, at));
        }
        for product in &self.takes {
            let behind = products.iter().position(|other| other.as_str() > Some(product));
            insert(products, behind.unwrap_or(products.len()), (*product).into());
        }
    }
}

fn new_fields(said: &Said, row: &IdType) -> Option<Vec<String>> {
    let known = &row.required_fields;
    let extra: Vec<String> =
        row.basic_kyc_extra_fields.iter().filter(|field| !known.contains(field)).cloned().collect();
    let is_same = |fields: &Vec<String>, known: &[String]| {
        fields.iter().all(|field| known.contains(field)) && known.iter().all(|field| fields.contains(field))
    };
    // `id_types` doesn't say of which product it speaks.
    let with_extra = [known.as_slice(), &extra].concat();
    let mut lists = said.required_fields(&extra);
    if lists.is_empty() || lists.iter().any(|fields| is_same(fields, known) || is_same(fields, &with_extra)) {
        return None;
    }
    Some(lists.swap_remove(0))
}

fn add<T: PartialEq>(list: &mut Vec<T>, new: T) {
    if !list.contains(&new) {
        list.push(new);
    }
}

fn list(texts: &[String]) -> String {
    if texts.is_empty() { "none".into() } else { texts.join(", ") }
}

fn show((pattern, ignore_case): &(String, bool)) -> String {
    format!("format `{pattern}`{}", if *ignore_case { ", in any case" } else { "" })
}

/// Says in the source of a row which of its facts are the service's now.
fn credit(row: &mut dyn TableLike, facts: &[&str]) {
    if let Some(source) = row.get("source").and_then(Item::as_str) {
        let source = credited(source, facts);
        set(row, "source", source.into());
    }
}

/// Where a fact came from before goes; what is said of other facts, and of the row as a whole, stays.
fn credited(source: &str, facts: &[&str]) -> String {
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

/// Where a fact is from, according to the source of its row.
fn source_of(source: &str, fact: &str) -> String {
    let parts = || source.split("; ");
    let own = parts().filter_map(named).filter(|(names, _)| names.contains(&fact)).map(|(_, from)| from);
    let own: Vec<&str> = own.collect();
    let general: Vec<&str> = parts().filter(|part| named(part).is_none()).collect();
    let of_fact = if own.is_empty() { general } else { own };
    if of_fact.is_empty() { source.to_owned() } else { of_fact.join("; ") }
}

/// The facts that a part of a source is about, and where they are from; `None` if it is about all there are.
fn named(part: &str) -> Option<(Vec<&str>, &str)> {
    let (names, from) = part.split_once(": ")?;
    let names: Vec<&str> = names.split(", ").collect();
    names.iter().all(|name| FACTS.contains(name)).then_some((names, from))
}

fn row_mut(tables: &mut ArrayOfTables, at: usize) -> Result<&mut Table, String> {
    tables.get_mut(at).ok_or(format!("{ID_TYPES}: row {at} can't be found again"))
}

/// Keeps the comment behind the value, if there is one.
fn set(table: &mut dyn TableLike, key: &str, mut new: toml_edit::Value) {
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

/// What stands before a value in a list: a break or a space, and comments.
fn prefix(array: &Array, at: usize) -> &str {
    let value = array.get(at);
    value.and_then(|value| value.decor().prefix()?.as_str()).unwrap_or_default()
}

/// Puts a value into a list, on a line of its own if the others are.
fn insert(array: &mut Array, at: usize, mut new: toml_edit::Value) {
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

/// Takes a value out of a list, and leaves the comments before it, which may be about the value before.
fn remove(array: &mut Array, at: usize) {
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

fn set_format(table: &mut Table, (pattern, ignore_case): &(String, bool), mut others: Array) {
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

fn alternative(pattern: &str, ignore_case: bool, source: &str, certainty: &str) -> InlineTable {
    let mut alternative = InlineTable::new();
    alternative.insert("format", literal(pattern));
    if ignore_case {
        alternative.insert("ignore_case", true.into());
    }
    alternative.insert("source", source.into());
    alternative.insert("certainty", certainty.into());
    alternative
}

/// In single quotes if it can be, so that backslashes stand for themselves.
fn literal(pattern: &str) -> toml_edit::Value {
    format!("'{pattern}'").parse().unwrap_or_else(|_| pattern.into())
}

fn array(texts: &[String]) -> Array {
    texts.iter().map(String::as_str).collect()
}

fn sort(table: &mut Table) {
    let place = |key: &str| KEYS.iter().position(|other| *other == key);
    table.sort_values_by(|a, _, b, _| place(a.get()).cmp(&place(b.get())));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scratch::Scratch;

    const ANSWER: &str = include_str!("../testdata/services.json");
    const TABLE: &str = include_str!("../testdata/id_types.toml");
    const BANK_TABLE: &str = include_str!("../testdata/banks.toml");
    const REAL_TABLE: &str = include_str!("../../crates/smile-core/catalog/id_types.toml");
    const REAL_BANKS: &str = include_str!("../../crates/smile-core/catalog/banks.toml");
    const REAL_COUNTRIES: &str = include_str!("../../crates/smile-core/catalog/countries.toml");

    /// A catalogue with these tables and an answer beside it, and what the tables are afterwards.
    fn compare_all(
        table: &str,
        banks: &str,
        answer: &str,
        write: bool,
    ) -> (Result<Report, String>, String, String) {
        let scratch = Scratch::new();
        scratch.write(ID_TYPES, table);
        scratch.write(BANKS, banks);
        scratch.write(COUNTRIES, REAL_COUNTRIES);
        scratch.write("services.json", answer);
        let report = diff(scratch.path(), &scratch.path().join("services.json"), write);
        (report, scratch.read(ID_TYPES), scratch.read(BANKS))
    }

    fn compare(table: &str, answer: &str, write: bool) -> (Result<Report, String>, String) {
        let (report, written, banks) = compare_all(table, BANK_TABLE, answer, write);
        assert_eq!(banks, BANK_TABLE);
        (report, written)
    }

    /// What is written is what codegen takes, and says the same as the answer.
    fn written(table: &str, banks: &str, answer: &str) -> (Report, String, String) {
        let (report, table, banks) = compare_all(table, banks, answer, true);
        let countries = tables::countries(REAL_COUNTRIES).unwrap();
        id_types::id_types_rs(&table, &countries).unwrap();
        tables::banks(&banks, &countries).unwrap();
        let (again, table_again, banks_again) = compare_all(&table, &banks, answer, true);
        assert_eq!(again.unwrap().differences, [""; 0]);
        assert_eq!((&table_again, &banks_again), (&table, &banks));
        (report.unwrap(), table, banks)
    }

    /// One row, and an answer that says the same.
    const ROW: &str = r#"[[id_type]]
country = "GH"
id_type = "SSNIT"
label = "SSNIT"
products = ["basic_kyc", "enhanced_kyc"]
required_fields = ["id_number"]
basic_kyc_extra_fields = ["dob"]
format = '^C\d{3}$'
format_certainty = "third_party"
test_number = "C000"
photo = "yes"
status = "current"
source = "format: a partner; somebody; test number: docs"
certainty = "inferred"
"#;

    fn same() -> Value {
        let details = json!({ "label": "SSNIT", "test_data": "C000", "id_number_regex": r"^C\d{3}$" });
        let list = json!({ "GH": { "name": "Ghana", "id_types": { "SSNIT": details } } });
        json!({
            "id_types": { "GH": { "SSNIT": ["country", "id_number"] } },
            "hosted_web": { "basic_kyc": list, "enhanced_kyc": list },
        })
    }

    fn differences(table: &str, answer: &Value) -> Vec<String> {
        let (report, after) = compare(table, &answer.to_string(), false);
        assert_eq!(after, table, "nothing is written without being asked");
        report.unwrap().differences
    }

    #[test]
    fn what_is_new_gone_and_changed_is_said_row_by_row() {
        let (report, table) = compare(TABLE, ANSWER, false);
        let report = report.unwrap();
        assert_eq!(
            report.differences,
            [
                "changed  GH PASSPORT: basic_kyc takes it no longer; required fields are id_number, dob, not id_number; \
                 label is \"Ghana Passport\", not \"Passport\"; format `^[A-Z][0-9]{8}$`, in any case is new; \
                 test number is G00000000, not G0000000",
                "new      GH TIN: \"Tax Number\"; basic_kyc, enhanced_kyc; required id_number; \
                 format `^[CP]\\d{10}$`, in any case; test number C0000000000",
                "back     NG DRIVERS_LICENSE",
                "gone     KE ALIEN_CARD",
            ]
        );
        assert_eq!(
            report.remarks,
            [
                "NG DRIVERS_LICENSE: the format `^(?=.*[0-9])[A-Z0-9]{6}$` can't be used; it is left out",
                "NG DRIVERS_LICENSE: does this still hold? no longer on the list",
            ]
        );
        assert_eq!(table, TABLE, "nothing is written without being asked");
    }

    #[test]
    fn what_is_written_keeps_everything_else() {
        let (_, written, banks) = written(TABLE, BANK_TABLE, ANSWER);
        let expected = TABLE
            .replace("label = \"Passport\" # as printed", "label = \"Ghana Passport\" # as printed")
            .replace("[\n  \"basic_kyc\",\n  \"enhanced_kyc\",\n]", "[\n  \"enhanced_kyc\",\n]")
            .replace(
                "required_fields = [\"id_number\"] # changes",
                "required_fields = [\"id_number\", \"dob\"] # changes",
            )
            .replace(
                "format = '^[A-Z]{1,2}[0-9]{6,7}$'\nformat_certainty = \"third_party\"\n",
                "format = '^[A-Z][0-9]{8}$'\nignore_case = true\nformat_certainty = \"confirmed\"\nalternatives = [\n  \
                 { format = '^[A-Z]{1,2}[0-9]{6,7}$', source = \"somebody\", certainty = \"third_party\" },\n]\n",
            )
            .replace("\"G0000000\"", "\"G00000000\"")
            .replace(
                "source = \"somebody\"\n",
                "source = \"somebody; label, products, required fields, format, test number: services endpoint\"\n",
            )
            .replace("status = \"current\" # goes", "status = \"legacy\" # goes")
            .replace("source = \"who goes\"", "source = \"who goes; status: services endpoint\"")
            .replace("status = \"legacy\" # returns", "status = \"current\" # returns")
            .replace("source = \"who returns\"", "source = \"who returns; status: services endpoint\"")
            + r#"
[[id_type]]
country = "GH"
id_type = "TIN"
label = "Tax Number"
products = ["basic_kyc", "enhanced_kyc"]
required_fields = ["id_number"]
format = '^[CP]\d{10}$'
ignore_case = true
format_certainty = "confirmed"
test_number = "C0000000000"
photo = "unknown"
status = "current"
source = "services endpoint"
certainty = "confirmed"
"#;
        assert_eq!(written, expected);
        assert_eq!(banks, BANK_TABLE);
    }

    #[test]
    fn a_product_that_newly_takes_an_id_type_or_no_longer_does_is_a_change() {
        assert_eq!(differences(ROW, &same()), [""; 0]);
        let mut answer = same();
        let hosted = answer["hosted_web"].as_object_mut().unwrap();
        let list = hosted.remove("enhanced_kyc").unwrap();
        hosted.insert("biometric_kyc".into(), list.clone());
        assert_eq!(
            differences(ROW, &answer),
            ["changed  GH SSNIT: biometric_kyc takes it now"],
            "what has no list isn't gone from it"
        );
        answer["hosted_web"]["enhanced_kyc"] = json!({ "GH": { "id_types": {} } });
        assert_eq!(differences(ROW, &answer), ["changed  GH SSNIT: biometric_kyc takes it now"]);

        answer["hosted_web"]["enhanced_kyc"] = list;
        let of_country = &mut answer["hosted_web"]["basic_kyc"]["GH"]["id_types"];
        *of_country = json!({ "NATIONAL_ID": { "label": "National ID" } });
        let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
        assert_eq!(
            report.differences[1..],
            ["changed  GH SSNIT: biometric_kyc takes it now; basic_kyc takes it no longer"]
        );
        let expected = ROW
            .replace("[\"basic_kyc\", \"enhanced_kyc\"]", "[\"biometric_kyc\", \"enhanced_kyc\"]")
            .replace("test number: docs", "test number: docs; products: services endpoint");
        assert!(table.starts_with(&expected), "{table}");
    }

    #[test]
    fn an_id_type_that_only_id_types_lists_keeps_its_products() {
        let mut answer = same();
        for product in ["basic_kyc", "enhanced_kyc"] {
            answer["hosted_web"][product]["GH"]["id_types"] = json!({ "SSNIT_2": {} });
        }
        let differences = differences(ROW, &answer);
        assert_eq!(differences, ["new      GH SSNIT_2: basic_kyc, enhanced_kyc"]);
    }

    #[test]
    fn products_are_written_in_order_and_as_the_others_are() {
        let broken = "[\n  # All of them.\n  \"biometric_kyc\", # the elder\n  \"enhanced_kyc\",\n]";
        for (products, takes, drops, expected) in [
            ("[]", &["basic_kyc"][..], &[][..], "[\"basic_kyc\"]"),
            ("[\"b\"]", &["a", "c"], &[], "[\"a\", \"b\", \"c\"]"),
            ("[\"a\", \"b\"]", &[], &["a"], "[\"b\"]"),
            ("[\"a\", \"b\"]", &["c"], &["b", "a"], "[\"c\"]"),
            ("[\n  \"a\", \"c\",\n]", &["b", "d"], &[], "[\n  \"a\", \"b\", \"c\", \"d\",\n]"),
            (
                broken,
                &["basic_kyc", "x"],
                &[],
                "[\n  # All of them.\n  \"basic_kyc\",\n  \"biometric_kyc\", # the elder\n  \"enhanced_kyc\",\n  \"x\",\n]",
            ),
            (broken, &[], &["enhanced_kyc"], "[\n  # All of them.\n  \"biometric_kyc\", # the elder\n]"),
            (broken, &[], &["biometric_kyc"], "[\n  # All of them. # the elder\n  \"enhanced_kyc\",\n]"),
        ] {
            let mut document: DocumentMut = format!("products = {products}\n").parse().unwrap();
            let changes = Changes {
                is_back: false,
                label: None,
                takes: takes.to_vec(),
                drops: drops.to_vec(),
                required_fields: None,
                formats: Vec::new(),
                test_number: None,
            };
            changes.write_products(document["products"].as_array_mut().unwrap());
            assert_eq!(document.to_string(), format!("products = {expected}\n"));
        }
    }

    #[test]
    fn a_legacy_row_that_is_listed_again_is_back_with_its_other_changes() {
        let legacy = ROW.replace("status = \"current\"", "status = \"legacy\"\nnote = \"superseded\"");
        let mut answer = same();
        answer["hosted_web"]["basic_kyc"]["GH"]["id_types"]["SSNIT"]["label"] = "S".into();
        answer["hosted_web"]["enhanced_kyc"]["GH"]["id_types"]["SSNIT"]["label"] = "S".into();
        let (report, table, _) = written(&legacy, BANK_TABLE, &answer.to_string());
        assert_eq!(report.differences, ["back     GH SSNIT: label is \"S\", not \"SSNIT\""]);
        assert!(report.remarks.contains(&"GH SSNIT: does this still hold? superseded".into()));
        let expected = legacy
            .replace("label = \"SSNIT\"", "label = \"S\"")
            .replace("\"legacy\"", "\"current\"")
            .replace("test number: docs", "test number: docs; label, status: services endpoint");
        assert_eq!(table, expected);
        // And what isn't listed again isn't.
        assert_eq!(differences(&legacy, &json!({ "id_types": {}, "hosted_web": {} })), [""; 0]);
    }

    #[test]
    fn a_label_that_is_written_says_nothing_of_the_rest_of_the_row() {
        let mut answer = same();
        for product in ["basic_kyc", "enhanced_kyc"] {
            answer["hosted_web"][product]["GH"]["id_types"]["SSNIT"]["label"] = "Social Security".into();
        }
        let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
        assert_eq!(report.differences, ["changed  GH SSNIT: label is \"Social Security\", not \"SSNIT\""]);
        let expected = ROW
            .replace("label = \"SSNIT\"", "label = \"Social Security\"")
            .replace("test number: docs", "test number: docs; label: services endpoint");
        assert_eq!(table, expected);
    }

    #[test]
    fn a_format_that_is_written_is_confirmed_and_nothing_else_is() {
        let mut answer = same();
        for product in ["basic_kyc", "enhanced_kyc"] {
            answer["hosted_web"][product]["GH"]["id_types"]["SSNIT"]["id_number_regex"] =
                r"^C\d{3,4}$".into();
        }
        let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
        assert_eq!(report.differences, [r"changed  GH SSNIT: format `^C\d{3,4}$` is new"]);
        let expected = ROW
            .replace(
                "format = '^C\\d{3}$'\nformat_certainty = \"third_party\"\n",
                "format = '^C\\d{3,4}$'\nformat_certainty = \"confirmed\"\nalternatives = [\n  \
                 { format = '^C\\d{3}$', source = \"a partner\", certainty = \"third_party\" },\n]\n",
            )
            .replace(
                "format: a partner; somebody; test number: docs",
                "somebody; test number: docs; format: services endpoint",
            );
        assert_eq!(table, expected);
    }

    #[test]
    fn a_source_names_the_facts_that_are_the_service_s() {
        for (source, facts, expected) in [
            ("docs", &["label"][..], "docs; label: services endpoint"),
            (
                "docs: tables",
                &["test number", "label"],
                "docs: tables; label, test number: services endpoint",
            ),
            ("docs; label: services endpoint", &["status"], "docs; label, status: services endpoint"),
            ("docs; label: services endpoint", &["label"], "docs; label: services endpoint"),
            ("format, label: a; docs", &["label"], "format: a; docs; label: services endpoint"),
            ("services endpoint", &["label", "format"], "services endpoint"),
            ("services endpoint; label: from the API's name", &["label"], "services endpoint"),
            ("services endpoint; photo: docs", &["label"], "services endpoint; photo: docs"),
        ] {
            assert_eq!(credited(source, facts), expected);
            assert_eq!(credited(expected, facts), expected);
        }
        for (source, expected) in [
            ("a; b", "a; b"),
            ("format: a; b", "a"),
            ("a: b; label: services endpoint; test number: c", "a: b"),
            ("a; format, label: services endpoint", "services endpoint"),
            ("label: services endpoint", "label: services endpoint"),
        ] {
            assert_eq!(source_of(source, "format"), expected);
        }
    }

    #[test]
    fn a_new_id_type_without_a_label_has_no_label_of_the_service_s() {
        let answer = json!({ "id_types": { "GH": { "SSNIT": ["id_number"], "TIN": ["id_number"] } } });
        let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
        assert_eq!(report.differences, ["new      GH TIN: required id_number"]);
        let new = table.strip_prefix(ROW).unwrap();
        assert!(new.contains("label = \"TIN\"\nproducts = []\n"), "{new}");
        assert!(new.contains("photo = \"unknown\"\n"), "{new}");
        assert!(new.contains("source = \"services endpoint; label: from the API's name\"\n"), "{new}");
        // Which is mended when it has one.
        let mut answer = answer;
        answer["hosted_web"] = json!({ "basic_kyc": { "GH": { "id_types": { "TIN": { "label": "Tax Number" }, "SSNIT": {} } } } });
        let (_, table, _) = written(&table, BANK_TABLE, &answer.to_string());
        let new = table.strip_prefix(ROW).unwrap();
        assert!(new.contains("label = \"Tax Number\"\nproducts = [\"basic_kyc\"]\n"), "{new}");
        assert!(new.contains("source = \"services endpoint\"\n"), "{new}");
    }

    #[test]
    fn banks_that_are_new_gone_or_renamed_are_said_and_written() {
        let mut answer = same();
        answer["bank_codes"] = json!([
            { "name": "Bank C", "nip_code": "000020", "code": "020" },
            { "name": "A Bank", "nip_code": "000001", "code": "001" },
            { "name": "N Bank", "nip_code": "000015", "code": "015" },
            { "name": "Last Bank", "nip_code": "000900", "code": " 900 " },
            { "name": "First Bank", "nip_code": "000000", "code": "000" },
            { "name": "Bank without a code", "nip_code": "000001", "code": null },
        ]);
        let (report, table, banks) = written(ROW, BANK_TABLE, &answer.to_string());
        assert_eq!(
            report.differences,
            [
                "new      NG bank 000: \"First Bank\"",
                "new      NG bank 015: \"N Bank\"",
                "renamed  NG bank 020: name is \"Bank C\", not \"C Bank\"",
                "new      NG bank 900: \"Last Bank\"",
                "gone     NG bank 010: \"B Bank\"",
            ]
        );
        assert_eq!(report.remarks.len(), 1);
        assert!(report.remarks[0].contains("Bank without a code"), "{}", report.remarks[0]);
        assert_eq!(table, ROW);
        assert_eq!(
            banks,
            r#"# Small as well.

bank = [
  { country = "NG", code = "000", name = "First Bank", source = "services endpoint", certainty = "confirmed" },
  { country = "NG", code = "001", name = "A Bank", source = "somebody", certainty = "unconfirmed" },
  # Two of one group.
  { country = "NG", code = "015", name = "N Bank", source = "services endpoint", certainty = "confirmed" }, # the elder
  { country = "NG", code = "020", name = "Bank C", source = "somebody; name: services endpoint", certainty = "unconfirmed" },
  { country = "NG", code = "900", name = "Last Bank", source = "services endpoint", certainty = "confirmed" },
  { country = "KE", code = "01", name = "Bank of Kenya", source = "somebody", certainty = "inferred" },
]
"#
        );
    }

    #[test]
    fn an_answer_without_banks_says_nothing_of_them() {
        for none in [Value::Null, json!([]), json!([{ "name": "A Bank", "code": "" }])] {
            let mut answer = same();
            answer["bank_codes"] = none;
            assert_eq!(differences(ROW, &answer), [""; 0]);
        }
    }

    /// What the service would say if it took what the table says, and nothing that is legacy: the lists of the hosted
    /// web integration by product, and all ID types with what Basic KYC requires, if `of_basic_kyc`.
    fn answer_of_the_real_tables(of_basic_kyc: bool) -> Value {
        let document: DocumentMut = REAL_TABLE.parse().unwrap();
        let (mut all, mut hosted_web) = (json!({}), json!({}));
        let tables = document["id_type"].as_array_of_tables().unwrap();
        for table in tables.iter().filter(|table| table["status"].as_str() == Some("current")) {
            let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default();
            let texts = |key: &str| {
                let texts = table.get(key).and_then(Item::as_array).into_iter().flatten();
                texts.map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            let (country, id_type) = (text("country"), text("id_type"));
            let fields = |is_basic_kyc: bool| {
                let extra = if is_basic_kyc { texts("basic_kyc_extra_fields") } else { Vec::new() };
                json!([vec!["country".into(), "job_id".into()], texts("required_fields"), extra].concat())
            };
            all[country][id_type] = fields(of_basic_kyc);
            for product in texts("products").iter().filter(|product| *product != "business_verification") {
                let flag = if table.get("ignore_case").is_some() { "/i" } else { "" };
                let mut details = json!({ "label": text("label"), "test_data": text("test_number") });
                details["required_fields"] = fields(product == "basic_kyc");
                if table.get("format").is_some() {
                    details["id_number_regex"] = format!("{}{flag}", text("format")).into();
                }
                hosted_web[product][country]["id_types"][id_type] = details;
            }
        }
        let banks: DocumentMut = REAL_BANKS.parse().unwrap();
        let banks = banks["bank"].as_array().unwrap().iter().map(|bank| {
            let text = |key: &str| bank.as_inline_table().unwrap()[key].as_str().unwrap();
            json!({ "name": text("name"), "nip_code": "", "code": text("code") })
        });
        json!({ "bank_codes": banks.collect::<Vec<_>>(), "id_types": all, "hosted_web": hosted_web })
    }

    #[test]
    fn whatever_part_of_an_answer_says_the_same_there_is_no_difference() {
        for whole in [answer_of_the_real_tables(false), answer_of_the_real_tables(true)] {
            let only = |keys: &[&str]| {
                let part = whole.as_object().unwrap().clone().into_iter();
                Value::from_iter(part.filter(|(key, _)| keys.contains(&key.as_str())))
            };
            let mut answers = vec![
                (whole.clone(), 0),
                (only(&["id_types", "hosted_web"]), 1),
                (only(&["id_types", "bank_codes"]), 1),
                (only(&["hosted_web", "bank_codes"]), 1),
                (only(&["id_types"]), 2),
                (only(&["hosted_web"]), 2),
            ];
            let mut empty = only(&["id_types", "bank_codes"]);
            empty["hosted_web"] = json!({});
            answers.push((empty, 1));
            let mut empty = only(&["hosted_web", "bank_codes"]);
            empty["id_types"] = json!({});
            answers.push((empty, 1));
            answers.push((json!({ "id_types": {}, "hosted_web": {}, "bank_codes": [] }), 3));
            for product in whole["hosted_web"].as_object().unwrap().keys() {
                let mut without = whole.clone();
                without["hosted_web"].as_object_mut().unwrap().remove(product);
                answers.push((without, 0));
                let mut alone = only(&["bank_codes"]);
                alone["hosted_web"][product] = whole["hosted_web"][product].clone();
                answers.push((alone, 1));
            }
            for (answer, remarks) in answers {
                let (report, table, banks) = compare_all(REAL_TABLE, REAL_BANKS, &answer.to_string(), true);
                let report = report.unwrap();
                assert_eq!(report.differences, [""; 0]);
                assert_eq!(report.remarks.len(), remarks, "{:?}", report.remarks);
                assert!(table == REAL_TABLE && banks == REAL_BANKS);
            }
        }
    }

    #[test]
    fn what_a_missing_list_may_name_is_not_gone() {
        let mut answer = answer_of_the_real_tables(false);
        let remove = |value: &mut Value| value.as_object_mut().unwrap().remove("VOTER_ID").unwrap();
        remove(&mut answer["id_types"]["GH"]);
        for (_, section) in answer["hosted_web"].as_object_mut().unwrap() {
            if let Some(country) = section.get_mut("GH") {
                remove(&mut country["id_types"]);
            }
        }
        let compare = |answer: &Value| {
            let (report, ..) = compare_all(REAL_TABLE, REAL_BANKS, &answer.to_string(), false);
            report.unwrap()
        };
        assert_eq!(compare(&answer).differences, ["gone     GH VOTER_ID"]);
        answer["hosted_web"].as_object_mut().unwrap().remove("ekyc_smartselfie");
        let report = compare(&answer);
        assert_eq!(report.differences, [""; 0]);
        assert!(report.remarks[0].starts_with("GH VOTER_ID: not listed, but"), "{:?}", report.remarks);
    }

    #[test]
    fn what_is_no_answer_is_refused_and_nothing_is_written() {
        for (answer, expected) in [
            ("", "EOF"),
            ("[]", "not an object"),
            ("{}", "neither `id_types` nor `hosted_web`"),
            (r#"{ "bank_codes": [] }"#, "neither `id_types` nor `hosted_web`"),
            (r#"{ "id_types": [] }"#, "id_types is not an object"),
            (r#"{ "id_types": {}, "hosted_web": null }"#, "hosted_web is not an object"),
            (r#"{ "id_types": { "GH": [] }, "hosted_web": {} }"#, "id_types.GH is not an object"),
            (
                r#"{ "id_types": { "GH": { "TIN": [1] } }, "hosted_web": {} }"#,
                "id_types.GH.TIN is not a list",
            ),
            (
                r#"{ "id_types": {}, "hosted_web": { "basic_kyc": { "GH": {} } } }"#,
                "hosted_web.basic_kyc.GH.id_types is not an object",
            ),
            (
                r#"{ "id_types": {}, "hosted_web": { "basic_kyc": { "GH": { "id_types": { "TIN": { "label": 1 } } } } } }"#,
                "hosted_web.basic_kyc.GH.id_types.TIN.label is not a string",
            ),
            (r#"{ "id_types": {}, "bank_codes": {} }"#, "bank_codes is not a list"),
            (r#"{ "id_types": {}, "bank_codes": [1] }"#, "bank_codes[0] is not an object"),
            (
                r#"{ "id_types": {}, "bank_codes": [{ "name": "A Bank", "code": 1 }] }"#,
                "bank_codes[0].code is not a string",
            ),
        ] {
            let (report, table) = compare(TABLE, answer, true);
            let message = report.err().expect("it should be refused");
            assert!(message.contains("services.json: ") && message.contains(expected), "{message}");
            assert_eq!(table, TABLE);
        }
        let (report, _) = compare("[[id_type]]\n", ANSWER, false);
        assert!(report.err().expect("the table is no good").starts_with(ID_TYPES));
    }

    #[test]
    fn a_product_or_country_that_nobody_knows_is_said_and_not_written() {
        for (known, unknown, expected) in [
            ("\"basic_kyc\"", "\"telepathy\"", "unknown variant `telepathy`"),
            ("\"GH\"", "\"GX\"", "`GX` is not in crates/smile-core/catalog/countries.toml"),
        ] {
            let answer = ANSWER.replace(known, unknown).replace("\"A Bank\"", "\"Bank A\"");
            let (report, _) = compare(TABLE, &answer, false);
            assert!(
                report.unwrap().differences.iter().any(|words| words.contains(unknown.trim_matches('"')))
            );
            let (report, table) = compare(TABLE, &answer, true);
            let message = report.err().expect("it should be refused");
            assert!(message.contains(expected), "{message}");
            assert_eq!(table, TABLE);
        }
    }

    #[test]
    fn no_difference_leaves_the_file_alone_to_the_byte() {
        let table = TABLE.split("\n\n[[id_type]]\ncountry = \"KE\"").next().unwrap();
        let answer = r#"{ "id_types": { "GH": { "PASSPORT": ["country", "id_number", "user_id"] } }, "hosted_web": {} }"#;
        let (report, written) = compare(table, answer, true);
        assert_eq!(report.unwrap().differences, [""; 0]);
        assert_eq!(written, table);
    }
}
