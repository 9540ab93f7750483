//! The content of a verified callback; and the reason for a refusal.

use serde_json::Value;
use smile_core::{Callback, CallbackKind, Carrier, Refusal, Verdict};

use super::output::{Report, Tone};
use super::verdict;

pub(crate) fn describe(report: &mut Report, callback: &Callback, show_personal: bool) {
    report.toned("callback", "verified", Tone::Good);
    report.set("verified", true).set("refusal", Value::Null);
    let (name, text) = kind(callback.kind());
    report.row("about", text).set("kind", name);
    report.set("job_type", job_type(callback.kind()));
    if let Some(job_id) = callback.job_id() {
        report.row("job_id", job_id.as_str()).set("job_id", job_id);
    }
    let (name, place) = match callback.carrier() {
        Carrier::Body => ("body", "in the body"),
        Carrier::Headers => ("headers", "in the headers"),
        Carrier::Both => ("both", "in the body and the headers"),
    };
    let signed = callback.timestamp().moment().map(|moment| moment.to_string());
    report.row("signed", format!("{place}, {}", signed.as_deref().unwrap_or("at a time that can't be read")));
    report.set("carrier", name).set("signed_at", signed);
    match verdict_of(callback) {
        Some(found) => verdict::describe(report, &found),
        None => {
            report.row("verdict", "none: it is about the number, and the job's own result comes apart");
            report.set("verdict", Value::Null);
        }
    }
    verdict::describe_entry(report, callback.entry(), show_personal);
}

/// The verdict in a callback; `None` if the callback has none about the job.
fn verdict_of(callback: &Callback) -> Option<Verdict> {
    match callback.kind() {
        CallbackKind::IdInformation => None,
        CallbackKind::Match => Some(callback.entry().match_verdict()),
        _ => Some(callback.verdict()),
    }
}

pub(crate) fn describe_refusal(report: &mut Report, refusal: Refusal) {
    report.toned("callback", format!("REFUSED: {refusal}"), Tone::Bad);
    report.row("what to do", advice(refusal));
    report.set("verified", false).set("refusal", refusal.to_string());
    report.set("has_right_signature", refusal.has_right_signature());
}

fn advice(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::WrongSignature => {
            "is it the key of this environment, and this partner id? If so, somebody makes callbacks up"
        }
        Refusal::TooOld { .. } => {
            "its signature is right; go by the job's status. `smile verify --any-age` reads old ones"
        }
        Refusal::FromTheFuture { .. } => "its signature is right; set this machine's clock",
        Refusal::Replayed => {
            "ask for the job's status: somebody may be putting bodies under an old signature"
        }
        _ => "don't act on it; ask for the job's status",
    }
}

fn kind(kind: CallbackKind) -> (&'static str, String) {
    match kind {
        CallbackKind::Result(job_type) => ("result", format!("the result of {job_type}")),
        CallbackKind::IdInformation => {
            ("id_information", "what the ID authority has under the number".to_owned())
        }
        CallbackKind::Match => ("match", "the result of an address or phone verification".to_owned()),
        CallbackKind::Webhook => ("webhook", "a webhook of the v3 API".to_owned()),
        _ => ("unknown", "something that isn't known here".to_owned()),
    }
}

fn job_type(kind: CallbackKind) -> Option<u16> {
    if let CallbackKind::Result(job_type) = kind { Some(job_type.number()) } else { None }
}

/// A warning about the limits of a right signature.
pub(crate) const CAUTION: &str =
    "The signature doesn't cover the body: ask for the job's status before acting on it.";
