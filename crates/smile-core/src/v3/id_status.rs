//! `GET /v3/services/id_status`: how an ID authority is doing (Smile ID: the description of the v3
//! API, `getIdStatus`). It only reads.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::check::country_code;
use super::envelope::object;
use super::request::get;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse, segment};
use crate::wire::characters::Rule;
use crate::wire::tolerant;
use crate::{Partner, Timestamp, ValidationReport};

/// Asks how the authority behind an ID type is doing.
#[derive(Clone, Debug)]
pub struct IdStatusRequest {
    country: String,
    id_type: String,
}

impl IdStatusRequest {
    /// A request about the authority of this country (two letters in any case, or its English name)
    /// and ID type, such as `BVN`.
    pub fn new(country: impl AsRef<str>, id_type: impl Into<String>) -> Self {
        Self { country: country_code(country.as_ref()), id_type: id_type.into() }
    }
}

impl Operation for IdStatusRequest {
    type Output = IdStatus;
    const STEP: Step = Step::Services;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.required("country", Some(&self.country));
        found.country("country", Some(&self.country));
        found.required("id_type", Some(&self.id_type));
        found.characters("id_type", Some(&self.id_type), Rule::Code);
        found.known_id_type("id_type", &self.country, &self.id_type, partner);
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        let (country, id_type) = (segment(&self.country), segment(&self.id_type));
        get(partner, &format!("/services/id_status?country={country}&id_type={id_type}"))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<IdStatus, OperationError> {
        let fields = object(response)?.into_map();
        if tolerant::field(&fields, "last_known_status").is_none() {
            return Err(OperationError::unexpected(response, "has no `last_known_status`"));
        }
        Ok(IdStatus(fields))
    }
}

/// The state of an ID authority.
#[derive(Clone, Debug, PartialEq)]
pub struct IdStatus(Map<String, Value>);

impl IdStatus {
    /// The service's word, such as `online`.
    pub fn last_known_status(&self) -> Option<&str> {
        tolerant::str(&self.0, "last_known_status")
    }

    /// True if the last check succeeded; `None` for a word that isn't known.
    pub fn last_check_succeeded(&self) -> Option<bool> {
        match tolerant::str(&self.0, "last_check_status")? {
            "success" => Some(true),
            "failure" => Some(false),
            _ => None,
        }
    }

    /// The time of the last check.
    pub fn last_checked(&self) -> Option<Timestamp> {
        Timestamp::parse(tolerant::str(&self.0, "last_checked")?)
    }

    /// The share of the last hour's look-ups that succeeded, in percent (0 to 100).
    pub fn last_hour_success_rate(&self) -> Option<f64> {
        self.percent("last_hour_success_rate")
    }

    /// The share of the last check's look-ups that succeeded, in percent (0 to 100).
    pub fn last_check_success_rate(&self) -> Option<f64> {
        self.percent("last_check_success_rate")
    }

    fn percent(&self, key: &str) -> Option<f64> {
        let text = tolerant::text(&self.0, key)?;
        text.trim().trim_end_matches('%').trim().parse().ok().filter(|rate| (0.0..=100.0).contains(rate))
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
    fn golden_request() {
        let url = "GET https://testapi.smileidentity.com/v3/services/id_status?country=NG&id_type=BVN";
        assert_eq!(golden(&IdStatusRequest::new("Nigeria", "BVN")), [url]);
        assert_eq!(IdStatusRequest::new("NG", "BVN").token_use(), TokenUse::Shared);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "last_checked": "2026-03-06T12:00:00.000Z", "last_check_status": "success", "last_hour_success_rate": "95%",
            "last_known_status": "online", "last_check_success_rate": "90%",
        });
        let status =
            IdStatusRequest::new("NG", "BVN").parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!((status.last_known_status(), status.last_check_succeeded()), (Some("online"), Some(true)));
        assert_eq!(
            (status.last_hour_success_rate(), status.last_check_success_rate()),
            (Some(95.0), Some(90.0))
        );
        assert!(status.last_checked().is_some());
        assert!(
            IdStatusRequest::new("NG", "BVN").parse(&partner(), noon(), &answer(200, &json!({}))).is_err()
        );
    }

    #[test]
    fn country_and_id_type_are_needed() {
        let found = IdStatusRequest::new("", "").check(&partner()).problems;
        assert_eq!(
            found.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(),
            ["country", "id_type"]
        );
    }
}
