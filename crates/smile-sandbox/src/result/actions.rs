//! `Actions`: the steps of a job, each with its outcome.
//!
//! The keys and values are those of the official SDKs; the value of an action for each result is
//! only partly documented, and the rest is our choice.

use serde_json::{Map, Value};

use crate::result::finding::{Finding, Review};
use crate::result::product::Product;

/// The facts beside the finding that an action's value depends on.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances {
    /// The job looks up an ID number.
    pub(crate) looks_up: bool,
    /// The entry carries the authority's record, or the data read from the document.
    pub(crate) returns_personal_info: bool,
    /// Usable liveness frames were sent.
    pub(crate) has_liveness: bool,
    /// A usable photo of an ID card or document was sent.
    pub(crate) has_card: bool,
    /// There is a photo to compare the selfie with, as far as the ID type tells.
    pub(crate) has_photo: bool,
}

/// The actions of a job of this product.
pub(crate) fn actions(
    product: Product,
    finding: Finding,
    circumstances: Circumstances,
) -> Map<String, Value> {
    let keys: &[&str] = match product {
        Product::SmartSelfieAuthentication => &[
            "Human_Review_Compare",
            "Human_Review_Liveness_Check",
            "Liveness_Check",
            "Selfie_Check",
            "Selfie_Provided",
            "Selfie_To_Registered_Selfie_Compare",
        ],
        Product::SmartSelfieRegistration => &[
            "Human_Review_Liveness_Check",
            "Human_Review_Selfie_Check",
            "Liveness_Check",
            "Register_Selfie",
            "Selfie_Check",
            "Selfie_Provided",
        ],
        Product::UpdatePhoto => &[
            "Human_Review_Update_Selfie",
            "Liveness_Check",
            "Selfie_Provided",
            "Selfie_To_Registered_Selfie_Compare",
            "Update_Registered_Selfie_On_File",
        ],
        Product::DocumentVerification => DOCUMENT,
        Product::EnhancedDocumentVerification => &[
            "Document_Check",
            "Human_Review_Compare",
            "Human_Review_Document_Check",
            "Human_Review_Liveness_Check",
            "Liveness_Check",
            "Register_Selfie",
            "Return_Personal_Info",
            "Selfie_To_ID_Card_Compare",
            "Verify_Document",
            "Verify_ID_Number",
        ],
        _ => BIOMETRIC_KYC,
    };
    keys.iter().map(|&key| (key.to_owned(), value(key, finding, circumstances).into())).collect()
}

/// The actions of job types 1 and 9; for 9, our choice.
const BIOMETRIC_KYC: &[&str] = &[
    "Human_Review_Compare",
    "Human_Review_Liveness_Check",
    "Human_Review_Selfie_Check",
    "Liveness_Check",
    "Register_Selfie",
    "Return_Personal_Info",
    "Selfie_Check",
    "Selfie_Provided",
    "Selfie_To_ID_Authority_Compare",
    "Selfie_To_ID_Card_Compare",
    "Verify_ID_Number",
];

const DOCUMENT: &[&str] = &[
    "Document_Check",
    "Human_Review_Compare",
    "Human_Review_Document_Check",
    "Human_Review_Liveness_Check",
    "Liveness_Check",
    "Register_Selfie",
    "Return_Personal_Info",
    "Selfie_To_ID_Card_Compare",
    "Verify_Document",
];

const NOT_APPLICABLE: &str = "Not Applicable";

