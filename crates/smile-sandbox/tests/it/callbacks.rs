use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use smile_sandbox::CallbackOutcome;

use crate::client::{CALLBACK_URL, Client, builder, full_zip, merged, params, prep_body, signer, without};

const MINUTE: Duration = Duration::from_secs(60);

fn submitted(builder: smile_sandbox::Builder, changes: &Value) -> Client {
    let mut client = Client::with(builder);
    client.run(&merged(&prep_body(&params("job", 1)), changes), &full_zip("00000000000"));
    client
}

#[test]
fn a_callback_is_the_entry_with_a_fresh_signature_inside() {
    let mut client = Client::new();
    let prep = prep_body(&params("job", 1));
    let url = client.upload_url(&prep);
    client.pass(MINUTE);
    client.put(&url, &full_zip("00000000000"));
    let due = client.service.due_callbacks(client.now);
    assert_eq!((due.len(), due[0].url.as_str()), (1, CALLBACK_URL));
    let entry: Value = serde_json::from_slice(&due[0].body).unwrap();
    assert_eq!(entry["timestamp"], "2024-01-15T10:31:00.000Z");
    signer().confirm("2024-01-15T10:31:00.000Z", entry["signature"].as_str().unwrap()).unwrap();
    let status = client.status(&prep["partner_params"], &json!({}));
    assert_eq!(without(&without(&entry, "timestamp"), "signature"), status["result"]);
}

#[test]
fn a_callback_is_tried_again_on_schedule_with_the_same_bytes() {
    let schedule = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];
    let mut client = submitted(builder().with_callback_retries(schedule), &json!({}));
    let failures = [
        CallbackOutcome::Unreachable,
        CallbackOutcome::TimedOut,
        CallbackOutcome::Interrupted,
        CallbackOutcome::Answered(StatusCode::FOUND),
        CallbackOutcome::Answered(StatusCode::INTERNAL_SERVER_ERROR),
    ];
    let mut bodies = Vec::new();
    for (attempt, failure) in failures.into_iter().enumerate() {
        if attempt > 0 {
            client.pass(schedule[attempt - 1] - Duration::from_millis(1));
            assert!(client.service.due_callbacks(client.now).is_empty());
            client.pass(Duration::from_millis(1));
        }
        assert_eq!(client.service.next_wakeup(), Some(client.now));
        let due = client.service.due_callbacks(client.now);
        assert!(client.service.due_callbacks(client.now).is_empty(), "it is under way");
        assert_eq!(client.service.next_wakeup(), None);
        bodies.push(due[0].body.clone());
        client.service.callback_answered(due[0].id, client.now, failure);
    }
    assert_eq!(client.service.next_wakeup(), None);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let outcomes: Vec<_> = client.service.callback_attempts().iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, failures);
    assert_eq!(client.service.callback_attempts()[4].attempt, 5);
}

#[test]
fn any_2xx_ends_it() {
    for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT] {
        let mut client = submitted(builder(), &json!({}));
        let due = client.service.due_callbacks(client.now);
        client.service.callback_answered(due[0].id, client.now, CallbackOutcome::Answered(status));
        assert_eq!(client.service.next_wakeup(), None);
        assert!(client.service.callback_attempts()[0].outcome.is_delivered());
    }
}

#[test]
fn nobody_outside_this_machine_is_called() {
    for url in ["https://example.com/", "http://example.com/", "http://127.0.0.1@example.com/", "nonsense"] {
        let mut client = submitted(builder(), &json!({"callback_url": url}));
        assert!(client.service.due_callbacks(client.now).is_empty());
        assert_eq!(client.service.next_wakeup(), None);
        let attempt = &client.service.callback_attempts()[0];
        assert_eq!((attempt.outcome, attempt.url.as_str()), (CallbackOutcome::Refused, url));
    }
}

#[test]
fn without_an_address_it_goes_to_the_default_one_if_any() {
    for absent in [json!(null), json!("")] {
        let changes = json!({"callback_url": absent});
        assert_eq!(submitted(builder(), &changes).service.next_wakeup(), None);
        let mut client = submitted(builder().with_callback_url("http://localhost:1/default"), &changes);
        assert_eq!(client.service.due_callbacks(client.now)[0].url, "http://localhost:1/default");
    }
}

#[test]
fn old_accounts_get_the_lookup_separately() {
    for (number, code, verified) in [("0", "1012", "Verified"), ("1", "1013", "Not Verified")] {
        let mut client = Client::with(builder().with_legacy_two_callbacks(true));
        client.run(&prep_body(&params("job", 1)), &full_zip(number));
        let entries = client.deliver();
        assert_eq!(entries.len(), 2);
        assert!(entries[0].get("FullName").is_none());
        assert_eq!(entries[1]["ResultType"], "ID Verification");
        assert_eq!(entries[1]["ResultCode"], code);
        assert_eq!(entries[1]["Actions"]["Verify_ID_Number"], verified);
        assert_eq!(entries[1].get("FullName").is_some(), code == "1012");
        assert_eq!(client.service.job("job").unwrap().results.len(), 1);
    }
    let mut client = Client::with(builder().with_legacy_two_callbacks(true));
    client.run(&prep_body(&params("job", 4)), &full_zip("0"));
    assert_eq!(client.deliver().len(), 1);
}

#[test]
fn a_clock_that_steps_back_stands_still() {
    let mut client = submitted(builder().with_callback_retries([MINUTE]), &json!({}));
    let due = client.service.due_callbacks(client.now);
    let earlier = smile_core::Timestamp::from_unix_millis(0);
    client.service.callback_answered(due[0].id, earlier, CallbackOutcome::TimedOut);
    assert_eq!(client.service.next_wakeup(), Some(client.now + MINUTE));
}
