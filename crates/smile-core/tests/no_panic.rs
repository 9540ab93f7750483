//! Freedom from panics, on any input by a user or the network: arbitrary and almost-right input
//! through every parser.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

mod support;

use bytes::Bytes;
use http::{Response, StatusCode};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use smile_core::operation::Operation;
use smile_core::v1::{PrepUploadRequest, UploadRequest, UploadUrl};
use smile_core::{
    ApiKey, BaseUrl, Callback, CallbackUrl, Checkpoint, Confirm, Decision, Environment, Flow, FlowSettings,
    Image, ImageType, Job, JobFlow, JobHistory, JobId, JobKey, JobStatusRequest, JobType, Next, Nonce,
    Partner, PartnerId, PartnerParams, ReceivedTimestamp, ResultEntry, Timestamp, UserId,
};
use support::{JPEG, START, UPLOAD_URL, answer, partner};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Anything; or one of these with a few bytes replaced, taken out or put in, or cut off somewhere.
fn bytes_like(samples: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<Index>(), 0..4_u8, any::<u8>());
    let edited = (select(samples), prop::collection::vec(edit, 0..4)).prop_map(|(mut bytes, edits)| {
        for (at, how, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                2 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    });
    prop_oneof![1 => any::<Vec<u8>>(), 4 => edited]
}

/// The same as text.
fn text_like(samples: &[&str]) -> impl Strategy<Value = String> {
    let own = samples.iter().map(|&sample| sample.to_owned()).collect::<Vec<_>>();
    let edit = (any::<Index>(), 0..4_u8, any::<char>());
    let edited = (select(own), prop::collection::vec(edit, 0..4)).prop_map(|(text, edits)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, how, new) in edits {
            let at = at.index(chars.len() + 1);
            match how {
                0 => chars.insert(at, new),
                1 => chars.truncate(at),
                2 if at < chars.len() => chars[at] = new,
                _ if at < chars.len() => drop(chars.remove(at)),
                _ => {}
            }
        }
        chars.into_iter().collect::<String>()
    });
    prop_oneof![1 => any::<String>(), 4 => edited]
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let body = |told: support::Answer| told.unwrap().into_body().to_vec();
    bytes_like(vec![
        body(support::opened()),
        body(support::approved()),
        body(support::pending()),
        body(support::no_zip()),
        body(support::badly_signed()),
        br#"{"ResultCode":"0810","Actions":{"Liveness_Check":"Passed"},"PartnerParams":{"user_id":"user-1","job_id":"job-1","job_type":1,"nonce":""}}"#
            .to_vec(),
        br#"{"status":"clear","reason":null,"job_id":"job-1","user_id":"user-1","antifraud":{"summary":{"fraud_detected":false}}}"#
            .to_vec(),
        body(support::refused(400, "2215")),
        b"<html>".to_vec(),
        "[".repeat(300).into_bytes(),
        format!("{{\"a\":{}1{}}}", "[".repeat(300), "]".repeat(300)).into_bytes(),
        br#"{"upload_url":"https://\u0000","result":{"ResultCode":1e400,"ConfidenceValue":"1e999"}}"#
            .to_vec(),
    ])
}

fn responses() -> impl Strategy<Value = Response<Bytes>> {
    let status = prop_oneof![2 => Just(200_u16), 1 => 100..=999_u16];
    let retry_after = text_like(&["7", "18446744073709551615", "Wed, 21 Oct 2015 07:28:00 GMT", ""]);
    (status, bodies(), prop::option::of(retry_after)).prop_map(|(status, body, retry_after)| {
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let value = retry_after.and_then(|text| http::HeaderValue::from_bytes(text.as_bytes()).ok());
        response.headers_mut().extend(value.map(|value| (http::header::RETRY_AFTER, value)));
        response
    })
}

const URLS: &[&str] = &[
    "https://example.com/v1",
    "http://127.0.0.1:8080/v1/",
    "http://[::1]:1/v1?x=1",
    "https://user:secret@example.com:99999/a%2Fb#part",
    UPLOAD_URL,
    "https://[",
    "https://a:",
    "//",
    "production",
];

