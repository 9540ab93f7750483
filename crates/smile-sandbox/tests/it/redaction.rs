use serde_json::json;
use smile_sandbox::{CallbackOutcome, Sandbox};

use crate::checks::all_posts;
use crate::client::{Client, KEY, builder, full_zip, header_signed, merged, params, prep_body};

#[test]
fn debug_shows_nothing_of_checks_either() {
    for (endpoint, path, body) in all_posts() {
        let mut client = Client::new();
        client.send(header_signed(http::Method::POST, path, &body));
        client.send(header_signed(http::Method::GET, "/v1/smile_links?signature=s1gned", &json!(null)));
        let due = client.service.due_callbacks(client.now);
        for callback in &due {
            client.service.callback_answered(callback.id, client.now, CallbackOutcome::TimedOut);
        }
        let shown = format!(
            "{:#?} {:#?} {due:#?} {:#?} {:#?}",
            client.service,
            client.service.requests(),
            client.service.jobs(),
            client.service.callback_attempts(),
        );
        assert!(shown.contains("smile_links") && shown.contains(path.rsplit('/').next().unwrap()), "{shown}");
        let is_job = !client.service.jobs().is_empty();
        assert_eq!(is_job, shown.contains(&format!("endpoint: {endpoint:?}")), "{shown}");
        for hidden in [KEY, "s1gned", "Joe", "Leo", "00000000000", "Marina", "2000-09-20", "127.0.0.1", "eyJ"]
        {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}

#[test]
fn debug_shows_no_secrets_and_no_people() {
    let mut client = Client::new();
    let secret = json!({"user_id": "ada@example.com", "FullName": "Ada Lovelace", "sandbox_result": "2"});
    let prep = merged(
        &prep_body(&merged(&params("ada-job", 1), &secret)),
        &json!({"callback_url": "http://127.0.0.1:9/hook?token=t0ken", "file_name": "ada.zip"}),
    );
    let status = client.run(&prep, &full_zip("12345678904"));
    client.status(&prep["partner_params"], &json!({"image_links": true}));
    let due = client.service.due_callbacks(client.now);
    client.service.callback_answered(due[0].id, client.now, CallbackOutcome::TimedOut);
    let sandbox: Sandbox = builder().start().unwrap();
    let shown = format!(
        "{:#?} {:#?} {due:#?} {:#?} {:#?} {sandbox:#?} {:#?}",
        client.service,
        client.service.requests(),
        client.service.jobs(),
        client.service.callback_attempts(),
        builder(),
    );
    assert!(shown.contains("0000000001") && shown.contains("job_status"), "{shown}");
    let signature = status["signature"].as_str().unwrap();
    for hidden in [
        KEY,
        signature,
        "X-Amz",
        "ada",
        "Ada",
        "Lovelace",
        "12345678904",
        "t0ken",
        "selfie.jpg",
        "Joe",
        "videos",
    ] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
