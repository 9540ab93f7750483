//! Single operations under a fake clock: repetitions, status requests, and unknown outcomes.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::operation::*;
use smile_core::v1::*;
use smile_core::{
    Call, CallError, CallErrorKind, Checkpoint, Event, Flow, FlowSettings, IdInfo, JobId, JobStatusRequest,
    Next, ObserverError, Partner, PartnerParams, Progress, RetryPolicy, Step, Timestamp, TransportFailure,
    TransportFailureKind, UserId,
};

const START: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

type Answer = Result<Response<Bytes>, TransportFailure>;

fn partner() -> Partner {
    let partner = Partner::new("001", "test_api_key", "https://service.example/v1".parse().unwrap()).unwrap();
    partner.with_callback_url("https://bank.example/callback")
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
    json!({
        "ResultCode": "1012",
        "PartnerParams": {
            "user_id": "user-1", "job_id": "job-1", "job_type": 5, "sdk_submission": SUBMISSION,
        },
    })
}

/// Stands in answers for the id of the submission that was sent, as the service brings it back.
const SUBMISSION: &str = "{submission}";

/// The id of the submission in a check's request.
fn submission_in(request: &Request<Bytes>) -> Option<String> {
    let body: Value = serde_json::from_slice(request.body()).ok()?;
    Some(body["partner_params"]["sdk_submission"].as_str()?.to_owned())
}

