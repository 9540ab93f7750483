//! Single operations under a fake clock: what is repeated, what is asked about, and what is left unknown.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::operation::*;
use smile_core::{
    Call, CallError, CallErrorKind, Event, Flow, FlowSettings, IdInfo, JobId, JobStatusRequest, Next,
    Partner, PartnerParams, Timestamp, TransportFailure, TransportFailureKind, UserId,
};

const START: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

type Answer = Result<Response<Bytes>, TransportFailure>;

fn partner() -> Partner {
    let partner = Partner::new("001", "test_api_key", "https://service.example/v1".parse().unwrap()).unwrap();
    partner.with_callback_url("https://bank.example/callback").unwrap()
}

fn params() -> PartnerParams {
    PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"))
}

fn bvn() -> IdInfo {
    IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo")
}

fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(Response::builder().status(status).body(body.into()).unwrap())
}

fn signed(mut body: Value) -> Answer {
    let signed = partner().signer().sign(START);
    body["timestamp"] = json!(signed.timestamp());
    body["signature"] = json!(signed.signature());
    answer(200, body.to_string())
}

fn entry() -> Value {
    json!({ "ResultCode": "1012", "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": 5 } })
}

fn known() -> Answer {
    completed(entry())
}

fn completed(entry: Value) -> Answer {
    signed(json!({ "job_complete": true, "job_success": true, "code": "2302", "result": entry }))
}

fn unknown() -> Answer {
    signed(json!({ "job_complete": false, "code": "2314", "result": "No zip file received" }))
}

