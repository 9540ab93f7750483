//! Targets for requests to the sandbox by anybody.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use smile_sandbox::{Sandbox, Scenario, Service};

use crate::shared::NOW;

fn service() -> Service {
    Sandbox::builder().with_partner_id("001").with_api_key("test_api_key").into_service().unwrap()
}

/// Requests, one after the other: a line with method and path, lines with headers, an empty line, a
/// line with the body's length, and the body.
pub fn sandbox_requests(data: &[u8]) {
    let (mut service, mut rest, mut now) = (service(), data, NOW);
    for _ in 0..8 {
        let Some((request, after)) = request(rest) else { return };
        rest = after;
        let response = service.handle(now, request).response;
        assert!(response.status().as_u16() >= 200);
        now = now + Duration::from_secs(1);
        for callback in service.due_callbacks(now) {
            let _ = format!("{callback:?}");
        }
    }
}

fn line(data: &[u8]) -> Option<(&str, &[u8])> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&data[..end]).ok()?, &data[end + 1..]))
}

fn request(data: &[u8]) -> Option<(Request<Bytes>, &[u8])> {
    let (first, mut rest) = line(data)?;
    let (method, path) = first.split_once(' ')?;
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).ok()?).uri(path);
    loop {
        let (header, after) = line(rest)?;
        rest = after;
        let Some((name, value)) = header.split_once(':') else { break };
        request = request.header(name, value.trim());
    }
    let (length, after) = line(rest).unwrap_or(("", rest));
    let length = length.trim().parse().unwrap_or(after.len()).min(after.len());
    let (body, after) = after.split_at(length);
    Some((request.body(Bytes::copy_from_slice(body)).ok()?, after))
}

/// A zip, put to an address that the sandbox gave.
pub fn sandbox_zips(data: &[u8]) {
    let mut service = service();
    let prep = concat!(
        r#"{"partner_params":{"user_id":"user-1","job_id":"job-1","job_type":1},"smile_client_id":"001","partner_id":"001","#,
        r#""callback_url":"http://127.0.0.1:9/","source_sdk":"rest_api","source_sdk_version":"1.0.0","file_name":"selfie.zip","#,
        r#""timestamp":"2024-01-15T10:30:00.000Z","signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=","#,
        r#""model_parameters":{}}"#
    );
    let request =
        Request::post("/v1/upload").header("host", "127.0.0.1:7").body(Bytes::from_static(prep.as_bytes()));
    let answer = service.handle(NOW, request.unwrap()).response;
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let url = answer["upload_url"].as_str().expect("the job is opened");
    let put = Request::put(url).header("content-type", "application/zip").body(Bytes::copy_from_slice(data));
    let _ = service.handle(NOW, put.unwrap());
    let _ = service.due_callbacks(NOW + Duration::from_secs(60));
    let job = service.job("job-1").expect("the job is there");
    assert!(
        job.images.iter().all(|image| !format!("{image:?}").contains("..")),
        "no name leads out of the zip"
    );
}

/// Scenario files: one that is refused says where, and one that isn't can be used.
pub fn scenarios(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Scenario::parse(&text) {
        Ok(scenario) => {
            let service = Sandbox::builder().with_scenario(scenario).into_service();
            assert!(service.is_ok(), "what was read can be used");
        }
        Err(error) => {
            let (line, shown) = (error.line, error.to_string());
            assert!(line <= text.lines().count() + 1, "{shown}");
        }
    }
}
