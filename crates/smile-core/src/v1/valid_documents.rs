//! `POST /valid_documents`: the partner's documents (Smile ID: "Valid documents"). It only reads.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, post_signed, successful_object};
use crate::wire::tolerant;
use crate::{Partner, Timestamp};

/// Request for the partner's documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct ValidDocumentsRequest;

impl Operation for ValidDocumentsRequest {
    type Output = ValidDocuments;
    const STEP: Step = Step::ValidDocuments;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/valid_documents", &Map::<String, Value>::new())
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<ValidDocuments, OperationError> {
        let raw = successful_object(response)?;
        if !raw.get("valid_documents").is_some_and(Value::is_array) {
            return Err(OperationError::unexpected(response, "has no `valid_documents`"));
        }
        Ok(ValidDocuments(raw))
    }
}

/// Documents that the partner may use.
#[derive(Clone, PartialEq)]
pub struct ValidDocuments(Map<String, Value>);

/// A kind of document of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValidDocument<'a> {
    /// Code of the document, such as `PASSPORT`; empty for all others of the country.
    pub code: &'a str,
    /// Name of the document.
    pub name: &'a str,
    /// True if the document has a back that must be sent as well.
    pub has_back: bool,
}

impl ValidDocuments {
    /// The countries, by their ISO 3166-1 code and name.
    pub fn countries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries().filter_map(|entry| {
            let country = entry.get("country")?;
            Some((country.get("code")?.as_str()?, country.get("name")?.as_str()?))
        })
    }

    /// The documents of a country.
    pub fn of_country(&self, country: &str) -> Vec<ValidDocument<'_>> {
        let is_it = |entry: &&Value| entry.pointer("/country/code").is_some_and(|code| code == country);
        let documents = self.entries().find(is_it).and_then(|entry| entry.get("id_types")?.as_array());
        documents.into_iter().flatten().filter_map(read).collect()
    }

    /// The whole answer, as it came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }

    fn entries(&self) -> impl Iterator<Item = &Value> {
        self.0.get("valid_documents").and_then(Value::as_array).into_iter().flatten()
    }
}

fn read(document: &Value) -> Option<ValidDocument<'_>> {
    let object = document.as_object()?;
    let code = tolerant::str(object, "code")?;
    let name = tolerant::str(object, "name").unwrap_or(code);
    Some(ValidDocument { code, name, has_back: tolerant::flag(object, "has_back").unwrap_or(false) })
}

impl fmt::Debug for ValidDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ValidDocuments({} countries)", self.entries().count())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    #[test]
    fn golden_request_and_answer() {
        assert_eq!(
            golden(&ValidDocumentsRequest).0,
            "POST https://testapi.smileidentity.com/v1/valid_documents"
        );
        let body = json!({ "valid_documents": [{
            "country": { "code": "GH", "name": "Ghana", "continent": "AFRICA" },
            "id_types": [{ "code": "PASSPORT", "name": "Passport", "has_back": false }, { "code": "", "name": "Others", "has_back": "true" }],
        }] });
        let documents = ValidDocumentsRequest.parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!(documents.countries().collect::<Vec<_>>(), [("GH", "Ghana")]);
        let of_ghana = documents.of_country("GH");
        assert_eq!((of_ghana[0].code, of_ghana[1].has_back, of_ghana.len()), ("PASSPORT", true, 2));
        assert!(documents.of_country("NG").is_empty());
        assert!(ValidDocumentsRequest.parse(&partner(), noon(), &answer(200, &json!({}))).is_err());
    }
}
