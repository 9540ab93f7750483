//! The confirmation of a callback by a status request to the service.

use std::time::Duration;

use serde_json::{Value, json};
use smile_core::operation::Operation as _;
use smile_core::{
    CallErrorKind, Callback, Change, Confirm, ConfirmError, Confirmation, Decision, Event, Flow,
    FlowSettings, JobHistory, JobId, JobKey, JobStatusRequest, JobType, Next, OperationError, PollSchedule,
    Submission, SubmissionId, Trust, UserId,
};

use super::{callback, key, result, webhook};
use crate::support::{
    Answer, START, Sent, Transcript, badly_signed, drive, partner, pending, refused, status, timeout,
};

fn settings() -> FlowSettings {
    FlowSettings::default()
        .with_poll_schedule(PollSchedule::every(Duration::from_secs(4), 3))
        .with_deadline(Duration::from_secs(60))
}

/// The service's answer: this result, of a job that is complete.
fn says(mut entry: Value) -> Answer {
    entry["FullName"] = json!("As the service has it");
    let success = !["0811", "1211"].contains(&entry["ResultCode"].as_str().unwrap_or_default());
    status(json!({ "job_complete": true, "job_success": success, "code": "2302", "result": entry }))
}

fn run(
    claim: &Callback,
    answers: impl IntoIterator<Item = Answer>,
) -> Transcript<Result<Confirmation, ConfirmError>> {
    run_with(claim, settings(), answers)
}

fn run_with(
    claim: &Callback,
    settings: FlowSettings,
    answers: impl IntoIterator<Item = Answer>,
) -> Transcript<Result<Confirmation, ConfirmError>> {
    let mut flow = Confirm::new(partner(), key(), claim, settings, 7);
    let transcript = drive(&mut flow, answers);
    let again = flow.next(START);
    assert!(
        matches!(again, Next::Finished(outcome) if outcome == transcript.outcome),
        "finished stays finished"
    );
    flow.receive(START, says(result("0810")));
    let again = flow.next(START + Duration::from_secs(10_000));
    assert!(
        matches!(again, Next::Finished(outcome) if outcome == transcript.outcome),
        "whatever comes later"
    );
    assert!(transcript.sent.iter().all(|(_, sent)| *sent == Sent::Status), "it only reads");
    transcript
}

/// Confirmation of this result, for the tests of a job's history.
pub(super) fn confirmed(entry: Value) -> Confirmation {
    run(&callback(entry.clone()), [says(entry)]).outcome.unwrap()
}

fn ended(code: &str, answers: impl IntoIterator<Item = Answer>) -> Result<Confirmation, ConfirmError> {
    run(&callback(result(code)), answers).outcome
}

fn with(mut entry: Value, field: &str, value: Value) -> Value {
    entry[field] = value;
    entry
}

#[test]
fn the_service_says_the_same() {
    let mut claim = result("0810");
    claim["FullName"] = json!("A forger's");
    let confirmed = run(&callback(claim), [says(result("0810"))]).outcome.unwrap();
    assert!(confirmed.verdict().is_approved());
    assert_eq!(confirmed.key(), &key());
    let name = confirmed.entry().unwrap().personal_info().full_name().unwrap().expose();
    assert_eq!(name, "As the service has it", "nothing is from the callback");
    assert!(!format!("{confirmed:?}").contains("service has it"));

    let provisional = ended("0812", [says(result("0812"))]).unwrap();
    assert_eq!(provisional.verdict().decision(), Decision::Provisional, "confirmed is not final");
    let rejected = ended("0811", [says(result("0811"))]).unwrap();
    assert_eq!(rejected.verdict().decision(), Decision::Rejected);
}

#[test]
fn the_service_says_something_else() {
    let contradicted = |claim: Value, service: Answer| {
        let error = run(&callback(claim), [service]).outcome.unwrap_err();
        assert!(matches!(error, ConfirmError::Contradicted { .. }), "{error:?}");
        assert!(!error.is_retryable());
        error.status().unwrap().verdict().unwrap().decision()
    };
    let other_job = with(result("0810"), "SmileJobID", json!("0000000008"));
    assert_eq!(contradicted(result("0810"), says(result("0811"))), Decision::Rejected);
    assert_eq!(contradicted(result("0811"), says(result("0810"))), Decision::Approved);
    assert_eq!(contradicted(result("0810"), says(result("1210"))), Decision::Approved);
    assert_eq!(contradicted(result("0812"), says(result("0814"))), Decision::Provisional);
    assert_eq!(contradicted(other_job, says(result("0810"))), Decision::Approved);
    // The same code is not the same result.
    let failed = with(result("0810"), "Actions", json!({ "Liveness_Check": "Failed" }));
    assert_eq!(contradicted(result("0810"), says(failed)), Decision::Unknown);
    let unsuccessful = status(json!({
        "job_complete": true, "job_success": false, "code": "2302", "result": result("0810"),
    }));
    assert_eq!(contradicted(result("0810"), unsuccessful), Decision::Unknown);
    let unreadable = with(result("0810"), "result_code", json!("0811"));
    assert_eq!(contradicted(result("0810"), says(unreadable)), Decision::Unknown);
}

