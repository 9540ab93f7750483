//! `smile id-types`: the kinds of ID.

use clap::Args;
use serde_json::{Value, json};
use smile_core::catalogue::{IdType, IdTypeCatalogue, IdTypeProduct, normalise_country};

use crate::exit::Exit;
use crate::report::{Failure, Output, Report};

/// List the kinds of ID that the service looks up, with test numbers for the sandbox
///
/// The list is the one that this program was built with. The service may know more.
#[derive(Args, Debug)]
pub(crate) struct IdTypes {
    /// The country to list: two letters such as NG, or its English name
    country: Option<String>,
}

impl IdTypes {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let country = match &self.country {
            None => None,
            Some(text) => Some(normalise_country(text).ok_or_else(|| {
                Failure::usage("COUNTRY must be two letters such as NG, or an English name such as Nigeria")
            })?),
        };
        let catalogue = IdTypeCatalogue::built_in();
        let of_country = |id_type: &IdType| country.is_none_or(|country| id_type.country() == country);
        let id_types: Vec<IdType> = catalogue.iter().filter(of_country).collect();

        let mut report = Report::new();
        report.set("id_types", id_types.iter().map(as_json).collect::<Vec<Value>>());
        if id_types.is_empty() {
            report.text("None is known for this country. The service may know some: ask Smile ID.");
        } else {
            for line in table(&id_types) {
                report.text(line);
            }
        }
        output.print(&report)?;
        Ok(if id_types.is_empty() { Exit::Unknown } else { Exit::Done })
    }
}

/// The required fields of `id_info`, for the product that requires most.
fn required(id_type: &IdType) -> Vec<&str> {
    let mut fields: Vec<&str> = vec![];
    for field in id_type.products().iter().flat_map(|product| id_type.required_fields(*product)) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}

fn as_json(id_type: &IdType) -> Value {
    let products: Vec<&str> = id_type.products().iter().map(|product| product.name()).collect();
    json!({
        "country": id_type.country(),
        "id_type": id_type.name(),
        "label": id_type.label(),
        "products": products,
        "required_fields": required(id_type),
        "test_number": id_type.test_number(),
        "returns_photo": id_type.returns_photo(),
        "legacy": id_type.is_legacy(),
    })
}

fn table(id_types: &[IdType]) -> Vec<String> {
    let heading = ["COUNTRY", "ID TYPE", "NAME", "TEST NUMBER", "BIOMETRIC KYC"].map(str::to_owned);
    let mut rows = vec![heading];
    rows.extend(id_types.iter().map(|id_type| {
        let biometric =
            match (id_type.products().contains(&IdTypeProduct::BiometricKyc), id_type.returns_photo()) {
                (_, Some(false)) => "no photo",
                (true, _) => "yes",
                (false, _) => "-",
            };
        let legacy = if id_type.is_legacy() { " (old)" } else { "" };
        [
            id_type.country().to_owned(),
            id_type.name().to_owned(),
            format!("{}{legacy}", id_type.label()),
            id_type.test_number().unwrap_or("-").to_owned(),
            biometric.to_owned(),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
