use serde_json::json;
use smile_sandbox::Sandbox;

use crate::client::{Client, KEY, builder, full_zip, merged, params, prep_body};

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
    client.service.callback_answered(due[0].id, client.now, smile_sandbox::CallbackOutcome::TimedOut);
    let sandbox: Sandbox = builder().start().unwrap();
    let shown = format!(
        "{:#?} {:#?} {due:#?} {:#?} {:#?} {sandbox:#?} {:#?}",
        client.service,
        client.service.requests(),
        client.service.jobs(),
        client.service.callbacks(),
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
