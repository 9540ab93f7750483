use std::time::Duration;

use serde_json::{Value, json};
use smile_sandbox::{Matcher, Review, ReviewError, Stage, UserState};

use crate::client::{Client, builder, full_zip, merged, params, prep_body};

const JOB_TYPES: [u16; 7] = [1, 2, 4, 6, 8, 9, 11];

fn client_for(job_type: u16, client: Client) -> Client {
    let mut client = client;
    if matches!(job_type, 2 | 8) {
        client.service.set_user("user", UserState::Enrolled);
    }
    client
}

fn with_result(job_type: u16, sandbox_result: &Value) -> Value {
    prep_body(&merged(&params("job", job_type), &json!({"sandbox_result": sandbox_result})))
}

#[test]
fn the_verdict_is_the_requested_one() {
    for job_type in JOB_TYPES {
        let [approved, rejected, provisional] = match job_type {
            2 | 8 => ["0820", "0821", "0822"],
            4 => ["0840", "0841", "0842"],
            6 | 11 => ["0810", "0811", "0815"],
            _ => ["0810", "0811", "0812"],
        };
        for (asked, code, success) in [
            (Value::Null, approved, true),
            (json!("0"), approved, true),
            (json!(0), approved, true),
            (json!("1"), rejected, false),
            (json!(1), rejected, false),
            (json!("2"), provisional, true),
            (json!(2), provisional, true),
            (json!("7"), approved, true),
        ] {
            let mut client = client_for(job_type, Client::new());
            let status = client.run(&with_result(job_type, &asked), &full_zip("00000000000"));
            assert_eq!(status["result"]["ResultCode"], code, "job type {job_type}, {asked}");
            assert_eq!(status["job_complete"], true);
            assert_eq!(status["job_success"], success, "job type {job_type}, {asked}");
        }
    }
}

#[test]
fn a_provisional_verdict_is_reviewed_in_the_end() {
    for (job_type, reviewed, text) in [
        (1, "1210", "Enroll User"),
        (2, "1220", "Authenticate User"),
        (4, "1240", "Enroll User"),
        (6, "0810", "Document Verified After Human Review"),
        (8, "1220", "Authenticate User"),
        (9, "1210", "Enroll User"),
        (11, "0810", "Document Verified After Human Review"),
    ] {
        let delay = Duration::from_secs(3_600);
        let mut client = client_for(job_type, Client::with(builder().with_review_delay(delay)));
        let prep = with_result(job_type, &json!("2"));
        let status = client.run(&prep, &full_zip("00000000000"));
        assert_eq!(status["result"]["IsFinalResult"], "false");
        assert_eq!(status["result"]["IsMachineResult"], "true");
        assert_eq!(client.deliver().len(), 1);
        assert_eq!(client.service.job("job").unwrap().stage, Stage::UnderReview);
        assert_eq!(client.service.next_wakeup(), Some(client.now + delay));

        client.pass(delay);
        let entries = client.deliver();
        assert_eq!(entries.len(), 1);
        assert_eq!((&entries[0]["ResultCode"], &entries[0]["ResultText"]), (&json!(reviewed), &json!(text)));
        let status = client.status(&prep["partner_params"], &json!({}));
        assert_eq!(status["result"]["ResultCode"], reviewed);
        assert_eq!(status["job_success"], true);
        assert_eq!(client.service.job("job").unwrap().stage, Stage::Decided);
        assert_eq!(client.service.next_wakeup(), None);
    }
}

#[test]
fn a_review_repeats_the_params_that_its_zip_came_with() {
    let delay = Duration::from_secs(60);
    let mut client = Client::with(builder().with_review_delay(delay));
    let prep = with_result(1, &json!("2"));
    client.run(&prep, &full_zip("00000000000"));
    let of_another = merged(&prep["partner_params"], &json!({"submission": "another"}));
    let again = merged(&prep_body(&of_another), &json!({"retry": true}));
    assert_eq!(client.prep(&again).0, 200);

    client.pass(delay);
    let entries = client.deliver();
    let reviewed = entries.last().unwrap();
    assert_eq!(reviewed["ResultCode"], "1210");
    assert_eq!(reviewed["PartnerParams"], prep["partner_params"]);
}

