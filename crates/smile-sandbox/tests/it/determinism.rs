use bytes::Bytes;
use serde_json::json;

use crate::checks::all_posts;
use crate::client::{Client, builder, full_zip, header_signed, merged, params, prep_body, status_body};

/// Everything that comes out of a run with two jobs, and of one of each other endpoint.
fn transcript(seed: u64) -> Vec<Bytes> {
    let mut client = Client::with(builder().seed(seed));
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
        let mut client = Client::with(builder().seed(seed));
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
