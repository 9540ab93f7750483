//! Redelivered and disturbed callbacks.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use smile_sandbox::{
    Builder, CallbackAnswer, CallbackError, CallbackId, CallbackOutcome, CallbackRule, CallbackState,
    Disturbance, DueCallback, Redelivery,
};

use crate::client::{Client, builder, full_zip, merged, params, prep_body, signer};

const HOUR: Duration = Duration::from_secs(60 * 60);
const OK: CallbackOutcome = CallbackOutcome::Answered(StatusCode::OK);

fn with_rule(builder: Builder, rule: CallbackRule) -> Client {
    let mut client = Client::with(builder);
    client.service.disturb_callbacks(rule);
    client
}

/// A job with a callback, or with two if it is reviewed.
fn submit(client: &mut Client, job_id: &str, sandbox_result: u8) {
    let params = merged(&params(job_id, 1), &json!({"sandbox_result": sandbox_result, "user_id": job_id}));
    client.run(&prep_body(&params), &full_zip("00000000000"));
}

/// A client whose first callback was delivered.
fn delivered() -> (Client, CallbackId, Value) {
    let mut client = Client::new();
    submit(&mut client, "job", 0);
    let entries = client.deliver();
    (client, CallbackId::from_number(0), entries[0].clone())
}

fn entry(callback: &DueCallback) -> Value {
    serde_json::from_slice(&callback.body).unwrap()
}

fn is_signed(entry: &Value) -> bool {
    let text = |name: &str| entry[name].as_str().unwrap();
    signer().confirm(text("timestamp"), text("signature")).is_ok()
}

fn numbers(due: &[DueCallback]) -> Vec<u64> {
    due.iter().map(|callback| callback.id.number()).collect()
}

#[test]
fn a_callback_is_delivered_again_with_the_same_bytes_or_signed_afresh() {
    let (mut client, id, first) = delivered();
    client.pass(HOUR);
    let copy = client.service.redeliver(client.now, id, Redelivery::SameBytes).unwrap();
    let due = client.service.due_callbacks(client.now);
    assert_eq!((due.len(), due[0].id, entry(&due[0])), (1, copy, first.clone()));
    assert_eq!(due[0].body, client.service.callbacks()[0].body);
    client.service.callback_answered(copy, client.now, OK);

    let fresh = client.service.redeliver(client.now, copy, Redelivery::SignedAfresh).unwrap();
    let due = client.service.due_callbacks(client.now);
    let again = entry(&due[0]);
    assert_eq!((due[0].id, again["timestamp"].as_str()), (fresh, Some("2024-01-15T11:30:00.000Z")));
    assert!(is_signed(&again));
    let signature = json!({"timestamp": first["timestamp"], "signature": first["signature"]});
    assert_eq!(merged(&again, &signature), first);
    assert_eq!(client.service.callbacks()[2].copy_of, Some(copy));
}

#[test]
fn a_redelivery_is_tried_again_like_any_other() {
    let (mut client, id, _) = delivered();
    let copy = client.service.redeliver(client.now, id, Redelivery::SameBytes).unwrap();
    client.service.due_callbacks(client.now);
    client.service.callback_answered(copy, client.now, CallbackOutcome::TimedOut);
    let next = client.service.next_wakeup().unwrap();
    assert_eq!(client.service.callbacks()[1].state, CallbackState::Waiting(next));
    assert_eq!(numbers(&client.service.due_callbacks(next)), [1]);
}

#[test]
fn an_unknown_callback_is_neither_redelivered_nor_disturbed() {
    let (mut client, ..) = delivered();
    let unknown = CallbackId::from_number(1);
    let (now, error) = (client.now, Err(CallbackError::UnknownCallback));
    assert_eq!(client.service.redeliver(now, unknown, Redelivery::SameBytes), error);
    assert_eq!(client.service.disturb_callback(now, unknown, Disturbance::Tampered), error);
    assert_eq!(client.service.callbacks().len(), 1);
}

/// The flaws of a body: in its signature, age, verdict and size.
fn looked_at(
    callback: &DueCallback,
    original: &Value,
    now: smile_core::Timestamp,
) -> (bool, bool, bool, bool) {
    let entry = entry(callback);
    let timestamp = smile_core::Timestamp::parse(entry["timestamp"].as_str().unwrap()).unwrap();
    (
        is_signed(&entry),
        now.since(timestamp) < HOUR,
        entry["ResultCode"] == original["ResultCode"],
        callback.body.len() <= 2 * 1024 * 1024,
    )
}