fn with_submission(answer: Answer, id: &str) -> Answer {
    answer.map(|response| {
        response.map(|body| Bytes::from(String::from_utf8_lossy(&body).replace(SUBMISSION, id)))
    })
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

fn unauthorized() -> Answer {
    answer(400, r#"{"error":"You are not authorized to do that.","code":"2405"}"#)
}

fn not_sent() -> Answer {
    Err(TransportFailure::not_sent("refused"))
}

struct Run<T> {
    sent: Vec<Request<Bytes>>,
    /// Times of the requests.
    at: Vec<Timestamp>,
    checkpoints: Vec<Checkpoint>,
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
    drive(Call::new(partner(), operation, FlowSettings::default(), 7), START, answers)
}

/// Runs a call from this moment on.
fn drive<O: Operation>(
    mut call: Call<O>,
    start: Timestamp,
    answers: impl IntoIterator<Item = Answer>,
) -> Run<O::Output>
where
    O::Output: Clone,
{
    let (mut answers, mut now) = (answers.into_iter(), start);
    let (mut sent, mut at, mut checkpoints) = (Vec::new(), Vec::new(), Vec::new());
    let mut submission = String::new();
    for _ in 0..100 {
        let next = call.next(now);
        while let Some(event) = call.take_event() {
            if let Event::Checkpoint(checkpoint) = event {
                submission = checkpoint.submission_id().map_or_else(String::new, ToString::to_string);
                checkpoints.push(checkpoint);
            }
        }
        match next {
            Next::Send { request, .. } => {
                submission = submission_in(&request).unwrap_or(submission);
                sent.push(request);
                at.push(now);
                let answer = answers.next().expect("an answer is left");
                call.receive(now, with_submission(answer, &submission));
            }
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => {
                assert_eq!(answers.count(), 0, "all answers are used");
                return Run { sent, at, checkpoints, outcome };
            }
            Next::Read(_) => panic!("there is nothing to read"),
        }
    }
    panic!("it doesn't end");
}

/// The checkpoint of a check whose process died while its request was out.
fn interrupted<O: Operation>(operation: O) -> Checkpoint
where
    O::Output: Clone,
{
    let mut call = Call::new(partner(), operation, FlowSettings::default(), 7);
    let Next::Send { .. } = call.next(START) else { panic!("it is sent") };
    let checkpoint = std::iter::from_fn(|| call.take_event()).find_map(|event| match event {
        Event::Checkpoint(checkpoint) => Some(checkpoint),
        _ => None,
    });
    // As it comes out of a database.
    let text = serde_json::to_string(&checkpoint.expect("it comes before the request")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Goes on with the check that this checkpoint is of, a minute later.
fn resumed(
    checkpoint: &Checkpoint,
    settings: FlowSettings,
    answers: impl IntoIterator<Item = Answer>,
) -> Run<Verification> {
    let check = EnhancedKycRequest::new(params(), bvn());
    let call = Call::resume(partner(), checkpoint, check, settings, 8).unwrap();
    let id = checkpoint.submission_id().map_or_else(String::new, ToString::to_string);
    drive(call, LATER, answers.into_iter().map(|answer| with_submission(answer, &id)))
}

const LATER: Timestamp = Timestamp::from_unix_millis(START.unix_millis() + 60_000);

#[test]
fn what_bills_and_has_a_status_is_never_sent_twice_and_its_status_stands_for_the_lost_answer() {
    for lost in lost() {
        let sync = run(EnhancedKycRequest::new(params(), bvn()), [lost.clone(), unknown(), known()]);
        assert_eq!(sync.paths(), ["/v1/id_verification", "/v1/job_status", "/v1/job_status"]);
        assert!(sync.outcome.unwrap().verdict.is_approved());

        let mut matched = entry();
        matched["ResultCode"] = json!("1020");
        let basic = run(AsyncBasicKycRequest::new(params(), bvn()), [lost.clone(), completed(matched)]);
        assert_eq!(basic.paths(), ["/v2/verify_async", "/v1/job_status"]);
        assert!(basic.outcome.is_ok());

        let company = Business::new("ZA", "BUSINESS_REGISTRATION", "2020/000000/07");
        let business = run(
            BusinessVerificationRequest::new(params(), company),
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
            run(AddressVerificationRequest::south_africa("1 Drawn Street", "0000000000000"), [lost.clone()]);
        assert!(address.outcome.unwrap_err().outcome_unknown());
        let phone = PhoneVerificationRequest::new("NG", "00000000000").with_match_field("first_name", "Joe");
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
            .with_name("n")
            .with_company_name("c")
            .with_data_privacy_policy_url("https://bank.example/");
        let link =
            CreateSmileLinkRequest::new(details.with_id_type(LinkIdType::new("NG", "BVN", "biometric_kyc")));
        let created = run(link, [lost.clone()]);
        assert_eq!(created.sent.len(), 1);
        let consent = run(BvnConsentRequest::new("00000000000"), [lost]);
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
        assert_eq!(run(UpdateSmileLinkRequest::disable("r"), [lost, answer(200, "{}")]).sent.len(), 2);
    }
    let error = run(ServicesRequest::new(), (0..4).map(|_| answer(503, ""))).outcome.unwrap_err();
    assert!(!error.outcome_unknown());
}

#[test]
fn a_checkpoint_comes_before_what_bills_and_holds_no_id_number() {
    let mut call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), FlowSettings::default(), 7);
    let Next::Send { request, .. } = call.next(START) else { panic!("it is sent") };
    let events: Vec<Event> = std::iter::from_fn(|| call.take_event()).collect();
    let [Event::Checkpoint(checkpoint), Event::Sending { step: Step::EnhancedKyc, attempt: 1, .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(checkpoint.progress(), Progress::MaybeUploaded);
    assert_eq!(checkpoint.check(), Some(Step::EnhancedKyc));
    assert_eq!(checkpoint.submission_id().map(ToString::to_string), submission_in(&request));
    let text = serde_json::to_string(checkpoint).unwrap();
    assert!(!text.contains("0000000000") && !text.contains("Joe") && !text.contains("test_api_key"));
}

#[test]
fn what_only_reads_has_no_checkpoint() {
    let run = run(ServicesRequest::new(), [answer(503, ""), answer(200, r#"{"id_types":{}}"#)]);
    assert!(run.checkpoints.is_empty());
}

#[test]
fn a_resumed_check_ends_with_the_result_that_the_status_has() {
    let checkpoint = interrupted(EnhancedKycRequest::new(params(), bvn()));
    let run = resumed(&checkpoint, FlowSettings::default(), [known()]);
    assert_eq!(run.paths(), ["/v1/job_status"]);
    assert!(run.outcome.unwrap().verdict.is_approved());
}

#[test]
fn a_resumed_check_that_the_service_does_not_know_is_unknown_and_not_sent_again() {
    let checkpoint = interrupted(EnhancedKycRequest::new(params(), bvn()));
    let run = resumed(&checkpoint, FlowSettings::default(), vec![unknown(); 5]);
    assert_eq!(run.paths(), ["/v1/job_status"; 5]);
    let error = run.outcome.unwrap_err();
    assert!(error.outcome_unknown() && !error.is_retryable());
    assert_eq!(error.key().unwrap().job_id.as_str(), "job-1");
}

#[test]
fn an_earlier_check_under_the_same_ids_answers_for_no_other() {
    let mut earlier = entry();
    earlier["PartnerParams"]["sdk_submission"] = json!("0123456789abcdef0123456789abcdef");
    let mut nameless = entry();
    nameless["PartnerParams"].as_object_mut().unwrap().remove("sdk_submission");
    for other in [earlier, nameless] {
        let checkpoint = interrupted(EnhancedKycRequest::new(params(), bvn()));
        let run = resumed(&checkpoint, FlowSettings::default(), vec![completed(other); 5]);
        assert!(run.outcome.unwrap_err().outcome_unknown());
    }
}

#[test]
fn a_resumed_check_without_a_status_is_unknown_at_once() {
    let phone = || PhoneVerificationRequest::new("NG", "00000000000").with_match_field("first_name", "Joe");
    let checkpoint = interrupted(phone());
    let call = Call::resume(partner(), &checkpoint, phone(), FlowSettings::default(), 8).unwrap();
    let run = drive(call, LATER, []);
    assert!(run.outcome.unwrap_err().outcome_unknown());

    let address = || AddressVerificationRequest::south_africa("1 Drawn Street", "0000000000000");
    let checkpoint = interrupted(address());
    let call = Call::resume(partner(), &checkpoint, address(), FlowSettings::default(), 8).unwrap();
    assert!(drive(call, LATER, []).outcome.unwrap_err().outcome_unknown());
}

#[test]
fn a_check_that_certainly_was_not_carried_out_is_sent_when_it_is_resumed() {
    let refused = run(EnhancedKycRequest::new(params(), bvn()), [not_sent(), signed(entry())]);
    let before_the_second = &refused.checkpoints[1];
    assert_eq!(before_the_second.progress(), Progress::Nothing);
    let run = resumed(before_the_second, FlowSettings::default(), [signed(entry())]);
    assert_eq!(run.paths(), ["/v1/id_verification"]);
    assert!(run.outcome.is_ok());
}

#[test]
fn a_check_that_has_ended_is_not_sent_when_its_last_checkpoint_is_resumed() {
    let ended = run(EnhancedKycRequest::new(params(), bvn()), [signed(entry())]);
    let last = ended.checkpoints.last().unwrap();
    assert_eq!(last.progress(), Progress::Uploaded);
    assert_eq!(resumed(last, FlowSettings::default(), [known()]).paths(), ["/v1/job_status"]);
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let checkpoint = interrupted(EnhancedKycRequest::new(params(), bvn()));
    let resume = |operation: BasicKycRequest, partner: Partner| {
        Call::resume(partner, &checkpoint, operation, FlowSettings::default(), 8).unwrap_err()
    };
    let fields = |error: &CallError| -> Vec<String> {
        error.problems().iter().map(|problem| problem.field.clone()).collect()
    };
    let error = resume(BasicKycRequest::new(params(), bvn()), partner());
    assert_eq!(fields(&error), ["checkpoint.check"]);
    assert!(error.outcome_unknown(), "the check of the checkpoint may have been carried out");
    let others = PartnerParams::new(UserId::new("user-1"), JobId::new("job-2"));
    let stranger =
        Partner::new("002", "test_api_key", "https://service.example/v1".parse().unwrap()).unwrap();
    let error = resume(BasicKycRequest::new(others, bvn()), stranger);
    assert_eq!(fields(&error), ["checkpoint.check", "checkpoint.partner_id", "checkpoint.job_id"]);
}

fn resending() -> FlowSettings {
    FlowSettings::default().with_resending_of_denied_checks(true)
}

#[test]
fn where_the_settings_allow_it_a_check_is_sent_again_after_two_denials() {
    let call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), resending(), 7);
    let broken = Err(TransportFailure::interrupted(""));
    // The connection breaks at once: what was sent may arrive until its timeout is over.
    let run = drive(call, START, [broken, unknown(), unknown(), unknown(), signed(entry())]);
    let (check, status) = ("/v1/id_verification", "/v1/job_status");
    assert_eq!(run.paths(), [check, status, status, status, check]);
    let seconds: Vec<u64> = run.at.iter().map(|at| at.since(START).as_secs()).collect();
    assert_eq!(
        seconds,
        [0, 5, 35, 40, 40],
        "30 of the timeout, 5 of the status delay, 5 between the denials"
    );
    assert!(run.outcome.is_ok());
}

#[test]
fn a_status_that_is_refused_because_there_is_nothing_is_a_denial_as_well() {
    let refused = || answer(400, r#"{"error":"No Zip File Received","code":"2314"}"#);
    let broken = || Err(TransportFailure::interrupted(""));
    let call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), resending(), 7);
    let run = drive(call, START, [broken(), refused(), unknown(), refused(), signed(entry())]);
    assert!(run.outcome.is_ok());
    // Without that setting it isn't believed, and asked about as often as any other.
    let call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), FlowSettings::default(), 7);
    let answers = std::iter::once(broken()).chain(std::iter::repeat_with(refused).take(5));
    assert!(drive(call, START, answers).outcome.unwrap_err().outcome_unknown());
}

#[test]
fn denials_are_counted_across_processes() {
    let checkpoint = interrupted(EnhancedKycRequest::new(params(), bvn()));
    // It knows no offset of the clocks, and waits one timeout from its own start.
    let one = Call::resume(partner(), &checkpoint, EnhancedKycRequest::new(params(), bvn()), resending(), 8)
        .unwrap();
    let run = drive(one, LATER, [unknown(), unknown(), unauthorized()]);
    let denied = run.checkpoints.last().unwrap();
    assert_eq!(denied.denials(), 1);
    assert_eq!(run.at[1].since(LATER).as_secs(), 35);

    let other =
        Call::resume(partner(), denied, EnhancedKycRequest::new(params(), bvn()), resending(), 9).unwrap();
    let run = drive(other, LATER, [unknown(), unknown(), signed(entry())]);
    assert_eq!(run.paths(), ["/v1/job_status", "/v1/job_status", "/v1/id_verification"]);
    assert_eq!(run.at[0].since(LATER).as_secs(), 5, "some seconds after what the other was told");
    assert_eq!(run.at[1].since(LATER).as_secs(), 35);
}

#[test]
fn a_check_that_was_sent_again_stays_unknown_whatever_refuses_it() {
    let call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), resending(), 7);
    let run = drive(call, START, [not_answered(), unknown(), unknown(), unknown(), unauthorized()]);
    assert!(run.outcome.unwrap_err().outcome_unknown());
}

#[test]
fn denials_do_not_outlast_the_tries_that_the_policy_allows() {
    let settings = resending().with_retry_policy(RetryPolicy::never());
    let call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), settings, 7);
    let run = drive(call, START, [not_answered(), unknown(), unknown(), unknown()]);
    assert!(run.outcome.unwrap_err().outcome_unknown());
}

