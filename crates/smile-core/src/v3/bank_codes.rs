//! `GET /v3/services/bank_codes`: the banks and their codes (Smile ID: the description of the v3
//! API, `getBankCodes`). Anybody may ask; it only reads.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::check::country_code;
use super::envelope::object_with_list;
use super::request::get;
use crate::operation::{Operation, OperationError, RepeatSafety, Step};
use crate::wire::tolerant;
use crate::{Partner, Timestamp, ValidationReport};

/// Asks for the banks, of all countries or of one.
#[derive(Clone, Debug, Default)]
pub struct BankCodesRequest {
    country: Option<String>,
}

impl BankCodesRequest {
    /// A request for the banks of all countries.
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

impl Operation for BankCodesRequest {
    type Output = BankCodes;
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
        get(partner, &format!("/services/bank_codes{query}"))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<BankCodes, OperationError> {
        object_with_list(response, "bank_codes").map(BankCodes)
    }
}

/// The banks that the service knows.
#[derive(Clone, Debug, PartialEq)]
pub struct BankCodes(Map<String, Value>);

/// A bank, as the service knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedBank<'a> {
    /// The bank's code, such as `044`: text, whose zeros count.
    pub code: &'a str,
    /// The country, two capital letters.
    pub country: &'a str,
    /// The bank's name.
    pub name: &'a str,
}

impl BankCodes {
    /// The banks. Whatever can't be made sense of is passed over.
    pub fn banks(&self) -> impl Iterator<Item = ListedBank<'_>> {
        let list = tolerant::field(&self.0, "bank_codes").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|bank| {
            let text = |key| bank.get(key)?.as_str();
            Some(ListedBank { code: text("code")?, country: text("country")?, name: text("name")? })
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
    use crate::operation::TokenUse;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::golden;

    #[test]
    fn golden_requests() {
        let url = "GET https://testapi.smileidentity.com/v3/services/bank_codes";
        assert_eq!(golden(&BankCodesRequest::new()), [url]);
        assert_eq!(golden(&BankCodesRequest::new().with_country("nigeria")), [format!("{url}?country=NG")]);
    }

    #[test]
    fn an_answer() {
        let body = json!({ "bank_codes": [
            { "code": "044", "country": "NG", "name": "Access Bank" }, { "code": 23 }, { "code": "023", "country": "NG", "name": "Citibank" },
        ] });
        let banks = BankCodesRequest::new().parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!(banks.banks().map(|bank| bank.code).collect::<Vec<_>>(), ["044", "023"]);
        assert!(BankCodesRequest::new().parse(&partner(), noon(), &answer(200, &json!({}))).is_err());
    }

    #[test]
    fn no_token_is_needed() {
        assert_eq!(BankCodesRequest::new().token_use(), TokenUse::None);
    }

    #[test]
    fn a_country_that_is_no_code_is_refused() {
        for country in ["", "NGA", "N1", "NG&x=1"] {
            let found = BankCodesRequest::new().with_country(country).check(&partner()).problems;
            assert!(!found.is_empty(), "{country}");
        }
    }
}
