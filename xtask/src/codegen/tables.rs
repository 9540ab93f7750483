//! The small tables: countries, banks, products of web tokens, actions.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::Spanned;

use super::rows::{Certainty, Faults, WRITES, header, job_types};

pub(crate) const COUNTRIES: &str = "crates/smile-core/catalog/countries.toml";
pub(crate) const BANKS: &str = "crates/smile-core/catalog/banks.toml";
pub(super) const WEB_PRODUCTS: &str = "crates/smile-core/catalog/web_products.toml";
pub(super) const ACTIONS: &str = "crates/smile-core/catalog/actions.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Countries {
    country: Vec<Spanned<Country>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Country {
    pub(super) code: String,
    name: String,
    #[serde(default)]
    also: Vec<String>,
    continent: Continent,
    source: String,
    certainty: Certainty,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Continent {
    Africa,
    Asia,
    Europe,
    NorthAmerica,
    Oceania,
    SouthAmerica,
}

/// The countries, in order of their codes.
pub(crate) fn countries(toml: &str) -> Result<Vec<Country>, String> {
    let table: Countries = toml::from_str(toml).map_err(|error| format!("{COUNTRIES}: {error}"))?;
    let mut faults = Faults::new(COUNTRIES, toml);
    let mut codes = Vec::new();
    let mut names = Vec::new();
    for row in &table.country {
        let Country { code, name, also, source, .. } = row.as_ref();
        if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            faults.add(row, code, "`code` is not two capital letters");
        }
        if codes.contains(&code) {
            faults.add(row, code, "the country already has a row");
        }
        codes.push(code);
        faults.check_phrases(row, code, &[("name", name), ("source", source)]);
        for name in also.iter().chain([name]) {
            faults.check_phrases(row, code, &[("also", name)]);
            let name = name.to_lowercase();
            if names.contains(&name) {
                faults.add(row, code, &format!("`{name}` is the name of two countries, or there twice"));
            }
            names.push(name);
        }
    }
    faults.none_or_all()?;
    let mut rows: Vec<Country> = table.country.into_iter().map(Spanned::into_inner).collect();
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rows)
}

/// Countries are named in capitals and stand in the table of countries, in order and once.
pub(super) fn check_countries<T>(
    faults: &mut Faults<'_>,
    row: &Spanned<T>,
    name: &str,
    codes: &[String],
    known: &[Country],
) {
    for code in codes {
        if !known.iter().any(|country| country.code == *code) {
            faults.add(row, name, &format!("`{code}` is not in {COUNTRIES}"));
        }
    }
    if !codes.is_sorted_by(|a, b| a < b) {
        faults.add(row, name, "its countries are not in order, or one is there twice");
    }
}