#[test]
fn a_reviewer_can_say_anything_there_is_a_code_for() {
    let reject = Review::Reject;
    let (spoof, unsure, card) = (Review::SpoofDetected, Review::LivenessUnsure, Review::IdCardCheckFailed);
    for (job_type, review, code) in [
        (1, reject, Some("1211")),
        (1, spoof, Some("1212")),
        (1, unsure, Some("1213")),
        (1, card, Some("1214")),
        (2, reject, Some("1221")),
        (2, spoof, Some("1222")),
        (2, unsure, None),
        (4, reject, Some("1241")),
        (4, spoof, Some("1242")),
        (4, card, None),
        (6, reject, Some("0811")),
        (6, spoof, Some("0811")),
        (6, card, Some("0811")),
        (6, unsure, None),
        (8, reject, Some("1221")),
        (9, reject, Some("1211")),
        (11, reject, Some("0811")),
    ] {
        let mut client = client_for(job_type, Client::with(builder().with_automatic_review(None)));
        let prep = with_result(job_type, &json!("2"));
        client.run(&prep, &full_zip("00000000000"));
        client.deliver();
        assert_eq!(client.service.next_wakeup(), None);
        let reviewed = client.service.review(client.now, "job", review);
        let Some(code) = code else {
            assert_eq!(reviewed, Err(ReviewError::NotForThisJobType));
            continue;
        };
        assert_eq!(reviewed, Ok(()));
        assert_eq!(client.deliver()[0]["ResultCode"], code);
        assert_eq!(client.service.review(client.now, "job", review), Err(ReviewError::NotUnderReview));
        if matches!(job_type, 1 | 4 | 6) {
            assert_eq!(client.service.user("user"), UserState::Unknown);
        }
    }
}

#[test]
fn only_what_is_under_review_can_be_reviewed() {
    let mut client = Client::new();
    assert_eq!(client.service.review(client.now, "job", Review::Approve), Err(ReviewError::UnknownJob));
    client.upload_url(&prep_body(&params("job", 1)));
    assert_eq!(client.service.review(client.now, "job", Review::Approve), Err(ReviewError::NotUnderReview));
}

#[test]
fn a_manual_review_comes_before_the_automatic_one() {
    let mut client = Client::with(builder().with_automatic_review(Review::SpoofDetected));
    client.run(&with_result(1, &json!("2")), &full_zip("00000000000"));
    client.service.review(client.now, "job", Review::Approve).unwrap();
    client.pass(Duration::from_secs(3_600));
    let codes: Vec<_> = client.deliver().iter().map(|entry| entry["ResultCode"].clone()).collect();
    assert_eq!(codes, ["0812", "1210"]);
}

#[test]
fn the_last_digit_of_a_looked_up_number_decides() {
    for (number, code, text) in [
        ("00000000000", "0810", "Enroll User"),
        ("00000000001", "1013", "Unable to Validate ID"),
        ("00000000002", "1014", "Error - Unsupported ID number format"),
        ("00000000003", "1015", "Error - Queried Database Unavailable"),
        ("00000000004", "0810", "Enroll User"),
        ("00000000009", "0810", "Enroll User"),
        ("A000000001A", "1013", "Unable to Validate ID"),
        ("GHA-000000000-2", "1014", "Error - Unsupported ID number format"),
    ] {
        let status = Client::new().run(&prep_body(&params("job", 1)), &full_zip(number));
        assert_eq!(
            (&status["result"]["ResultCode"], &status["result"]["ResultText"]),
            (&json!(code), &json!(text))
        );
        assert_eq!(status["job_success"], code == "0810");
    }
    for (job_type, code) in [(9, "1013"), (11, "1013"), (6, "0810"), (4, "0840")] {
        let status = Client::new().run(&prep_body(&params("job", job_type)), &full_zip("00000000001"));
        assert_eq!(status["result"]["ResultCode"], code, "job type {job_type}");
    }
}

#[test]
fn the_requested_outcome_outranks_the_digit() {
    let status = Client::new().run(&with_result(1, &json!("0")), &full_zip("00000000001"));
    assert_eq!(status["result"]["ResultCode"], "0810");
}

#[test]
fn a_four_at_the_end_asks_for_custom_data() {
    let custom = json!({"FullName": "Nelson Rolihlahla Mandela", "DOB": "1918-07-18", "ResultCode": "9999", "extra": [1]});
    let prep = prep_body(&merged(&params("job", 1), &custom));
    let entry = Client::new().run(&prep, &full_zip("00000000004"))["result"].clone();
    assert_eq!(entry["FullName"], "Nelson Rolihlahla Mandela");
    assert_eq!(entry["DOB"], "1918-07-18");
    assert_eq!(entry["ResultCode"], "0810");
    assert_eq!(entry["PartnerParams"]["FirstName"], "Nelson Rolihlahla");
    assert_eq!(entry["PartnerParams"]["MiddleName"], "");
    assert_eq!(entry["PartnerParams"]["LastName"], "Mandela");
    let entry = Client::new().run(&prep, &full_zip("00000000000"))["result"].clone();
    assert_eq!(entry["FullName"], "Joe Doe Leo");
    assert_eq!(entry["PartnerParams"], prep["partner_params"]);
}

#[test]
fn a_scripted_code_is_given_and_means_what_it_means() {
    for (job_type, code, stage, success) in [
        (1, "0814", Stage::UnderReview, true),
        (1, "0912", Stage::Decided, false),
        (1, "9999", Stage::Decided, false),
        (2, "0824", Stage::UnderReview, true),
        (4, "0846", Stage::UnderReview, false),
        (6, "0816", Stage::Decided, false),
        (6, "0817", Stage::Decided, true),
    ] {
        let mut client = client_for(job_type, Client::new());
        client.service.when(Matcher::job_id("job")).respond([code]);
        let status = client.run(&with_result(job_type, &json!("1")), &full_zip("00000000001"));
        assert_eq!(status["result"]["ResultCode"], code);
        assert_eq!(status["job_success"], success, "{code}");
        assert_eq!(client.service.job("job").unwrap().stage, stage, "{code}");
    }
}