/// An accepted base URL makes requests.
fn requests_of(environment: Environment) {
    let partner = Partner::new("001", "key", environment).unwrap();
    let job = support::job();
    let _ = PrepUploadRequest::new(&job).request(&partner, START);
    let _ = JobStatusRequest::new(UserId::new(""), JobId::new("")).request(&partner, START);
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn addresses(text in text_like(URLS)) {
        if let Ok(base) = BaseUrl::new(&text) {
            requests_of(Environment::Custom(base));
        }
        if let Ok(environment) = text.parse::<Environment>() {
            let _ = format!("{environment:?} {}", environment.base_url());
            requests_of(environment);
        }
        if let Ok(url) = CallbackUrl::new(&text) {
            prop_assert_eq!(url.as_str(), &text);
            let _ = format!("{url:?}");
        }
        for environment in [Environment::Sandbox, partner().environment().clone()] {
            if let Ok(url) = UploadUrl::new(&text, &environment) {
                let _ = format!("{url:?}");
                let _ = UploadRequest::new(url, Bytes::new()).request(&partner(), START);
            }
        }
    }

    #[test]
    fn credentials(id in text_like(&["001", "2245"]), key in text_like(&["5bd7ef4f", ""])) {
        let _ = PartnerId::new(id.as_str()).map(|id| id.to_string());
        let _ = ApiKey::new(key.as_str());
        if let Ok(partner) = Partner::new(id, key, Environment::Sandbox) {
            let signed = partner.signer().sign(START);
            prop_assert_eq!(partner.signer().confirm(signed.timestamp(), signed.signature()), Ok(()));
        }
    }

    #[test]
    fn timestamps(text in text_like(&[
        "2024-01-15T10:30:00.000Z", "2024-01-15 10:30:00 +0000", "2024-02-29T23:59:60.123456789-23:59",
        "9999-12-31T23:59:59.999+23:59", "0000-01-01T00:00:00Z", "253402300799999", "999999999999999",
    ])) {
        if let Some(moment) = Timestamp::parse(&text) {
            prop_assert!(moment <= Timestamp::MAX);
            prop_assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        }
    }

    #[test]
    fn signatures(
        timestamp in text_like(&["2024-01-15T10:30:00.000Z", "1705314600000"]),
        signature in text_like(&["74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=", ""]),
        number: u64,
    ) {
        let partner = partner();
        let _ = partner.signer().confirm(&timestamp, &signature);
        for json in [json!(timestamp), json!(number), json!(-1), json!(1.5)] {
            if let Some(received) = ReceivedTimestamp::from_json(&json) {
                let _ = (received.moment(), partner.signer().confirm_received(&received, &signature));
            }
        }
    }

    #[test]
    fn answers(response in responses(), return_code in any::<bool>()) {
        let (partner, job) = (partner(), support::job());
        let show = |error: &smile_core::OperationError| format!("{error} {error:?}");
        let _ = PrepUploadRequest::new(&job).with_retry(return_code).parse(&partner, START, &response).map_err(|e| show(&e));
        let url = UploadUrl::new(UPLOAD_URL, &Environment::Sandbox).unwrap();
        let _ = UploadRequest::new(url, Bytes::new()).parse(&partner, START, &response).map_err(|e| show(&e));
        let question = JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"));
        let _ = question.parse(&partner, START, &response).map_err(|e| show(&e));
    }

    #[test]
    fn callbacks(body in bodies()) {
        if let Ok(callback) = partner().verifier().without_max_age().verify(Timestamp::default(), &http::HeaderMap::new(), body.clone().into()) {
            let _ = (callback.verdict(), callback.timestamp().moment(), format!("{callback:?}"));
        }
        if let Ok(value) = serde_json::from_slice::<Value>(&body)
            && let Some(entry) = ResultEntry::from_json(value)
        {
            let _ = (entry.verdict(), format!("{entry:?}"));
        }
    }

    /// Asks everything of a signed and posted body.
    #[test]
    fn callbacks_that_are_signed(body in bodies(), in_headers: bool, ids in prop::collection::vec(any::<Vec<u8>>(), 3)) {
        let pair = partner().signer().sign(START);
        let mut headers = http::HeaderMap::new();
        let mut body = body;
        if in_headers {
            headers.insert("response-timestamp", pair.timestamp().parse().unwrap());
            headers.insert("response-signature", pair.signature().parse().unwrap());
        } else if let Ok(Value::Object(mut fields)) = serde_json::from_slice(&body) {
            fields.insert("timestamp".into(), json!(pair.timestamp()));
            fields.insert("signature".into(), json!(pair.signature()));
            body = Value::Object(fields).to_string().into_bytes();
        }
        for (name, value) in ["job-id", "user-id", "api-version"].into_iter().zip(ids) {
            headers.extend(http::HeaderValue::from_bytes(&value).ok().map(|value| (http::HeaderName::from_static(name), value)));
        }
        if let Ok(callback) = partner().verifier().verify(START, &headers, body.into()) {
            everything_about(&callback);
        }
    }

    #[test]
    fn histories(text in text_like(&[
        r#"{"version":1,"user_id":"u","job_id":"j","judged_as":{"job_type":1},"standing":"final","counts":[0],"results":[{"decision":"approved","is_final":true,"code":"0810","trust":"verified","at":0}],"id_information":false}"#,
        r#"{"version":1,"user_id":"u","job_id":"j","judged_as":"match","standing":"open","counts":[],"results":[],"id_information":true}"#,
    ])) {
        if let Ok(mut history) = serde_json::from_str::<JobHistory>(&text) {
            let _ = (history.settle_by_hand(START, Decision::Rejected), format!("{history:?}"));
            let again: JobHistory = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
            prop_assert_eq!(again, history);
        }
        let _ = serde_json::from_str::<Nonce>(&text).map(|nonce| nonce.to_text());
        let _ = Nonce::from_text(&text);
    }

    /// A whole job whose every answer is arbitrary.
    #[test]
    fn answers_to_a_flow(responses in prop::collection::vec(responses(), 0..20)) {
        let mut flow = JobFlow::new(partner(), support::job(), FlowSettings::default(), 7).unwrap();
        let mut responses = responses.into_iter();
        run(&mut flow, |_| Ok(JPEG.to_vec()), || responses.next().map_or_else(support::timeout, Ok));
    }

    #[test]
    fn images(
        bytes in bytes_like(vec![JPEG.to_vec(), b"\x89PNG\r\n\x1a\n".to_vec(), b"\0\0\0\x24ftypheic\0".to_vec()]),
        base64 in text_like(&["/9j/4A==", "data:image/jpeg;base64,/9j/4A", "DATA:;BASE64,", "data:,", " \n"]),
        name in text_like(&["a.jpg", "../../etc/passwd", "C:\\Users\\x\\a.jpeg", "..", "\u{202e}gpj.a", "a\0.jpg"]),
        types in prop::collection::vec(0..8_u8, 0..6),
    ) {
        let sources = [
            Image::path(name.as_str()),
            Image::bytes(bytes.clone()).with_file_name(name.as_str()),
            Image::base64(base64).with_file_name(name),
        ];
        for source in sources {
            let mut job = Job::smartselfie_registration(support::params(), source.clone()).with_return_job_status(true);
            for id in &types {
                job = job.with_image(ImageType::from_id(*id).unwrap(), source.clone());
            }
            let Ok(mut flow) = JobFlow::new(partner(), job, FlowSettings::default(), 7) else { continue };
            let mut answers = [support::opened(), answer(200, ""), support::approved()].into_iter();
            run(&mut flow, |_| Ok(bytes.clone()), || answers.next().unwrap_or_else(support::timeout));
        }
    }

    #[test]
    fn jobs(
        ids in (any::<String>(), any::<String>()),
        key in text_like(&["branch", "job_type", "", "\0"]),
        value in text_like(&["Lagos", "\u{2028}"]),
        job_type: u16,
        id_info in (text_like(&["NG", "ng"]), text_like(&["BVN"]), any::<String>(), text_like(&["2000-02-29", "2000-13-01"])),
    ) {
        let params = PartnerParams::new(UserId::new(ids.0), JobId::new(ids.1)).with_param(key.as_str(), value.as_str());
        let (country, id_type, number, dob) = id_info;
        let id_info = smile_core::IdInfo::new(country, id_type, number).with_dob(dob).with_field(key, value);
        let job = Job::of_type(JobType::from_number(job_type), params)
            .with_selfie(Image::bytes(JPEG))
            .with_id_card(Image::bytes(JPEG))
            .with_id_info(id_info)
            .with_return_job_status(true);
        let _ = format!("{job:?} {}", job.job_type());
        match JobFlow::new(partner(), job, FlowSettings::default(), 7) {
            Err(error) => drop(format!("{error} {error:?}")),
            Ok(mut flow) => {
                let mut answers = [support::opened(), answer(200, ""), support::approved()].into_iter();
                run(&mut flow, |_| Ok(vec![]), || answers.next().unwrap_or_else(support::timeout));
            }
        }
    }

    #[test]
    fn checkpoints(text in bytes_like(checkpoint_texts()), progress in select(vec![
        "nothing", "maybe_opened", "opened", "maybe_uploaded", "uploaded", "Nothing", "",
    ])) {
        let text = String::from_utf8_lossy(&text).replace("nothing", progress);
        let Ok(checkpoint) = serde_json::from_str::<Checkpoint>(&text) else { return Ok(()) };
        let again: Checkpoint = serde_json::from_str(&serde_json::to_string(&checkpoint).unwrap()).unwrap();
        prop_assert_eq!(&again, &checkpoint);
        let _ = format!("{checkpoint:?}");
        match JobFlow::resume(partner(), &checkpoint, support::job(), FlowSettings::default(), 7) {
            Err(error) => drop(format!("{error} {error:?}")),
            Ok(mut flow) => run(&mut flow, |_| Ok(vec![]), support::timeout),
        }
    }
}

