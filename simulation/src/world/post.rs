//! Callbacks on their way, who forges them, and the receiver with its rows.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use smile_core::{
    Callback, Change, Confirm, ConfirmError, Confirmation, Flow as _, JobFlow, JobHistory, JobId, JobOutcome,
    JobState, Next, ReplayStore as _, Timestamp, Trust, UserId,
};

use super::{Delivery, Happening, Post, Purpose, Row, RowKind, World, history};
use crate::hazard::Hazard;
use crate::machine::Machine;
use crate::rules::Rule;
use crate::service::{Kind, START, Service};

/// The most times that a callback is posted.
const MOST_TRIES: u32 = 8;

impl World {
    /// Takes what the service wants posted, and sets the alarm for what it does by itself.
    pub(crate) fn collect(&mut self) {
        for letter in self.service.take_letters(self.now) {
            let delay = letter.at.saturating_sub(self.now) + self.random.between(5, 400);
            let (delay, is_late) = if self.random.percent(15) {
                (delay + self.random.between(5_000, 120_000), true)
            } else {
                (delay, false)
            };
            if is_late {
                self.note(Hazard::CallbackLate);
            }
            if self.plan.behaviour.signs_seconds {
                self.note(Hazard::CallbackInSeconds);
            }
            self.posts.push(Post { letter, tries: 0, was_answered: false, was_misused: false });
            let post = self.posts.len() - 1;
            self.after(delay, Happening::Deliver { post, delivery: Delivery::AsItIs });
            if self.random.percent(30) {
                let again = delay + self.random.between(1, 60_000);
                let rewritten = self.random.percent(50);
                let delivery = if rewritten { Delivery::Rewritten } else { Delivery::AsItIs };
                self.after(again, Happening::Deliver { post, delivery });
            }
        }
        if let Some(at) = self.service.next_wakeup()
            && self.woken_for.is_none_or(|earlier| earlier <= self.now || at < earlier)
        {
            self.woken_for = Some(at);
            self.after(at.saturating_sub(self.now), Happening::Wake);
        }
    }

    pub(crate) fn wake(&mut self) {
        self.woken_for = None;
        self.collect();
    }

    pub(crate) fn deliver(&mut self, number: usize, delivery: Delivery) {
        let post = &mut self.posts[number];
        if post.tries >= MOST_TRIES {
            return;
        }
        post.tries += 1;
        let (tries, was_answered, was_misused) = (post.tries, post.was_answered, post.was_misused);
        let (job_id, mut body) = (post.letter.job_id.clone(), post.letter.body.clone());
        let is_overtaken =
            self.posts[number + 1..].iter().any(|later| later.letter.job_id == job_id && later.was_answered);
        if is_overtaken && !was_answered {
            self.note(Hazard::CallbackReordered);
        }
        if was_answered {
            self.note(Hazard::CallbackAgain);
        }
        if delivery == Delivery::Rewritten {
            self.note(Hazard::CallbackRewritten);
            body = rewritten(&body, self.now);
        }
        let status = self.receive(&HeaderMap::new(), body);
        self.trace(|_| format!("callback {number} of {job_id}, try {tries}, is answered: {status:?}"));
        match status {
            Some(200) => {
                self.posts[number].was_answered = true;
                let entry: Value =
                    serde_json::from_slice(&self.posts[number].letter.body).unwrap_or_default();
                if entry["IsFinalResult"] != "false"
                    && let Some(row) = self.rows.get_mut(&job_id)
                {
                    row.was_told = true;
                }
            }
            Some(503) | None => {
                let pause = self.random.between(500, 20_000);
                self.after(pause, Happening::Deliver { post: number, delivery });
            }
            // A signature that somebody has used for another body first proves nothing any more.
            Some(status) if !was_misused && !self.is_shared(&job_id) => {
                let what = format!(
                    "a genuine callback of {job_id}, delivered {delivery:?}, is answered with {status}"
                );
                self.break_rule(Rule::CallbackTaken, what);
            }
            Some(_) => {}
        }
    }

    /// The receiver, from the request to the answer; `None` if it is killed on the way.
    fn receive(&mut self, headers: &HeaderMap, body: Bytes) -> Option<u16> {
        let now = self.true_time();
        let callback = match self.verifier.verify(now, headers, body) {
            Ok(callback) => callback,
            Err(refusal) => {
                self.trace(|_| format!("refused: {refusal}"));
                return Some(refusal.status().as_u16());
            }
        };
        let id = match callback.webhook() {
            Some(webhook) => webhook.job_id(),
            None => callback.job_id(),
        };
        let Some(id) = id.filter(|id| self.rows.contains_key(id)) else { return Some(404) };
        let Ok(seen) = self.replays.record(now, &callback.digest()) else { return Some(503) };
        if self.is_unlucky(40) {
            self.note(Hazard::ReceiverKilled);
            return None;
        }
        if self.is_unlucky(40) {
            self.note(Hazard::ReceiverRefused);
            return Some(503);
        }
        let change = self.apply(&id, |now, history| history.apply_callback(now, &callback, Some(seen)));
        if self.is_unlucky(40) {
            self.note(Hazard::ReceiverKilled);
            return None;
        }
        let row = self.rows.get(&id)?;
        if history(row).needs_confirming() && matches!(row.kind, RowKind::Job | RowKind::Number) {
            let pause = self.random.between(1, 2_000);
            self.after(pause, Happening::Confirm { row: id, callback: Box::new(callback) });
        }
        change.map(|change| change.status().as_u16())
    }

