//! `GET /services`: the products with their ID types, required fields and countries. Unsigned, and
//! open to everybody.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};
use smile_core::catalogue::{self, IdType, IdTypeCatalogue, IdTypeProduct};

use crate::http::answers::ok;

/// The products of the hosted web integration, except document verification.
const HOSTED: [IdTypeProduct; 5] = [
    IdTypeProduct::BasicKyc,
    IdTypeProduct::BiometricKyc,
    IdTypeProduct::EnhancedKyc,
    IdTypeProduct::EkycSmartSelfie,
    IdTypeProduct::EnhancedDocumentVerification,
];

/// The fields that the real lists name although every job has them.
const IMPLIED: [&str; 4] = ["country", "id_type", "user_id", "job_id"];

/// Answers the request. The language parameter changes nothing here.
pub(crate) fn services() -> Response<Bytes> {
    let mut hosted_web: Map<String, Value> =
        HOSTED.iter().map(|&product| (product.name().to_owned(), hosted(product).into())).collect();
    hosted_web.insert("doc_verification".into(), documents().into());
    ok(&json!({"bank_codes": bank_codes(), "id_types": id_types(), "hosted_web": hosted_web}))
}

/// The bank codes. A bank with only one code has it in both places; our choice.
fn bank_codes() -> Vec<Value> {
    let banks = catalogue::countries().iter().flat_map(|country| catalogue::banks(country.code));
    banks.map(|bank| json!({"name": bank.name, "nip_code": bank.code, "code": bank.code})).collect()
}

fn id_types() -> Map<String, Value> {
    by_country(|id_type| {
        let product = *id_type.products().first()?;
        Some(required_fields(id_type, product).into())
    })
}

fn hosted(product: IdTypeProduct) -> Map<String, Value> {
    let all = by_country(|id_type| {
        id_type.products().contains(&product).then(|| {
            let mut details = Map::new();
            details.insert("label".into(), id_type.label().into());
            details.insert("required_fields".into(), required_fields(id_type, product).into());
            if let Some(number) = id_type.test_number() {
                details.insert("test_data".into(), number.into());
            }
            let format = id_type.row().and_then(|row| row.formats.first());
            if let Some(format) = format {
                // As in the real lists, which make a regular expression of another kind of it.
                let flags = if format.ignore_case { "/i" } else { "" };
                details.insert("id_number_regex".into(), format!("{}{flags}", format.regex).into());
            }
            details.into()
        })
    });
    named(all)
}

fn documents() -> Map<String, Value> {
    let mut all = Map::new();
    for country in catalogue::countries() {
        let mut id_types = Map::new();
        for document in catalogue::documents_of(country.code).filter(|document| !document.code().is_empty()) {
            id_types.insert(document.code().into(), json!({"label": document.name()}));
        }
        if !id_types.is_empty() {
            all.insert(country.code.into(), id_types.into());
        }
    }
    named(all)
}

/// A value for each ID type, by country and name.
fn by_country(of: impl Fn(&IdType) -> Option<Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for id_type in IdTypeCatalogue::built_in().iter() {
        if let Some(value) = of(&id_type) {
            let country = all.entry(id_type.country()).or_insert_with(|| json!({}));
            country[id_type.name()] = value;
        }
    }
    all
}

/// The lists with the names of the countries.
fn named(all: Map<String, Value>) -> Map<String, Value> {
    let with_name = |(code, id_types): (String, Value)| {
        let name = catalogue::country(&code).map_or(code.as_str(), |country| country.name);
        let named = json!({"name": name, "id_types": id_types});
        (code, named)
    };
    all.into_iter().map(with_name).collect()
}

fn required_fields(id_type: &IdType, product: IdTypeProduct) -> Vec<String> {
    let [country, name, user, job] = IMPLIED;
    let mut fields = vec![country.to_owned(), name.to_owned()];
    fields.extend(id_type.required_fields(product).map(str::to_owned));
    fields.extend([user.to_owned(), job.to_owned()]);
    fields
}
