//! The table of ID types.

use std::fmt::Write as _;

use regex_lite::RegexBuilder;
use serde::Deserialize;
use toml::Spanned;

use super::rows::{Certainty, Faults, WRITES, header};
use super::tables::Country;

pub(crate) const ID_TYPES: &str = "crates/smile-core/catalog/id_types.toml";

/// The fields that every job has, or has once more, so that they aren't repeated for each ID type.
pub(crate) const IMPLIED: &[&str] = &["country", "id_type", "user_id", "job_id", "day", "month", "year"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdTypes {
    id_type: Vec<Spanned<IdType>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdType {
    pub(crate) country: String,
    pub(crate) id_type: String,
    pub(crate) label: String,
    pub(crate) products: Vec<Product>,
    pub(crate) required_fields: Vec<String>,
    #[serde(default)]
    pub(crate) basic_kyc_extra_fields: Vec<String>,
    pub(crate) format: Option<String>,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    format_certainty: Option<Certainty>,
    #[serde(default)]
    pub(crate) alternatives: Vec<Alternative>,
    #[serde(default)]
    hyphens_optional: bool,
    pub(crate) test_number: Option<String>,
    photo: Photo,
    pub(crate) status: Status,
    note: Option<String>,
    source: String,
    certainty: Certainty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alternative {
    pub(crate) format: String,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    source: String,
    certainty: Certainty,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Product {
    BasicKyc,
    EnhancedKyc,
    BiometricKyc,
    #[serde(rename = "ekyc_smartselfie")]
    EkycSmartSelfie,
    EnhancedDocumentVerification,
    BusinessVerification,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Photo {
    Yes,
    No,
    Unknown,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Current,
    Legacy,
}

/// The rows, as they stand in the file.
pub(crate) fn id_types(toml: &str) -> Result<Vec<IdType>, String> {
    let table: IdTypes = toml::from_str(toml).map_err(|error| format!("{ID_TYPES}: {error}"))?;
    let mut faults = Faults::new(ID_TYPES, toml);
    let mut seen = Vec::new();
    for row in &table.id_type {
        check(row, &mut faults);
        let IdType { country, id_type, .. } = row.as_ref();
        if seen.contains(&(country, id_type)) {
            faults.add(row, id_type, &format!("{country} already has a row for it"));
        }
        seen.push((country, id_type));
    }
    faults.none_or_all()?;
    Ok(table.id_type.into_iter().map(Spanned::into_inner).collect())
}

fn check(row: &Spanned<IdType>, faults: &mut Faults<'_>) {
    let id_type = row.as_ref();
    let name = &id_type.id_type;
    faults.check_phrases(
        row,
        name,
        &[("id_type", name), ("label", &id_type.label), ("source", &id_type.source)],
    );
    if let Some(note) = &id_type.note {
        faults.check_meanings(row, name, &[("note", note)]);
    }
    for field in id_type.required_fields.iter().chain(&id_type.basic_kyc_extra_fields) {
        if IMPLIED.contains(&field.as_str()) {
            faults.add(row, name, &format!("`{field}` goes without saying"));
        }
    }
    if id_type.format.is_some() != id_type.format_certainty.is_some() {
        faults.add(row, name, "`format` and `format_certainty` are there together or not at all");
    }
    if id_type.format.is_none() && !id_type.alternatives.is_empty() {
        faults.add(row, name, "there are `alternatives` to no `format`");
    }
    let main = id_type.format.iter().map(|format| (format, id_type.ignore_case));
    let others = id_type.alternatives.iter().map(|other| (&other.format, other.ignore_case));
    let mut fits = false;
    for (format, ignore_case) in main.chain(others) {
        match RegexBuilder::new(format).case_insensitive(ignore_case).build() {
            Err(error) => faults.add(row, name, &format!("`{format}` can't be used: {error}")),
            Ok(regex) if regex.is_match("") => {
                faults.add(row, name, &format!("`{format}` fits an empty number"));
            }
            Ok(regex) => fits |= id_type.test_number.as_deref().is_some_and(|number| regex.is_match(number)),
        }
    }
    if id_type.format.is_some() && id_type.test_number.is_some() && !fits {
        faults.add(row, name, "`test_number` fits no format");
    }
    for other in &id_type.alternatives {
        faults.check_phrases(row, name, &[("alternatives.source", &other.source)]);
    }
}

pub(crate) fn id_types_rs(toml: &str, countries: &[Country]) -> Result<String, String> {
    let mut rows = id_types(toml)?;
    if let Some(row) = rows.iter().find(|row| !countries.iter().any(|country| country.code == row.country)) {
        let file = super::tables::COUNTRIES;
        return Err(format!("{ID_TYPES}: row `{}`: `{}` is not in {file}", row.id_type, row.country));
    }
    rows.sort_by(|a, b| (&a.country, &a.id_type).cmp(&(&b.country, &b.id_type)));
    let uses = "use crate::catalogue::rows::{Certainty, IdTypeProduct, IdTypeRow, NumberFormat};";
    let mut code = header("id_types", uses);
    writeln!(code, "pub(in crate::catalogue) static ID_TYPES: [IdTypeRow; {}] = [", rows.len())
        .expect(WRITES);
    for row in &rows {
        let products: Vec<String> =
            row.products.iter().map(|product| format!("IdTypeProduct::{product:?}")).collect();
        let main = row
            .format
            .iter()
            .zip(row.format_certainty)
            .map(|(format, certainty)| number_format(format, row.ignore_case, &row.source, certainty));
        let others = row
            .alternatives
            .iter()
            .map(|other| number_format(&other.format, other.ignore_case, &other.source, other.certainty));
        let formats: Vec<String> = main.chain(others).collect();
        let returns_photo = match row.photo {
            Photo::Yes => Some(true),
            Photo::No => Some(false),
            Photo::Unknown => None,
        };
        writeln!(
            code,
            "IdTypeRow {{ country: {:?}, name: {:?}, label: {:?}, products: &[{}], required_fields: &{:?}, \
             basic_kyc_extra_fields: &{:?}, formats: &[{}], hyphens_optional: {}, test_number: {:?}, \
             returns_photo: {returns_photo:?}, is_legacy: {}, note: {:?}, source: {:?}, \
             certainty: Certainty::{:?} }},",
            row.country,
            row.id_type,
            row.label,
            products.join(", "),
            row.required_fields,
            row.basic_kyc_extra_fields,
            formats.join(", "),
            row.hyphens_optional,
            row.test_number,
            row.status == Status::Legacy,
            row.note,
            row.source,
            row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

fn number_format(regex: &str, ignore_case: bool, source: &str, certainty: Certainty) -> String {
    format!(
        "NumberFormat {{ regex: {regex:?}, ignore_case: {ignore_case}, source: {source:?}, \
         certainty: Certainty::{certainty:?} }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"
[[id_type]]
country = "GH"
id_type = "PASSPORT"
label = "Passport"
products = ["ekyc_smartselfie"]
required_fields = ["id_number"]
format = '^[A-Z]\d{7}$'
format_certainty = "confirmed"
alternatives = [{ format = '^\d$', source = "somebody", certainty = "inferred" }]
test_number = "G0000000"
photo = "yes"
status = "current"
source = "docs"
certainty = "confirmed"
"#;

    #[test]
    fn a_bad_row_is_refused_with_its_file_line_and_fault() {
        assert!(id_types(ROW).is_ok());
        for (good, bad, expected) in [
            ("[\"id_number\"]", "[\"user_id\"]", "`user_id` goes without saying"),
            ("format_certainty = \"confirmed\"\n", "", "together or not at all"),
            (r"'^[A-Z]\d{7}$'", "'(?=A)'", "can't be used"),
            (r"'^\d$'", "'('", "can't be used"),
            (r"'^\d$'", "'^[0-9]*$'", "fits an empty number"),
            ("\"G0000000\"", "\"G000000\"", "`test_number` fits no format"),
            ("\"Passport\"", "\" Passport\"", "`label` is empty, or begins"),
            ("source = \"docs\"", "source = \"\"", "`source` is empty"),
            ("source = \"docs\"", "note = \"N.\"\nsource = \"docs\"", "full stop"),
        ] {
            let message = id_types(&ROW.replacen(good, bad, 1)).err().expect(bad);
            assert!(message.starts_with(&format!("{ID_TYPES}:2: row `PASSPORT`: ")), "{message}");
            assert!(message.contains(expected), "{message}");
        }
        let message = id_types(&ROW.repeat(2)).err().expect("it is there twice");
        assert!(message.contains("GH already has a row for it"), "{message}");
    }

    #[test]
    fn unknown_products_and_keys_are_refused() {
        for (good, bad) in
            [("ekyc_smartselfie", "selfie"), ("photo = \"yes\"", "photo = true"), ("label", "labels")]
        {
            assert!(id_types(&ROW.replacen(good, bad, 1)).is_err(), "{bad}");
        }
    }
}