#[test]
fn an_observer_that_refuses_ends_it_before_the_request() {
    let mut call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), FlowSettings::default(), 7);
    let Next::Send { .. } = call.next(START) else { panic!("it is to be sent") };
    call.refuse(START, ObserverError::new("the database is down, says jane"));
    let Next::Finished(Err(error)) = call.next(START) else { panic!("it is over") };
    assert!(matches!(error.kind(), CallErrorKind::Observer(_)));
    assert!(!error.outcome_unknown() && error.is_retryable());
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the database is down, says jane");
    assert!(!format!("{error} {error:?}").contains("jane"));
    assert_eq!(
        error.to_string(),
        "Enhanced KYC failed: the observer refused to go on, so nothing more was sent (job_id job-1)"
    );
}

#[test]
fn an_observer_that_refuses_while_an_answer_is_lost_leaves_it_unknown() {
    let mut call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), FlowSettings::default(), 7);
    let Next::Send { .. } = call.next(START) else { panic!("it is sent") };
    call.receive(START, not_answered());
    call.refuse(START, ObserverError::new("no lease"));
    let Next::Finished(Err(error)) = call.next(START) else { panic!("it is over") };
    assert!(error.outcome_unknown() && !error.is_retryable());
}

#[test]
fn a_call_that_is_over_stays_so_when_it_is_refused() {
    let mut call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), FlowSettings::default(), 7);
    let Next::Send { .. } = call.next(START) else { panic!("it is sent") };
    call.receive(START, signed(entry()));
    call.refuse(START, ObserverError::new("too late"));
    assert!(matches!(call.next(START), Next::Finished(Ok(_))));
}

