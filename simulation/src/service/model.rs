//! A plain model of the service, written from its description and without the sandbox's code.
//!
//! It knows what the workers use: prep upload, the store of zips, Enhanced KYC at once and by
//! callback, and the job status.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::{Signer, Timestamp};

use super::shared::{Letter, START, ServiceBehaviour};

/// The lifetime of an upload address, in milliseconds.
const ADDRESS_LIFETIME: u64 = 15 * 60 * 1_000;

pub(crate) struct Model {
    signer: Signer,
    origin: String,
    behaviour: ServiceBehaviour,
    jobs: BTreeMap<String, Job>,
    addresses: BTreeMap<String, Address>,
    reviews: Vec<(u64, String, Map<String, Value>)>,
    letters: Vec<Letter>,
    last_signed: u64,
    numbers: u64,
}

struct Job {
    user_id: String,
    job_type: u64,
    smile_job_id: String,
    params: Map<String, Value>,
    sends_callbacks: bool,
    /// The time from which the status shows the zip, or the check.
    seen_from: Option<u64>,
    results: Vec<(u64, Map<String, Value>, bool)>,
}

struct Address {
    job_id: String,
    until: u64,
}

impl Model {
    pub(crate) fn new(signer: Signer, origin: &str, behaviour: ServiceBehaviour) -> Self {
        Self {
            signer,
            origin: origin.to_owned(),
            behaviour,
            jobs: BTreeMap::new(),
            addresses: BTreeMap::new(),
            reviews: Vec::new(),
            letters: Vec::new(),
            last_signed: 0,
            numbers: 0,
        }
    }

