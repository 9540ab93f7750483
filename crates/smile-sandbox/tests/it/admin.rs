//! The admin API, by the service alone. Every exchange is checked against the API's description.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use smile_sandbox::{
    Builder, CallbackAnswer, CallbackOutcome, Endpoint, Fault, Matcher, Review, ScriptStage, Service,
    SpellingVariant, UserState,
};
use zip::CompressionMethod::{Deflated, Stored};

use crate::checks::all_posts;
use crate::client::{Client, JPEG, builder, full_zip, header_signed, merged, params, prep_body, zip_with};
use crate::openapi::Description;

pub(crate) struct Admin {
    pub(crate) client: Client,
    description: Description,
}

impl Admin {
    pub(crate) fn new() -> Self {
        Self::with(builder().with_automatic_review(None))
    }

    fn with(builder: Builder) -> Self {
        let mut client = Client::with(builder);
        let document = send(&mut client.service, "GET", "/_sandbox/openapi.json", &Value::Null);
        let document = serde_json::from_slice(document.body()).unwrap();
        Self { client, description: Description::new(document) }
    }

    fn ask(&mut self, method: &str, path: &str, body: &Value) -> Response<Bytes> {
        let path = format!("/_sandbox{path}");
        let response = send(&mut self.client.service, method, &path, body);
        let content_type = response.headers()["content-type"].to_str().unwrap();
        let answer = (response.status().as_u16(), content_type, response.body().as_ref());
        self.description.check((method, &path, body), answer);
        response
    }

    pub(crate) fn get(&mut self, path: &str) -> Value {
        self.done("GET", path, &Value::Null)
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Value {
        self.done("POST", path, body)
    }

    fn done(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let response = self.ask(method, path, body);
        assert_eq!(response.status(), 200, "{path}: {:?}", response.body());
        serde_json::from_slice(response.body()).unwrap()
    }

    fn refusal(&mut self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let response = self.ask(method, path, body);
        let answer: Value = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), answer["error"].as_str().unwrap().to_owned())
    }

    /// A Biometric KYC that is under review, its first callback refused by the receiver.
    pub(crate) fn submit_provisional(&mut self, job_id: &str) {
        let params = merged(&params(job_id, 1), &json!({"sandbox_result": 2, "user_id": job_id}));
        self.client.run(&prep_body(&params), &full_zip("00000000000"));
        let id = self.client.service.due_callbacks(self.client.now)[0].id;
        let outcome = CallbackOutcome::Answered(StatusCode::BAD_GATEWAY);
        let answer = CallbackAnswer::new(outcome, b"<b>not today</b>");
        self.client.service.callback_answered(id, self.client.now, answer);
    }
}

fn send(service: &mut Service, method: &str, path: &str, body: &Value) -> Response<Bytes> {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:7")
        .header("smile-sandbox-admin", "1");
    service.handle(crate::client::START, request.body(body).unwrap()).response
}