    fn is_unlucky(&mut self, one_in: u64) -> bool {
        self.plan.kills > 0 && self.random.below(one_in) == 0
    }

    /// Reads a row, changes it, stores it, and looks whether it is still right.
    pub(crate) fn apply(
        &mut self,
        id: &str,
        change: impl FnOnce(Timestamp, &mut JobHistory) -> Change,
    ) -> Option<Change> {
        let now = self.true_time();
        let row = self.rows.get_mut(id)?;
        let mut history = history(row);
        let changed = change(now, &mut history);
        row.history = serde_json::to_vec(&history).expect("a history is JSON");
        self.trace(|_| format!("row {id}: {changed:?}, {:?} now", history.state()));
        self.check_row(id, &history);
        Some(changed)
    }

    fn check_row(&mut self, id: &str, history: &JobHistory) {
        let Some(Row { kind, last_word, .. }) = self.rows.get(id) else { return };
        let (kind, last_word) = (*kind, *last_word);
        let trust = if matches!(kind, RowKind::Webhook { .. }) { Trust::FirstSeen } else { Trust::Confirmed };
        if history.may_be_let_in(trust) {
            let is_right = match kind {
                RowKind::Webhook { is_clear } => is_clear,
                _ => self.ledger.owners(id).iter().any(|owner| self.is_approved(*owner)),
            };
            if !is_right {
                return self.break_rule(
                    Rule::LetIn,
                    format!("the person of row {id} is let in without an approval"),
                );
            }
        }
        let is_confirmed = history.result().is_some_and(|result| result.trust >= Trust::Confirmed);
        let decision = history.result().map(|result| result.decision);
        match last_word {
            Some(before) if !self.is_shared(id) && Some(before) != decision => {
                let what = format!("row {id} had {before:?} as its last word, and has {decision:?} now");
                self.break_rule(Rule::Final, what);
            }
            None if is_confirmed && history.state() == JobState::Final => {
                if let Some(row) = self.rows.get_mut(id) {
                    row.last_word = decision;
                }
            }
            _ => {}
        }
    }

    pub(crate) fn confirm(&mut self, row: String, callback: &Callback) {
        let key = self.submissions.iter().find(|it| it.key.job_id.as_str() == row).map(|it| it.key.clone());
        let Some(key) = key else { return };
        let seed = self.random.next();
        let confirm = Confirm::new(self.partner.clone(), key, callback, self.settings.clone(), seed);
        self.start(Purpose::Confirm(row), Machine::Confirm(Box::new(confirm)), 0);
    }

    pub(crate) fn confirmed(&mut self, row: &str, end: Result<Confirmation, ConfirmError>) {
        match end {
            Ok(confirmed) => {
                self.apply(row, |now, history| history.apply_confirmed(now, &confirmed));
            }
            Err(error) => {
                if let Some(status) = error.status() {
                    self.apply(row, |now, history| history.apply_status(now, status));
                }
            }
        }
    }