#[test]
fn a_service_that_is_behind_is_asked_again() {
    let reviewing = with(result("0810"), "Actions", json!({ "Selfie_Check": "Under Review" }));
    let answers = [pending(), says(result("0812")), says(result("1210"))];
    let transcript = run(&callback(result("1210")), answers);
    assert!(transcript.outcome.unwrap().verdict().is_approved());
    assert_eq!(transcript.sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 4, 8]);
    assert!(ended("0810", [says(reviewing), says(result("0810"))]).is_ok(), "the same code, not yet decided");
}

#[test]
fn a_service_that_stays_behind_confirms_nothing() {
    for stays in [pending(), says(result("0812")), status(json!({ "job_complete": true, "code": "2302" }))] {
        let transcript = run(&callback(result("1210")), [stays.clone(), stays.clone(), stays]);
        let error = transcript.outcome.unwrap_err();
        assert!(matches!(error, ConfirmError::Behind { .. }), "{error:?}");
        assert!(error.is_retryable() && error.status().is_some());
        assert_eq!(transcript.sent.len(), 3, "as often as the schedule allows");
    }
    let short = settings().with_deadline(Duration::from_secs(5));
    let transcript = run_with(&callback(result("1210")), short, [pending(), pending()]);
    assert!(matches!(transcript.outcome, Err(ConfirmError::Behind { .. })));
    assert_eq!(transcript.seconds, 4, "it doesn't wait for what is too late");
}

#[test]
fn a_driver_that_comes_back_too_late_is_told_what_was_known() {
    let mut flow = Confirm::new(partner(), key(), &callback(result("1210")), settings(), 7);
    assert!(matches!(flow.next(START), Next::Send { .. }));
    flow.receive(START, pending());
    assert!(matches!(flow.next(START), Next::Wait { .. }));
    let late = flow.next(START + Duration::from_secs(61));
    assert!(matches!(late, Next::Finished(Err(ConfirmError::Behind { .. }))), "{late:?}");
}

#[test]
fn a_final_result_supersedes_a_provisional_claim() {
    for code in ["1210", "1211"] {
        let error = ended("0812", [says(result(code))]).unwrap_err();
        assert!(matches!(error, ConfirmError::Superseded { .. }), "{error:?}");
        assert!(error.status().unwrap().verdict().unwrap().is_final(), "go by the status");
        assert!(!error.is_retryable());
    }
}

#[test]
fn nothing_is_sent_for_what_cannot_be_confirmed() {
    let params = |value: Value| callback(with(result("0810"), "PartnerParams", value));
    for of_other in [
        params(json!({ "user_id": "user-1", "job_id": "job-2", "job_type": 1 })),
        params(json!({ "user_id": "user-2", "job_id": "job-1", "job_type": 1 })),
        params(json!({ "user_id": "user-1", "job_type": 1 })),
        params(json!({ "job_id": "job-1", "job_type": 1 })),
        params(json!({ "user_id": "user-1", "job_id": "job-1", "jobId": "job-2", "job_type": 1 })),
        params(json!([])),
        callback(json!({ "ResultCode": "0810" })),
    ] {
        let transcript = run(&of_other, []);
        assert_eq!(transcript.outcome.unwrap_err(), ConfirmError::NotThisJob);
    }
    let look_up = with(result("1012"), "Actions", json!({ "Verify_ID_Number": "Verified" }));
    for other_kind in [callback(look_up), webhook(json!({ "status": "clear" }), "job-1")] {
        let transcript = run(&other_kind, []);
        assert_eq!(transcript.outcome.unwrap_err(), ConfirmError::NotConfirmable);
    }
}

#[test]
fn the_status_is_judged_by_the_partners_own_records() {
    let own = JobKey {
        user_id: UserId::new("user-1"),
        job_id: JobId::new("job-1"),
        job_type: JobType::DOCUMENT_VERIFICATION,
    };
    let mut flow = Confirm::new(partner(), own, &callback(result("0810")), settings(), 7);
    let outcome = drive(&mut flow, [says(result("0810"))]).outcome;
    assert!(!outcome.is_ok_and(|confirmed| confirmed.verdict().is_approved()));
}

