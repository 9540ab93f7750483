//! `POST /v3/address`: a check that a person lives at an address (Smile ID: the description of the
//! v3 API, `v3AddressVerification`).

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};

use super::envelope::Acceptance;
use super::images::Frames;
use super::multipart::Multipart;
use super::request::post;
use super::submission::{Common, common_options, submission_methods};
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::wire::characters::Rule;
use crate::{Partner, Timestamp, ValidationReport};

/// Compares an address with the records of a utility (Nigeria) or under an ID number (South
/// Africa). It says nothing about who the person is.
#[derive(Clone)]
pub struct AddressVerificationRequest {
    address: String,
    record: AddressRecord,
    common: Common,
}

#[derive(Clone)]
enum AddressRecord {
    Nigeria(UtilityAccount),
    SouthAfrica { id_number: String },
}

/// A customer's account with a utility in Nigeria.
#[derive(Clone)]
pub struct UtilityAccount {
    number: String,
    provider: String,
    kind: UtilityKind,
}

/// The way of paying a utility (`utility_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UtilityKind {
    /// `PrePaid`.
    PrePaid,
    /// `PostPaid`.
    PostPaid,
}

impl UtilityAccount {
    /// The account or meter number (at most 256 characters), with this provider, such as `IKEDC`.
    pub fn new(number: impl Into<String>, provider: impl Into<String>, kind: UtilityKind) -> Self {
        Self { number: number.into(), provider: provider.into(), kind }
    }
}

impl fmt::Debug for UtilityAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UtilityAccount").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl AddressVerificationRequest {
    /// An address in Nigeria (at most 512 characters), and the utility account there.
    pub fn in_nigeria(
        address: impl Into<String>,
        utility: UtilityAccount,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let (address, common) = (address.into(), Common::new(consent, user_details));
        Self { address, record: AddressRecord::Nigeria(utility), common }
    }

    /// An address in South Africa (at most 512 characters), and the person's ID number (at most
    /// 256).
    pub fn in_south_africa(
        address: impl Into<String>,
        id_number: impl Into<String>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let (address, common) = (address.into(), Common::new(consent, user_details));
        Self { address, record: AddressRecord::SouthAfrica { id_number: id_number.into() }, common }
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        parts.text("address", &self.address);
        match &self.record {
            AddressRecord::Nigeria(UtilityAccount { number, provider, kind }) => {
                parts.text("country", "NG");
                parts.text("utility_number", number);
                parts.text("utility_provider", provider);
                parts
                    .text("utility_type", if *kind == UtilityKind::PrePaid { "PrePaid" } else { "PostPaid" });
            }
            AddressRecord::SouthAfrica { id_number } => {
                parts.text("country", "ZA");
                parts.text("id_number", id_number);
            }
        }
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(AddressVerificationRequest);

impl Operation for AddressVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::AddressSubmission;

    // v1 has no type of job for it.
    submission_methods!(Some("address_verification"), None);

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.required("address", Some(&self.address));
        found.length("address", &self.address, 512);
        let fields: &[(&str, &str)] = match &self.record {
            AddressRecord::Nigeria(utility) => {
                &[("utility_number", &utility.number), ("utility_provider", &utility.provider)]
            }
            AddressRecord::SouthAfrica { id_number } => &[("id_number", id_number)],
        };
        for (field, value) in fields {
            found.required(field, Some(value));
            found.characters(field, Some(value), Rule::Number);
            found.length(field, value, 256);
        }
        self.common.check(&mut found, Frames::None, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/address", self.parts(partner))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Acceptance, OperationError> {
        Acceptance::parse(response)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::UserId;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, consent, golden, john};

    fn nigeria() -> AddressVerificationRequest {
        let utility = UtilityAccount::new("12345", "IKEDC", UtilityKind::PrePaid);
        AddressVerificationRequest::in_nigeria("1 Broad Street, Lagos", utility, consent(), john())
    }

    fn south_africa() -> AddressVerificationRequest {
        AddressVerificationRequest::in_south_africa(
            "1 Long Street, Cape Town",
            "8001015009087",
            consent(),
            john(),
        )
    }

    #[test]
    fn golden_requests() {
        assert_eq!(
            golden(&nigeria()),
            [
                "POST https://testapi.smileidentity.com/v3/address",
                "content-type: multipart/form-data",
                "address: 1 Broad Street, Lagos",
                "country: NG",
                "utility_number: 12345",
                "utility_provider: IKEDC",
                "utility_type: PrePaid",
                CONSENT,
                DETAILS,
                CALLBACK,
            ]
        );
        assert_eq!(
            golden(&south_africa())[2..5],
            ["address: 1 Long Street, Cape Town", "country: ZA", "id_number: 8001015009087"]
        );
    }

    #[test]
    fn an_answer_without_created_at() {
        let body = json!({ "status": "accepted", "message": "Job submitted successfully", "job_id": JOB, "user_id": "user-1" });
        let accepted = nigeria().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.user_id(), accepted.created_at()), (Some(UserId::new("user-1")), None));
    }

    #[test]
    fn what_is_empty_or_too_long_is_refused() {
        let long =
            AddressVerificationRequest::in_south_africa("a".repeat(513), "1".repeat(257), consent(), john());
        let fields: Vec<_> =
            long.check(&partner()).problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["address", "id_number"]);
        let empty = UtilityAccount::new("", "", UtilityKind::PostPaid);
        let empty = AddressVerificationRequest::in_nigeria(" ", empty, consent(), john());
        let fields: Vec<_> =
            empty.check(&partner()).problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["address", "utility_number", "utility_provider"]);
    }
}