fn value(action: &str, finding: Finding, circumstances: Circumstances) -> &'static str {
    match action {
        "Verify_ID_Number" if circumstances.looks_up => verify_id_number(finding),
        "Return_Personal_Info" if circumstances.returns_personal_info => "Returned",
        "Return_Personal_Info" => "Not Returned",
        "Selfie_Provided" if finding == Finding::SelfieUnusable || is_unread(finding) => "Failed",
        "Selfie_Provided" => "Passed",
        "Selfie_Check" => check(finding),
        // Without a face there is nobody whose liveness could be checked.
        "Liveness_Check" if finding == Finding::SelfieUnusable => NOT_APPLICABLE,
        "Liveness_Check" if circumstances.has_liveness => check(finding),
        "Register_Selfie" => registration(finding),
        "Update_Registered_Selfie_On_File" => update(finding),
        "Selfie_To_ID_Authority_Compare" if !circumstances.has_photo && finding == Finding::Provisional => {
            "ID Authority Photo Not Available"
        }
        "Selfie_To_ID_Authority_Compare" if circumstances.looks_up => compare(finding),
        "Selfie_To_ID_Card_Compare" if circumstances.has_card => match finding {
            Finding::Reviewed(Review::IdCardCheckFailed) => "Unable To Determine",
            _ => compare(finding),
        },
        "Selfie_To_Registered_Selfie_Compare" => compare(finding),
        "Document_Check" => document_check(finding),
        "Verify_Document" => verify_document(finding),
        "Human_Review_Compare" | "Human_Review_Selfie_Check" | "Human_Review_Update_Selfie" => {
            match finding {
                Finding::Reviewed(Review::Reject) => "Failed",
                Finding::Reviewed(_) => "Passed",
                _ => NOT_APPLICABLE,
            }
        }
        "Human_Review_Liveness_Check" => match finding {
            Finding::Reviewed(Review::SpoofDetected) => "Failed",
            Finding::Reviewed(Review::LivenessUnsure) => "Unable To Determine",
            Finding::Reviewed(_) => "Passed",
            _ => NOT_APPLICABLE,
        },
        "Human_Review_Document_Check" => match finding {
            Finding::Reviewed(Review::IdCardCheckFailed) => "Failed",
            Finding::Reviewed(_) => "Passed",
            _ => NOT_APPLICABLE,
        },
        _ => NOT_APPLICABLE,
    }
}

/// True if nothing in the zip was read.
fn is_unread(finding: Finding) -> bool {
    matches!(finding, Finding::ZipCorrupt | Finding::InfoInvalid)
}

/// True if something was missing before the faces could be compared.
fn is_premature(finding: Finding) -> bool {
    is_unread(finding)
        || matches!(
            finding,
            Finding::SelfieUnusable
                | Finding::DocumentUnusable
                | Finding::ParameterMissing
                | Finding::IdNotFound
                | Finding::IdMalformed
                | Finding::AuthorityUnavailable
                | Finding::Unknown
        )
}

fn verify_id_number(finding: Finding) -> &'static str {
    match finding {
        Finding::IdNotFound | Finding::IdMalformed => "Not Verified",
        Finding::AuthorityUnavailable => "Issuer Unavailable",
        _ if is_premature(finding) => "Not Done",
        _ => "Verified",
    }
}

fn check(finding: Finding) -> &'static str {
    match finding {
        Finding::SpoofSuspected | Finding::SpoofPending => "Under Review",
        Finding::Reviewed(Review::SpoofDetected) | Finding::SpoofRejected | Finding::SelfieUnusable => {
            "Failed"
        }
        _ if is_unread(finding) => NOT_APPLICABLE,
        _ => "Passed",
    }
}

fn compare(finding: Finding) -> &'static str {
    match finding {
        Finding::Rejected | Finding::Reviewed(Review::Reject) => "Failed",
        Finding::Provisional | Finding::CompareUnsure => "Under Review",
        _ if is_premature(finding) => "Not Done",
        _ => "Completed",
    }
}

fn registration(finding: Finding) -> &'static str {
    match finding {
        Finding::Approved | Finding::Expired | Finding::Reviewed(Review::Approve) => "Approved",
        Finding::Provisional
        | Finding::CompareUnsure
        | Finding::SpoofSuspected
        | Finding::Reviewed(Review::LivenessUnsure) => "Provisionally Approved",
        // With a pending spoof, nobody is registered until a human has reviewed it.
        Finding::AuthorityUnavailable | Finding::SpoofPending => NOT_APPLICABLE,
        _ => "Rejected",
    }
}

fn update(finding: Finding) -> &'static str {
    match finding {
        Finding::Approved | Finding::Reviewed(Review::Approve) => "Approved",
        Finding::Provisional | Finding::CompareUnsure | Finding::SpoofSuspected | Finding::SpoofPending => {
            NOT_APPLICABLE
        }
        _ => "Rejected",
    }
}

fn document_check(finding: Finding) -> &'static str {
    match finding {
        Finding::Provisional | Finding::CompareUnsure | Finding::SpoofSuspected | Finding::SpoofPending => {
            "Under Review"
        }
        Finding::DocumentUnusable | Finding::Reviewed(Review::IdCardCheckFailed) => "Failed",
        _ if is_unread(finding) => NOT_APPLICABLE,
        _ => "Passed",
    }
}