#[test]
fn an_answer_about_another_job_or_badly_signed_confirms_nothing() {
    let mut other = result("0810");
    other["PartnerParams"]["job_id"] = json!("job-2");
    let is = |answer: Answer, expected: fn(&OperationError) -> bool| {
        let error = ended("0810", vec![answer; 1]).unwrap_err();
        let ConfirmError::Call(error) = &error else { panic!("{error:?}") };
        assert!(expected(error.operation().unwrap()), "{error:?}");
    };
    is(says(other), |error| matches!(error, OperationError::WrongJob { .. }));
    is(badly_signed(), |error| matches!(error, OperationError::Signature { .. }));
    is(refused(400, "2405"), |error| error.api().is_some());
}

#[test]
fn what_passes_is_tried_again_and_a_lost_answer_is_one_of_those() {
    let transcript = run(&callback(result("0810")), [timeout(), refused(503, "2401"), says(result("0810"))]);
    assert!(transcript.outcome.is_ok());
    assert_eq!(transcript.sent.len(), 3);
    let retries = transcript.events.iter().filter(|event| matches!(event, Event::Retrying { .. })).count();
    assert_eq!(retries, 2, "each is told of");

    let error = ended("0810", [timeout(), timeout(), timeout(), timeout()]).unwrap_err();
    assert!(error.is_retryable() && error.status().is_none(), "{error:?}");

    let mut flow = Confirm::new(partner(), key(), &callback(result("0810")), settings(), 7);
    assert!(matches!(flow.next(START), Next::Send { .. }));
    // Nobody told of the answer.
    let Next::Wait { until } = flow.next(START) else { panic!("it waits") };
    flow.receive(until, says(result("0811")));
    assert!(matches!(flow.next(until), Next::Send { .. }), "an answer that nobody waits for is none");
    flow.receive(until, says(result("0810")));
    assert!(matches!(flow.next(until), Next::Finished(Ok(_))));
}

#[test]
fn no_more_time_than_was_given() {
    let mut flow = Confirm::new(partner(), key(), &callback(result("0810")), settings(), 7);
    let Next::Send { timeout, .. } = flow.next(START) else { panic!("it asks") };
    assert_eq!(timeout, Duration::from_secs(30));
    let late = START + Duration::from_secs(61);
    flow.receive(late, Err(smile_core::TransportFailure::timed_out("no answer")));
    let Next::Finished(Err(ConfirmError::Call(error))) = flow.next(late) else { panic!("it ends") };
    assert!(error.is_timeout());
    let none = settings().with_deadline(Duration::ZERO);
    let error = run_with(&callback(result("0810")), none, []).outcome.unwrap_err();
    let ConfirmError::Call(error) = error else { panic!("{error:?}") };
    assert!(matches!(error.kind(), CallErrorKind::Deadline(None)));
}

#[test]
fn a_status_of_another_time_decides_nothing_in_a_jobs_life_either() {
    let told = ended("0811", [says(result("0810"))]).unwrap_err();
    let said = told.status().unwrap();
    assert_eq!(JobHistory::new(partner().account(), key()).apply_status(START, said), Change::Advanced);
    // The same answer, asked for a year later.
    let request = JobStatusRequest::of(&key());
    let answer = says(result("0810")).unwrap();
    let late = request.parse(&partner(), START + Duration::from_secs(365 * 86_400), &answer).unwrap();
    assert!(late.job_complete);
    let mut history = JobHistory::new(partner().account(), key());
    assert_eq!(history.apply_status(START, &late), Change::Undecided);
    assert!(!history.may_be_let_in(Trust::Verified));
}

#[test]
fn what_the_service_said_instead_can_be_applied() {
    let claim = callback(result("0810"));
    let error = ended("0810", [says(result("0811"))]).unwrap_err();
    let said = error.status().unwrap();
    let mut history = JobHistory::new(partner().account(), key());
    assert_eq!(history.apply_callback(START, &claim, None), Change::Advanced);
    assert_eq!(history.apply_status(START, said), Change::Overturned, "the service outranks the callback");
    assert_eq!(history.result().unwrap().decision, Decision::Rejected);
    assert_eq!(history.apply_status(START, said), Change::Redelivered);

    let mut other = JobHistory::new(partner().account(), JobKey { job_id: JobId::new("job-2"), ..key() });
    assert_eq!(other.apply_status(START, said), Change::NotThisJob);
    let mut nameless = result("0810");
    nameless["PartnerParams"] = json!({});
    let error = ended("0810", [says(nameless)]).unwrap_err();
    assert_eq!(history.apply_status(START, error.status().unwrap()), Change::NotThisJob, "it says neither");
}

