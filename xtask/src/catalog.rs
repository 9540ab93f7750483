//! The ID types that are written down, against an answer of the service's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use regex_lite::RegexBuilder;
use serde_json::{Map, Value};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use crate::codegen::id_types::{self, ID_TYPES, IMPLIED, IdType, Product, Status};

/// What goes into `source` of a row that is written.
const SOURCE: &str = "services endpoint";

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

/// How the table and the answer differ.
pub(crate) struct Report {
    pub(crate) differences: Vec<String>,
    /// What isn't a difference, and should be known.
    pub(crate) remarks: Vec<String>,
}

/// Compares the table of ID types with an answer of the services endpoint that was saved, and with `write` makes the
/// table say the same.
pub(crate) fn diff(root: &Path, answer: &Path, write: bool) -> Result<Report, String> {
    let name = answer.display();
    let json = fs::read_to_string(answer).map_err(|error| format!("{name}: {error}"))?;
    let json: Value = serde_json::from_str(&json).map_err(|error| format!("{name}: {error}"))?;
    let said = said(&json).map_err(|error| format!("{name}: {error}"))?;
    let toml = fs::read_to_string(root.join(ID_TYPES)).map_err(|error| format!("{ID_TYPES}: {error}"))?;
    let rows = id_types::id_types(&toml)?;

    let mut report = Report { differences: Vec::new(), remarks: Vec::new() };
    let mut document: DocumentMut = toml.parse().map_err(|error| format!("{ID_TYPES}: {error}"))?;
    // Empty and read before, so that it is there.
    let tables = document["id_type"].as_array_of_tables_mut().ok_or("the rows are not [[id_type]] tables")?;
    for (key, said) in &said {
        let [country, id_type] = key;
        for format in &said.unusable {
            report
                .remarks
                .push(format!("{country} {id_type}: the format `{format}` can't be used; it is left out"));
        }
        match rows.iter().position(|row| row.country == *country && row.id_type == *id_type) {
            None => {
                report.differences.push(format!("new      {country} {id_type}: {}", said.summary()));
                tables.push(said.table(country, id_type));
            }
            Some(at) => {
                let changes = said.changes(&rows[at]);
                if !changes.is_empty() {
                    report.differences.push(format!("changed  {country} {id_type}: {}", changes.join("; ")));
                    said.update(row_mut(tables, at)?, &rows[at]);
                }
            }
        }
    }
    for (at, row) in rows.iter().enumerate() {
        let key = [row.country.clone(), row.id_type.clone()];
        // The endpoint has never listed what is for businesses only.
        let is_expected = row.status == Status::Current && row.products != [Product::BusinessVerification];
        if is_expected && !said.contains_key(&key) {
            report.differences.push(format!("gone     {} {}", row.country, row.id_type));
            set(row_mut(tables, at)?, "status", "legacy".into());
        }
    }

    if write && !report.differences.is_empty() {
        let toml = document.to_string();
        id_types::id_types(&toml).map_err(|faults| format!("what would be written is no good: {faults}"))?;
        fs::write(root.join(ID_TYPES), toml).map_err(|error| format!("{ID_TYPES}: {error}"))?;
    }
    Ok(report)
}

/// What the service says of an ID type, all products together.
#[derive(Default)]
struct Said {
    products: Vec<String>,
    required_fields: Option<Vec<String>>,
    labels: Vec<String>,
    /// With whether case is to be ignored.
    formats: Vec<(String, bool)>,
    unusable: Vec<String>,
    test_numbers: Vec<String>,
}

/// By country and ID type. Unlike the SDK, this refuses what it doesn't understand: somebody is there to look at it.
fn said(json: &Value) -> Result<BTreeMap<[String; 2], Said>, String> {
    let services = json.as_object().ok_or("not an object")?;
    let mut all: BTreeMap<[String; 2], Said> = BTreeMap::new();
    let by_country = object(services, "id_types")?;
    for (country, id_types) in by_country {
        let id_types = id_types.as_object().ok_or(format!("id_types.{country} is not an object"))?;
        for (name, fields) in id_types {
            let fields = texts(fields).ok_or(format!("id_types.{country}.{name} is not a list of names"))?;
            all.entry([country.clone(), name.clone()]).or_default().required_fields = Some(required(fields));
        }
    }
    for (product, by_country) in object(services, "hosted_web")? {
        // That lists documents, of which there is a table of its own.
        if product == "doc_verification" {
            continue;
        }
        let by_country = by_country.as_object().ok_or(format!("hosted_web.{product} is not an object"))?;
        for (country, details) in by_country {
            let path = format!("hosted_web.{product}.{country}.id_types");
            let id_types = details.get("id_types").and_then(Value::as_object);
            for (name, details) in id_types.ok_or(format!("{path} is not an object"))? {
                let said = all.entry([country.clone(), name.clone()]).or_default();
                said.add(product, details).map_err(|fault| format!("{path}.{name}{fault}"))?;
            }
        }
    }
    Ok(all)
}