#[test]
fn every_operation_answers_as_described() {
    let mut admin = Admin::new();
    for (_, path, body) in all_posts() {
        let url = json!({"callback_url": "http://127.0.0.1:9/"});
        admin.client.send(header_signed(Method::POST, path, &merged(&body, &url)));
    }
    admin.submit_provisional("job-1");
    admin.client.service.fail_next(Endpoint::Aml, Fault::LoseAnswer);
    admin.client.post("/v1/aml", &json!({}));

    admin.get("/openapi.json");
    admin.get("/status");
    admin.get("/changes");
    for job in admin.get("/jobs")["jobs"].as_array().unwrap().clone() {
        admin.get(&format!("/jobs/{}", job["smile_job_id"].as_str().unwrap()));
    }
    let job = admin.get("/jobs?job_id=job-1")["jobs"][0]["smile_job_id"].as_str().unwrap().to_owned();
    admin.get(&format!("/jobs/{job}/info.json"));
    admin.ask("GET", &format!("/jobs/{job}/images/0"), &Value::Null);
    for request in admin.get("/requests")["requests"].as_array().unwrap().clone() {
        let number = &request["number"];
        admin.get(&format!("/requests/{number}"));
        admin.ask("GET", &format!("/requests/{number}/body"), &Value::Null);
    }
    for callback in admin.get("/callbacks?limit=1000")["callbacks"].as_array().unwrap().clone() {
        admin.get(&format!("/callbacks/{}", callback["number"]));
    }
    admin.post("/callbacks/0/redeliver", &Value::Null);
    admin.post("/callbacks/0/disturb", &json!({"kind": "stale", "seconds": 86_400}));
    admin.post("/callback_rules", &json!({"kind": "drop", "job_id": "a", "after": 1, "times": 1}));
    admin.get("/callback_rules");
    admin.done("DELETE", "/callback_rules", &Value::Null);
    admin.post(&format!("/jobs/{job}/review"), &json!({"review": "approve"}));
    admin.post("/users", &json!({"user_id": "ada", "state": "disabled"}));
    admin.get("/users");
    admin.post("/faults", &json!({"fault": {"answer": 503}, "endpoint": "aml", "nth": 9}));
    admin.post("/faults", &json!({"fault": "lose_answer", "endpoint": "aml", "times": 1}));
    let id = admin.get("/faults")["faults"][0]["id"].clone();
    admin.done("DELETE", &format!("/faults/{id}"), &Value::Null);
    admin.done("DELETE", "/faults", &Value::Null);
    admin.done("POST", "/reset", &Value::Null);
    assert_eq!(admin.description.unseen(), [""; 0], "not one of them goes unseen");
}

#[test]
fn a_job_is_shown_with_its_stages_and_what_was_uploaded() {
    let mut admin = Admin::new();
    let info = json!({"images": [{"image_type_id": 0, "file_name": "a.jpg"}]});
    let zip = zip_with(&info, &[("a.jpg", JPEG, Stored)]);
    let prep = prep_body(&merged(&params("job", 4), &json!({"sandbox_result": "2"})));
    let url = admin.client.upload_url(&prep);
    admin.client.pass(Duration::from_secs(60));
    admin.client.put(&url, &zip);

    let job = admin.get("/jobs/0000000001");
    assert_eq!((&job["job_id"], &job["stage"]), (&json!("job"), &json!("under_review")));
    assert_eq!((&job["result_code"], &job["product"]), (&json!("0842"), &json!("SmartSelfie Registration")));
    assert_eq!(job["reviews"], json!(["approve", "reject", "spoof_detected"]));
    assert_eq!(job["review_due"], json!(null), "a human decides");
    let at = |time: &str| format!("2024-01-15T{time}:00.000Z");
    assert_eq!(
        job["events"],
        json!([
            {"at": at("10:30"), "kind": "upload_prepared"},
            {"at": at("10:31"), "kind": "zip_uploaded", "bytes": zip.len()},
            {"at": at("10:31"), "kind": "decided", "result_code": "0842", "by_human": false},
        ])
    );
}

#[test]
fn images_are_shown_and_other_content_is_a_download() {
    let mut admin = Admin::new();
    let image = "A".repeat(1_000);
    let info = json!({"images": [
        {"image_type_id": 0, "file_name": "a.jpg"},
        {"image_type_id": 4, "file_name": "evil.html"},
        {"image_type_id": 2, "image": image},
    ]});
    let page = b"<script>alert(1)</script>";
    let zip = zip_with(&info, &[("a.jpg", JPEG, Stored), ("evil.html", page, Deflated)]);
    let url = admin.client.upload_url(&prep_body(&params("job", 4)));
    admin.client.put(&url, &zip);

    let job = admin.get("/jobs/0000000001");
    let types: Vec<_> =
        job["images"].as_array().unwrap().iter().map(|image| image["content_type"].clone()).collect();
    assert_eq!(types, [json!("image/jpeg"), json!(null), json!(null)]);
    assert_eq!(job["info"]["images"][2]["image"], format!("{}… (1000 characters)", "A".repeat(60)));
    assert_eq!(admin.get("/jobs/0000000001/info.json"), info, "here it is whole");

    let face = admin.ask("GET", "/jobs/0000000001/images/0", &Value::Null);
    assert_eq!(
        (face.body().as_ref(), &face.headers()["content-type"]),
        (JPEG, &"image/jpeg".parse().unwrap())
    );
    let page = admin.ask("GET", "/jobs/0000000001/images/1", &Value::Null);
    assert_eq!(page.headers()["content-type"], "application/octet-stream");
    assert!(page.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    for image in [face, page] {
        assert_eq!(image.headers()["x-content-type-options"], "nosniff");
        assert_eq!(image.headers()["content-security-policy"], "default-src 'none'; sandbox");
    }
}

#[test]
fn a_pending_job_is_decided_and_no_other() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    let review = json!({"review": "spoof_detected"});
    let job = admin.post("/jobs/0000000001/review", &review);
    assert_eq!((&job["result_code"], &job["reviews"]), (&json!("1212"), &json!([])));
    assert_eq!(job["events"][3]["by_human"], true);
    let again = admin.refusal("POST", "/jobs/0000000001/review", &review);
    assert_eq!(again, (409, "the job is not under review".to_owned()));
    admin.client.run(
        &prep_body(&merged(&params("b", 4), &json!({"sandbox_result": 2, "user_id": "b"}))),
        &full_zip("0"),
    );
    let unsure = admin.refusal("POST", "/jobs/0000000002/review", &json!({"review": "liveness_unsure"}));
    assert_eq!(unsure.0, 409);
    assert_eq!(admin.client.service.review(admin.client.now, "b", Review::Reject), Ok(()));
}

