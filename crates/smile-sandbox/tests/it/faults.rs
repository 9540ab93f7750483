use http::StatusCode;
use serde_json::json;
use smile_sandbox::{ConnectionLost, Endpoint, Fault};

use crate::client::{Client, full_zip, params, prep_body, put_request};

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
        let response = client.send(put_request(&url, &full_zip("0")));
        assert!(response.extensions().get::<ConnectionLost>().is_some());
        assert_eq!(client.service.job("job").unwrap().processed, processed);
    }
    let response = client.put(&url, &full_zip("0"));
    assert!(response.extensions().get::<ConnectionLost>().is_none());
}
