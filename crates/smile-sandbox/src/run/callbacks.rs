//! Making callbacks, delivering them again, and disturbing them on demand.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::callback::attempt::CallbackId;
use crate::callback::disturbance::{CallbackError, Disturbance, Redelivery};
use crate::callback::queue::NewCallback;
use crate::callback::record::CallbackRecord;
use crate::callback::tampering::{inflate, turn_round};
use crate::http::fields::parse_object;
use crate::state::State;

/// Signs an entry and queues it for the job's callback address, if it has one.
pub(crate) fn send(state: &mut State, now: Timestamp, position: usize, entry: Map<String, Value>) {
    let job = state.jobs.at(position);
    let Some(url) = job.callback_url.as_deref().or(state.settings.callback_url.as_deref()) else { return };
    let (job_id, url) = (job.job_id.clone(), url.to_owned());
    let signed_at = state.callbacks.moment_to_sign(now);
    let body = Value::Object(signed(state, signed_at, entry)).to_string().into();
    queue_callback(state, now, &job_id, &url, body);
}

/// A body with a new signature in it.
pub(crate) fn signed(state: &State, now: Timestamp, mut body: Map<String, Value>) -> Map<String, Value> {
    let signed = state.signer.sign(now);
    body.insert("timestamp".into(), signed.timestamp().into());
    body.insert("signature".into(), signed.signature().into());
    body
}

/// Delivers a callback once more, and returns the id of the copy.
pub(crate) fn redeliver(
    state: &mut State,
    now: Timestamp,
    id: CallbackId,
    redelivery: Redelivery,
) -> Result<CallbackId, CallbackError> {
    let original = state.callbacks.record(id).ok_or(CallbackError::UnknownCallback)?.clone();
    let body = match redelivery {
        Redelivery::SameBytes => original.body.clone(),
        Redelivery::SignedAfresh => {
            let signed_at = state.callbacks.moment_to_sign(now);
            rewritten(&original.body, |entry| signed(state, signed_at, entry))
        }
    };
    Ok(add_copy(state, now, &original, body, None))
}

/// Disturbs a callback that was already made: itself if it still waits and the disturbance is about
/// the time, otherwise a copy. Returns the id of the disturbed callback.
pub(crate) fn disturb_callback(
    state: &mut State,
    now: Timestamp,
    id: CallbackId,
    disturbance: Disturbance,
) -> Result<CallbackId, CallbackError> {
    let original = state.callbacks.record(id).ok_or(CallbackError::UnknownCallback)?.clone();
    let is_about_time =
        matches!(disturbance, Disturbance::Drop | Disturbance::Delay(_) | Disturbance::Reorder);
    state.changes += 1;
    if is_about_time && state.callbacks.put_off(now, id, disturbance) {
        return Ok(id);
    }
    if disturbance == Disturbance::Drop {
        return Err(CallbackError::NotWaiting);
    }
    let body = disturbed(state, now, original.body.clone(), disturbance);
    Ok(add_copy(state, now, &original, body, Some(disturbance)))
}

/// Queues a callback, with the disturbance that the rules choose.
pub(crate) fn queue_callback(state: &mut State, now: Timestamp, job_id: &str, url: &str, body: Bytes) {
    let disturbance = state.callback_rules.take(job_id);
    let body = match disturbance {
        Some(disturbance) => disturbed(state, now, body, disturbance),
        None => body,
    };
    state.callbacks.add(now, &NewCallback { job_id, url, body, copy_of: None, disturbance });
}

fn add_copy(
    state: &mut State,
    now: Timestamp,
    original: &CallbackRecord,
    body: Bytes,
    disturbance: Option<Disturbance>,
) -> CallbackId {
    state.changes += 1;
    let (job_id, url) = (original.job_id.as_str(), original.url.as_str());
    state.callbacks.add(now, &NewCallback { job_id, url, body, copy_of: Some(original.id), disturbance })
}

/// A signed body, changed by the disturbance if that is about the content.
fn disturbed(state: &mut State, now: Timestamp, body: Bytes, disturbance: Disturbance) -> Bytes {
    match disturbance {
        Disturbance::Drop | Disturbance::Delay(_) | Disturbance::Reorder | Disturbance::Duplicate => body,
        // Exactly this age, even if two of one moment then have the same signature.
        Disturbance::Stale(age) => rewritten(&body, |entry| signed(state, earlier(now, age), entry)),
        Disturbance::WronglySigned => {
            let signed_at = state.callbacks.moment_to_sign(now);
            rewritten(&body, |entry| wrongly_signed(state, signed_at, entry))
        }
        Disturbance::Tampered => rewritten(&body, |mut entry| {
            turn_round(&mut entry);
            entry
        }),
        Disturbance::Oversized => rewritten(&body, |mut entry| {
            inflate(&mut entry);
            entry
        }),
    }
}

/// A signature of the right form, by a key that nobody has.
fn wrongly_signed(state: &State, now: Timestamp, mut entry: Map<String, Value>) -> Map<String, Value> {
    let timestamp = now.to_string();
    let signature = STANDARD.encode(state.secret.sign_token(&timestamp));
    entry.insert("timestamp".into(), timestamp.into());
    entry.insert("signature".into(), signature.into());
    entry
}

/// Replaces the entry in a body. A body that is no JSON object stays unchanged.
fn rewritten(body: &Bytes, rewrite: impl FnOnce(Map<String, Value>) -> Map<String, Value>) -> Bytes {
    match parse_object(body) {
        Ok(entry) => Value::Object(rewrite(entry)).to_string().into(),
        Err(_) => body.clone(),
    }
}

fn earlier(now: Timestamp, age: Duration) -> Timestamp {
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_millis(now.unix_millis().saturating_sub(age))
}
