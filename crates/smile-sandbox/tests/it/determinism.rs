use bytes::Bytes;
use serde_json::json;

use crate::checks::all_posts;
use crate::client::{Client, builder, full_zip, header_signed, merged, params, prep_body, status_body};

/// All output of a run with two jobs, and of one request to each other endpoint.
fn transcript(seed: u64) -> Vec<Bytes> {
    let mut client = Client::with(builder().with_seed(seed));
    let mut out = Vec::new();
    for (job_id, job_type) in [("a", 1), ("b", 6)] {
        let prep = prep_body(&merged(&params(job_id, job_type), &json!({"sandbox_result": "2"})));
        let url = client.upload_url(&prep);
        out.push(url.clone().into());
        out.push(client.put(&url, &full_zip("00000000000")).into_body());
        client.pass(std::time::Duration::from_secs(2));
        for callback in client.service.due_callbacks(client.now) {
            out.push(callback.body);
        }
        let body = status_body(&params(job_id, job_type), &json!({"history": true, "image_links": true}));
        out.push(client.post("/v1/job_status", &body).1.to_string().into());
    }
    for (_, path, body) in all_posts() {
        let mut client = Client::with(builder().with_seed(seed));
        out.push(client.send(header_signed(http::Method::POST, path, &body)).into_body());
        out.extend(client.service.due_callbacks(client.now).into_iter().map(|callback| callback.body));
    }
    out
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    assert_eq!(transcript(7), transcript(7));
    assert_ne!(transcript(7)[0], transcript(8)[0]);
}

/// All output of a whole scenario: answers and callbacks, with the time of each.
#[cfg(feature = "scenario")]
fn performance(seed: u64) -> Vec<(u64, Bytes)> {
    let toml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/biometric-kyc.toml"));
    let scenario = smile_sandbox::Scenario::parse(&toml.unwrap()).unwrap();
    let mut client = Client::with(builder().with_scenario(scenario).with_seed(seed));
    let mut out = Vec::new();
    for name in ["plain", "reviewed", "overturned", "spoof", "forgotten", "outage", "odd", "future"] {
        let prep = prep_body(&params(&format!("{name}-1"), 1));
        let url = client.upload_url(&prep);
        out.push((client.now.unix_millis(), url.clone().into()));
        out.push((client.now.unix_millis(), client.put(&url, &full_zip("00000000000")).into_body()));
        client.pass(std::time::Duration::from_millis(1_234));
    }
    // The receiver is out for the first attempts of all.
    for number in 0..100 {
        let Some(due) = client.service.next_wakeup() else { break };
        client.now = client.now.max(due);
        for callback in client.service.due_callbacks(client.now) {
            let status = if number < 3 { 503 } else { 200 };
            let outcome = smile_sandbox::CallbackOutcome::Answered(status.try_into().unwrap());
            out.push((client.now.unix_millis(), callback.body));
            client.service.callback_answered(callback.id, client.now, outcome);
        }
    }
    assert_eq!(client.service.next_wakeup(), None);
    let body = status_body(&params("overturned-1", 1), &json!({"history": true, "image_links": true}));
    out.push((client.now.unix_millis(), client.post("/v1/job_status", &body).1.to_string().into()));
    out
}

#[cfg(feature = "scenario")]
#[test]
fn a_scenario_gives_the_same_bytes_at_the_same_times() {
    let first = performance(7);
    assert!(first.len() > 30, "{}", first.len());
    assert_eq!(first, performance(7));
    assert_ne!(first, performance(8));
}