#[test]
fn a_service_that_refuses_the_status_for_want_of_a_zip_is_behind_and_asked_again() {
    let run = run(&callback(result("0810")), [refused(400, "2314"), says(result("0810"))]);
    assert!(run.outcome.is_ok());
    assert_eq!(run.sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 4]);

    let error = ended("0810", [(); 3].map(|()| refused(400, "2314"))).unwrap_err();
    assert!(matches!(error, ConfirmError::Call(_)) && error.is_retryable(), "{error:?}");
    // In the words of anybody else it is no such thing.
    let error = ended("0810", [refused(400, "2405")]).unwrap_err();
    assert!(!error.is_retryable());
}

/// A result that names a submission, or none.
fn of_submission(id: Option<&str>) -> Value {
    let mut body = result("0810");
    if let Some(id) = id {
        body["PartnerParams"][SubmissionId::PARTNER_PARAM] = json!(id);
    }
    body
}

fn confirm_submission(claim: Value, answers: Vec<Answer>) -> Transcript<Result<Confirmation, ConfirmError>> {
    let id = serde_json::from_value(json!("0123456789abcdef0123456789abcdef")).unwrap();
    let submission = Submission::new(key(), id);
    drive(&mut Confirm::new(partner(), submission, &callback(claim), settings(), 7), answers)
}

const OWN: Option<&str> = Some("0123456789abcdef0123456789abcdef");
const OTHER: Option<&str> = Some("ffffffffffffffff0123456789abcdef");

#[test]
fn the_result_of_the_very_submission_is_confirmed() {
    let run = confirm_submission(of_submission(OWN), vec![says(of_submission(OWN))]);
    assert!(run.outcome.unwrap().verdict().is_approved());
}

#[test]
fn a_callback_of_another_submission_under_the_same_job_id_is_refused_without_asking() {
    for other in [OTHER, None] {
        let run = confirm_submission(of_submission(other), vec![]);
        assert_eq!(run.outcome, Err(ConfirmError::NotThisSubmission));
    }
}

#[test]
fn a_status_of_another_submission_confirms_nothing_however_often_it_is_asked_for() {
    for other in [OTHER, None] {
        let answers = (0..3).map(|_| says(of_submission(other))).collect();
        let error = confirm_submission(of_submission(OWN), answers).outcome.unwrap_err();
        assert_eq!(error, ConfirmError::NotThisSubmission);
        assert!(error.status().is_none() && !error.is_retryable(), "it is nothing to go by");
    }
}

#[test]
fn a_status_that_still_has_the_earlier_submission_is_asked_for_again() {
    let answers = vec![says(of_submission(OTHER)), says(of_submission(OWN))];
    let run = confirm_submission(of_submission(OWN), answers);
    assert_eq!((run.sent.len(), run.outcome.is_ok()), (2, true));
}

#[test]
fn an_error_of_the_call_answers_as_the_call_itself() {
    let error = ended("0810", [refused(400, "2405")]).unwrap_err();
    assert!(error.is_unauthorized() && !error.is_timeout() && !error.is_validation() && !error.is_observer());
    assert_eq!((error.name(), error.operation().unwrap().name()), ("call", "api"));
    assert!(!error.outcome_unknown() && !error.is_job_already_exists());
    assert!(error.validation().is_none() && error.problems().is_empty());
    assert_eq!(serde_json::to_value(&error).unwrap(), json!("call"));
}

#[test]
fn the_reason_of_an_observer_is_the_source_and_is_not_shown() {
    let mut flow = Confirm::new(partner(), key(), &callback(result("0810")), settings(), 7);
    assert!(matches!(flow.next(START), Next::Send { .. }));
    flow.refuse(START, smile_core::ObserverError::new("the database is down, says jane"));
    let Next::Finished(Err(error)) = flow.next(START) else { panic!("it is over") };
    assert!(error.is_observer() && error.is_retryable());
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the database is down, says jane");
    assert!(!format!("{error} {error:?}").contains("jane"));
}

#[test]
fn what_is_no_error_of_the_call_has_a_name_and_no_source() {
    let error = ended("0810", [says(result("0811"))]).unwrap_err();
    assert_eq!(error.name(), "contradicted");
    assert!(std::error::Error::source(&error).is_none() && error.operation().is_none());
}
