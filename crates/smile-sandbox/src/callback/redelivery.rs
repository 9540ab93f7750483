//! Making callbacks, delivering them again, and disturbing them on demand.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::callback::attempt::CallbackId;
use crate::callback::disturbance::{CallbackError, CallbackRule, Disturbance, Redelivery};
use crate::callback::queue::NewCallback;
use crate::callback::record::CallbackRecord;
use crate::callback::tampering::{inflate, turn_round};
use crate::http::fields::parse_object;
use crate::service::Service;

impl Service {
    /// All callbacks that were made, copies and dropped ones among them, in the order of their ids.
    pub fn made_callbacks(&self) -> &[CallbackRecord] {
        self.callbacks.records()
    }

    /// Delivers a callback once more, whatever became of it before, and returns the id of the copy. The copy is due
    /// now, and is tried again on the same schedule.
    ///
    /// # Errors
    /// If there is no such callback.
    pub fn redeliver(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        redelivery: Redelivery,
    ) -> Result<CallbackId, CallbackError> {
        let now = self.advance(now);
        let original = self.callbacks.record(id).ok_or(CallbackError::UnknownCallback)?.clone();
        let body = match redelivery {
            Redelivery::SameBytes => original.body.clone(),
            Redelivery::SignedAfresh => {
                let signed_at = self.callbacks.moment_to_sign(now);
                rewritten(&original.body, |entry| self.signed(signed_at, entry))
            }
        };
        Ok(self.add_copy(now, &original, body, None))
    }

    /// Lets something go wrong with a callback that was already made.
    ///
    /// What is about the time ([`Drop`](Disturbance::Drop), [`Delay`](Disturbance::Delay),
    /// [`Reorder`](Disturbance::Reorder)) applies to the callback itself while it waits to be posted, for the first time
    /// or once more. In all other cases the callback is left alone and a copy goes out that has the disturbance. Returns
    /// the id of the callback that is disturbed: its own, or the copy's; of two duplicates the first.
    ///
    /// # Errors
    /// If there is no such callback, or if one is to be dropped that doesn't wait.
    pub fn disturb_callback(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        disturbance: Disturbance,
    ) -> Result<CallbackId, CallbackError> {
        let now = self.advance(now);
        let original = self.callbacks.record(id).ok_or(CallbackError::UnknownCallback)?.clone();
        let is_about_time =
            matches!(disturbance, Disturbance::Drop | Disturbance::Delay(_) | Disturbance::Reorder);
        self.changes += 1;
        if is_about_time && self.callbacks.put_off(now, id, disturbance) {
            return Ok(id);
        }
        if disturbance == Disturbance::Drop {
            return Err(CallbackError::NotWaiting);
        }
        let body = self.disturbed(now, original.body.clone(), disturbance);
        Ok(self.add_copy(now, &original, body, Some(disturbance)))
    }

    /// Lets something go wrong with callbacks to come. Of several rules the first that applies to a callback is used.
    pub fn disturb_callbacks(&mut self, rule: CallbackRule) {
        self.changes += 1;
        self.callback_rules.add(rule);
    }

    /// The rules for callbacks to come that have not been used up.
    pub fn callback_rules(&self) -> &[CallbackRule] {
        self.callback_rules.all()
    }

    /// Lets callbacks to come alone. What was disturbed already stays so.
    pub fn clear_callback_rules(&mut self) {
        self.changes += 1;
        self.callback_rules.clear();
    }

    /// Queues a callback, with what the rules say is to go wrong with it.
    pub(crate) fn queue_callback(&mut self, now: Timestamp, job_id: &str, url: &str, body: Bytes) {
        let disturbance = self.callback_rules.take(job_id);
        let body = match disturbance {
            Some(disturbance) => self.disturbed(now, body, disturbance),
            None => body,
        };
        self.callbacks.add(now, &NewCallback { job_id, url, body, copy_of: None, disturbance });
    }

    fn add_copy(
        &mut self,
        now: Timestamp,
        original: &CallbackRecord,
        body: Bytes,
        disturbance: Option<Disturbance>,
    ) -> CallbackId {
        self.changes += 1;
        let (job_id, url) = (original.job_id.as_str(), original.url.as_str());
        self.callbacks.add(now, &NewCallback { job_id, url, body, copy_of: Some(original.id), disturbance })
    }

    /// A signed body with something wrong with it, if the disturbance is about that.
    fn disturbed(&mut self, now: Timestamp, body: Bytes, disturbance: Disturbance) -> Bytes {
        match disturbance {
            Disturbance::Drop | Disturbance::Delay(_) | Disturbance::Reorder | Disturbance::Duplicate => body,
            // Exactly so old, even if two of one moment then have the same signature.
            Disturbance::Stale(age) => rewritten(&body, |entry| self.signed(earlier(now, age), entry)),
            Disturbance::WronglySigned => {
                let signed_at = self.callbacks.moment_to_sign(now);
                rewritten(&body, |entry| self.wrongly_signed(signed_at, entry))
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
    fn wrongly_signed(&self, now: Timestamp, mut entry: Map<String, Value>) -> Map<String, Value> {
        let timestamp = now.to_string();
        let signature = STANDARD.encode(self.secret.sign_token(&timestamp));
        entry.insert("timestamp".into(), timestamp.into());
        entry.insert("signature".into(), signature.into());
        entry
    }
}

/// Another entry in place of the one in a body. What is no JSON object stays as it is.
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