fn verify_document(finding: Finding) -> &'static str {
    match finding {
        Finding::Approved | Finding::Expired | Finding::Reviewed(Review::Approve) => "Passed",
        Finding::Rejected | Finding::NotGenuine | Finding::Reviewed(_) => "Failed",
        _ => "Unable To Determine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Circumstances = Circumstances {
        looks_up: true,
        returns_personal_info: true,
        has_liveness: true,
        has_card: false,
        has_photo: true,
    };

    fn shown(product: Product, finding: Finding, keys: &[&str]) -> Vec<String> {
        let actions = actions(product, finding, ALL);
        keys.iter().map(|key| actions[*key].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn an_authority_without_photos_says_so() {
        let without = Circumstances { has_photo: false, ..ALL };
        let actions = actions(Product::BiometricKyc, Finding::Provisional, without);
        assert_eq!(actions["Selfie_To_ID_Authority_Compare"], "ID Authority Photo Not Available");
    }

    #[test]
    fn biometric_kyc_says_what_was_compared_and_who_looked() {
        let keys = [
            "Verify_ID_Number",
            "Liveness_Check",
            "Register_Selfie",
            "Selfie_To_ID_Authority_Compare",
            "Human_Review_Compare",
            "Human_Review_Liveness_Check",
        ];
        let na = NOT_APPLICABLE;
        for (finding, expected) in [
            (Finding::Approved, ["Verified", "Passed", "Approved", "Completed", na, na]),
            (Finding::Rejected, ["Verified", "Passed", "Rejected", "Failed", na, na]),
            (Finding::Provisional, ["Verified", "Passed", "Provisionally Approved", "Under Review", na, na]),
            (
                Finding::SpoofSuspected,
                ["Verified", "Under Review", "Provisionally Approved", "Completed", na, na],
            ),
            (Finding::IdNotFound, ["Not Verified", "Passed", "Rejected", "Not Done", na, na]),
            (Finding::AuthorityUnavailable, ["Issuer Unavailable", "Passed", na, "Not Done", na, na]),
            (
                Finding::Reviewed(Review::Approve),
                ["Verified", "Passed", "Approved", "Completed", "Passed", "Passed"],
            ),
            (
                Finding::Reviewed(Review::Reject),
                ["Verified", "Passed", "Rejected", "Failed", "Failed", "Passed"],
            ),
            (
                Finding::Reviewed(Review::SpoofDetected),
                ["Verified", "Failed", "Rejected", "Completed", "Passed", "Failed"],
            ),
        ] {
            assert_eq!(shown(Product::BiometricKyc, finding, &keys), expected, "{finding:?}");
        }
    }

    #[test]
    fn steps_without_their_images_are_not_applicable() {
        let none = Circumstances {
            looks_up: false,
            returns_personal_info: false,
            has_liveness: false,
            has_card: false,
            has_photo: true,
        };
        let actions = actions(Product::BiometricKyc, Finding::Approved, none);
        for key in [
            "Verify_ID_Number",
            "Liveness_Check",
            "Selfie_To_ID_Authority_Compare",
            "Selfie_To_ID_Card_Compare",
        ] {
            assert_eq!(actions[key], NOT_APPLICABLE, "{key}");
        }
        assert_eq!(actions["Return_Personal_Info"], "Not Returned");
    }

    #[test]
    fn a_document_under_review_says_so() {
        let keys = ["Document_Check", "Verify_Document", "Register_Selfie"];
        let expected = ["Under Review", "Unable To Determine", "Provisionally Approved"];
        assert_eq!(shown(Product::DocumentVerification, Finding::Provisional, &keys), expected);
    }

    #[test]
    fn a_photo_update_says_what_is_on_file_now() {
        let keys = ["Update_Registered_Selfie_On_File", "Human_Review_Update_Selfie"];
        assert_eq!(shown(Product::UpdatePhoto, Finding::Approved, &keys), ["Approved", NOT_APPLICABLE]);
        assert_eq!(
            shown(Product::UpdatePhoto, Finding::Reviewed(Review::Reject), &keys),
            ["Rejected", "Failed"]
        );
    }
}
