//! `GET /v3/smile_links/{ref_id}`: reads a Smile Link (Smile ID: the description of the v3 API,
//! `getSmileLink`). It only reads. Its token must not be bound to a product.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::envelope::object;
use super::request::get;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse, segment};
use crate::result::Personal;
use crate::wire::tolerant;
use crate::{Partner, Timestamp, ValidationReport};

/// Reads a Smile Link.
#[derive(Clone, Debug)]
pub struct ReadSmileLinkRequest {
    ref_id: String,
}

impl ReadSmileLinkRequest {
    /// The link that the service knows by this id.
    pub fn new(ref_id: impl Into<String>) -> Self {
        Self { ref_id: ref_id.into() }
    }
}

impl Operation for ReadSmileLinkRequest {
    type Output = SmileLink;
    const STEP: Step = Step::SmileLinks;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.path_segment("ref_id", &self.ref_id);
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        get(partner, &format!("/smile_links/{}", segment(&self.ref_id)))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SmileLink, OperationError> {
        let fields = object(response)?.into_map();
        match tolerant::str(&fields, "ref_id") {
            Some(id) if id == self.ref_id => Ok(SmileLink(fields)),
            Some(_) => Err(OperationError::wrong_job(response)),
            None => Err(OperationError::unexpected(response, "has no id of the link")),
        }
    }
}

/// A Smile Link. Whoever has it can use it, so `Debug` doesn't show it.
#[derive(Clone, PartialEq)]
pub struct SmileLink(Map<String, Value>);

impl SmileLink {
    /// The link itself.
    pub fn link(&self) -> Option<Personal<&str>> {
        tolerant::str(&self.0, "link").map(Personal::new)
    }

    /// The link's name.
    pub fn name(&self) -> Option<&str> {
        tolerant::str(&self.0, "name")
    }

    /// True if the link is for a single use.
    pub fn is_single_use(&self) -> Option<bool> {
        tolerant::flag(&self.0, "is_single_use")
    }

    /// The time at which the link expires, if it does.
    pub fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::parse(tolerant::str(&self.0, "expires_at")?)
    }

    /// All fields, as they came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for SmileLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmileLink(redacted)")
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
        assert_eq!(
            golden(&ReadSmileLinkRequest::new("5f/0c")),
            ["GET https://testapi.smileidentity.com/v3/smile_links/5f%2F0c"]
        );
        assert_eq!(ReadSmileLinkRequest::new("r").token_use(), TokenUse::Shared);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "ref_id": "r", "link": "https://links.usesmileid.com/v3/2/r", "name": "Onboarding", "is_single_use": true,
            "expires_at": "2026-06-06T12:00:00.000Z", "description": null,
        });
        let link = ReadSmileLinkRequest::new("r").parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!((link.name(), link.is_single_use()), (Some("Onboarding"), Some(true)));
        assert!(link.expires_at().is_some() && !format!("{link:?} {:?}", link.link()).contains("usesmileid"));
        assert!(ReadSmileLinkRequest::new("other").parse(&partner(), noon(), &answer(200, &body)).is_err());
    }

    #[test]
    fn ids_that_would_walk_the_path_are_refused() {
        for id in ["", ".", ".."] {
            assert_eq!(ReadSmileLinkRequest::new(id).check(&partner()).problems.len(), 1, "{id}");
        }
    }
}