#[test]
fn callbacks_are_shown_with_every_attempt_and_answer() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    let callback = admin.get("/callbacks")["callbacks"][0].clone();
    assert_eq!((&callback["state"], &callback["result_code"]), (&json!("waiting"), &json!("0812")));
    assert_eq!(callback["due"], "2024-01-15T10:30:00.100Z");
    let attempt = json!({
        "attempt": 1,
        "at": "2024-01-15T10:30:00.000Z",
        "outcome": "answered",
        "status": 502,
        "answer": "<b>not today</b>",
    });
    assert_eq!(callback["attempts"], json!([attempt]));
    let whole = admin.get("/callbacks/0");
    let body: Value = serde_json::from_str(whole["body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(body["ResultCode"], "0812");
    assert_eq!(admin.get("/callbacks?job_id=another")["total"], 0);
}

#[test]
fn callbacks_are_disturbed_in_every_way() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    for kind in ["duplicate", "wrongly_signed", "tampered", "oversized"] {
        let copy = admin.post("/callbacks/0/disturb", &json!({"kind": kind}));
        assert_eq!(
            (&copy["disturbance"], &copy["copy_of"]),
            (&json!({"kind": kind, "seconds": null}), &json!(0))
        );
    }
    let stale = admin.post("/callbacks/0/disturb", &json!({"kind": "stale", "seconds": 1.5}));
    assert_eq!(stale["disturbance"], json!({"kind": "stale", "seconds": 1.5}));
    assert_eq!(admin.post("/callbacks/0/disturb", &json!({"kind": "delay", "seconds": 60}))["number"], 0);
    assert_eq!(admin.post("/callbacks/0/disturb", &json!({"kind": "reorder"}))["state"], "held_back");
    assert_eq!(admin.post("/callbacks/0/disturb", &json!({"kind": "drop"}))["state"], "dropped");
    assert_eq!(admin.refusal("POST", "/callbacks/0/disturb", &json!({"kind": "drop"})).0, 409);
    let fresh = admin.post("/callbacks/0/redeliver", &json!({"redelivery": "signed_afresh"}));
    assert_eq!((&fresh["copy_of"], &fresh["disturbance"]), (&json!(0), &json!(null)));
    let whole = admin.get("/callbacks/5");
    assert!(whole["bytes"].as_u64().unwrap() > 3 * 1024 * 1024);
    assert!(whole["body"]["text"].as_str().unwrap().contains("(3145728 characters)"));
}

#[test]
fn rules_hold_for_callbacks_to_come() {
    let mut admin = Admin::new();
    let rules = admin.post("/callback_rules", &json!({"kind": "drop", "times": 1, "after": 1}));
    let expected = json!({"kind": "drop", "seconds": null, "job_id": null, "after": 1, "times": 1});
    assert_eq!(rules["callback_rules"], json!([expected]));
    admin.submit_provisional("job");
    admin.post("/jobs/0000000001/review", &json!({"review": "approve"}));
    assert_eq!(admin.get("/callbacks/1")["state"], "dropped");
    assert_eq!(admin.get("/callback_rules")["callback_rules"], json!([]));
    admin.post("/callback_rules", &json!({"kind": "tampered"}));
    assert_eq!(admin.get("/callback_rules")["callback_rules"][0]["times"], json!(null));
    admin.done("DELETE", "/callback_rules", &Value::Null);
    assert!(admin.client.service.callback_rules().is_empty());
}

