//! The differences between a row of the catalogue and the service's answer, said in words and
//! written.

use toml_edit::{Array, Item, Table};

use super::answer::{Said, list, product_of, show};
use super::row::{SOURCE, alternative, array, credit, insert, remove, set, set_format, sort, source_of};
use crate::codegen::id_types::{IdType, Status};

/// The facts that a row doesn't state yet.
pub(super) struct Changes<'a> {
    pub(super) is_back: bool,
    pub(super) label: Option<&'a str>,
    /// The products that newly take it.
    pub(super) takes: Vec<&'a str>,
    /// Those that did, have a list, and aren't in it.
    pub(super) drops: Vec<&'a str>,
    pub(super) required_fields: Option<Vec<String>>,
    pub(super) formats: Vec<&'a (String, bool)>,
    pub(super) test_number: Option<&'a str>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(said: &'a Said, sections: &'a [String], row: &IdType) -> Self {
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
    pub(super) fn words(&self, row: &IdType) -> Vec<String> {
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
    pub(super) fn write(&self, table: &mut Table, row: &IdType) {
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
            // What was thought before stays, behind it: a number is refused only if it fits
            // nothing.
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

    pub(super) fn write_products(&self, products: &mut Array) {
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

pub(super) fn new_fields(said: &Said, row: &IdType) -> Option<Vec<String>> {
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
