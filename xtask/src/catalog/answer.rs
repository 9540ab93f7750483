//! An answer of the services endpoint, read strictly.

use std::collections::BTreeMap;

use regex_lite::RegexBuilder;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use toml_edit::Table;

use super::row::{SOURCE, alternative, array, set, set_format, sort};
use crate::codegen::id_types::{IMPLIED, IdType, Product};

/// An answer of the service. Unlike the SDK, the reader refuses anything that it doesn't
/// understand, as a person is there to look.
pub(super) struct Answer {
    /// The facts about each ID type, by country and name.
    pub(super) id_types: BTreeMap<[String; 2], Said>,
    /// True if `id_types` is among the sources of the map.
    pub(super) lists_id_types: bool,
    /// The products that `hosted_web` has a list for.
    pub(super) sections: Vec<String>,
    /// The names, mostly one, by code.
    pub(super) banks: Option<BTreeMap<String, Vec<String>>>,
    pub(super) unusable_banks: Vec<String>,
}

/// The service's facts about an ID type, all products together.
#[derive(Default)]
pub(super) struct Said {
    pub(super) products: Vec<String>,
    /// As `id_types` has them.
    pub(super) required_fields: Option<Vec<String>>,
    /// As `hosted_web` has them, by product.
    pub(super) required_by_product: Vec<(String, Vec<String>)>,
    pub(super) labels: Vec<String>,
    /// The formats, each with true if case is to be ignored.
    pub(super) formats: Vec<(String, bool)>,
    pub(super) unusable: Vec<String>,
    pub(super) test_numbers: Vec<String>,
}

impl Answer {
    pub(super) fn read(json: &Value) -> Result<Self, String> {
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

    pub(super) fn entry(&mut self, country: &str, name: &str) -> &mut Said {
        self.id_types.entry([country.to_owned(), name.to_owned()]).or_default()
    }

    pub(super) fn add_banks(&mut self, list: Option<&Value>) -> Result<(), String> {
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

    /// The remarks about parts that the answer leaves out.
    pub(super) fn remarks(&self) -> Vec<String> {
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

    /// True if the ID type of the row would be listed, if the service still took it.
    pub(super) fn lists_all_of(&self, row: &IdType) -> bool {
        let has_section = |product| self.sections.iter().any(|section| product_of(section) == Some(product));
        let mut expected = row.products.iter().filter(|product| **product != Product::BusinessVerification);
        self.lists_id_types && !self.sections.is_empty() && expected.all(|product| has_section(*product))
    }
}

pub(super) fn object<'a>(
    services: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a Map<String, Value>>, String> {
    let found = services.get(key).map(|found| found.as_object().ok_or(format!("{key} is not an object")));
    found.transpose()
}

pub(super) fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// The text of a key, without the spaces around it.
pub(super) fn text(details: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match details.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!(".{key} is not a string")),
    }
}

pub(super) fn required(mut fields: Vec<String>) -> Vec<String> {
    fields.retain(|field| !IMPLIED.contains(&field.as_str()));
    fields
}

/// The product of a section of `hosted_web`, if it is known.
pub(super) fn product_of(section: &str) -> Option<Product> {
    Product::deserialize(Value::from(section)).ok()
}

impl Said {
    pub(super) fn add(&mut self, product: &str, details: &Value) -> Result<(), String> {
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

    /// The fields that every product requires, as far as known; with those that count as Basic
    /// KYC's own, which are not among them. If lists differ, there is one for each.
    pub(super) fn required_fields(&self, extra: &[String]) -> Vec<Vec<String>> {
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

    pub(super) fn summary(&self) -> String {
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
    pub(super) fn table(&self, country: &str, id_type: &str) -> Table {
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

pub(super) fn add<T: PartialEq>(list: &mut Vec<T>, new: T) {
    if !list.contains(&new) {
        list.push(new);
    }
}

pub(super) fn list(texts: &[String]) -> String {
    if texts.is_empty() { "none".into() } else { texts.join(", ") }
}

pub(super) fn show((pattern, ignore_case): &(String, bool)) -> String {
    format!("format `{pattern}`{}", if *ignore_case { ", in any case" } else { "" })
}