    /// Forges a callback, with the knowledge of those seen before.
    pub(crate) fn forge(&mut self) {
        let seen: Vec<usize> =
            (0..self.posts.len()).filter(|number| self.posts[*number].was_answered).collect();
        if seen.is_empty() {
            return;
        }
        let number = self.random.one_of(&seen);
        let mut entry: Map<String, Value> =
            serde_json::from_slice(&self.posts[number].letter.body).unwrap_or_default();
        let jobs: Vec<String> = self
            .rows
            .iter()
            .filter(|(_, row)| matches!(row.kind, RowKind::Job | RowKind::Number))
            .map(|(id, _)| id.clone())
            .collect();
        let kind = self.random.below(3);
        let hazard = match kind {
            0 => Hazard::ForgedUnderSeen,
            1 => Hazard::ForgedForOther,
            _ => Hazard::ForgedUnsigned,
        };
        self.note(hazard);
        if kind == 1 {
            let id = &jobs[self.random.below(jobs.len() as u64) as usize];
            let of = self.submissions.iter().find(|it| it.key.job_id.as_str() == id);
            if let (Some(of), Some(params)) = (of, entry.get_mut("PartnerParams")) {
                params["job_id"] = id.as_str().into();
                params["user_id"] = of.key.user_id.as_str().into();
                params["job_type"] = of.key.job_type.number().into();
            }
        }
        entry.insert("ResultCode".into(), "0810".into());
        entry.insert("ResultText".into(), "Enroll User".into());
        entry.insert("IsFinalResult".into(), "true".into());
        entry.insert(
            "Actions".into(),
            json!({ "Register_Selfie": "Approved", "Selfie_To_ID_Authority_Compare": "Completed",
                "Liveness_Check": "Passed", "Verify_ID_Number": "Verified" }),
        );
        if kind == 2 {
            entry.insert("signature".into(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into());
        }
        self.posts[number].was_misused = true;
        let body = Value::Object(entry).to_string();
        self.trace(|_| format!("forged from callback {number}: {body}"));
        let status = self.receive(&HeaderMap::new(), body.into());
        self.trace(|_| format!("the forgery is answered: {status:?}"));
    }

    /// A worker that is set up for the other environment submits there, and its result is applied
    /// here.
    pub(crate) fn run_elsewhere(&mut self, submission: usize) {
        self.note(Hazard::OtherEnvironment);
        let mut behaviour = self.plan.behaviour;
        (behaviour.notice, behaviour.review_delay, behaviour.review_approves) = (0, 0, true);
        let mut service = Service::new(Kind::Model, behaviour, "001", "other-key", super::ELSEWHERE, 0);
        let job = self.job(submission).with_retry(false);
        let seed = self.random.next();
        let Ok(mut flow) = JobFlow::new(self.elsewhere.clone(), job, self.settings.clone(), seed) else {
            return;
        };
        let mut now = self.now;
        let outcome: JobOutcome = loop {
            match flow.next(Timestamp::from_unix_millis(START + now)) {
                Next::Send { request, .. } => {
                    let Ok(response) = service.handle(now, &request) else { return };
                    flow.receive(Timestamp::from_unix_millis(START + now), Ok(response));
                }
                Next::Wait { until } => now = until.unix_millis() - START,
                Next::Finished(Ok(outcome)) => break outcome,
                Next::Finished(Err(_)) | Next::Read(_) => return,
            }
        };
        let job_id = self.submissions[submission].key.job_id.as_str().to_owned();
        self.trace(|_| format!("elsewhere: {:?}", outcome.verdict().map(smile_core::Verdict::decision)));
        self.apply(&job_id, |now, history| history.apply_outcome(now, &outcome));
    }

    /// A v3 verification, and its webhook.
    pub(crate) fn webhook(&mut self, number: u64) {
        let id = format!("v3-{}", number % 1_000);
        let variants: [(Value, bool); 11] = [
            (json!({ "product": "biometric_kyc" }), true),
            (json!({ "product": "smartselfie_authentication" }), true),
            (json!({}), false),
            (json!({ "product": "something_new" }), false),
            (json!({ "product": "AML" }), false),
            (json!({ "product": ["one_time_aml"] }), false),
            (json!({ "product": "enhanced_kyc" }), false),
            (json!({ "product": "biometric_kyc", "people": [{ "name": "x" }] }), false),
            (json!({ "product": "biometric_kyc", "fraud_score": 99 }), false),
            (json!({ "product": "biometric_kyc", "Product": "one_time_aml" }), false),
            (json!({ "product": "one_time_aml" }), false),
        ];
        let (mut body, is_clear) = variants[(number / 1_000 % variants.len() as u64) as usize].clone();
        if !is_clear {
            self.note(Hazard::WebhookUnclear);
        }
        body["status"] = "clear".into();
        body["message"] = "ok".into();
        body["job_id"] = id.as_str().into();
        body["user_id"] = "user-v3".into();
        let history = JobHistory::of_webhook(self.partner.account(), UserId::new("user-v3"), JobId::new(&id));
        self.insert_row(id, &history, RowKind::Webhook { is_clear });
        let signed = self.partner.signer().sign(self.true_time());
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("response-timestamp", signed.timestamp()), ("response-signature", signed.signature())]
        {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        }
        let body = body.to_string();
        let status = self.receive(&headers, body.clone().into());
        self.trace(|_| format!("webhook {body} is answered: {status:?}"));
    }
}

/// The same result in other bytes: keys in another order, blanks, and fresh links to images.
fn rewritten(body: &Bytes, now: u64) -> Bytes {
    let Ok(Value::Object(entry)) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let mut turned = Map::new();
    for (name, value) in entry.into_iter().rev() {
        turned.insert(name, value);
    }
    if turned.contains_key("ImageLinks") {
        turned.insert(
            "ImageLinks".into(),
            json!({ "selfie_image": format!("http://127.0.0.1/image?fresh={now}") }),
        );
    }
    serde_json::to_string_pretty(&Value::Object(turned)).map_or_else(|_| body.clone(), Bytes::from)
}