#[test]
fn each_broken_body_is_broken_in_its_own_way_on_demand_and_by_rule() {
    for (disturbance, expected) in [
        (Disturbance::Stale(HOUR), (true, false, true, true)),
        (Disturbance::WronglySigned, (false, true, true, true)),
        (Disturbance::Tampered, (true, true, false, true)),
        (Disturbance::Oversized, (true, true, true, false)),
    ] {
        let (mut client, id, original) = delivered();
        let copy = client.service.disturb_callback(client.now, id, disturbance).unwrap();
        let due = client.service.due_callbacks(client.now);
        assert_eq!((due.len(), due[0].id), (1, copy));
        assert_eq!(looked_at(&due[0], &original, client.now), expected, "{disturbance:?}");
        let made = client.service.callbacks();
        assert_eq!((made[0].disturbance, made[1].disturbance), (None, Some(disturbance)));

        let mut client = with_rule(builder(), CallbackRule::next(disturbance));
        submit(&mut client, "job", 0);
        let due = client.service.due_callbacks(client.now);
        assert_eq!((due.len(), due[0].id.number()), (1, 0));
        assert_eq!(looked_at(&due[0], &original, client.now), expected, "{disturbance:?}");
        assert!(client.service.callback_rules().is_empty());
    }
}

#[test]
fn a_rejection_that_was_tampered_with_is_an_approval_whose_signature_holds() {
    let mut client = with_rule(builder(), CallbackRule::next(Disturbance::Tampered));
    submit(&mut client, "job", 1);
    let due = client.service.due_callbacks(client.now);
    let forged = entry(&due[0]);
    assert_eq!((&forged["ResultCode"], is_signed(&forged)), (&json!("0810"), true));
    assert_eq!(forged["Actions"]["Selfie_To_ID_Authority_Compare"], "Completed");
    assert_eq!(client.service.job("job").unwrap().result_code(), Some("0811"), "the truth stays what it is");
}

#[test]
fn a_dropped_callback_is_never_posted_but_can_be_delivered_later() {
    let mut client = with_rule(builder(), CallbackRule::next(Disturbance::Drop));
    submit(&mut client, "job", 0);
    assert_eq!((client.service.next_wakeup(), client.service.callback_attempts().len()), (None, 0));
    let made = client.service.callbacks()[0].clone();
    assert_eq!(made.state, CallbackState::Dropped);
    client.service.redeliver(client.now, made.id, Redelivery::SameBytes).unwrap();
    assert_eq!(client.service.due_callbacks(client.now)[0].body, made.body);
}

#[test]
fn attempts_that_are_still_to_come_can_be_dropped() {
    let mut client = Client::new();
    submit(&mut client, "job", 0);
    let id = client.service.due_callbacks(client.now)[0].id;
    let drop = |client: &mut Client| client.service.disturb_callback(client.now, id, Disturbance::Drop);
    assert_eq!(drop(&mut client), Err(CallbackError::NotWaiting), "it is under way");
    client.service.callback_answered(id, client.now, CallbackOutcome::Unreachable);
    assert_eq!(drop(&mut client), Ok(id));
    assert_eq!(client.service.next_wakeup(), None);
    assert_eq!(drop(&mut client), Err(CallbackError::NotWaiting));
}

#[test]
fn a_delay_puts_a_callback_off_or_sends_a_copy_later() {
    let mut client = with_rule(builder(), CallbackRule::next(Disturbance::Delay(HOUR)));
    submit(&mut client, "job", 0);
    assert!(client.service.due_callbacks(client.now).is_empty());
    assert_eq!(client.service.next_wakeup(), Some(client.now + HOUR));
    let id = client.service.callbacks()[0].id;
    let disturbed = client.service.disturb_callback(client.now, id, Disturbance::Delay(HOUR));
    assert_eq!((disturbed, client.service.next_wakeup()), (Ok(id), Some(client.now + 2 * HOUR)));
    client.pass(2 * HOUR);
    assert_eq!(client.deliver().len(), 1);
    let copy = client.service.disturb_callback(client.now, id, Disturbance::Delay(HOUR)).unwrap();
    assert_ne!(copy, id);
    assert_eq!(client.service.next_wakeup(), Some(client.now + HOUR));
}