fn everything_about(callback: &Callback) {
    let _ = (callback.kind(), callback.job_id(), callback.user_id(), callback.verdict(), callback.digest());
    let _ = (callback.check_nonce(&Nonce::from_random([7; 16])), callback.audit_json());
    let _ = callback.entry().match_verdict();
    let (user_id, job_id) = (UserId::new("user-1"), JobId::new("job-1"));
    let key = JobKey { user_id: user_id.clone(), job_id: job_id.clone(), job_type: JobType::BIOMETRIC_KYC };
    let histories = [
        JobHistory::new(partner().account(), key.clone()),
        JobHistory::of_match(partner().account(), user_id.clone(), job_id.clone()),
        JobHistory::of_webhook(partner().account(), user_id, job_id),
    ];
    for mut history in histories {
        let _ = (history.apply_callback(START, callback, None), format!("{history:?}"));
        let again: JobHistory = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
        assert_eq!(again, history);
    }
    if let Some(webhook) = callback.webhook() {
        let _ = (webhook.verdict(), webhook.id_fields(), format!("{webhook:?}"));
    }
    let mut confirm = Confirm::new(partner(), key, callback, FlowSettings::default(), 7);
    let mut now = START;
    for _ in 0..300 {
        match confirm.next(now) {
            Next::Read(_) => panic!("there is nothing to read"),
            Next::Send { .. } => confirm.receive(now, support::approved()),
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => return drop(format!("{outcome:?} {confirm:?}")),
        }
    }
    panic!("it ends");
}

