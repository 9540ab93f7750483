//! Targets for posts to a receiver by anybody, and for a receiver's stored records.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use smile_core::{Callback, Change, JobHistory, JobId, JobKey, JobState, JobType, Trust, UserId, Verdict};

use crate::shared::{NOW, look_at, partner};

/// Codes that approve, of whatever job. Written down a second time on purpose.
const APPROVALS: [&str; 8] = ["0810", "0820", "0840", "1012", "1020", "1210", "1220", "1240"];

/// Job types whose codes mean different things.
const JOB_TYPES: [JobType; 4] = [
    JobType::BIOMETRIC_KYC,
    JobType::DOCUMENT_VERIFICATION,
    JobType::ENHANCED_KYC,
    JobType::BUSINESS_VERIFICATION,
];

/// A callback: headers as lines, an empty line, and the body. The pair of the seeds is right, so
/// what is mutated around it gets past the signature.
pub fn callbacks(data: &[u8]) {
    let (headers, body) = split(data);
    let verifier = partner().verifier();
    let body = Bytes::copy_from_slice(body);
    let callback = match verifier.verify(NOW, &headers, body.clone()) {
        Ok(callback) => callback,
        Err(refusal) => {
            let _ = (format!("{refusal} {refusal:?}"), refusal.status());
            return;
        }
    };
    // What isn't JSON was repaired, in its texts alone.
    if let Ok(whole) = serde_json::from_slice::<Value>(&body) {
        assert_eq!(callback.entry().as_json(), whole.as_object().unwrap(), "nothing is lost");
    }
    let _ = (callback.kind(), callback.digest(), callback.audit_json(), format!("{callback:?}"));
    look_at(callback.entry());
    for job_type in JOB_TYPES {
        check(&callback, &callback.verdict_for(job_type));
    }
    check(&callback, &callback.verdict());

    let key = JobKey {
        user_id: UserId::new(callback.user_id().unwrap_or_default()),
        job_id: JobId::new(callback.job_id().unwrap_or_default()),
        job_type: JobType::BIOMETRIC_KYC,
    };
    let mut history = JobHistory::new(partner().account(), key);
    let first = history.apply_callback(NOW, &callback, None);
    assert!(!history.may_be_let_in(Trust::Confirmed), "no callback confirms itself");
    let before = history.clone();
    let second = history.apply_callback(NOW, &callback, None);
    assert_eq!(history, before, "a redelivery changes nothing: {first:?}, {second:?}");
}

fn check(callback: &Callback, verdict: &Verdict) {
    let _ = format!("{verdict} {verdict:?}");
    if verdict.is_approved() {
        let by_code = verdict.code().is_some_and(|code| APPROVALS.contains(&code.as_str()));
        assert!(by_code || callback.webhook().is_some(), "{verdict}");
    }
}

fn split(data: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    let mut rest = data;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if line.is_empty() {
            return (headers, rest);
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = http::HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    (HeaderMap::new(), data)
}

/// A job's stored history, genuine or changed: refused, or sound.
pub fn job_histories(data: &[u8]) {
    let Ok(mut history) = serde_json::from_slice::<JobHistory>(data) else { return };
    let again: JobHistory = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
    assert_eq!(again, history);
    let _ = (history.result(), history.disputed(), history.results(), format!("{history:?}"));
    assert!(!history.may_be_let_in(Trust::Verified) || history.state() == JobState::Final);
    let body = r#"{"ResultCode":"0811","PartnerParams":{"user_id":"user-1","job_id":"job-1","job_type":1},"timestamp":"2024-01-15T10:30:00.000Z","signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc="}"#;
    let rejected =
        partner().verifier().verify(NOW, &HeaderMap::new(), Bytes::from_static(body.as_bytes())).unwrap();
    let was_approved = history.may_be_let_in(Trust::Verified);
    let change = history.apply_callback(NOW, &rejected, None);
    if change == Change::Advanced {
        assert!(!was_approved && !history.may_be_let_in(Trust::Verified));
    }
}
