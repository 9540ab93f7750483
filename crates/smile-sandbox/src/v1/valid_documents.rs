//! `POST /valid_documents`: the documents that Document Verification takes, by country.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::Timestamp;
use smile_core::catalogue::{self, Continent, Country, Document};

use crate::http::answers::{Refusal, ok};
use crate::http::fields::parse_object;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise_or_token;

pub(crate) fn valid_documents(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    authorise_or_token(state, now, &body, &ID_API)?;
    let documents: Vec<Value> = catalogue::countries().iter().filter_map(of_country).collect();
    Ok(ok(&json!({"valid_documents": documents})))
}

fn of_country(country: &Country) -> Option<Value> {
    let id_types: Vec<Value> = catalogue::documents_of(country.code).map(row).collect();
    let name = json!({"code": country.code, "name": country.name, "continent": continent(country.continent)});
    (!id_types.is_empty()).then(|| json!({"country": name, "id_types": id_types}))
}

fn row(document: Document) -> Value {
    json!({
        "code": document.code(),
        "name": document.name(),
        "has_back": document.has_back(),
        "example": document.examples(),
    })
}

fn continent(continent: Continent) -> &'static str {
    match continent {
        Continent::Africa => "AFRICA",
        Continent::Asia => "ASIA",
        Continent::Europe => "EUROPE",
        Continent::NorthAmerica => "NORTH_AMERICA",
        Continent::Oceania => "OCEANIA",
        Continent::SouthAmerica => "SOUTH_AMERICA",
    }
}
