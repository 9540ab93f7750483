//! Tampered bodies of callbacks.

use serde_json::{Map, Value};
use smile_core::JobType;
use smile_core::catalogue::{self, Finding, ResultCodeRow};

use crate::http::fields::whole_number;

/// The photo of a body that is too large, in base64 digits: 3 MiB, more than 2 MB by any count.
const OVERSIZE: usize = 3 * 1024 * 1024;

/// Reverses the verdict: an approval becomes a rejection, anything else an approval, as a forger
/// would.
pub(crate) fn turn_round(entry: &mut Map<String, Value>) {
    let code = match entry.get("ResultCode") {
        Some(Value::String(code)) => code.as_str(),
        _ => "",
    };
    let (approved, rejected) = codes_beside(code);
    let approves = code != approved;
    let turned = if approves { approved } else { rejected };
    let text = result_text(turned, job_type(entry));
    entry.insert("ResultCode".into(), turned.into());
    entry.insert("ResultText".into(), text.into());
    if !approves {
        return;
    }
    if let Some(confidence) = entry.get_mut("ConfidenceValue") {
        *confidence = "99.99".into();
    }
    if let Some(is_final) = entry.get_mut("IsFinalResult") {
        *is_final = "true".into();
    }
    if let Some(Value::Object(actions)) = entry.get_mut("Actions") {
        for (action, value) in actions {
            if let Some(good) = value.as_str().and_then(|value| improved(action, value)) {
                *value = good.into();
            }
        }
    }
}

/// The job type that the entry names.
fn job_type(entry: &Map<String, Value>) -> Option<JobType> {
    let named = whole_number(entry.get("PartnerParams")?.get("job_type")?)?;
    u16::try_from(named).ok().map(JobType::from_number)
}

/// The text of a code for a job of this type; of any type, if the catalogue lacks the code for this
/// one.
fn result_text(code: &str, job_type: Option<JobType>) -> &'static str {
    let own = job_type.and_then(|job_type| catalogue::result_code(code, job_type));
    let row = own.or_else(|| catalogue::result_codes().iter().find(|row| row.code == code));
    row.map_or("", |row| row.text)
}

/// The approval and the rejection that stand beside the code in the catalogue: those of its
/// product, by the same judge.
fn codes_beside(code: &str) -> (&'static str, &'static str) {
    let rows = || catalogue::result_codes().iter().filter(|row| row.code == code);
    let is_lookup = rows().any(|row| row.job_types.contains(&JobType::ENHANCED_KYC));
    let job_types = rows().next().map_or(&[][..], |row| row.job_types);
    let (yes, no) = match rows().next().map(|row| row.finding) {
        Some(finding) if finding.is_of_reviewer() => (Finding::ReviewApproved, Finding::ReviewRejected),
        Some(finding) if finding.is_of_comparison() => (Finding::ExactMatch, Finding::NoMatch),
        Some(Finding::Listed | Finding::NotListed) => (Finding::NotListed, Finding::Listed),
        Some(_) if is_lookup => (Finding::IdFound, Finding::IdNotFound),
        _ => (Finding::Approved, Finding::Rejected),
    };
    // Without a row of its own, as a code that nobody knows, it is taken for one of Biometric KYC.
    let is_beside = |row: &&ResultCodeRow| {
        row.job_types.iter().any(|of| job_types.contains(of) || (job_types.is_empty() && *of == FACES))
    };
    let first =
        |finding| catalogue::result_codes().iter().filter(is_beside).find(|row| row.finding == finding);
    let code = |finding| first(finding).map_or("", |row| row.code);
    (code(yes), code(no))
}

const FACES: JobType = JobType::BIOMETRIC_KYC;

/// The value of an action that would have gone well, if it did not.
fn improved(action: &str, value: &str) -> Option<&'static str> {
    let is_comparison = action.ends_with("_Compare") && !action.starts_with("Human_Review");
    Some(match value {
        "Not Verified" | "Issuer Unavailable" => "Verified",
        "Rejected" | "Provisionally Approved" => "Approved",
        "Not Done" if action == "Verify_ID_Number" => "Verified",
        "Failed" | "Under Review" | "Not Done" | "ID Authority Photo Not Available" if is_comparison => {
            "Completed"
        }
        "No Match" | "Partial Match" => "Exact Match",
        "Failed" | "Under Review" | "Not Done" | "Unable To Determine" => "Passed",
        _ => return None,
    })
}

/// Adds a photo that makes the body too large for most receivers.
pub(crate) fn inflate(entry: &mut Map<String, Value>) {
    entry.insert("Photo".into(), "A".repeat(OVERSIZE).into());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turned(entry: Value) -> Value {
        let Value::Object(mut entry) = entry else { panic!("not an object") };
        turn_round(&mut entry);
        entry.into()
    }

    #[test]
    fn an_approval_becomes_a_rejection_and_anything_else_an_approval() {
        for (code, other) in [
            ("0810", "0811"),
            ("0811", "0810"),
            ("0812", "0810"),
            ("0824", "0820"),
            ("0921", "0820"),
            ("0908", "0810"),
            ("0840", "0841"),
            ("1212", "1210"),
            ("1220", "1221"),
            ("1241", "1240"),
            ("1012", "1013"),
            ("1015", "1012"),
            ("1021", "1020"),
            ("1030", "1031"),
            ("0001", "0810"),
            ("", "0810"),
            ("é", "0810"),
        ] {
            let entry = turned(json!({"ResultCode": code, "ResultText": "as it was"}));
            assert_eq!(entry["ResultCode"], other, "{code}");
            assert!(entry["ResultText"].as_str().is_some_and(|text| !text.is_empty() && text != "as it was"));
        }
        assert_eq!(turned(json!({}))["ResultCode"], "0810");
    }

    #[test]
    fn it_says_what_the_code_says_of_such_a_job() {
        for (code, job_type) in [("0811", 1), ("0811", 6), ("0811", 11), ("0810", 1), ("0810", 6)] {
            for named in [json!(job_type), json!(job_type.to_string())] {
                let entry = turned(json!({"ResultCode": code, "PartnerParams": {"job_type": named}}));
                let other = entry["ResultCode"].as_str().unwrap();
                let row = catalogue::result_code(other, JobType::from_number(job_type)).unwrap();
                assert_eq!(entry["ResultText"], row.text, "{code} of {job_type}");
            }
        }
        let text = |job_type| {
            turned(json!({"ResultCode": "0811", "PartnerParams": {"job_type": job_type}}))["ResultText"]
                .clone()
        };
        assert_ne!(text(1), text(6));
        assert_eq!(text(99), text(1));
    }

    #[test]
    fn a_forged_approval_is_borne_out_by_its_actions() {
        let entry = turned(json!({
            "Actions": {
                "Human_Review_Compare": "Failed",
                "Liveness_Check": "Under Review",
                "Register_Selfie": "Rejected",
                "Selfie_To_ID_Authority_Compare": "Failed",
                "Verify_ID_Number": "Not Verified",
                "Return_Personal_Info": "Returned",
            },
            "ConfidenceValue": "0",
            "IsFinalResult": "false",
            "ResultCode": "0811",
        }));
        let actions = json!({
            "Human_Review_Compare": "Passed",
            "Liveness_Check": "Passed",
            "Register_Selfie": "Approved",
            "Selfie_To_ID_Authority_Compare": "Completed",
            "Verify_ID_Number": "Verified",
            "Return_Personal_Info": "Returned",
        });
        assert_eq!(entry["Actions"], actions);
        assert_eq!((&entry["ConfidenceValue"], &entry["IsFinalResult"]), (&json!("99.99"), &json!("true")));
    }
}