#[test]
fn requests_are_shown_with_their_answers() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    admin.client.post_text("/v1/%3Cscript%3E?a=b", "<not json>");
    let list = admin.get("/requests?limit=2");
    assert_eq!((&list["total"], list["requests"].as_array().unwrap().len()), (&json!(4), 2));
    let newest = admin.get("/requests/3");
    assert_eq!((&newest["path"], &newest["query"]), (&json!("/v1/%3Cscript%3E"), &json!("a=b")));
    assert_eq!(newest["body"], json!({"kind": "text", "bytes": 10, "text": "<not json>"}));
    assert_eq!((&newest["status"], &newest["answer"]["kind"]), (&json!(404), &json!("json")));
    let upload = admin.get("/requests/1");
    assert_eq!((&upload["method"], &upload["body"]["kind"]), (&json!("PUT"), &json!("zip")));
    assert_eq!((&upload["answer"]["kind"], &upload["answer_bytes"]), (&json!("empty"), &json!(0)));
    let zip = admin.ask("GET", "/requests/1/body", &Value::Null);
    assert_eq!(zip.body(), &full_zip("00000000000"));
    assert!(zip.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
}

#[test]
fn a_long_answer_is_kept_in_part() {
    let mut client = Client::new();
    client.send(header_signed(Method::GET, "/v1/services", &Value::Null));
    let request = &client.service.requests()[0];
    assert!(request.answer_len > 64 * 1024);
    assert_eq!(request.answer.len(), 64 * 1024);
    assert_eq!(request.answer_headers["content-type"], "application/json");
}

#[test]
fn users_and_faults_are_listed_and_set() {
    let mut admin = Admin::new();
    admin.client.service.set_user("<b>", UserState::Enrolled);
    let users = admin.post("/users", &json!({"user_id": "ada", "state": "must_reenrol"}));
    let expected =
        json!([{"user_id": "<b>", "state": "enrolled"}, {"user_id": "ada", "state": "must_reenrol"}]);
    assert_eq!(users["users"], expected);
    assert_eq!(admin.client.service.user("ada"), UserState::MustReenrol);
    let rule = json!({"fault": {"answer": 429}, "endpoint": "job_status", "times": 2});
    let faults = admin.post("/faults", &rule);
    assert_eq!(faults["faults"], json!([{"id": 0, "rule": rule, "seen": 0, "happened": 0}]));
    assert_eq!(admin.client.post("/v1/job_status", &json!({})).0, 429);
    assert_eq!(admin.get("/faults")["faults"][0]["happened"], 1);
    assert_eq!(admin.get("/requests/0")["fault"], json!({"answer": 429}));
    assert_eq!(admin.client.post("/v1/job_status", &json!({})).0, 429);
    assert_eq!(admin.get("/faults")["faults"], json!([]));
}

#[test]
fn faults_of_every_kind_are_listed_as_they_were_added_and_taken_back() {
    let mut admin = Admin::new();
    let faults = [
        json!("lose_request"),
        json!("lose_answer"),
        json!("early_eof"),
        json!("truncated_json"),
        json!("wrong_signature"),
        json!({"answer": 503}),
        json!({"replace_answer": 504}),
        json!({"html_page": 502}),
        json!({"too_many_requests": {"seconds": 5}}),
        json!({"too_many_requests": {"date_in_seconds": 5}}),
        json!({"redirect": {"status": 307, "location": "https://example.com/"}}),
        json!({"reset_request": {"after_bytes": 100}}),
        json!({"reset_answer": {"after_bytes": 100}}),
        json!({"slow_answer": {"bytes": 10, "pause_millis": 50}}),
        json!({"latency_millis": 200}),
        json!({"skewed_clock_seconds": -600}),
    ];
    for fault in &faults {
        admin.post("/faults", &json!({"fault": fault, "nth": 3, "probability": 0.5}));
    }
    let listed = admin.get("/faults");
    let listed = listed["faults"].as_array().unwrap();
    assert!(listed.iter().map(|listed| &listed["rule"]["fault"]).eq(&faults));
    let left = admin.done("DELETE", "/faults/0", &Value::Null);
    assert_eq!(left["faults"].as_array().unwrap().len(), faults.len() - 1);
    assert_eq!(admin.ask("DELETE", "/faults/0", &Value::Null).status(), 404);
    assert_eq!(admin.done("DELETE", "/faults", &Value::Null)["faults"], json!([]));
}