#[test]
fn a_user_is_enrolled_by_an_approval_and_by_nothing_else() {
    for (job_type, asked, expected) in [
        (1, "0", UserState::Enrolled),
        (4, "0", UserState::Enrolled),
        (6, "0", UserState::Enrolled),
        (11, "0", UserState::Enrolled),
        (9, "0", UserState::Unknown),
        (1, "1", UserState::Unknown),
        (4, "2", UserState::Unknown),
    ] {
        let mut client = Client::new();
        client.run(&with_result(job_type, &json!(asked)), &full_zip("00000000000"));
        assert_eq!(client.service.user("user"), expected, "job type {job_type}, {asked}");
    }
    let mut client = Client::new();
    client.run(&with_result(4, &json!("2")), &full_zip("00000000000"));
    client.service.review(client.now, "job", Review::Approve).unwrap();
    assert_eq!(client.service.user("user"), UserState::Enrolled);
    assert_eq!(client.prep(&prep_body(&params("next", 2))).0, 200);
}

#[test]
fn an_entry_has_the_keys_and_types_of_the_wire() {
    let extra = json!({"job_type": "1", "number": 1.0, "nested": {"a": [null]}, "optional_info": "ours"});
    let prep = prep_body(&merged(&params("job", 1), &extra));
    let entry = Client::new().run(&prep, &full_zip("00000000000"))["result"].clone();
    assert_eq!(
        entry,
        json!({
            "Actions": {
                "Human_Review_Compare": "Not Applicable",
                "Human_Review_Liveness_Check": "Not Applicable",
                "Human_Review_Selfie_Check": "Not Applicable",
                "Liveness_Check": "Passed",
                "Register_Selfie": "Approved",
                "Return_Personal_Info": "Returned",
                "Selfie_Check": "Passed",
                "Selfie_Provided": "Passed",
                "Selfie_To_ID_Authority_Compare": "Completed",
                "Selfie_To_ID_Card_Compare": "Completed",
                "Verify_ID_Number": "Verified",
            },
            "ConfidenceValue": "99.99",
            "PartnerParams": {
                "job_id": "job",
                "user_id": "user",
                "job_type": "1",
                "number": 1.0,
                "nested": {"a": [null]},
                "optional_info": "ours",
            },
            "ResultCode": "0810",
            "ResultText": "Enroll User",
            "ResultType": "SAIA",
            "SmileJobID": "0000000001",
            "Source": "WebAPI",
            "IsFinalResult": "true",
            "IsMachineResult": "true",
            "Country": "NG",
            "IDType": "BVN",
            "IDNumber": "00000000000",
            "FullName": "Joe Doe Leo",
            "DOB": "2000-09-20",
            "Gender": "M",
            "Address": "Not Available",
            "PhoneNumber": "Not Available",
            "PhoneNumber2": "Not Available",
            "ExpirationDate": "NaN-NaN-NaN",
            "Secondary_ID_Number": "Not Available",
            "Photo": "Not Available",
            "FullData": {"stateOfOrigin": "Sandbox State"},
            "KYCReceipt": "https://receipts.example.com/kyc/0",
            "Document": "Not Available",
            "IDNumberPreviouslyRegistered": false,
            "UserIDsOfPreviousRegistrants": [],
        })
    );
}

#[test]
fn a_document_entry_leaves_out_what_selfie_jobs_have() {
    let entry = Client::new().run(&prep_body(&params("job", 6)), &full_zip("00000000000"))["result"].clone();
    for absent in ["ConfidenceValue", "Source", "IsFinalResult", "IsMachineResult"] {
        assert!(entry.get(absent).is_none(), "{absent}");
    }
    assert_eq!(entry["ResultText"], "Document Verified");
    assert_eq!(entry["ResultType"], "Document Verification");
    assert_eq!(entry["Actions"]["Document_Check"], "Passed");
    assert_eq!(entry["PartnerParams"]["job_type"], 6);
    let provisional =
        Client::new().run(&with_result(6, &json!("2")), &full_zip("00000000000"))["result"].clone();
    assert_eq!(provisional["IsFinalResult"], "false");
    assert_eq!(provisional["Actions"]["Document_Check"], "Under Review");
}

#[test]
fn personal_data_can_be_switched_off() {
    let mut client = Client::with(builder().with_personal_info(false));
    let entry = client.run(&prep_body(&params("job", 1)), &full_zip("00000000000"))["result"].clone();
    assert_eq!(entry["Actions"]["Return_Personal_Info"], "Not Returned");
    assert!(entry.get("FullName").is_none() && entry.get("IDNumber").is_none());
}
