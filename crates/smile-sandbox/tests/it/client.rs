//! A client of the service, written for these tests alone: it shares no code with the SDK.

use std::io::{Cursor, Write as _};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use smile_core::{ApiKey, PartnerId, Signer, Timestamp};
use smile_sandbox::{Builder, CallbackOutcome, Incoming, Outgoing, Sandbox, Service};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(crate) const KEY: &str = "test_api_key";
/// A structurally valid JPEG, 480 by 640 pixels: a frame, a scan and the end.
pub(crate) const JPEG: &[u8] =
    b"\xFF\xD8\xFF\xC0\0\x0B\x08\x02\x80\x01\xE0\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\
    a face\xFF\xD9";
pub(crate) const START: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);
pub(crate) const CALLBACK_URL: &str = "http://127.0.0.1:9/callback";

pub(crate) fn builder() -> Builder {
    Sandbox::builder().with_partner_id("001").with_api_key(KEY)
}

pub(crate) fn signer() -> Signer {
    Signer::new(PartnerId::new("001").unwrap(), &ApiKey::new(KEY).unwrap())
}

/// The service, with the time that it is given.
pub(crate) struct Client {
    pub(crate) service: Service,
    pub(crate) now: Timestamp,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(builder())
    }

    pub(crate) fn with(builder: Builder) -> Self {
        Self { service: builder.into_service().unwrap(), now: START }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub(crate) fn send(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        self.exchange(request).response
    }

    pub(crate) fn exchange(&mut self, incoming: impl Into<Incoming>) -> Outgoing {
        self.service.handle(self.now, incoming)
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> (u16, Value) {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn post_text(&mut self, path: &str, body: &str) -> (u16, Value) {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let request = Request::post(path).header("host", "127.0.0.1:7").body(body).unwrap();
        let response = self.send(request);
        assert_eq!(response.headers()["content-type"], "application/json");
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    pub(crate) fn prep(&mut self, body: &Value) -> (u16, Value) {
        self.post("/v1/upload", body)
    }

    /// Announces a job that must be accepted, and returns its upload address.
    pub(crate) fn upload_url(&mut self, body: &Value) -> String {
        let (status, answer) = self.prep(body);
        assert_eq!((status, &answer["code"]), (200, &json!("2202")), "{answer}");
        answer["upload_url"].as_str().unwrap().to_owned()
    }

    pub(crate) fn put(&mut self, url: &str, zip: &[u8]) -> Response<Bytes> {
        self.send(put_request(url, zip))
    }

    /// A whole job, up to the job status right after the zip.
    pub(crate) fn run(&mut self, prep: &Value, zip: &[u8]) -> Value {
        let url = self.upload_url(prep);
        let response = self.put(&url, zip);
        assert_eq!((response.status(), response.body().len()), (StatusCode::OK, 0));
        self.status(&prep["partner_params"], &json!({}))
    }

    /// A signed answer that must be a success, without its signature.
    pub(crate) fn check(&mut self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body);
        assert_eq!(status, 200, "{answer}");
        confirmed(&answer)
    }

    /// Sends a request that is answered by callback, and returns the callback's entry.
    pub(crate) fn check_async(&mut self, path: &str, body: &Value) -> Value {
        assert_eq!(self.post(path, body), (200, json!({"success": true})));
        let mut entries = self.deliver();
        assert_eq!(entries.len(), 1);
        confirmed(&entries.remove(0))
    }

    /// The code of a request's refusal.
    pub(crate) fn refusal(&mut self, path: &str, body: &Value) -> String {
        let (status, answer) = self.post(path, body);
        assert_eq!(status, 400, "{answer}");
        assert!(answer["error"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn post_header_signed(&mut self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.send(header_signed(Method::POST, path, body));
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    pub(crate) fn status(&mut self, params: &Value, options: &Value) -> Value {
        let (status, answer) = self.post("/v1/job_status", &status_body(params, options));
        assert_eq!(status, 200, "{answer}");
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        signer().confirm(&text("timestamp"), &text("signature")).unwrap();
        answer
    }

    /// Takes the due callbacks, reports them as delivered, and returns the entries.
    pub(crate) fn deliver(&mut self) -> Vec<Value> {
        let mut entries = Vec::new();
        for _ in 0..10 {
            for callback in self.service.due_callbacks(self.now) {
                entries.push(serde_json::from_slice(&callback.body).unwrap());
                self.service.callback_answered(
                    callback.id,
                    self.now,
                    CallbackOutcome::Answered(StatusCode::OK),
                );
            }
        }
        entries
    }
}

/// A request that is signed in its headers.
pub(crate) fn header_signed(method: Method, path: &str, body: &Value) -> Request<Bytes> {
    let signed = signer().sign(START);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:7")
        .header("SmileID-Partner-ID", "001")
        .header("SmileID-Timestamp", signed.timestamp())
        .header("SmileID-Request-Signature", signed.signature())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap()
}

pub(crate) fn put_request(url: &str, zip: &[u8]) -> Request<Bytes> {
    let host = url.split('/').nth(2).unwrap();
    let target = &url["http://".len() + host.len()..];
    Request::put(target)
        .header("host", host)
        .header("content-length", zip.len())
        .header("content-type", "application/zip")
        .body(Bytes::copy_from_slice(zip))
        .unwrap()
}

pub(crate) fn get_request(url: &str) -> Request<Bytes> {
    let mut request = put_request(url, b"");
    *request.method_mut() = Method::GET;
    request
}

pub(crate) fn params(job_id: &str, job_type: u16) -> Value {
    json!({"job_id": job_id, "user_id": "user", "job_type": job_type})
}

pub(crate) fn prep_body(params: &Value) -> Value {
    let signed = signer().sign(START);
    json!({
        "source_sdk": "rest_api",
        "source_sdk_version": "1.0.0",
        "file_name": "selfie.zip",
        "smile_client_id": "001",
        "signature": signed.signature(),
        "timestamp": signed.timestamp(),
        "partner_params": params,
        "model_parameters": {},
        "callback_url": CALLBACK_URL,
    })
}

pub(crate) fn status_body(params: &Value, options: &Value) -> Value {
    let signed = signer().sign(START);
    let body = json!({
        "partner_id": "001",
        "user_id": params["user_id"],
        "job_id": params["job_id"],
        "signature": signed.signature(),
        "timestamp": signed.timestamp(),
        "image_links": false,
        "history": false,
    });
    merged(&body, options)
}

/// A body with the partner id and a signature in it.
pub(crate) fn signed(body: &Value) -> Value {
    let signed = signer().sign(START);
    let partner = json!({
        "partner_id": "001",
        "signature": signed.signature(),
        "timestamp": signed.timestamp(),
    });
    merged(&partner, body)
}

/// A request about an ID, with a callback address, which harms no other endpoint.
pub(crate) fn id_body(number: &str, changes: &Value) -> Value {
    let body = signed(&json!({
        "source_sdk": "rest_api",
        "source_sdk_version": "1.0.0",
        "country": "NG",
        "id_type": "NIN_V2",
        "id_number": number,
        "partner_params": {"job_id": "job", "user_id": "user", "job_type": 5},
        "callback_url": CALLBACK_URL,
    }));
    merged(&body, changes)
}

pub(crate) fn business_body(number: &str, changes: &Value) -> Value {
    let body = id_body(
        number,
        &json!({"id_type": "BUSINESS_REGISTRATION", "business_type": "co", "partner_params": params("job", 7)}),
    );
    merged(&body, changes)
}

pub(crate) fn aml_body(name: &str, changes: &Value) -> Value {
    let body = signed(&json!({
        "user_id": "user",
        "job_id": "job",
        "countries": ["NG", "KE"],
        "full_name": name,
    }));
    merged(&body, changes)
}

pub(crate) fn address_body(number: &str, changes: &Value) -> Value {
    let body = json!({
        "country": "NG",
        "address": "1 Marina, Lagos",
        "utility_number": number,
        "utility_provider": "IkejaElectric",
        "full_name": "Joe Doe Leo",
        "callback_url": CALLBACK_URL,
    });
    merged(&body, changes)
}

pub(crate) fn phone_body(number: &str, changes: &Value) -> Value {
    let body = json!({
        "country": "NG",
        "phone_number": number,
        "match_fields": {"first_name": "Joe", "last_name": "Leo"},
        "callback_url": CALLBACK_URL,
    });
    merged(&body, changes)
}

pub(crate) fn token_body(product: &str) -> Value {
    signed(&json!({
        "user_id": "user",
        "job_id": "job",
        "product": product,
        "callback_url": CALLBACK_URL,
    }))
}

pub(crate) fn link_body(changes: &Value) -> Value {
    let body = signed(&json!({
        "name": "Onboarding",
        "company_name": "A Bank",
        "id_types": [
            {"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"},
            {"country": "GH", "id_type": "PASSPORT", "verification_method": "doc_verification"},
        ],
        "callback_url": CALLBACK_URL,
        "is_single_use": false,
    }));
    merged(&body, changes)
}

pub(crate) fn consent_body(changes: &Value) -> Value {
    let body = signed(&json!({"country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000"}));
    merged(&body, changes)
}

/// Verifies the signature of an answer, and removes it with its timestamp.
pub(crate) fn confirmed(answer: &Value) -> Value {
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    signer().confirm(&text("timestamp"), &text("signature")).unwrap();
    without(&without(answer, "timestamp"), "signature")
}

pub(crate) fn merged(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

pub(crate) fn without(body: &Value, key: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(key);
    body
}

/// The zip of a job that has everything: a selfie, a liveness frame, both sides of a card, an ID.
pub(crate) fn full_zip(id_number: &str) -> Vec<u8> {
    let info = json!({
        "images": [
            {"image_type_id": 0, "image": "", "file_name": "selfie.jpg"},
            {"image_type_id": 4, "image": "", "file_name": "liveness_1.jpg"},
            {"image_type_id": 1, "image": "", "file_name": "card.jpg"},
            {"image_type_id": 5, "image": "", "file_name": "back.jpg"},
        ],
        "id_info": {"country": "NG", "id_type": "BVN", "id_number": id_number, "entered": "true"},
    });
    let names = ["selfie.jpg", "liveness_1.jpg", "card.jpg", "back.jpg"];
    zip_with(&info, &names.map(|name| (name, JPEG, CompressionMethod::Stored)))
}

pub(crate) fn zip_with(info: &Value, files: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let text = info.to_string();
    let mut entries = vec![("info.json", text.as_bytes(), CompressionMethod::Deflated)];
    entries.extend_from_slice(files);
    zip_of(&entries)
}

pub(crate) fn zip_of(entries: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, method) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