#[test]
fn no_fault_happens_to_the_page_and_the_admin_api() {
    let mut admin = Admin::new();
    admin.post("/faults", &json!({"fault": {"answer": 503}}));
    let head = Request::get("/_sandbox/status").body(()).unwrap().into_parts().0;
    assert_eq!(admin.client.service.admit(&head), smile_sandbox::HeadCheck::default());
    assert_eq!(admin.get("/faults")["faults"][0]["seen"], 0);
    assert_eq!(admin.client.post("/v1/job_status", &json!({})).0, 503);
}

#[test]
fn errors_name_field_and_rule() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    for (method, path, body, status, part) in [
        ("POST", "/jobs/0000000001/review", json!({}), 400, "review is missing"),
        (
            "POST",
            "/jobs/0000000001/review",
            json!({"review": "maybe"}),
            400,
            "review must be one of: approve",
        ),
        ("POST", "/jobs/0000000001/review", json!({"review": 1}), 400, "review must be a string"),
        (
            "POST",
            "/jobs/0000000001/review",
            json!({"review": "approve", "Review": 1}),
            400,
            "\"Review\" is no field",
        ),
        ("POST", "/jobs/0000000001/review", json!([]), 400, "must be a JSON object"),
        ("POST", "/jobs/0000000002/review", json!({"review": "approve"}), 404, "no job"),
        ("GET", "/jobs/job", json!(null), 404, "no job"),
        ("GET", "/jobs/0000000001/images/99", json!(null), 404, "no image"),
        ("GET", "/jobs/0000000001/images/x", json!(null), 404, "no image"),
        ("GET", "/jobs?limit=0", json!(null), 400, "limit must be from 1 to 1000"),
        ("GET", "/jobs?limit=many", json!(null), 400, "limit must be a whole number"),
        ("GET", "/changes?after=-1", json!(null), 400, "after must be a whole number"),
        ("GET", "/changes?wait=61", json!(null), 400, "wait must be from 0 to 60"),
        ("GET", "/requests/9", json!(null), 404, "no request"),
        ("GET", "/callbacks/9", json!(null), 404, "no callback"),
        ("GET", "/callbacks/-1", json!(null), 404, "no callback"),
        ("POST", "/callbacks/9/redeliver", json!({}), 404, "no callback"),
        ("POST", "/callbacks/0/redeliver", json!({"redelivery": "again"}), 400, "redelivery must be one of"),
        ("POST", "/callbacks/0/disturb", json!({"kind": "stale"}), 400, "seconds must be a number"),
        (
            "POST",
            "/callbacks/0/disturb",
            json!({"kind": "delay", "seconds": -1}),
            400,
            "seconds must be a number",
        ),
        (
            "POST",
            "/callbacks/0/disturb",
            json!({"kind": "drop", "seconds": 1}),
            400,
            "\"seconds\" is no field",
        ),
        ("POST", "/callback_rules", json!({"kind": "drop", "times": 0}), 400, "times must be at least 1"),
        (
            "POST",
            "/callback_rules",
            json!({"kind": "drop", "after": 1.5}),
            400,
            "after must be a whole number",
        ),
        ("POST", "/users", json!({"state": "enrolled"}), 400, "user_id is missing"),
        ("POST", "/faults", json!({"fault": {"answer": 199}}), 400, "a status must be from 200 to 599"),
        ("POST", "/faults", json!({"fault": "lose_answer", "nth": 0}), 400, "`nth` must be 1 or more"),
        ("POST", "/faults", json!({"fault": "lose_answer", "kind": 1}), 400, "unknown field `kind`"),
        (
            "POST",
            "/faults",
            json!({"fault": "lose_answer", "endpoint": "/aml"}),
            400,
            "unknown variant `/aml`",
        ),
        ("POST", "/faults", json!({}), 400, "missing field `fault`"),
        ("DELETE", "/faults/x", json!(null), 404, "no fault in force with this id"),
        ("POST", "/reset", json!({"all": true}), 400, "\"all\" is no field"),
        ("PUT", "/jobs", json!(null), 405, "takes GET only"),
        ("POST", "/status", json!(null), 405, "takes GET only"),
        ("GET", "/nothing", json!(null), 404, "openapi.json"),
        ("GET", "", json!(null), 404, "openapi.json"),
    ] {
        let (refused, error) = admin.refusal(method, path, &body);
        assert_eq!(refused, status, "{method} {path}: {error}");
        assert!(error.contains(part), "{method} {path}: {error}");
    }
    let garbled = Request::post("/_sandbox/reset")
        .header("host", "localhost")
        .header("smile-sandbox-admin", "")
        .body(Bytes::from_static(b"{"));
    assert_eq!(admin.client.send(garbled.unwrap()).status(), 400);
    assert_eq!(admin.client.service.jobs().len(), 1, "nothing of this was done");
}

