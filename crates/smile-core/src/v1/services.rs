//! `GET /services`: the supported services (Smile ID: "Services"). Anybody may ask; it only reads.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use crate::catalogue::IdTypeCatalogue;
use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, json_object, segment, send_bare};
use crate::{Partner, Timestamp};

/// Request for the supported services.
#[derive(Clone, Debug, Default)]
pub struct ServicesRequest {
    locale: Option<String>,
}

impl ServicesRequest {
    /// Request in the service's own language.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the language of labels, such as `en-GB`.
    #[must_use]
    pub fn with_locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }
}

impl Operation for ServicesRequest {
    type Output = Services;
    const STEP: Step = Step::Services;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        let query = self.locale.as_deref().map(|locale| format!("?locale={}", segment(locale)));
        let base = partner.environment().base_url();
        send_bare(Method::GET, format!("{base}/services{}", query.unwrap_or_default()))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Services, OperationError> {
        let raw = json_object(response)?;
        if !raw.contains_key("id_types") && !raw.contains_key("hosted_web") {
            return Err(OperationError::unexpected(response, "has neither `id_types` nor `hosted_web`"));
        }
        Ok(Services { raw })
    }
}

/// Services that Smile ID supports.
#[derive(Clone, PartialEq)]
pub struct Services {
    raw: Map<String, Value>,
}

impl Services {
    /// The ID types, in place of the built-in ones: see
    /// [`Partner::with_id_types`](crate::Partner::with_id_types).
    pub fn id_types(&self) -> IdTypeCatalogue {
        IdTypeCatalogue::from_services(&self.raw)
    }

    /// The banks, as name and code.
    pub fn banks(&self) -> impl Iterator<Item = (&str, &str)> {
        let banks = self.raw.get("bank_codes").and_then(Value::as_array);
        banks
            .into_iter()
            .flatten()
            .filter_map(|bank| Some((bank.get("name")?.as_str()?, bank.get("code")?.as_str()?)))
    }

    /// The whole answer, as it came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.raw
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("keys", &self.raw.keys().collect::<Vec<_>>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    #[test]
    fn golden_request_and_answer() {
        assert_eq!(golden(&ServicesRequest::new()).0, "GET https://testapi.smileidentity.com/v1/services");
        assert_eq!(
            golden(&ServicesRequest::new().with_locale("en-GB&x")).0,
            "GET https://testapi.smileidentity.com/v1/services?locale=en-GB%26x"
        );
        let body = json!({
            "bank_codes": [{ "name": "A Bank", "code": "044" }, { "name": 1 }],
            "id_types": { "NG": { "NEW_ID": ["country", "id_type", "id_number", "user_id", "job_id"] } },
        });
        let services = ServicesRequest::new().parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!(services.banks().collect::<Vec<_>>(), [("A Bank", "044")]);
        assert!(services.id_types().find("NG", "NEW_ID").is_some());
        assert!(ServicesRequest::new().parse(&partner(), noon(), &answer(200, &json!({}))).is_err());
    }
}