/// Every way in which a connection can break after something may have arrived.
fn lost() -> Vec<Answer> {
    let failure = |kind| Err(TransportFailure::new(kind, ""));
    vec![
        failure(TransportFailureKind::TimedOut),
        failure(TransportFailureKind::Interrupted),
        failure(TransportFailureKind::ResponseTooLarge),
        answer(500, ""),
        answer(502, "<html>"),
        answer(503, ""),
        answer(504, ""),
        // What stands in between may say these after the work was done.
        answer(408, ""),
        answer(429, ""),
        answer(429, r#"{"message":"Too Many Requests"}"#),
        answer(302, ""),
        answer(403, "<html>"),
        answer(409, r#"{"error":"conflict","code":"409"}"#),
        answer(200, r#"{"ResultCode":"10"#),
        answer(200, "[]"),
    ]
}

fn not_answered() -> Answer {
    Err(TransportFailure::timed_out(""))
}

fn not_sent() -> Answer {
    Err(TransportFailure::not_sent("refused"))
}

struct Run<T> {
    sent: Vec<Request<Bytes>>,
    outcome: Result<T, CallError>,
}

impl<T> Run<T> {
    fn paths(&self) -> Vec<&str> {
        self.sent.iter().map(|request| request.uri().path()).collect()
    }
}

fn run<O: Operation>(operation: O, answers: impl IntoIterator<Item = Answer>) -> Run<O::Output>
where
    O::Output: Clone,
{
    let mut call = Call::new(partner(), operation, FlowSettings::default(), 7);
    let (mut answers, mut now, mut sent) = (answers.into_iter(), START, Vec::new());
    for _ in 0..100 {
        match call.next(now) {
            Next::Send { request, .. } => {
                sent.push(request);
                call.receive(now, answers.next().expect("an answer is left"));
            }
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => {
                assert_eq!(answers.count(), 0, "all answers are used");
                return Run { sent, outcome };
            }
            Next::Read(_) => panic!("there is nothing to read"),
        }
    }
    panic!("it doesn't end");
}

#[test]
fn what_bills_and_has_a_status_is_never_sent_twice_and_its_status_stands_for_the_lost_answer() {
    for lost in lost() {
        let sync = run(EnhancedKyc::new(params(), bvn()), [lost.clone(), unknown(), known()]);
        assert_eq!(sync.paths(), ["/v1/id_verification", "/v1/job_status", "/v1/job_status"]);
        assert!(sync.outcome.unwrap().verdict.is_approved());

        let mut matched = entry();
        matched["ResultCode"] = json!("1020");
        let basic = run(AsyncBasicKyc::new(params(), bvn()), [lost.clone(), completed(matched)]);
        assert_eq!(basic.paths(), ["/v2/verify_async", "/v1/job_status"]);
        assert!(basic.outcome.is_ok());

        let company = Business::new("ZA", "BUSINESS_REGISTRATION", "2020/000000/07");
        let business = run(
            BusinessVerification::new(params(), company),
            [lost, unknown(), unknown(), unknown(), unknown(), unknown()],
        );
        assert_eq!(business.paths()[0], "/v1/business_verification");
        assert!(business.paths()[1..].iter().all(|path| *path == "/v1/job_status"));
        let error = business.outcome.unwrap_err();
        assert!(error.outcome_unknown());
        assert_eq!(error.key().unwrap().job_id.as_str(), "job-1");
        assert!(error.to_string().contains("don't send it again"), "{error}");
    }
}

#[test]
fn what_bills_and_has_no_status_that_is_known_ends_as_unknown_at_once() {
    for lost in lost() {
        let address =
            run(AddressVerification::south_africa("1 Drawn Street", "0000000000000"), [lost.clone()]);
        assert!(address.outcome.unwrap_err().outcome_unknown());
        let phone = PhoneVerification::new("NG", "00000000000").match_field("first_name", "Joe");
        assert!(run(phone, [lost.clone()]).outcome.unwrap_err().outcome_unknown());
        if lost.is_err() {
            assert!(run(RawRequest::post("/v1/x").unwrap(), [lost]).outcome.unwrap_err().outcome_unknown());
        }
    }
}

#[test]
fn what_creates_or_messages_somebody_is_not_repeated() {
    for lost in lost() {
        let details = SmileLinkDetails::new()
            .name("n")
            .company_name("c")
            .data_privacy_policy_url("https://bank.example/");
        let link = CreateSmileLink::new(details.id_type(LinkIdType::new("NG", "BVN", "biometric_kyc")));
        let created = run(link, [lost.clone()]);
        assert_eq!(created.sent.len(), 1);
        let consent = run(BvnConsent::new("00000000000"), [lost]);
        assert_eq!(consent.sent.len(), 1);
        assert!(consent.outcome.unwrap_err().outcome_unknown());
    }
}

#[test]
fn what_only_reads_is_repeated_whatever_broke() {
    let services = || answer(200, r#"{"id_types":{}}"#);
    for lost in lost() {
        // It would be as large again; or refused again.
        let is_final = match &lost {
            Err(failure) => failure.kind() == TransportFailureKind::ResponseTooLarge,
            Ok(response) => matches!(response.status().as_u16(), 302 | 403 | 409),
        };
        if is_final {
            continue;
        }
        assert_eq!(run(ServicesRequest::new(), [lost.clone(), services()]).sent.len(), 2);
        let question = JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"));
        assert!(run(question, [lost.clone(), known()]).outcome.is_ok());
        assert_eq!(run(UpdateSmileLink::disable("r"), [lost, answer(200, "{}")]).sent.len(), 2);
    }
    let error = run(ServicesRequest::new(), (0..4).map(|_| answer(503, ""))).outcome.unwrap_err();
    assert!(!error.outcome_unknown());
}

#[test]
fn what_never_arrived_is_sent_again_whatever_it_is() {
    let checked = run(EnhancedKyc::new(params(), bvn()), [not_sent(), not_sent(), signed(entry())]);
    assert_eq!(checked.paths(), ["/v1/id_verification"; 3]);
    let error = run(EnhancedKyc::new(params(), bvn()), (0..4).map(|_| not_sent())).outcome.unwrap_err();
    assert!(!error.outcome_unknown());
}

#[test]
fn the_apis_own_refusal_that_passes_is_sent_again() {
    let too_many = answer(429, r#"{"error":"slow down","code":"2405"}"#);
    assert_eq!(run(EnhancedKyc::new(params(), bvn()), [too_many, signed(entry())]).sent.len(), 2);
}

#[test]
fn a_refusal_in_words_alone_is_one_where_the_endpoint_has_no_codes() {
    let refused = || answer(400, r#"{"error":"no such number"}"#);
    assert!(!run(BvnConsent::new("00000000000"), [refused()]).outcome.unwrap_err().outcome_unknown());
    let check = run(EnhancedKyc::new(params(), bvn()), [refused(), known()]);
    assert_eq!(check.paths(), ["/v1/id_verification", "/v1/job_status"]);
}

#[test]
fn a_status_that_would_never_be_answered_otherwise_is_asked_for_once() {
    let other = json!({ "ResultCode": "1012", "PartnerParams": { "user_id": "user-1", "job_id": "job-2" } });
    let refused = answer(400, r#"{"error":"You are not authorized to do that.","code":"2405"}"#);
    for said in [completed(other), refused] {
        let run = run(EnhancedKyc::new(params(), bvn()), [not_answered(), said]);
        assert!(run.outcome.unwrap_err().outcome_unknown());
    }
}

#[test]
fn another_type_of_job_or_an_empty_result_is_no_answer() {
    let mut other_type = entry();
    other_type["PartnerParams"]["job_type"] = json!(1);
    let empty = || signed(json!({ "job_complete": true, "job_success": true, "code": "2302" }));
    for said in [completed(other_type), empty()] {
        let answers = || [vec![not_answered()], vec![said.clone(); 5]].concat();
        let check = run(EnhancedKyc::new(params(), bvn()), answers());
        assert!(check.outcome.unwrap_err().outcome_unknown());
        let by_callback = run(AsyncEnhancedKyc::new(params(), bvn()), answers());
        assert!(by_callback.outcome.unwrap_err().outcome_unknown());
    }
}

#[test]
fn a_refusal_is_final_and_not_unknown() {
    for status in [200, 400, 500] {
        let refused = answer(status, r#"{"error":"missing jane","code":"2413"}"#);
        let error = run(EnhancedKyc::new(params(), bvn()), [refused]).outcome.unwrap_err();
        assert!(!error.outcome_unknown());
        assert_eq!(error.operation().unwrap().api().unwrap().code(), Some("2413"));
        assert!(!format!("{error} {error:?}").contains("jane"));
    }
}

#[test]
fn nothing_is_sent_while_something_is_wrong() {
    let run = run(EnhancedKyc::new(params(), IdInfo::new("NG", "BVN", "1")), []);
    let error = run.outcome.unwrap_err();
    assert!(matches!(error.kind(), CallErrorKind::Validation(_)));
    assert_eq!(error.problems()[0].field, "id_number");
    assert_eq!(
        error.to_string(),
        "Enhanced KYC: nothing was sent: `id_number` must have the form of a number of NG BVN (job_id job-1)"
    );
}

#[test]
fn warnings_are_told() {
    let operation = BasicKyc::new(params(), IdInfo::new("NG", "BVN", "00000000000"));
    let mut call = Call::new(partner(), operation, FlowSettings::default(), 0);
    let warned: Vec<String> = std::iter::from_fn(|| call.take_event())
        .filter_map(|event| if let Event::Warning(problem) = event { Some(problem.field) } else { None })
        .collect();
    assert_eq!(warned, ["first_name", "last_name"]);
}

#[test]
fn asking_again_while_the_request_is_out_says_that_its_answer_is_lost() {
    let mut call = Call::new(partner(), EnhancedKyc::new(params(), bvn()), FlowSettings::default(), 0);
    let Next::Send { .. } = call.next(START) else { panic!("it is sent") };
    let Next::Wait { until } = call.next(START) else { panic!("it waits, and doesn't send it again") };
    let Next::Send { request, .. } = call.next(until) else { panic!("it asks") };
    assert_eq!(request.uri().path(), "/v1/job_status");
}

#[test]
fn the_deadline_holds_and_tells_what_went_wrong_before() {
    let settings = FlowSettings::default().with_deadline(Duration::from_secs(2));
    let mut call = Call::new(partner(), ServicesRequest::new(), settings, 0);
    let Next::Send { timeout, .. } = call.next(START) else { panic!("it is sent") };
    assert_eq!(timeout, Duration::from_secs(2));
    call.receive(START + Duration::from_secs(3), Err(TransportFailure::timed_out("")));
    let Next::Finished(Err(error)) = call.next(START + Duration::from_secs(3)) else { panic!("it is over") };
    assert!(error.is_timeout());
}
