//! `POST /products_config`: the products that a partner has activated. In the sandbox that is
//! everything.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::Timestamp;
use smile_core::catalogue::{self, IdTypeCatalogue, IdTypeProduct};

use crate::http::answers::{Refusal, ok};
use crate::http::fields::parse_object;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise_or_token;

pub(crate) fn products_config(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    authorise_or_token(state, now, &body, &ID_API)?;
    let mut selection = Map::new();
    for product in [IdTypeProduct::BasicKyc, IdTypeProduct::BiometricKyc, IdTypeProduct::EnhancedKyc] {
        selection.insert(product.name().into(), id_types(product).into());
    }
    selection.insert("doc_verification".into(), documents().into());
    Ok(ok(&json!({
        "consentRequired": {"NG": ["BVN_MFA", "BVN"]},
        "enterpriseId": "000000000",
        "idSelection": selection,
    })))
}

fn id_types(product: IdTypeProduct) -> Map<String, Value> {
    let mut all = Map::new();
    for id_type in IdTypeCatalogue::built_in().iter().filter(|id_type| id_type.products().contains(&product))
    {
        let of_country = all.entry(id_type.country()).or_insert_with(|| json!([]));
        if let Value::Array(names) = of_country {
            names.push(id_type.name().into());
        }
    }
    all
}

fn documents() -> Map<String, Value> {
    let codes = |country: &str| -> Vec<Value> {
        let listed = catalogue::documents_of(country).filter(|document| !document.code().is_empty());
        listed.map(|document| document.code().into()).collect()
    };
    let all = catalogue::countries().iter().map(|country| (country.code.to_owned(), codes(country.code)));
    all.filter(|(_, codes)| !codes.is_empty()).map(|(country, codes)| (country, codes.into())).collect()
}