#[test]
fn the_final_callback_overtakes_the_provisional_one() {
    for every in [false, true] {
        let rule = if every { CallbackRule::every } else { CallbackRule::next };
        let mut client = with_rule(builder(), rule(Disturbance::Reorder));
        submit(&mut client, "job", 2);
        assert!(client.deliver().is_empty());
        client.pass(HOUR);
        let codes: Vec<_> = client.deliver().iter().map(|entry| entry["ResultCode"].clone()).collect();
        assert_eq!(codes, ["1210", "0812"]);
    }
}

#[test]
fn a_callback_that_was_delivered_comes_again_behind_the_next() {
    let mut client = Client::new();
    submit(&mut client, "job", 2);
    client.deliver();
    let id = CallbackId::from_number(0);
    let copy = client.service.disturb_callback(client.now, id, Disturbance::Reorder).unwrap();
    assert_ne!(copy, id);
    assert!(client.deliver().is_empty());
    client.pass(HOUR);
    let codes: Vec<_> = client.deliver().iter().map(|entry| entry["ResultCode"].clone()).collect();
    assert_eq!(codes, ["1210", "0812"]);
}

#[test]
fn duplicates_are_posted_at_the_same_moment() {
    let mut client = with_rule(builder(), CallbackRule::next(Disturbance::Duplicate));
    submit(&mut client, "job", 0);
    let due = client.service.due_callbacks(client.now);
    assert_eq!(numbers(&due), [0, 1]);
    assert_eq!(due[0].body, due[1].body);
    for callback in due {
        client.service.callback_answered(callback.id, client.now, OK);
    }
    client.service.disturb_callback(client.now, CallbackId::from_number(0), Disturbance::Duplicate).unwrap();
    assert_eq!(numbers(&client.service.due_callbacks(client.now)), [2, 3]);
    let originals: Vec<_> = client.service.callbacks().iter().map(|made| made.copy_of).collect();
    let first = Some(CallbackId::from_number(0));
    assert_eq!(originals, [None, first, first, first]);
}

#[test]
fn rules_can_be_for_one_job_and_be_cleared() {
    let mut client = with_rule(builder(), CallbackRule::every(Disturbance::Drop).with_job_id("b"));
    for job in ["a", "b"] {
        submit(&mut client, job, 0);
    }
    assert_eq!(client.deliver().len(), 1);
    client.service.clear_callback_rules();
    submit(&mut client, "b2", 0);
    assert_eq!(client.deliver().len(), 1);
}

#[test]
fn the_beginning_of_an_answer_is_kept() {
    let mut client = Client::new();
    submit(&mut client, "job", 0);
    let id = client.service.due_callbacks(client.now)[0].id;
    let answer = CallbackAnswer::new(CallbackOutcome::Answered(StatusCode::BAD_REQUEST), &[b'x'; 5_000]);
    client.service.callback_answered(id, client.now, answer);
    assert_eq!(client.service.callback_attempts()[0].answer, [b'x'; 1_024].as_slice());
    client.pass(HOUR);
    client.deliver();
    assert!(client.service.callback_attempts()[1].answer.is_empty());
}

#[test]
fn a_copy_goes_nowhere_but_to_this_machine_either() {
    let mut client = Client::new();
    let prep = merged(&prep_body(&params("job", 4)), &json!({"callback_url": "http://example.com/"}));
    client.run(&prep, &full_zip("0"));
    client.service.redeliver(client.now, CallbackId::from_number(0), Redelivery::SameBytes).unwrap();
    assert_eq!(client.service.next_wakeup(), None);
    assert!(
        client.service.callback_attempts().iter().all(|attempt| attempt.outcome == CallbackOutcome::Refused)
    );
    assert_eq!(client.service.callbacks()[1].state, CallbackState::GivenUp);
}

#[test]
fn debug_shows_nothing_of_what_was_sent() {
    let mut client = with_rule(
        builder(),
        CallbackRule::every(Disturbance::Duplicate).with_job_id("ada-job").with_skipped(5),
    );
    submit(&mut client, "ada-job", 0);
    let answer = CallbackAnswer::new(OK, b"thanks, Ada");
    let shown = format!("{:?} {:?} {answer:?}", client.service.callbacks(), client.service.callback_rules());
    assert!(shown.contains("Duplicate") && shown.contains("Waiting"), "{shown}");
    for hidden in ["ada", "Ada", "Joe", "127.0.0.1"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
