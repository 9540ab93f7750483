use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use smile_sandbox::{
    Endpoint, Fault, FaultRule, Incoming, Outgoing, Pace, Redirect, ResponseDelivery, RetryAfter,
    StorageError,
};

use crate::client::{Client, START, builder, full_zip, id_body, params, prep_body, put_request, signer};

const BAD_GATEWAY: Fault = Fault::Answer(StatusCode::BAD_GATEWAY);

/// The statuses of so many polls.
fn polls(client: &mut Client, count: usize) -> Vec<u16> {
    (0..count).map(|_| client.post("/v1/job_status", &json!({})).0).collect()
}

/// The answer to a check that is signed, as bytes.
fn check(client: &mut Client) -> http::Response<bytes::Bytes> {
    exchange(client).response
}

fn exchange(client: &mut Client) -> Outgoing {
    let body = id_body("00000000000", &json!({})).to_string();
    client.exchange(http::Request::post("/v1/id_verification").body(body.into()).unwrap())
}

fn body_of(response: &http::Response<bytes::Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn a_fault_happens_once_and_to_its_step_only() {
    let mut client = Client::new();
    let prep = prep_body(&params("job", 4));
    client.service.fail_next(Endpoint::PrepUpload, Fault::Answer(StatusCode::BAD_GATEWAY));
    client.service.fail_next(Endpoint::PrepUpload, Fault::Answer(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(client.post("/v1/job_status", &json!({})).0, 400);
    assert_eq!(client.prep(&prep), (502, json!({"message": "Bad Gateway"})));
    assert_eq!(client.prep(&prep), (429, json!({"message": "Too Many Requests"})));
    assert_eq!(client.prep(&prep).0, 200);
    let faults: Vec<_> = client.service.requests().iter().map(|request| request.fault.is_some()).collect();
    assert_eq!(faults, [false, true, true, false]);
}

#[test]
fn a_lost_request_is_not_handled_and_a_lost_answer_is() {
    let mut client = Client::new();
    let url = client.upload_url(&prep_body(&params("job", 4)));
    for (fault, processed) in [(Fault::LoseRequest, 0), (Fault::LoseAnswer, 1)] {
        client.service.fail_next(Endpoint::Upload, fault);
        assert!(client.exchange(put_request(&url, &full_zip("0"))).connection_lost);
        assert_eq!(client.service.job("job").unwrap().processed, processed);
    }
    assert!(!client.exchange(put_request(&url, &full_zip("0"))).connection_lost);
}

#[test]
fn a_rule_says_to_which_requests_it_happens() {
    let rule = || FaultRule::new(BAD_GATEWAY);
    for (rule, expected) in [
        (rule(), [502, 502, 502, 502]),
        (rule().with_endpoint(Endpoint::JobStatus), [502, 502, 502, 502]),
        (rule().with_endpoint(Endpoint::Upload), [400, 400, 400, 400]),
        (rule().with_times(2), [502, 502, 400, 400]),
        (rule().with_nth(3), [400, 400, 502, 400]),
        (rule().with_nth(2).with_times(2), [400, 502, 502, 400]),
        (rule().with_nth(0), [502, 400, 400, 400]),
        (rule().with_times(0), [400, 400, 400, 400]),
        (rule().with_probability(1.0), [502, 502, 502, 502]),
        (rule().with_probability(-1.0), [400, 400, 400, 400]),
        (rule().with_probability(f64::NAN), [400, 400, 400, 400]),
    ] {
        let mut client = Client::new();
        client.service.add_fault(rule.clone());
        assert_eq!(polls(&mut client, 4), expected, "{rule:?}");
    }
}

#[test]
fn the_first_rule_that_applies_is_it_and_each_counts_for_itself() {
    let mut client = Client::new();
    client.service.add_fault(FaultRule::new(BAD_GATEWAY).with_nth(2));
    client.service.add_fault(FaultRule::new(Fault::Answer(StatusCode::GATEWAY_TIMEOUT)).with_times(2));
    assert_eq!(polls(&mut client, 4), [504, 502, 504, 400]);
    assert!(client.service.faults().is_empty(), "rules that are used up are gone");
}

#[test]
fn rules_can_be_looked_at_and_taken_back() {
    let mut client = Client::new();
    let first = client.service.add_fault(FaultRule::new(BAD_GATEWAY).with_endpoint(Endpoint::JobStatus));
    let second = client.service.add_fault(FaultRule::new(Fault::LoseAnswer).with_endpoint(Endpoint::Aml));
    polls(&mut client, 2);
    let counts: Vec<_> =
        client.service.faults().iter().map(|rule| (rule.id, rule.seen, rule.happened)).collect();
    assert_eq!(counts, [(first, 2, 2), (second, 0, 0)]);
    assert!(client.service.remove_fault(first));
    assert!(!client.service.remove_fault(first));
    assert_eq!(polls(&mut client, 1), [400]);
    client.service.clear_faults();
    assert!(client.service.faults().is_empty());
    assert_ne!(client.service.add_fault(FaultRule::new(BAD_GATEWAY)), second, "ids are not used twice");
}

#[test]
fn chance_is_the_same_for_the_same_seed_and_about_as_likely_as_it_says() {
    let run = |seed| {
        let rule = FaultRule::new(BAD_GATEWAY).with_probability(0.25);
        let mut client = Client::with(builder().with_seed(seed).with_fault(rule));
        polls(&mut client, 400)
    };
    let (first, other) = (run(1), run(2));
    assert_eq!(first, run(1));
    assert_ne!(first, other);
    for statuses in [first, other] {
        let failed = statuses.iter().filter(|status| **status == 502).count();
        assert!((60..140).contains(&failed), "{failed} of 400");
    }
}

#[test]
fn answers_in_place_of_the_service() {
    let away = Redirect::new(StatusCode::TEMPORARY_REDIRECT, "https://elsewhere.example/v1/upload").unwrap();
    let later = |retry_after| Fault::TooManyRequests(retry_after);
    for (fault, status, header, value) in [
        (BAD_GATEWAY, 502, "content-type", "application/json"),
        (later(RetryAfter::Seconds(7)), 429, "retry-after", "7"),
        (later(RetryAfter::DateInSeconds(60)), 429, "retry-after", "Mon, 15 Jan 2024 10:31:00 GMT"),
        (Fault::HtmlPage(StatusCode::SERVICE_UNAVAILABLE), 503, "content-type", "text/html; charset=utf-8"),
        (Fault::Redirect(away), 307, "location", "https://elsewhere.example/v1/upload"),
    ] {
        let mut client = Client::new();
        client.service.fail_next(Endpoint::EnhancedKyc, fault.clone());
        let response = check(&mut client);
        assert_eq!(
            (response.status().as_u16(), response.headers()[header].to_str().unwrap()),
            (status, value)
        );
        assert!(client.service.jobs().is_empty(), "{fault:?}");
        let record = client.service.requests()[0].clone();
        assert_eq!((record.status.as_u16(), record.fault), (status, Some(fault)));
    }
}

fn storage_error(code: &str) -> StorageError {
    StorageError::new(code).unwrap()
}

#[test]
fn the_store_refuses_with_the_code_that_was_asked_for_before_or_after_it_stored_the_zip() {
    for (error, status, processed) in [
        (storage_error("SlowDown"), 503, 0),
        (storage_error("ExpiredToken"), 400, 0),
        (storage_error("AccessDenied").with_status(StatusCode::BAD_REQUEST), 400, 0),
        (storage_error("InternalError").after_storing(), 500, 1),
    ] {
        let mut client = Client::new();
        let url = client.upload_url(&prep_body(&params("job", 4)));
        client.service.fail_next(Endpoint::Upload, Fault::StorageError(error.clone()));
        let response = client.send(put_request(&url, &full_zip("0")));
        assert_eq!(
            (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
            (status, "application/xml")
        );
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        assert!(body.contains(&format!("<Error><Code>{}</Code>", error.code)), "{body}");
        assert_eq!(client.service.job("job").unwrap().processed, processed, "{error:?}");
    }
    assert_eq!(StorageError::new(""), None);
    assert_eq!(StorageError::new("Slow Down"), None);
}

#[test]
fn a_store_error_without_a_status_has_that_of_its_code() {
    for (code, status) in
        [("AccessDenied", 403), ("EntityTooLarge", 400), ("InternalError", 500), ("Odd", 400)]
    {
        let text = format!(r#"{{"fault":{{"storage_error":{{"code":"{code}"}}}}}}"#);
        let rule: FaultRule = serde_json::from_str(&text).unwrap();
        let Fault::StorageError(error) = rule.fault() else { panic!("{rule:?}") };
        assert_eq!((error.status.as_u16(), error.after_storing), (status, false), "{code}");
    }
}

#[test]
fn faults_after_the_work_is_done() {
    let replaced = Fault::ReplaceAnswer(StatusCode::GATEWAY_TIMEOUT);
    let truncated = Fault::TruncatedJson;
    for fault in [replaced, truncated] {
        let mut client = Client::new();
        let whole = check(&mut Client::new());
        client.service.fail_next(Endpoint::EnhancedKyc, fault.clone());
        let response = check(&mut client);
        assert_eq!(client.service.job("job").unwrap().processed, 1);
        if fault == Fault::TruncatedJson {
            assert_eq!(response.body()[..], whole.body()[..whole.body().len() / 2]);
        } else {
            assert_eq!(
                (response.status().as_u16(), &response.body()[..]),
                (504, &br#"{"message":"Gateway Timeout"}"#[..])
            );
        }
    }
}

#[test]
fn a_wrong_signature_looks_like_one_and_is_all_that_is_wrong() {
    let mut client = Client::new();
    let right = body_of(&check(&mut Client::new()));
    client.service.fail_next(Endpoint::EnhancedKyc, Fault::WrongSignature);
    let mut wrong = body_of(&check(&mut client));
    let signature = wrong["signature"].as_str().unwrap();
    assert_eq!(signature.len(), 44);
    assert!(signer().confirm(wrong["timestamp"].as_str().unwrap(), signature).is_err());
    wrong["signature"] = right["signature"].clone();
    assert_eq!(wrong, right);
}

#[test]
fn a_clock_that_is_off_signs_what_it_says() {
    for (seconds, expected) in [(-3_600, "2024-01-15T09:30:00.000Z"), (60, "2024-01-15T10:31:00.000Z")] {
        let mut client = Client::new();
        client.service.fail_next(Endpoint::EnhancedKyc, Fault::SkewedClock(seconds));
        let response = check(&mut client);
        let body = body_of(&response);
        assert_eq!(body["timestamp"], expected);
        signer().confirm(expected, body["signature"].as_str().unwrap()).unwrap();
        let date = httpdate::parse_http_date(response.headers()["date"].to_str().unwrap()).unwrap();
        let at = START.unix_millis() as i64 / 1_000 + i64::from(seconds);
        assert_eq!(date, std::time::UNIX_EPOCH + Duration::from_secs(at as u64));
    }
    let mut client = Client::new();
    client.service.fail_next(Endpoint::Services, Fault::SkewedClock(i32::MIN));
    let unsigned = client.send(http::Request::get("/v1/services").body(bytes::Bytes::new()).unwrap());
    assert_eq!(
        unsigned.body(),
        client.send(http::Request::get("/services").body(bytes::Bytes::new()).unwrap()).body()
    );
}

#[test]
fn the_server_gets_the_response_delivery() {
    let pace = Pace::new(3, Duration::from_millis(5));
    let delivery = |fault| {
        let mut client = Client::new();
        client.service.fail_next(Endpoint::EnhancedKyc, fault);
        exchange(&mut client).delivery
    };
    assert_eq!(delivery(Fault::ResetAnswer { after_bytes: 9 }).reset_after, Some(9));
    assert_eq!(delivery(Fault::ResetRequest { after_bytes: 9 }).reset_after, Some(0));
    assert!(delivery(Fault::EarlyEof).ends_early);
    assert_eq!(delivery(Fault::SlowAnswer(pace)).pace, Some(pace));
    assert_eq!(delivery(Fault::Latency(Duration::from_secs(9))).latency, Duration::from_secs(9));
    assert_eq!(delivery(BAD_GATEWAY), ResponseDelivery::default());
}

#[test]
fn latencies_add_up_and_go_with_everything_else() {
    let mut client = Client::new();
    for millis in [200, 300] {
        client.service.add_fault(FaultRule::new(Fault::Latency(Duration::from_millis(millis))));
    }
    client.service.fail_next(Endpoint::EnhancedKyc, Fault::LoseAnswer);
    for expected in [Some(Fault::LoseAnswer), Some(Fault::Latency(Duration::from_millis(200)))] {
        let outgoing = exchange(&mut client);
        assert_eq!(outgoing.delivery.latency, Duration::from_millis(500));
        assert_eq!(outgoing.connection_lost, expected == Some(Fault::LoseAnswer));
        assert_eq!(client.service.requests().back().unwrap().fault, expected);
    }
}

#[test]
fn a_decision_before_the_body_is_final() {
    let mut client = Client::new();
    client.service.fail_next(Endpoint::JobStatus, Fault::ResetRequest { after_bytes: 5 });
    let request = http::Request::post("/v1/job_status").body(bytes::Bytes::from_static(b"{\"par")).unwrap();
    let (head, body) = request.into_parts();
    let head_check = client.service.admit(&head);
    assert_eq!(head_check.body_limit(), Some(5));
    assert!(client.service.faults().is_empty());
    client.service.fail_next(Endpoint::JobStatus, BAD_GATEWAY);
    let incoming = Incoming::from(http::Request::from_parts(head, body)).with_head_check(head_check);
    assert_eq!(client.exchange(incoming).delivery.reset_after, Some(0));
    assert_eq!(client.service.requests()[0].body, "{\"par");
    assert_eq!(polls(&mut client, 1), [502]);
}

#[test]
fn rules_are_written_as_they_are_read() {
    for (text, rule) in [
        (r#"{"fault":"lose_answer"}"#, FaultRule::new(Fault::LoseAnswer)),
        (
            r#"{"fault":{"answer":503},"endpoint":"prep_upload","times":3}"#,
            FaultRule::new(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE))
                .with_endpoint(Endpoint::PrepUpload)
                .with_times(3),
        ),
        (
            r#"{"fault":{"latency_millis":250},"nth":2,"probability":0.5}"#,
            FaultRule::new(Fault::Latency(Duration::from_millis(250))).with_nth(2).with_probability(0.5),
        ),
        (
            r#"{"fault":{"too_many_requests":{"date_in_seconds":2}}}"#,
            FaultRule::new(Fault::TooManyRequests(RetryAfter::DateInSeconds(2))),
        ),
        (
            r#"{"fault":{"redirect":{"status":308,"location":"/a"}}}"#,
            FaultRule::new(Fault::Redirect(Redirect::new(StatusCode::PERMANENT_REDIRECT, "/a").unwrap())),
        ),
        (
            r#"{"fault":{"slow_answer":{"bytes":4,"pause_millis":10}}}"#,
            FaultRule::new(Fault::SlowAnswer(Pace::new(4, Duration::from_millis(10)))),
        ),
        (
            r#"{"fault":{"reset_answer":{"after_bytes":0}},"endpoint":"job_status"}"#,
            FaultRule::new(Fault::ResetAnswer { after_bytes: 0 }).with_endpoint(Endpoint::JobStatus),
        ),
        (
            r#"{"fault":{"storage_error":{"code":"SlowDown","status":503}},"endpoint":"upload"}"#,
            FaultRule::new(Fault::StorageError(storage_error("SlowDown"))).with_endpoint(Endpoint::Upload),
        ),
        (
            r#"{"fault":{"storage_error":{"code":"InternalError","status":200,"after_storing":true}}}"#,
            FaultRule::new(Fault::StorageError(
                storage_error("InternalError").with_status(StatusCode::OK).after_storing(),
            )),
        ),
        (r#"{"fault":{"skewed_clock_seconds":-5}}"#, FaultRule::new(Fault::SkewedClock(-5))),
    ] {
        assert_eq!(serde_json::from_str::<FaultRule>(text).unwrap(), rule);
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    }
}

#[test]
fn a_rule_that_is_none_is_refused_with_the_reason() {
    for (text, reason) in [
        (r#"{}"#, "missing field `fault`"),
        (r#"{"fault":"lose"}"#, "unknown variant `lose`"),
        (r#"{"fault":"lose_answer","step":"upload"}"#, "unknown field `step`"),
        (r#"{"fault":"lose_answer","endpoint":"uplaod"}"#, "unknown variant `uplaod`"),
        (r#"{"fault":{"answer":99}}"#, "from 200 to 599"),
        (r#"{"fault":{"answer":"503"}}"#, "u16"),
        (r#"{"fault":{"redirect":{"status":200,"location":"/"}}}"#, "301, 302, 303, 307 or 308"),
        (r#"{"fault":{"redirect":{"status":301,"location":"\n"}}}"#, "`location`"),
        (r#"{"fault":{"storage_error":{"code":"a<b"}}}"#, "`code`"),
        (r#"{"fault":{"storage_error":{"code":"SlowDown","status":99}}}"#, "from 200 to 599"),
        (r#"{"fault":{"storage_error":{"code":"SlowDown","x":1}}}"#, "unknown field `x`"),
        (r#"{"fault":{"slow_answer":{"bytes":4,"pause_millis":-1}}}"#, "u32"),
        (r#"{"fault":{"slow_answer":{"bytes":4,"pause_millis":1,"x":1}}}"#, "unknown field `x`"),
        (r#"{"fault":{"reset_request":{"after_bytes":4,"x":1}}}"#, "unknown field `x`"),
        (r#"{"fault":"lose_answer","nth":0}"#, "`nth`"),
        (r#"{"fault":"lose_answer","times":0}"#, "`times`"),
        (r#"{"fault":"lose_answer","probability":1.5}"#, "`probability`"),
    ] {
        let error = serde_json::from_str::<FaultRule>(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert_eq!(Redirect::new(StatusCode::OK, "/"), None);
    assert_eq!(Redirect::new(StatusCode::FOUND, ""), None);
}