fn object<'a>(services: &'a Map<String, Value>, key: &str) -> Result<&'a Map<String, Value>, String> {
    let found = services.get(key).and_then(Value::as_object);
    found.ok_or(format!("not an answer of the services endpoint: it has no object `{key}`"))
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn required(mut fields: Vec<String>) -> Vec<String> {
    fields.retain(|field| !IMPLIED.contains(&field.as_str()));
    fields
}

impl Said {
    fn add(&mut self, product: &str, details: &Value) -> Result<(), String> {
        let details = details.as_object().ok_or(" is not an object")?;
        add(&mut self.products, product.to_owned());
        let text = |key: &str| match details.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!(".{key} is not a string")),
        };
        if let Some(label) = text("label")? {
            add(&mut self.labels, label);
        }
        if let Some(number) = text("test_data")? {
            add(&mut self.test_numbers, number);
        }
        if let Some(format) = text("id_number_regex")? {
            // A quirk of the service: some end as a pattern of JavaScript does.
            let (pattern, ignore_case) =
                format.strip_suffix("/i").map_or((format.as_str(), false), |pattern| (pattern, true));
            match RegexBuilder::new(pattern).case_insensitive(ignore_case).build() {
                Ok(_) => add(&mut self.formats, (pattern.to_owned(), ignore_case)),
                Err(_) => add(&mut self.unusable, format),
            }
        }
        if let Some(fields) = details.get("required_fields")
            && self.required_fields.is_none()
        {
            let fields = texts(fields).ok_or(".required_fields is not a list of names")?;
            self.required_fields = Some(required(fields));
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.labels.first().map(|label| format!("{label:?}")));
        parts.extend(self.required_fields.as_ref().map(|fields| format!("required {}", fields.join(", "))));
        parts.extend(self.formats.iter().map(show));
        parts.extend(self.test_numbers.first().map(|number| format!("test number {number}")));
        parts.join("; ")
    }

    /// What a row doesn't say yet, in words.
    fn changes(&self, row: &IdType) -> Vec<String> {
        let mut changes = Vec::new();
        if let Some(fields) = self.new_fields(row) {
            let was = row.required_fields.join(", ");
            changes.push(format!("required fields are {}, not {was}", fields.join(", ")));
        }
        if let Some(label) = self.new_label(row) {
            changes.push(format!("label is {label:?}, not {:?}", row.label));
        }
        changes.extend(self.new_formats(row).iter().map(|format| format!("{} is new", show(format))));
        if let Some(number) = self.new_test_number(row) {
            let was = row.test_number.as_deref().unwrap_or("none");
            changes.push(format!("test number is {number}, not {was}"));
        }
        changes
    }

    fn new_fields(&self, row: &IdType) -> Option<&[String]> {
        let fields = self.required_fields.as_deref()?;
        let is_same = fields.iter().all(|field| row.required_fields.contains(field))
            && row.required_fields.iter().all(|field| fields.contains(field));
        (!is_same).then_some(fields)
    }

    fn new_label(&self, row: &IdType) -> Option<&str> {
        if self.labels.contains(&row.label) { None } else { self.labels.first().map(String::as_str) }
    }

    fn new_formats(&self, row: &IdType) -> Vec<(String, bool)> {
        let known = |format: &&(String, bool)| {
            let (pattern, ignore_case) = format;
            (row.format.as_ref() == Some(pattern) && row.ignore_case == *ignore_case)
                || row
                    .alternatives
                    .iter()
                    .any(|other| other.format == *pattern && other.ignore_case == *ignore_case)
        };
        self.formats.iter().filter(|format| !known(format)).cloned().collect()
    }

    fn new_test_number(&self, row: &IdType) -> Option<&str> {
        let is_same = row.test_number.as_ref().is_some_and(|number| self.test_numbers.contains(number));
        if is_same { None } else { self.test_numbers.first().map(String::as_str) }
    }

    /// Writes into a row what it doesn't say yet, and leaves the rest of it as it is.
    fn update(&self, table: &mut Table, row: &IdType) {
        if let Some(fields) = self.new_fields(row) {
            set(table, "required_fields", array(fields).into());
        }
        if let Some(label) = self.new_label(row) {
            set(table, "label", label.into());
        }
        let mut formats = self.new_formats(row).into_iter();
        if let Some(format) = formats.next() {
            // What was thought before stays, behind it: a number is refused only if it fits nothing.
            let mut others = Array::new();
            if let Some(format) = &row.format {
                let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
                let (source, certainty) = (text("source"), text("format_certainty"));
                others.push(alternative(format, row.ignore_case, &source, &certainty));
            }
            if let Some(present) = table.get("alternatives").and_then(Item::as_array) {
                others.extend(present.iter().cloned());
            }
            for (pattern, ignore_case) in formats {
                others.push(alternative(&pattern, ignore_case, SOURCE, "confirmed"));
            }
            set_format(table, &format, others);
        }
        if let Some(number) = self.new_test_number(row) {
            set(table, "test_number", number.into());
        }
        set(table, "source", SOURCE.into());
        set(table, "certainty", "confirmed".into());
        sort(table);
    }

    /// A row of its own.
    fn table(&self, country: &str, id_type: &str) -> Table {
        let mut table = Table::new();
        table.decor_mut().set_prefix("\n");
        set(&mut table, "country", country.into());
        set(&mut table, "id_type", id_type.into());
        set(&mut table, "label", self.labels.first().map_or(id_type, String::as_str).into());
        set(&mut table, "products", array(&self.products).into());
        set(&mut table, "required_fields", array(self.required_fields.as_deref().unwrap_or_default()).into());
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
        set(&mut table, "source", SOURCE.into());
        set(&mut table, "certainty", "confirmed".into());
        sort(&mut table);
        table
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, new: T) {
    if !list.contains(&new) {
        list.push(new);
    }
}