#[test]
fn nothing_that_is_sent_makes_it_panic() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1e300),
        json!(1e9),
        json!(""),
        json!("\u{0}\u{202e}"),
        json!([[]]),
        json!({}),
    ];
    for (path, body) in [
        ("/jobs/0000000001/review", json!({"review": "approve"})),
        ("/callbacks/0/redeliver", json!({"redelivery": "same_bytes"})),
        ("/callbacks/0/disturb", json!({"kind": "delay", "seconds": 1})),
        ("/callbacks/0/disturb", json!({"kind": "stale", "seconds": 1})),
        ("/callback_rules", json!({"kind": "stale", "seconds": 1, "job_id": "a", "after": 1, "times": 1})),
        ("/users", json!({"user_id": "a", "state": "enrolled"})),
        (
            "/faults",
            json!({"fault": {"answer": 503}, "endpoint": "aml", "nth": 1, "times": 1, "probability": 1}),
        ),
        ("/reset", json!({"a": 1})),
    ] {
        for key in body.as_object().unwrap().keys() {
            for value in &odd {
                let status = admin.ask("POST", path, &merged(&body, &json!({key: value}))).status();
                assert!(matches!(status.as_u16(), 200 | 400 | 409), "{path} {key} {value}: {status}");
            }
        }
    }
    for path in
        ["/jobs/%", "/jobs//images/0", "/jobs/0000000001/images/18446744073709551616", "/changes?%&=&after"]
    {
        admin.ask("GET", path, &Value::Null);
    }
}

#[test]
fn after_a_reset_it_is_like_new() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    let first = admin.client.service.job("job").unwrap();
    admin.client.service.when(Matcher::job_id("job")).respond(["0814"]);
    admin.post("/callback_rules", &json!({"kind": "drop"}));
    admin.post("/users", &json!({"user_id": "job", "state": "disabled"}));
    admin.post("/faults", &json!({"endpoint": "upload", "fault": "lose_answer"}));
    let status = admin.post("/reset", &Value::Null);
    assert_eq!(
        (&status["jobs"], &status["requests"], &status["callbacks"]),
        (&json!(0), &json!(0), &json!(0))
    );
    admin.submit_provisional("job");
    let again = admin.client.service.job("job").unwrap();
    assert_eq!((again.smile_job_id, again.ref_id), (first.smile_job_id, first.ref_id));
    assert_eq!((again.results, again.processed), (first.results, 1));
}

#[test]
fn a_spelling_variant_of_a_code_has_the_same_meaning() {
    let mut admin = Admin::new();
    let odd = ScriptStage::from("0811").with_spelling_variant(SpellingVariant::CodesAsNumbers);
    admin.client.service.when(Matcher::any()).respond([odd]);
    admin.client.run(&prep_body(&params("job", 1)), &full_zip("0"));
    assert_eq!(admin.get("/jobs/0000000001")["category"], "rejected");
}