    pub(crate) fn handle(&mut self, now: u64, request: &Request<Bytes>) -> Response<Bytes> {
        self.wake(now);
        let path = request.uri().path();
        match (request.method().as_str(), path) {
            ("PUT", path) => self.put(now, path.trim_start_matches("/put/")),
            ("POST", "/v1/upload") => {
                self.signed_in(request, "smile_client_id", "2205", |it, body| it.prep(now, body))
            }
            ("POST", "/v1/job_status") => {
                self.signed_in(request, "partner_id", "2405", |it, body| it.status(now, body))
            }
            ("POST", "/v1/id_verification") => {
                self.signed_in(request, "partner_id", "2405", |it, body| it.check(now, body, false))
            }
            ("POST", "/v1/async_id_verification") => {
                self.signed_in(request, "partner_id", "2405", |it, body| it.check(now, body, true))
            }
            _ => answer(404, "application/json", r#"{"message":"Not Found"}"#),
        }
    }

    pub(crate) fn next_wakeup(&self) -> Option<u64> {
        self.reviews.iter().map(|(at, ..)| *at).min()
    }

    pub(crate) fn take_letters(&mut self, now: u64) -> Vec<Letter> {
        self.wake(now);
        std::mem::take(&mut self.letters)
    }

    fn wake(&mut self, now: u64) {
        while let Some(place) = self.reviews.iter().position(|(at, ..)| *at <= now) {
            let (at, job_id, params) = self.reviews.remove(place);
            let code = if self.behaviour.review_approves { "1210" } else { "1211" };
            self.conclude(at.max(now), &job_id, &params, code, None);
        }
    }

    fn signed_in(
        &mut self,
        request: &Request<Bytes>,
        partner_field: &str,
        unauthorised: &str,
        then: impl FnOnce(&mut Self, &Map<String, Value>) -> Response<Bytes>,
    ) -> Response<Bytes> {
        let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(request.body()) else {
            return refused("2203");
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let mine = self.signer.partner_id().as_str() == text(partner_field);
        if !mine || self.signer.confirm(text("timestamp"), text("signature")).is_err() {
            return refused(unauthorised);
        }
        then(self, &body)
    }

    fn prep(&mut self, now: u64, body: &Map<String, Value>) -> Response<Bytes> {
        let Some(Value::Object(params)) = body.get("partner_params") else { return refused("2213") };
        let ids = Ids::of(params);
        let is_retry = body.get("retry") == Some(&json!(true));
        match self.jobs.get_mut(&ids.job_id) {
            Some(job) if is_retry && job.user_id == ids.user_id && job.job_type == ids.job_type => {
                job.params = params.clone();
                job.sends_callbacks = true;
            }
            Some(_) => return refused("2215"),
            None => self.add(&ids, params, true),
        }
        let smile_job_id = self.jobs.get(&ids.job_id).map(|job| job.smile_job_id.clone()).unwrap_or_default();
        let name = format!("a{}", self.addresses.len());
        self.addresses.insert(name.clone(), Address { job_id: ids.job_id, until: now + ADDRESS_LIFETIME });
        let body = json!({
            "upload_url": format!("{}/put/{name}", self.origin), "ref_id": name, "smile_job_id": smile_job_id,
            "camera_config": null, "code": "2202",
        });
        answer(200, "application/json", body.to_string())
    }

    fn put(&mut self, now: u64, name: &str) -> Response<Bytes> {
        let Some(address) = self.addresses.get(name).filter(|address| now < address.until) else {
            let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code>\
                       <Message>Request has expired</Message></Error>";
            return answer(403, "application/xml", xml);
        };
        let job_id = address.job_id.clone();
        let Some(job) = self.jobs.get_mut(&job_id) else { return refused("2203") };
        let seen_from = now + self.behaviour.notice;
        job.seen_from = Some(job.seen_from.map_or(seen_from, |earlier| earlier.min(seen_from)));
        let params = job.params.clone();
        // The newest zip is the one that is looked at.
        self.reviews.retain(|(_, of, _)| *of != job_id);
        let code = match params.get("sandbox_result").and_then(Value::as_str) {
            Some("1") => "0811",
            Some("2") => "0812",
            _ => "0810",
        };
        self.conclude(seen_from, &job_id, &params, code, None);
        if code == "0812" {
            self.reviews.push((seen_from + self.behaviour.review_delay, job_id, params));
        }
        answer(200, "application/xml", "")
    }

    fn check(&mut self, now: u64, body: &Map<String, Value>, is_async: bool) -> Response<Bytes> {
        let Some(Value::Object(params)) = body.get("partner_params") else { return refused("2413") };
        let ids = Ids::of(params);
        match self.jobs.get(&ids.job_id) {
            Some(job) if job.job_type != ids.job_type && !self.behaviour.shares_ids => {
                return refused("2215");
            }
            Some(_) => {}
            None => self.add(&ids, params, is_async),
        }
        let Some(job) = self.jobs.get_mut(&ids.job_id) else { return refused("2413") };
        job.params = params.clone();
        job.sends_callbacks = is_async;
        job.seen_from = Some(now);
        let code = match params.get("sandbox_result").and_then(Value::as_str) {
            Some("1") => "1013",
            Some("2") => "1015",
            _ => "1012",
        };
        let entry = self.conclude(now, &ids.job_id, params, code, Some(body));
        if is_async {
            return answer(200, "application/json", r#"{"success":true}"#);
        }
        answer(200, "application/json", Value::Object(self.sign(now, entry)).to_string())
    }

    fn status(&mut self, now: u64, body: &Map<String, Value>) -> Response<Bytes> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let job = self.jobs.get(text("job_id")).filter(|job| job.user_id == text("user_id"));
        let seen = job.filter(|job| job.seen_from.is_some_and(|from| from <= now));
        let newest = seen.and_then(|job| job.results.iter().rev().find(|(from, ..)| *from <= now));
        let (code, result) = match (seen, newest) {
            (None, _) => ("2314", json!("No zip file received")),
            (Some(_), None) => ("2302", Value::Null),
            (Some(_), Some((_, entry, _))) => ("2302", Value::Object(entry.clone())),
        };
        let (is_complete, is_success) = (newest.is_some(), newest.is_some_and(|(.., success)| *success));
        let signed = self.signer.sign(Timestamp::from_unix_millis(START + now));
        let body = json!({
            "timestamp": signed.timestamp(), "signature": signed.signature(), "job_complete": is_complete,
            "job_success": is_success, "code": code, "result": result,
        });
        answer(200, "application/json", body.to_string())
    }

    fn add(&mut self, ids: &Ids, params: &Map<String, Value>, sends_callbacks: bool) {
        self.numbers += 1;
        let job = Job {
            user_id: ids.user_id.clone(),
            job_type: ids.job_type,
            smile_job_id: format!("{:010}", self.numbers),
            params: params.clone(),
            sends_callbacks,
            seen_from: None,
            results: Vec::new(),
        };
        self.jobs.insert(ids.job_id.clone(), job);
    }

    /// Writes a result, and the letter that tells of it.
    fn conclude(
        &mut self,
        at: u64,
        job_id: &str,
        params: &Map<String, Value>,
        code: &str,
        asked: Option<&Map<String, Value>>,
    ) -> Map<String, Value> {
        let (text, is_final, actions) = said(code);
        let Some(job) = self.jobs.get_mut(job_id) else { return Map::new() };
        let mut entry = Map::new();
        entry.insert("JSONVersion".into(), "1.0.0".into());
        entry.insert("SmileJobID".into(), job.smile_job_id.as_str().into());
        entry.insert("PartnerParams".into(), params.clone().into());
        let result_type = if asked.is_some() { "ID Verification" } else { "SAIA" };
        entry.insert("ResultType".into(), result_type.into());
        entry.insert("ResultText".into(), text.into());
        entry.insert("ResultCode".into(), code.into());
        entry.insert("IsFinalResult".into(), if is_final { "true" } else { "false" }.into());
        entry.insert("Actions".into(), actions);
        for (name, field) in [("Country", "country"), ("IDType", "id_type"), ("IDNumber", "id_number")] {
            if let Some(value) = asked.and_then(|asked| asked.get(field)) {
                entry.insert(name.into(), value.clone());
            }
        }
        let is_success = matches!(code, "0810" | "0812" | "1210" | "1012");
        job.results.push((at, entry.clone(), is_success));
        if job.sends_callbacks {
            let mut told = entry.clone();
            told.insert(
                "ImageLinks".into(),
                json!({ "selfie_image": format!("{}/image/1?e={at}", self.origin) }),
            );
            let told = self.sign(at, told);
            let body = Value::Object(told).to_string();
            self.letters.push(Letter { at, job_id: job_id.to_owned(), body: body.into() });
        }
        entry
    }

    /// Signs a result; no two are signed for the same moment.
    fn sign(&mut self, at: u64, mut entry: Map<String, Value>) -> Map<String, Value> {
        self.last_signed = (self.last_signed + 1).max(START + at);
        let signed = if self.behaviour.signs_seconds {
            self.last_signed = self.last_signed.div_ceil(1_000) * 1_000;
            let text = (self.last_signed / 1_000).to_string();
            let signature = self.signer.sign_text(&text);
            (text, signature)
        } else {
            let signed = self.signer.sign(Timestamp::from_unix_millis(self.last_signed));
            (signed.timestamp().to_owned(), signed.signature().to_owned())
        };
        entry.insert("signature".into(), signed.1.into());
        entry.insert("timestamp".into(), signed.0.into());
        entry
    }
}

struct Ids {
    user_id: String,
    job_id: String,
    job_type: u64,
}

impl Ids {
    fn of(params: &Map<String, Value>) -> Self {
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            user_id: text("user_id"),
            job_id: text("job_id"),
            job_type: params.get("job_type").and_then(Value::as_u64).unwrap_or_default(),
        }
    }
}

/// The text of a code, whether it is the last word, and the steps that go with it.
fn said(code: &str) -> (&'static str, bool, Value) {
    let faces = |compare: &str, register: &str, review: &str| {
        json!({
            "Human_Review_Compare": review, "Human_Review_Liveness_Check": review, "Liveness_Check": "Passed",
            "Register_Selfie": register, "Return_Personal_Info": "Not Returned",
            "Selfie_To_ID_Authority_Compare": compare, "Verify_ID_Number": "Verified",
        })
    };
    match code {
        "0810" => ("Enroll User", true, faces("Completed", "Approved", "Not Applicable")),
        "0811" => ("No Face Match", true, faces("Failed", "Rejected", "Not Applicable")),
        "0812" => (
            "Provisional Enrollment - Under Review",
            false,
            faces("Under Review", "Approved", "Not Applicable"),
        ),
        "1210" => {
            ("Enroll User - Machine Judgement Approved", true, faces("Completed", "Approved", "Passed"))
        }
        "1211" => ("Failed Enroll - Human Judgement - Compare", true, faces("Failed", "Rejected", "Failed")),
        "1012" => (
            "ID Number Validated",
            true,
            json!({ "Return_Personal_Info": "Returned", "Verify_ID_Number": "Verified" }),
        ),
        "1013" => (
            "Invalid ID",
            true,
            json!({ "Return_Personal_Info": "Not Returned", "Verify_ID_Number": "Not Verified" }),
        ),
        _ => (
            "Issuer Unavailable",
            true,
            json!({ "Return_Personal_Info": "Not Returned", "Verify_ID_Number": "Issuer Unavailable" }),
        ),
    }
}

fn refused(code: &str) -> Response<Bytes> {
    answer(400, "application/json", json!({ "error": "refused", "code": code }).to_string())
}

fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert("content-type", value);
    }
    response
}
