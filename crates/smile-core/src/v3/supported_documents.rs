//! `GET /v3/services/supported_documents`: the documents that the service takes (Smile ID: the
//! description of the v3 API, `getSupportedDocuments`). Anybody may ask; it only reads.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::check::country_code;
use super::envelope::object_with_list;
use super::request::get;
use crate::catalogue::Continent;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, segment};
use crate::wire::tolerant;
use crate::{Partner, ProblemKind, Timestamp, ValidationReport};

/// Asks for the documents that the service takes, everywhere or in one place.
#[derive(Clone, Debug, Default)]
pub struct SupportedDocumentsRequest {
    continent: Option<Continent>,
    country: Option<String>,
    locale: Option<String>,
}

impl SupportedDocumentsRequest {
    /// Everywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the request to this continent.
    #[must_use]
    pub fn with_continent(mut self, continent: Continent) -> Self {
        self.continent = Some(continent);
        self
    }

    /// Limits the request to this country: two letters in any case, or its English name.
    #[must_use]
    pub fn with_country(mut self, country: impl AsRef<str>) -> Self {
        self.country = Some(country_code(country.as_ref()));
        self
    }

    /// Asks for names in this language: `en-GB` (the default), `fr-FR` or `ar-EG`.
    #[must_use]
    pub fn with_locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }
}

impl Operation for SupportedDocumentsRequest {
    type Output = SupportedDocuments;
    const STEP: Step = Step::Services;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.optional_text("country_code", self.country.as_deref());
        found.country("country_code", self.country.as_deref());
        if self.locale.as_deref().is_some_and(|locale| !["en-GB", "fr-FR", "ar-EG"].contains(&locale)) {
            found.add("locale", ProblemKind::Malformed, "must be `en-GB`, `fr-FR` or `ar-EG`");
        }
        found
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        let continent = self.continent.map(|continent| match continent {
            Continent::Africa => "AFRICA",
            Continent::Asia => "ASIA",
            Continent::Europe => "EUROPE",
            Continent::NorthAmerica => "NORTH AMERICA",
            Continent::Oceania => "OCEANIA",
            Continent::SouthAmerica => "SOUTH AMERICA",
        });
        let query = [
            ("continent", continent),
            ("country_code", self.country.as_deref()),
            ("locale", self.locale.as_deref()),
        ];
        let query: Vec<_> = query
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", segment(value?))))
            .collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        get(partner, &format!("/services/supported_documents{query}"))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SupportedDocuments, OperationError> {
        object_with_list(response, "valid_documents").map(SupportedDocuments)
    }
}

/// The documents that the service takes.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportedDocuments(Map<String, Value>);

/// A document, as the service lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupportedDocument<'a> {
    /// The country, two capital letters.
    pub country: &'a str,
    /// The code, such as `DRIVERS_LICENSE`.
    pub code: &'a str,
    /// The name for people.
    pub name: &'a str,
    /// True if the document has a back that must be sent as well; `None` if the service says
    /// nothing.
    pub has_back: Option<bool>,
    /// Examples of the document's numbers.
    pub examples: Vec<&'a str>,
}

impl SupportedDocuments {
    /// The documents of all countries. Whatever can't be made sense of is passed over.
    pub fn documents(&self) -> impl Iterator<Item = SupportedDocument<'_>> {
        let list =
            tolerant::field(&self.0, "valid_documents").and_then(Value::as_array).into_iter().flatten();
        list.flat_map(|entry| {
            let country = entry.get("country").and_then(|country| country.get("code")?.as_str());
            let documents = entry.get("id_types").and_then(Value::as_array).into_iter().flatten();
            documents.filter_map(move |row| {
                let examples = row.get("example").and_then(Value::as_array).into_iter().flatten();
                Some(SupportedDocument {
                    country: country?,
                    code: row.get("code")?.as_str()?,
                    name: row.get("name")?.as_str()?,
                    has_back: row.get("has_back").and_then(Value::as_bool),
                    examples: examples.filter_map(Value::as_str).collect(),
                })
            })
        })
    }

    /// The whole answer, as it came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::golden;

    #[test]
    fn golden_requests() {
        let url = "GET https://testapi.smileidentity.com/v3/services/supported_documents";
        let request = SupportedDocumentsRequest::new();
        assert_eq!(golden(&request), [url]);
        let narrow = request.with_continent(Continent::NorthAmerica).with_country("ng").with_locale("fr-FR");
        assert_eq!(
            golden(&narrow),
            [format!("{url}?continent=NORTH%20AMERICA&country_code=NG&locale=fr-FR")]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({ "valid_documents": [{
            "country": { "code": "NG", "name": "Nigeria", "continent": "AFRICA" },
            "id_types": [
                { "code": "DRIVERS_LICENSE", "name": "Driver's License", "example": ["AAA00000AA00"], "has_back": true },
                { "code": "NATIONAL_ID", "name": "National ID (NIN Slip)", "example": [], "has_back": false },
                { "name": "without a code" },
            ],
        }] });
        let parsed = SupportedDocumentsRequest::new().parse(&partner(), noon(), &answer(200, &body)).unwrap();
        let rows: Vec<_> = parsed.documents().map(|row| (row.country, row.code, row.has_back)).collect();
        assert_eq!(rows, [("NG", "DRIVERS_LICENSE", Some(true)), ("NG", "NATIONAL_ID", Some(false))]);
    }

    #[test]
    fn a_language_that_is_not_offered_is_refused() {
        assert_eq!(SupportedDocumentsRequest::new().with_locale("de-DE").check(&partner()).problems.len(), 1);
    }
}
