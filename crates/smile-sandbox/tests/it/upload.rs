use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request};
use serde_json::json;

use crate::client::{Client, builder, full_zip, get_request, merged, params, prep_body, put_request};

const ZIP: &[u8] = b"not even a zip, but stored all the same";

/// Sends an altered upload, and returns the status and the store's error code.
fn refused(client: &mut Client, request: Request<Bytes>) -> (u16, String) {
    let response = client.send(request);
    let body = std::str::from_utf8(response.body()).unwrap();
    assert_eq!(response.headers()["content-type"], "application/xml");
    assert!(body.starts_with("<?xml"));
    let code = body.split("<Code>").nth(1).unwrap().split("</Code>").next().unwrap();
    assert_eq!(client.service.job("job").unwrap().uploads, 0);
    (response.status().as_u16(), code.to_owned())
}

fn announced() -> (Client, String) {
    let mut client = Client::new();
    let url = client.upload_url(&prep_body(&params("job", 1)));
    (client, url)
}

#[test]
fn a_plain_put_is_taken() {
    let (mut client, url) = announced();
    let response = client.put(&url, ZIP);
    assert_eq!(response.status(), 200);
    assert!(response.body().is_empty());
}

#[test]
fn a_chunked_body_is_not_implemented() {
    let (mut client, url) = announced();
    let mut request = put_request(&url, ZIP);
    request.headers_mut().remove("content-length");
    request.headers_mut().insert("transfer-encoding", HeaderValue::from_static("chunked"));
    assert_eq!(refused(&mut client, request), (501, "NotImplemented".to_owned()));
}

#[test]
fn a_length_is_required() {
    let (mut client, url) = announced();
    let mut request = put_request(&url, ZIP);
    request.headers_mut().remove("content-length");
    assert_eq!(refused(&mut client, request), (411, "MissingContentLength".to_owned()));
}

#[test]
fn a_second_secret_is_refused() {
    let (mut client, url) = announced();
    for authorization in ["Bearer abc", "Basic YTpi"] {
        let mut request = put_request(&url, ZIP);
        request.headers_mut().insert("authorization", HeaderValue::from_static(authorization));
        assert_eq!(refused(&mut client, request), (400, "InvalidArgument".to_owned()));
    }
    let mut request = put_request(&url, ZIP);
    request.headers_mut().insert("x-amz-security-token", HeaderValue::from_static("abc"));
    assert_eq!(refused(&mut client, request), (403, "AccessDenied".to_owned()));
}

#[test]
fn an_altered_address_is_refused() {
    let (mut client, url) = announced();
    let (path, query) = url.split_once('?').unwrap();
    let mismatch = (403, "SignatureDoesNotMatch".to_owned());
    let last = if url.ends_with('0') { "1" } else { "0" };
    for altered in [
        format!("{}{last}", &url[..url.len() - 1]),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=901"),
        url.replace("20240115T103000Z", "20240115T103001Z"),
        url.replace("selfie.zip", "other.zip"),
        url.replace("videos/001", "videos/002"),
        url.replace("127.0.0.1", "127.0.0.2"),
        format!("{url}&x=1"),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=-1"),
    ] {
        assert_eq!(refused(&mut client, put_request(&altered, ZIP)), mismatch, "{altered}");
    }
    for unsigned in [path.to_owned(), format!("{path}?{}", query.split("&X-Amz-Signature").next().unwrap())] {
        assert_eq!(refused(&mut client, put_request(&unsigned, ZIP)), (403, "AccessDenied".to_owned()));
    }
    assert_eq!(refused(&mut client, get_request(&url)), mismatch);
}

#[test]
fn an_address_expires() {
    let (mut client, url) = announced();
    client.pass(Duration::from_secs(901));
    assert_eq!(refused(&mut client, put_request(&url, ZIP)), (403, "AccessDenied".to_owned()));

    let mut brief = Client::with(builder().with_upload_lifetime(Duration::from_secs(5)));
    let url = brief.upload_url(&prep_body(&params("job", 1)));
    assert!(url.contains("X-Amz-Expires=5&"));
    brief.pass(Duration::from_secs(5));
    assert_eq!(brief.put(&url, ZIP).status(), 200);
    brief.pass(Duration::from_millis(1));
    assert_eq!(brief.put(&url, ZIP).status(), 403);
}

#[test]
fn every_zip_runs_the_job_again() {
    let (mut client, url) = announced();
    for count in 1..=3 {
        client.put(&url, &full_zip("00000000000"));
        let job = client.service.job("job").unwrap();
        assert_eq!((job.uploads, job.processed, job.results.len()), (count, count, count as usize));
    }
    assert_eq!(client.deliver().len(), 3);
}

#[test]
fn a_retry_leaves_the_first_address_good() {
    let (mut client, first) = announced();
    client.pass(Duration::from_secs(60));
    let again = merged(&prep_body(&params("job", 1)), &json!({"retry": true, "file_name": "again.zip"}));
    let second = client.upload_url(&again);
    assert_ne!(first, second);
    assert_eq!(client.put(&second, ZIP).status(), 200);
    assert_eq!(client.put(&first, ZIP).status(), 200);
    assert_eq!(client.service.job("job").unwrap().uploads, 2);
    client.pass(Duration::from_secs(14 * 60 + 1));
    assert_eq!(client.put(&first, ZIP).status(), 403);
    assert_eq!(client.put(&second, ZIP).status(), 200);
}
