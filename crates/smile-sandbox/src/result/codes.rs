//! Result codes of uploads, and their findings.

use smile_core::catalogue::{Category, Finding as Found};

use crate::result::finding::{Finding, Review};
use crate::result::product::Product;
use crate::result::table::row;

/// The products that share their result codes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// 081x and 121x: Biometric KYC; also job type 9, whose codes are not published: our choice.
    BiometricKyc,
    /// 082x and 122x: authentication; also job type 8: our choice.
    Authentication,
    /// 084x and 124x: registration.
    Registration,
    /// 081x with meanings of their own: job types 6 and 11.
    Document,
}

impl Family {
    pub(crate) fn of(product: Product) -> Self {
        match product {
            Product::SmartSelfieAuthentication | Product::UpdatePhoto => Self::Authentication,
            Product::SmartSelfieRegistration => Self::Registration,
            Product::DocumentVerification | Product::EnhancedDocumentVerification => Self::Document,
            _ => Self::BiometricKyc,
        }
    }
}

/// The finding behind a code, by the catalogue. The actions follow from the finding.
pub(crate) fn finding_of(code: &str, product: Product) -> Finding {
    let Some(row) = row(code, product) else { return Finding::Unknown };
    match row.finding {
        Found::ZipCorrupt => Finding::ZipCorrupt,
        // By itself the code says that the data can't be used, so none of it was read.
        Found::DataInvalid => Finding::InfoInvalid,
        Found::IdNotFound => Finding::IdNotFound,
        Found::IdMalformed => Finding::IdMalformed,
        Found::IssuerUnavailable => Finding::AuthorityUnavailable,
        Found::DocumentUnusable | Found::DocumentUnsupported => Finding::DocumentUnusable,
        Found::DocumentNotGenuine => Finding::NotGenuine,
        Found::DocumentExpired => Finding::Expired,
        Found::SpoofRejected => Finding::SpoofRejected,
        // For a document, the code of an unsure comparison stands for every open result. Our
        // choice.
        Found::CompareUnsure if Family::of(product) == Family::Document => Finding::Provisional,
        Found::CompareUnsure => Finding::CompareUnsure,
        Found::SpoofPending => Finding::SpoofPending,
        Found::SelfieUnusable => Finding::SelfieUnusable,
        Found::ReviewApproved => Finding::Reviewed(Review::Approve),
        Found::ReviewRejected => Finding::Reviewed(Review::Reject),
        Found::ReviewSpoof => Finding::Reviewed(Review::SpoofDetected),
        Found::ReviewLivenessUnsure => Finding::Reviewed(Review::LivenessUnsure),
        Found::ReviewIdCardFailed => Finding::Reviewed(Review::IdCardCheckFailed),
        // For the others the category is enough.
        _ => match row.category {
            Category::Approved => Finding::Approved,
            Category::Provisional => Finding::Provisional,
            Category::SuspectedSpoof => Finding::SpoofSuspected,
            Category::Rejected => Finding::Rejected,
            _ => Finding::Unknown,
        },
    }
}

/// The code of a finding; `None` if there is none.
pub(crate) fn code(finding: Finding, family: Family) -> Option<&'static str> {
    use Family::{Authentication, BiometricKyc, Document, Registration};
    Some(match (finding, family) {
        (Finding::Approved, BiometricKyc | Document) => "0810",
        (Finding::Approved, Authentication) => "0820",
        (Finding::Approved, Registration) => "0840",
        (Finding::Rejected, BiometricKyc | Document) => "0811",
        (Finding::Rejected, Authentication) => "0821",
        (Finding::Rejected, Registration) => "0841",
        (Finding::Provisional, BiometricKyc) => "0812",
        (Finding::Provisional, Authentication) => "0822",
        (Finding::Provisional, Registration) => "0842",
        // 0812 is taken: for a document it is the final "unusable image". 0815, of the same family
        // of codes, is the one that says "provisional" and has no other meaning for documents. Our
        // choice.
        (Finding::Provisional, Document) => "0815",
        (Finding::SpoofSuspected, BiometricKyc | Document) => "0814",
        (Finding::SpoofSuspected, Authentication) => "0824",
        (Finding::SpoofSuspected, Registration) => "0844",
        (Finding::SpoofRejected, BiometricKyc) => "0813",
        (Finding::SpoofRejected, Authentication) => "0823",
        (Finding::SpoofRejected, Registration) => "0843",
        (Finding::SpoofRejected, Document) => "0811",
        (Finding::SelfieUnusable | Finding::DocumentUnusable | Finding::Unknown, _) => "0001",
        // The machine never finds these by itself.
        (Finding::Expired | Finding::NotGenuine | Finding::SpoofPending | Finding::CompareUnsure, _) => {
            return None;
        }
        (Finding::ZipCorrupt, _) => "0903",
        (Finding::InfoInvalid, _) => "2203",
        (Finding::ParameterMissing, _) => "2213",
        (Finding::IdNotFound, _) => "1013",
        (Finding::IdMalformed, _) => "1014",
        (Finding::AuthorityUnavailable, _) => "1015",
        (Finding::Reviewed(review), family) => return review_code(review, family),
    })
}

fn review_code(review: Review, family: Family) -> Option<&'static str> {
    use Family::{Authentication, BiometricKyc, Document, Registration};
    Some(match (review, family) {
        (Review::Approve, BiometricKyc) => "1210",
        (Review::Approve, Authentication) => "1220",
        (Review::Approve, Registration) => "1240",
        (Review::Approve, Document) => "0810",
        (Review::Reject, BiometricKyc) => "1211",
        (Review::Reject, Authentication) => "1221",
        (Review::Reject, Registration) => "1241",
        (Review::SpoofDetected, BiometricKyc) => "1212",
        (Review::SpoofDetected, Authentication) => "1222",
        (Review::SpoofDetected, Registration) => "1242",
        (Review::Reject | Review::SpoofDetected | Review::IdCardCheckFailed, Document) => "0811",
        (Review::LivenessUnsure, BiometricKyc) => "1213",
        (Review::IdCardCheckFailed, BiometricKyc) => "1214",
        (Review::LivenessUnsure | Review::IdCardCheckFailed, _) => return None,
    })
}