/// The countries, and their names in order with the places of their countries.
pub(super) fn countries_rs(rows: &[Country]) -> String {
    let mut code = header("countries", "use crate::catalogue::rows::{Certainty, Continent, Country};");
    // So that a row takes one line.
    code.push_str(
        "const fn row(code: &'static str, name: &'static str, continent: Continent, source: &'static str, \
         certainty: Certainty) -> Country { Country { code, name, continent, source, certainty } }\n\n\
         pub(in crate::catalogue) static COUNTRIES: &[Country] = &[\n",
    );
    let mut names = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        writeln!(
            code,
            "row({:?}, {:?}, Continent::{:?}, {:?}, Certainty::{:?}),",
            row.code, row.name, row.continent, row.source, row.certainty,
        )
        .expect(WRITES);
        names.extend(row.also.iter().chain([&row.name]).map(|name| (name.to_lowercase(), at)));
    }
    names.sort();
    code.push_str(
        "];\n\n// In small letters, with the place of the country in the other table.\n\
         pub(in crate::catalogue) static NAMES: &[(&str, u8)] = &[\n",
    );
    for (name, at) in names {
        writeln!(code, "({name:?}, {at}),").expect(WRITES);
    }
    code.push_str("];\n");
    code
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Banks {
    bank: Vec<Spanned<Bank>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bank {
    pub(crate) country: String,
    pub(crate) code: String,
    pub(crate) name: String,
    source: String,
    certainty: Certainty,
}

/// The banks, as they stand in the file.
pub(crate) fn banks(toml: &str, countries: &[Country]) -> Result<Vec<Bank>, String> {
    let table: Banks = toml::from_str(toml).map_err(|error| format!("{BANKS}: {error}"))?;
    let mut faults = Faults::new(BANKS, toml);
    let mut seen = Vec::new();
    for row in &table.bank {
        let Bank { country, code, name, source, .. } = row.as_ref();
        check_countries(&mut faults, row, code, std::slice::from_ref(country), countries);
        faults.check_phrases(row, code, &[("code", code), ("name", name), ("source", source)]);
        if seen.contains(&(country, code)) {
            faults.add(row, code, "the bank already has a row");
        }
        seen.push((country, code));
    }
    faults.none_or_all()?;
    Ok(table.bank.into_iter().map(Spanned::into_inner).collect())
}

pub(super) fn banks_rs(toml: &str, countries: &[Country]) -> Result<String, String> {
    let mut rows = banks(toml, countries)?;
    rows.sort_by(|a, b| (&a.country, &a.code).cmp(&(&b.country, &b.code)));
    let mut code = header("banks", "use crate::catalogue::rows::{Bank, Certainty};");
    code.push_str("pub(in crate::catalogue) static BANKS: &[Bank] = &[\n");
    for row in &rows {
        writeln!(
            code,
            "Bank {{ country: {:?}, code: {:?}, name: {:?}, source: {:?}, certainty: Certainty::{:?} }},",
            row.country, row.code, row.name, row.source, row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebProducts {
    web_product: Vec<Spanned<WebProduct>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebProduct {
    name: String,
    job_type: u16,
    note: Option<String>,
    source: String,
    certainty: Certainty,
}

pub(super) fn web_products_rs(toml: &str) -> Result<String, String> {
    let table: WebProducts = toml::from_str(toml).map_err(|error| format!("{WEB_PRODUCTS}: {error}"))?;
    let mut faults = Faults::new(WEB_PRODUCTS, toml);
    let mut seen = Vec::new();
    for row in &table.web_product {
        let WebProduct { name, note, source, .. } = row.as_ref();
        faults.check_phrases(row, name, &[("name", name), ("source", source)]);
        if let Some(note) = note {
            faults.check_meanings(row, name, &[("note", note)]);
        }
        if seen.contains(&name) {
            faults.add(row, name, "the product already has a row");
        }
        seen.push(name);
    }
    faults.none_or_all()?;
    let mut rows: Vec<WebProduct> = table.web_product.into_iter().map(Spanned::into_inner).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    let mut code =
        header("web_products", "use crate::JobType;\nuse crate::catalogue::rows::{Certainty, WebProduct};");
    code.push_str("pub(in crate::catalogue) static WEB_PRODUCTS: &[WebProduct] = &[\n");
    for row in &rows {
        writeln!(
            code,
            "WebProduct {{ name: {:?}, job_type: {}, note: {:?}, source: {:?}, certainty: Certainty::{:?} }},",
            row.name,
            job_types(&[row.job_type]),
            row.note,
            row.source,
            row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Actions {
    action: Vec<Spanned<Action>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    key: String,
    job_types: Vec<u16>,
    values: Vec<String>,
    values_certainty: Certainty,
    meaning: String,
    source: String,
    certainty: Certainty,
}

pub(super) fn actions_rs(toml: &str) -> Result<String, String> {
    let table: Actions = toml::from_str(toml).map_err(|error| format!("{ACTIONS}: {error}"))?;
    let mut faults = Faults::new(ACTIONS, toml);
    let mut seen = Vec::new();
    for row in &table.action {
        let Action { key, job_types, values, meaning, source, .. } = row.as_ref();
        faults.check_phrases(row, key, &[("key", key), ("source", source)]);
        faults.check_meanings(row, key, &[("meaning", meaning)]);
        if job_types.is_empty() || !job_types.is_sorted_by(|a, b| a < b) {
            faults.add(row, key, "`job_types` is empty, not in ascending order, or has one twice");
        }
        if values.is_empty() {
            faults.add(row, key, "`values` is empty");
        }
        for value in values {
            faults.check_phrases(row, key, &[("values", value)]);
        }
        if seen.contains(&key) {
            faults.add(row, key, "the action already has a row");
        }
        seen.push(key);
    }
    faults.none_or_all()?;
    let mut rows: Vec<Action> = table.action.into_iter().map(Spanned::into_inner).collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let mut code = header("actions", "use crate::JobType;\nuse crate::catalogue::rows::{Action, Certainty};");
    code.push_str("pub(in crate::catalogue) static ACTIONS: &[Action] = &[\n");
    for row in &rows {
        writeln!(
            code,
            "Action {{ key: {:?}, job_types: &[{}], values: &{:?}, values_certainty: Certainty::{:?}, \
             meaning: {:?}, source: {:?}, certainty: Certainty::{:?} }},",
            row.key,
            job_types(&row.job_types),
            row.values,
            row.values_certainty,
            row.meaning,
            row.source,
            row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTRY: &str = "[[country]]\ncode = \"TZ\"\nname = \"Tanzania, United Republic of\"\nalso = [\"Tanzania\"]\n\
                           continent = \"africa\"\nsource = \"docs\"\ncertainty = \"confirmed\"\n";

    #[test]
    fn a_country_has_one_row_and_a_name_one_country() {
        let rows = countries(COUNTRY).unwrap();
        assert!(countries_rs(&rows).contains("(\"tanzania\", 0)"));
        for (toml, expected) in [
            (COUNTRY.replace("TZ", "tz"), "not two capital letters"),
            (COUNTRY.replace("[\"Tanzania\"]", "[\"A\", \"a\"]"), "`a` is the name of two countries"),
            (format!("{COUNTRY}{COUNTRY}"), "the country already has a row"),
            (COUNTRY.replace("africa", "atlantis"), "unknown variant `atlantis`"),
        ] {
            let message = countries(&toml).err().expect(expected);
            assert!(message.starts_with(COUNTRIES) && message.contains(expected), "{message}");
        }
    }

    #[test]
    fn nothing_has_two_rows() {
        let countries = countries(&COUNTRY.replace("TZ", "NG")).unwrap();
        let tail = "source = \"s\"\ncertainty = \"inferred\"\n";
        let bank = format!("[[bank]]\ncountry = \"NG\"\ncode = \"044\"\nname = \"B\"\n{tail}");
        assert!(banks_rs(&bank, &countries).is_ok());
        assert!(banks_rs(&bank.repeat(2), &countries).unwrap_err().contains("already has a row"));
        let product = format!("[[web_product]]\nname = \"authentication\"\njob_type = 2\n{tail}");
        assert!(web_products_rs(&product).is_ok());
        assert!(web_products_rs(&product.repeat(2)).unwrap_err().contains("already has a row"));
        let action = format!(
            "[[action]]\nkey = \"Listed\"\njob_types = [10]\nvalues = [\"Listed\"]\n\
             values_certainty = \"inferred\"\nmeaning = \"m\"\n{tail}"
        );
        assert!(actions_rs(&action).is_ok());
        assert!(actions_rs(&action.repeat(2)).unwrap_err().contains("already has a row"));
        assert!(actions_rs(&action.replace("[10]", "[10, 2]")).unwrap_err().contains("ascending"));
    }
}