#[test]
fn what_never_arrived_is_sent_again_whatever_it_is() {
    let checked = run(EnhancedKycRequest::new(params(), bvn()), [not_sent(), not_sent(), signed(entry())]);
    assert_eq!(checked.paths(), ["/v1/id_verification"; 3]);
    let error =
        run(EnhancedKycRequest::new(params(), bvn()), (0..4).map(|_| not_sent())).outcome.unwrap_err();
    assert!(!error.outcome_unknown());
}

#[test]
fn the_apis_own_refusal_that_passes_is_sent_again() {
    let too_many = answer(429, r#"{"error":"slow down","code":"2405"}"#);
    assert_eq!(run(EnhancedKycRequest::new(params(), bvn()), [too_many, signed(entry())]).sent.len(), 2);
}

#[test]
fn a_refusal_in_words_alone_is_one_where_the_endpoint_has_no_codes() {
    let refused = || answer(400, r#"{"error":"no such number"}"#);
    assert!(!run(BvnConsentRequest::new("00000000000"), [refused()]).outcome.unwrap_err().outcome_unknown());
    let check = run(EnhancedKycRequest::new(params(), bvn()), [refused(), known()]);
    assert_eq!(check.paths(), ["/v1/id_verification", "/v1/job_status"]);
}

#[test]
fn a_status_that_would_never_be_answered_otherwise_is_asked_for_once() {
    let other = json!({ "ResultCode": "1012", "PartnerParams": { "user_id": "user-1", "job_id": "job-2" } });
    for said in [completed(other), unauthorized()] {
        let run = run(EnhancedKycRequest::new(params(), bvn()), [not_answered(), said]);
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
        let check = run(EnhancedKycRequest::new(params(), bvn()), answers());
        assert!(check.outcome.unwrap_err().outcome_unknown());
        let by_callback = run(AsyncEnhancedKycRequest::new(params(), bvn()), answers());
        assert!(by_callback.outcome.unwrap_err().outcome_unknown());
    }
}

#[test]
fn a_refusal_is_final_and_not_unknown() {
    for status in [200, 400, 500] {
        let refused = answer(status, r#"{"error":"missing jane","code":"2413"}"#);
        let error = run(EnhancedKycRequest::new(params(), bvn()), [refused]).outcome.unwrap_err();
        assert!(!error.outcome_unknown());
        assert_eq!(error.operation().unwrap().api().unwrap().code(), Some("2413"));
        assert!(!format!("{error} {error:?}").contains("jane"));
    }
}

#[test]
fn nothing_is_sent_while_something_is_wrong() {
    let run = run(EnhancedKycRequest::new(params(), IdInfo::new("NG", "BVN", "1")), []);
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
    let operation = BasicKycRequest::new(params(), IdInfo::new("NG", "BVN", "00000000000"));
    let mut call = Call::new(partner(), operation, FlowSettings::default(), 0);
    let warned: Vec<String> = std::iter::from_fn(|| call.take_event())
        .filter_map(|event| if let Event::Warning(problem) = event { Some(problem.field) } else { None })
        .collect();
    assert_eq!(warned, ["first_name", "last_name"]);
}

#[test]
fn asking_again_while_the_request_is_out_says_that_its_answer_is_lost() {
    let mut call = Call::new(partner(), EnhancedKycRequest::new(params(), bvn()), FlowSettings::default(), 0);
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
