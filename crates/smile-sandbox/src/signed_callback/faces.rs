//! The entries of jobs with images, in which faces are compared.

use serde_json::{Map, Value};
use smile_core::JobType;

use super::person::{EXPIRED, add_id, add_person};
use super::told::Resulting;
use super::{Ids, Outcome, Product};
use crate::result::actions::{Circumstances, actions};
use crate::result::verdict::{Finding, Review};

/// The entry, without timestamp and signature.
pub(super) fn entry(product: Product, ids: &Ids, told: &Resulting) -> Map<String, Value> {
    let is_document = product.is_document();
    let finding = finding(product, told);
    let looks_up = matches!(product, Product::BiometricKyc | Product::EnhancedDocumentVerification);
    let is_known = matches!(
        finding,
        Finding::Approved | Finding::Rejected | Finding::SpoofSuspected | Finding::Reviewed(_)
    );
    let returns_personal_info = (looks_up || is_document) && is_known;
    let circumstances = Circumstances {
        looks_up,
        returns_personal_info,
        has_liveness: true,
        has_card: is_document || told.code == "1214",
        has_photo: true,
    };
    let mut steps = actions(product.job_type().unwrap_or(JobType::BIOMETRIC_KYC), finding, circumstances);
    set_right(&mut steps, product, &told.code);
    let is_approval = told.row.is_some_and(|row| row.job_success && row.is_final);

    let mut entry = Map::new();
    entry.insert("Actions".into(), steps.into());
    if !is_document {
        entry.insert("ConfidenceValue".into(), if is_approval { "99.99" } else { "0" }.into());
    }
    entry.insert("PartnerParams".into(), ids.partner_params(product).into());
    entry.insert("ResultCode".into(), told.code.as_str().into());
    entry.insert("ResultText".into(), told.text().into());
    entry.insert("ResultType".into(), if is_document { "Document Verification" } else { "SAIA" }.into());
    entry.insert("SmileJobID".into(), ids.smile_job_id.as_str().into());
    if !is_document {
        entry.insert("Source".into(), "WebAPI".into());
    }
    // Entries of documents leave these two out in production; they only say it when more is to come.
    if !is_document || !told.is_final() {
        let is_machine = !matches!(finding, Finding::Reviewed(_));
        entry.insert("IsFinalResult".into(), told.is_final().to_string().into());
        entry.insert("IsMachineResult".into(), is_machine.to_string().into());
    }
    if returns_personal_info {
        add_id(&mut entry, product);
        add_person(&mut entry, product);
        if told.code == "0817" {
            entry.insert("ExpirationDate".into(), EXPIRED.into());
        }
    }
    entry
}

/// What was found out, as the sandbox itself has it, by the code that says so.
fn finding(product: Product, told: &Resulting) -> Finding {
    let code = told.code.as_str();
    if product.is_document() {
        return match (code, &told.outcome) {
            ("0810", Outcome::ReviewerApproved) => Finding::Reviewed(Review::Approve),
            ("0811", Outcome::ReviewerRejected) => Finding::Reviewed(Review::Reject),
            ("0811", Outcome::ReviewerFoundSpoof) => Finding::Reviewed(Review::SpoofDetected),
            ("0811", Outcome::ReviewerFailedCard) => Finding::Reviewed(Review::IdCardCheckFailed),
            ("0810" | "0817", _) => Finding::Approved,
            ("0811" | "0813", _) => Finding::Rejected,
            ("0812" | "0816", _) => Finding::DocumentUnusable,
            ("0001", _) => Finding::SelfieUnusable,
            ("0903", _) => Finding::ZipCorrupt,
            ("1014", _) => Finding::IdMalformed,
            _ => Finding::Unknown,
        };
    }
    match code {
        "0810" | "0820" | "0840" => Finding::Approved,
        "0811" | "0821" | "0841" => Finding::Rejected,
        "0812" | "0822" | "0842" | "0815" | "0825" => Finding::Provisional,
        "0814" | "0824" | "0844" | "0816" | "0846" => Finding::SpoofSuspected,
        "0903" => Finding::ZipCorrupt,
        "0908" | "1015" => Finding::AuthorityUnavailable,
        "1013" => Finding::IdNotFound,
        "1014" => Finding::IdMalformed,
        "1210" | "1220" | "1240" => Finding::Reviewed(Review::Approve),
        "1211" | "1221" | "1241" => Finding::Reviewed(Review::Reject),
        "1212" | "1222" | "1242" => Finding::Reviewed(Review::SpoofDetected),
        "1213" => Finding::Reviewed(Review::LivenessUnsure),
        "1214" => Finding::Reviewed(Review::IdCardCheckFailed),
        code if is_spoof(code) => Finding::Rejected,
        code if code == "0001" || code.starts_with("09") => Finding::SelfieUnusable,
        _ => Finding::Unknown,
    }
}

/// The machine has found a spoof; the sandbox has no finding of its own for it.
fn is_spoof(code: &str) -> bool {
    matches!(code, "0813" | "0823" | "0843" | "0907")
}

/// What the code says more exactly than the finding does.
fn set_right(steps: &mut Map<String, Value>, product: Product, code: &str) {
    let mut set = |step: &str, value: &str| {
        if let Some(said) = steps.get_mut(step).filter(|said| *said != "Not Applicable") {
            *said = value.into();
        }
    };
    if product.is_document() {
        // The faces are the same; it is the document that isn't right.
        if code == "0813" {
            set("Selfie_To_ID_Card_Compare", "Completed");
        }
        return;
    }
    match code {
        code if is_spoof(code) => {
            set("Selfie_Check", "Failed");
            set("Liveness_Check", "Failed");
            set("Selfie_To_ID_Authority_Compare", "Completed");
            set("Selfie_To_Registered_Selfie_Compare", "Completed");
        }
        // Blocked until somebody has looked.
        "0816" | "0846" => set("Register_Selfie", "Not Applicable"),
        // Without a face there is nobody whose liveness could be looked at.
        "0911" | "0912" | "0921" | "0922" | "0941" | "0942" => set("Liveness_Check", "Not Applicable"),
        "1214" => set("Selfie_To_ID_Card_Compare", "Unable To Determine"),
        _ => {}
    }
}
