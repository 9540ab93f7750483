//! The limits on what is remembered.

use serde_json::json;
use smile_sandbox::{CallbackRule, Disturbance, Endpoint, Fault, FaultRule, Keep, Stage, UserState};

use crate::client::{Client, builder, full_zip, id_body, merged, params, prep_body};

/// A job of a user of its own.
fn prep(number: usize) -> serde_json::Value {
    let params = merged(&params(&format!("job-{number}"), 4), &json!({"user_id": format!("user-{number}")}));
    prep_body(&params)
}

fn job_ids(client: &Client) -> Vec<String> {
    client.service.jobs().into_iter().map(|job| job.job_id).collect()
}

#[test]
fn the_newest_jobs_requests_and_attempts_are_kept() {
    let keep = Keep::default().with_jobs(2).with_requests(3).with_callbacks(1);
    let mut client = Client::with(builder().with_keep(keep));
    for number in 0..5 {
        client.run(&prep(number), &full_zip("0"));
        client.deliver();
    }
    assert_eq!(job_ids(&client), ["job-3", "job-4"]);
    assert_eq!(client.service.job("job-4").unwrap().smile_job_id, "0000000005");
    assert_eq!((client.service.requests().len(), client.service.callback_attempts().len()), (3, 1));
    assert_eq!(client.service.callback_attempts()[0].job_id, "job-4");

    // A forgotten job is as if it had never been, but for its user.
    let forgotten = client.status(&prep(0)["partner_params"], &json!({}));
    assert_eq!((&forgotten["code"], &forgotten["job_complete"]), (&json!("2314"), &json!(false)));
    assert_eq!(client.service.user("user-0"), UserState::Enrolled);
    let again = merged(&prep(0), &json!({"allow_new_enroll": true}));
    assert_eq!(client.prep(&again).1["smile_job_id"], "0000000006");
}

#[test]
fn an_upload_address_of_a_job_that_is_forgotten_leads_nowhere() {
    let mut client = Client::with(builder().with_keep(Keep::default().with_jobs(1)));
    let old = client.upload_url(&prep(0));
    client.upload_url(&prep(1));
    assert_eq!(client.put(&old, &full_zip("0")).status(), 403);
}

#[test]
fn a_job_that_is_forgotten_under_review_is_not_decided() {
    let mut client = Client::with(builder().with_keep(Keep::default().with_jobs(1)));
    let provisional = merged(
        &prep(0),
        &json!({"partner_params": merged(&prep(0)["partner_params"], &json!({"sandbox_result": 2}))}),
    );
    client.run(&provisional, &full_zip("0"));
    assert_eq!(client.service.job("job-0").unwrap().stage, Stage::UnderReview);
    client.run(&prep(1), &full_zip("0"));
    client.pass(std::time::Duration::from_secs(60));
    assert_eq!(client.deliver().len(), 2, "the machine's verdicts");
    assert_eq!(client.service.next_wakeup(), None);
}

#[test]
fn bytes_are_bounded_and_the_newest_is_kept() {
    let zip = full_zip("0");
    let mut client = Client::with(builder().with_keep(Keep::default().with_bytes(5 * zip.len())));
    for number in 0..20 {
        client.run(&prep(number), &zip);
        let requests: usize = client.service.requests().iter().map(|request| request.body.len()).sum();
        assert!(requests <= 5 * zip.len());
        assert_eq!(job_ids(&client).last(), Some(&format!("job-{number}")));
    }
    assert!((2..20).contains(&job_ids(&client).len()));
    // One entry that is too large by itself is kept all the same.
    let mut client = Client::with(builder().with_keep(Keep::default().with_bytes(1)));
    client.run(&prep(0), &zip);
    assert_eq!((job_ids(&client).len(), client.service.requests().len()), (1, 1));
}

#[test]
fn callbacks_are_bounded_too_but_for_those_that_wait() {
    // Each is larger than 3 MB, so there is room for two.
    let mut client = Client::with(builder().with_keep(Keep::default().with_bytes(8_000_000)));
    client.service.disturb_callbacks(CallbackRule::every(Disturbance::Oversized));
    let jobs = |client: &Client| {
        let attempts: Vec<_> =
            client.service.callback_attempts().iter().map(|attempt| attempt.job_id.clone()).collect();
        let made = client.service.callbacks().iter().map(|made| made.job_id.clone()).collect::<Vec<_>>();
        (attempts, made)
    };
    for number in 0..4 {
        client.run(&prep(number), &full_zip("0"));
        assert_eq!(client.deliver().len(), 1);
    }
    let newest = ["job-2".to_owned(), "job-3".to_owned()].to_vec();
    assert_eq!(jobs(&client), (newest.clone(), newest));

    for number in 4..8 {
        client.run(&prep(number), &full_zip("0"));
    }
    let waiting = (4..8).map(|number| format!("job-{number}")).collect::<Vec<_>>();
    assert_eq!(jobs(&client).1, waiting, "none that waits is forgotten");
    assert_eq!(client.deliver().len(), 4);
    assert_eq!(jobs(&client), (waiting[2..].to_vec(), waiting[2..].to_vec()));
}

#[test]
fn the_body_of_a_check_counts_too() {
    let mut client = Client::with(builder().with_keep(Keep::default().with_bytes(50_000)));
    for number in 0..10 {
        let params = merged(&params(&format!("job-{number}"), 5), &json!({"note": "a".repeat(10_000)}));
        client.check("/v1/id_verification", &id_body("00000000000", &json!({"partner_params": params})));
    }
    assert!(job_ids(&client).len() < 5, "{:?}", job_ids(&client));
}

#[test]
fn everything_can_be_kept() {
    let mut client = Client::with(builder().with_keep(Keep::everything()));
    for number in 0..50 {
        client.run(&prep(number), &full_zip("0"));
    }
    assert_eq!((job_ids(&client).len(), client.service.requests().len()), (50, 150));
}

#[test]
fn a_reset_leaves_what_the_builder_said() {
    let standing = FaultRule::new(Fault::LoseAnswer).with_endpoint(Endpoint::Aml);
    let mut client = Client::with(builder().with_fault(standing));
    let fresh = client.service.jobs().len();
    client.service.when(smile_sandbox::Matcher::job_id("job-1")).respond(["0814"]);
    client.service.fail_next(Endpoint::PrepUpload, Fault::LoseAnswer);
    client.send(http::Request::post("/v1/upload").body(bytes::Bytes::new()).unwrap());
    let first = client.run(&prep(0), &full_zip("0"));
    let sent = client.service.due_callbacks(client.now);

    client.service.reset();
    assert_eq!((client.service.jobs().len(), client.service.requests().len()), (fresh, 0));
    assert_eq!((client.service.callback_attempts().len(), client.service.next_wakeup()), (0, None));
    assert_eq!(client.service.user("user-0"), UserState::Unknown);
    assert_eq!(client.service.faults().len(), 1);
    // An answer to a callback from before the reset changes nothing.
    client.service.callback_answered(sent[0].id, client.now, smile_sandbox::CallbackOutcome::TimedOut);
    assert!(client.service.callback_attempts().is_empty());

    // As at the start: the same ids, the same bytes, and no script.
    assert_eq!(client.run(&prep(0), &full_zip("0")), first);
    assert_eq!(client.run(&prep(1), &full_zip("0"))["result"]["ResultCode"], "0840");
    assert!(client.deliver().len() == 2 && client.service.callback_attempts()[0].id != sent[0].id);
}
