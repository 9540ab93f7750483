//! `GET /v3/services/supported_id_types`: the ID types, and what their numbers look like (Smile ID:
//! the description of the v3 API, `getSupportedIdTypes`). Anybody may ask; it only reads.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::check::country_code;
use super::envelope::object_with_list;
use super::request::get;
use crate::operation::{Operation, OperationError, RepeatSafety, Step};
use crate::wire::tolerant;
use crate::{Partner, Timestamp, ValidationReport};

/// Asks for the ID types, of all countries or of one.
#[derive(Clone, Debug, Default)]
pub struct SupportedIdTypesRequest {
    country: Option<String>,
}

impl SupportedIdTypesRequest {
    /// A request for the ID types of all countries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the request to this country: two letters in any case, or its English name.
    #[must_use]
    pub fn with_country(mut self, country: impl AsRef<str>) -> Self {
        self.country = Some(country_code(country.as_ref()));
        self
    }
}

impl Operation for SupportedIdTypesRequest {
    type Output = SupportedIdTypes;
    const STEP: Step = Step::Services;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.optional_text("country", self.country.as_deref());
        found.country("country", self.country.as_deref());
        found
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        let query = self.country.as_deref().map(|country| format!("?country={country}")).unwrap_or_default();
        get(partner, &format!("/services/supported_id_types{query}"))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SupportedIdTypes, OperationError> {
        object_with_list(response, "id_types").map(SupportedIdTypes)
    }
}

/// The ID types that the service supports.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportedIdTypes(Map<String, Value>);

/// An ID type, as the service lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupportedIdType<'a> {
    /// The country, two capital letters.
    pub country: &'a str,
    /// The code, such as `BVN`.
    pub id_type: &'a str,
    /// The name for people, where there is one.
    pub label: Option<&'a str>,
    /// The pattern of the ID type's numbers, as the service writes it; not every one is an
    /// expression that all engines take.
    pub regex: Option<&'a str>,
    /// The fields that are required beside the number; empty if the service says nothing.
    pub required_fields: Vec<&'a str>,
    /// The bank's code, for an account number.
    pub bank_code: Option<&'a str>,
}

impl SupportedIdTypes {
    /// The ID types. Whatever can't be made sense of is passed over.
    pub fn id_types(&self) -> impl Iterator<Item = SupportedIdType<'_>> {
        let list = tolerant::field(&self.0, "id_types").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|row| {
            let text = |key| row.get(key)?.as_str();
            let fields = row.get("required_fields").and_then(Value::as_array).into_iter().flatten();
            Some(SupportedIdType {
                country: text("country")?,
                id_type: text("type")?,
                label: text("label"),
                regex: text("regex"),
                required_fields: fields.filter_map(Value::as_str).collect(),
                bank_code: text("bank_code"),
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
        let url = "GET https://testapi.smileidentity.com/v3/services/supported_id_types";
        assert_eq!(golden(&SupportedIdTypesRequest::new()), [url]);
        assert_eq!(golden(&SupportedIdTypesRequest::new().with_country("ng")), [format!("{url}?country=NG")]);
    }

    #[test]
    fn an_answer_with_and_without_what_may_be_absent() {
        let body = json!({ "id_types": [
            { "country": "NG", "type": "BVN", "label": "BVN", "regex": r"^\d{11}$", "required_fields": ["first_name", "dob"] },
            { "country": "NG", "type": "BANK_ACCOUNT", "label": "Bank Account", "regex": r"^\d{10}$", "bank_code": "044" },
            { "country": "NG" },
        ] });
        let parsed = SupportedIdTypesRequest::new().parse(&partner(), noon(), &answer(200, &body)).unwrap();
        let rows: Vec<_> = parsed.id_types().collect();
        assert_eq!((rows[0].id_type, rows[0].required_fields.len(), rows[0].bank_code), ("BVN", 2, None));
        assert_eq!((rows[1].required_fields.len(), rows[1].bank_code, rows.len()), (0, Some("044"), 2));
    }
}