fn show((pattern, ignore_case): &(String, bool)) -> String {
    format!("format `{pattern}`{}", if *ignore_case { ", in any case" } else { "" })
}

fn row_mut(tables: &mut ArrayOfTables, at: usize) -> Result<&mut Table, String> {
    tables.get_mut(at).ok_or(format!("{ID_TYPES}: row {at} can't be found again"))
}

/// Keeps the comment behind the value, if there is one.
fn set(table: &mut Table, key: &str, mut new: toml_edit::Value) {
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
    use super::*;
    use crate::scratch::Scratch;

    const ANSWER: &str = include_str!("../testdata/services.json");
    const TABLE: &str = include_str!("../testdata/id_types.toml");

    /// A workspace with this table, and this answer beside it.
    fn compare(table: &str, answer: &str, write: bool) -> (Result<Report, String>, String) {
        let scratch = Scratch::new();
        scratch.write(ID_TYPES, table);
        scratch.write("services.json", answer);
        let report = diff(scratch.path(), &scratch.path().join("services.json"), write);
        (report, scratch.read(ID_TYPES))
    }

    #[test]
    fn what_is_new_gone_and_changed_is_said_row_by_row() {
        let (report, table) = compare(TABLE, ANSWER, false);
        let report = report.unwrap();
        assert_eq!(
            report.differences,
            [
                "changed  GH PASSPORT: required fields are id_number, dob, not id_number; label is \"Ghana Passport\", \
                 not \"Passport\"; format `^[A-Z][0-9]{8}$`, in any case is new; test number is G00000000, not G0000000",
                "new      GH TIN: \"Tax Number\"; required id_number; format `^[CP]\\d{10}$`, in any case; \
                 test number C0000000000",
                "gone     KE ALIEN_CARD",
            ]
        );
        assert_eq!(
            report.remarks,
            ["NG DRIVERS_LICENSE: the format `^(?=.*[0-9])[A-Z0-9]{6}$` can't be used; it is left out"]
        );
        assert_eq!(table, TABLE, "nothing is written without being asked");
    }

    #[test]
    fn written_once_it_says_the_same() {
        let (_, written) = compare(TABLE, ANSWER, true);
        let (report, again) = compare(&written, ANSWER, true);
        assert_eq!(report.unwrap().differences, [""; 0]);
        assert_eq!(again, written);
    }

    #[test]
    fn what_is_written_keeps_everything_else() {
        let (_, written) = compare(TABLE, ANSWER, true);
        let expected = TABLE
            .replace("label = \"Passport\" # as printed", "label = \"Ghana Passport\" # as printed")
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
            .replace("source = \"somebody\"\ncertainty = \"third_party\"", "source = \"services endpoint\"\ncertainty = \"confirmed\"")
            .replace("status = \"current\" # goes", "status = \"legacy\" # goes")
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
    }

    #[test]
    fn what_is_no_answer_is_refused_and_nothing_is_written() {
        for (answer, expected) in [
            ("", "EOF"),
            ("[]", "not an object"),
            ("{}", "no object `id_types`"),
            (r#"{ "id_types": {} }"#, "no object `hosted_web`"),
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
    fn a_new_product_that_nobody_knows_is_not_written() {
        let answer = ANSWER.replace("\"basic_kyc\"", "\"telepathy\"");
        let (report, table) = compare(TABLE, &answer, true);
        assert!(report.err().expect("it should be refused").contains("unknown variant `telepathy`"));
        assert_eq!(table, TABLE);
    }

    #[test]
    fn no_difference_leaves_the_file_alone_to_the_byte() {
        let table = TABLE.split("\n\n[[id_type]]\ncountry = \"KE\"").next().unwrap();
        let answer = r#"{ "id_types": { "GH": { "PASSPORT": ["country", "id_number", "user_id"] } }, "hosted_web": {} }"#;
        let table = table.split("\n\n[[id_type]]\ncountry = \"NG\"").next().unwrap();
        let (report, written) = compare(table, answer, true);
        let report = report.unwrap();
        assert_eq!((report.differences, report.remarks), (vec![], vec![]));
        assert_eq!(written, table);
    }
}