fn checkpoint_texts() -> Vec<Vec<u8>> {
    let mut flow = JobFlow::new(partner(), support::job(), FlowSettings::default(), 7).unwrap();
    let fresh = serde_json::to_vec(&flow.checkpoint()).unwrap();
    let _ = flow.next(START);
    vec![
        fresh.clone(),
        fresh,
        serde_json::to_vec(&flow.checkpoint()).unwrap(),
        b"{}".to_vec(),
        b"[]".to_vec(),
    ]
}

/// Drives it to its end and shows everything on the way.
fn run(
    flow: &mut JobFlow,
    mut file: impl FnMut(&std::path::Path) -> std::io::Result<Vec<u8>>,
    mut exchange: impl FnMut() -> support::Answer,
) {
    let mut now = START;
    for _ in 0..300 {
        let next = flow.next(now);
        let _ = format!("{next:?} {flow:?}");
        while let Some(event) = flow.take_event() {
            let _ = format!("{event:?}");
        }
        match next {
            Next::Read(path) => flow.file_read(now, file(&path)),
            Next::Send { .. } => flow.receive(now, exchange()),
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => {
                let _ = format!("{outcome:?}");
                return;
            }
        }
    }
    panic!("it ends");
}

/// A base URL so long that there is no room for an endpoint behind it is refused, or makes requests
/// all the same.
#[test]
fn a_base_url_of_any_length() {
    for length in [100, 60_000, 65_500, 65_520, 65_525, 65_530, 65_534, 65_535, 70_000] {
        let text = format!("https://example.com/{}", "a".repeat(length - "https://example.com/".len()));
        if let Ok(base) = BaseUrl::new(&text) {
            let made = std::panic::catch_unwind(|| requests_of(Environment::Custom(base)));
            assert!(
                made.is_ok(),
                "a base URL of {length} bytes was accepted, and then no request could be made"
            );
        }
    }
}

#[test]
fn settings_at_their_limits() {
    use smile_core::{PollSchedule, RetryPolicy};
    use std::time::Duration;
    for limit in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for attempts in [0, 1, 2, 40] {
            let settings = FlowSettings::default()
                .with_deadline(Duration::MAX)
                .with_request_timeout(limit)
                .with_upload_timeout(limit)
                .with_poll_schedule(PollSchedule::two_paced(limit, 2, limit, 5))
                .with_retry_policy(
                    RetryPolicy::default().with_max_attempts(attempts).with_backoff(limit, limit),
                );
            for seed in [0, 7, u64::MAX] {
                for told in [support::timeout(), support::retry_later(503, u32::MAX), support::opened()] {
                    let mut flow = JobFlow::new(partner(), support::job(), settings.clone(), seed).unwrap();
                    run(&mut flow, |_| Ok(vec![]), || told.clone());
                }
            }
        }
    }
}
