//! Jobs with images: submitted, waited for, asked about.

use serde_json::json;
use smile_core::JobType;
use smile_sandbox::{Endpoint, Fault, Sandbox};

use crate::support::{Smile, asset};

const BVN: [&str; 6] = ["--country", "NG", "--id-type", "BVN", "--id-number", "00000000000"];
const WAIT: [&str; 3] = ["--wait", "--poll-every", "0.05"];

#[test]
fn a_biometric_kyc_from_flags_to_verdict() {
    let smile = Smile::new();
    let frames = smile.folder.path().join("frames");
    std::fs::create_dir(&frames).unwrap();
    for number in 1..=8 {
        let name = format!("liveness_{number}.jpg");
        std::fs::copy(asset(&name), frames.join(name)).unwrap();
    }
    let flags = [
        "--liveness",
        "frames",
        "--first-name",
        "Joe",
        "--job-id",
        "kyc-1",
        "--partner-param",
        "branch=Lagos",
    ];
    let ran = smile.submit_selfie("biometric-kyc", &[&BVN[..], &flags, &WAIT].concat()).ended(0);
    ran.says(&["APPROVED, final", "0810", "accept", "Selfie To ID Authority Compare: Completed", "kyc-1"]);
    let job = smile.sandbox.job("kyc-1").unwrap();
    assert_eq!((job.job_type, job.processed, job.images.len()), (JobType::BIOMETRIC_KYC, 1, 9));
    assert_eq!(std::fs::read_dir(smile.folder.path()).unwrap().count(), 1, "no checkpoint is left");
}

#[test]
fn every_product_with_images() {
    let smile = Smile::new();
    let (front, back) = (asset("id_card_front.jpg"), asset("id_card_back.jpg"));
    let card = ["--id-card", front.to_str().unwrap(), "--id-card-back", back.to_str().unwrap()];
    let document = [&card[..], &["--country", "NG", "--id-type", "IDENTITY_CARD"]].concat();
    for (product, more, job_type) in [
        ("smartselfie-registration", &["--user-id", "u-1"][..], 4),
        ("smartselfie-authentication", &["--user-id", "u-1"], 2),
        ("biometric-kyc", &card, 1),
        ("document-verification", &document, 6),
        ("enhanced-document-verification", &document, 11),
    ] {
        let ran = smile.submit_selfie(product, &[more, &WAIT, &["--json"]].concat());
        assert_eq!(ran.status, 0, "{product}: {ran:?}");
        let answer = ran.json();
        assert_eq!(answer["verdict"]["may_be_let_in"], true, "{product}");
        assert_eq!(
            answer["result"]["PartnerParams"]["job_type"].to_string().trim_matches('"'),
            job_type.to_string()
        );
    }
}

#[test]
fn the_sandbox_result_chooses_the_exit_status() {
    let smile = Smile::new();
    for (result, status, word) in [("0", 0, "APPROVED"), ("1", 3, "REJECTED"), ("2", 4, "PROVISIONAL")] {
        let flags = [&["--sandbox-result", result][..], &WAIT].concat();
        smile.submit_selfie("smartselfie-registration", &flags).ended(status).says(&[word, "next"]);
    }
}

#[test]
fn without_waiting_the_status_can_be_asked_for() {
    let smile = Smile::new();
    let ids = ["--user-id", "u-1", "--job-id", "j-1"];
    let flags = [&ids[..], &["--callback", "http://127.0.0.1:9/x"]].concat();
    let submitted = smile.submit_selfie("smartselfie-registration", &flags).ended(0);
    submitted.says(&["submitted", "by callback", "smile status --user-id USER_ID --job-id j-1 --job-type 4"]);
    smile.run(&[&["status"], &ids[..]].concat()).ended(0).says(&["APPROVED", "0840"]);
    let status = smile
        .run(&[&["status"], &ids[..], &["--history", "--image-links", "--json"]].concat())
        .ended(0)
        .json();
    assert_eq!(status["verdict"]["code"], "0840");
    assert_eq!(status["history"].as_array().unwrap().len(), 1);
    assert!(status["image_links"]["selfie_image"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let shown = smile.run(&[&["status"], &ids[..], &["--history", "--image-links"]].concat()).ended(0);
    shown.says(&["history", "history       approved, final", "the job: j-1", "selfie_image"]);
    let wait = [&["wait", "--job-type", "smartselfie-registration"], &ids[..]].concat();
    smile.run(&wait).ended(0).says(&["APPROVED"]);
    let as_document = [&["wait", "--job-type", "6", "--json"], &ids[..]].concat();
    assert_eq!(smile.run(&as_document).ended(5).json()["verdict"]["unknown_reason"], "other_job_type");
}

#[test]
fn a_slow_job_is_still_open() {
    let smile = Smile::with(Sandbox::builder().with_pending_polls(1_000_000).start().unwrap());
    let ids = ["--user-id", "u-1", "--job-id", "j-1"];
    // Two looks, and after the first there are seconds left for the second: a busy machine gets
    // both.
    let looks = ["--poll-every", "5", "--timeout", "10"];
    let flags = [&ids[..], &["--wait"], &looks].concat();
    let unfinished = smile.submit_selfie("smartselfie-registration", &flags).ended(4);
    unfinished.says(&["none yet", "don't submit it again", "smile status"]);
    smile.run(&[&["status"], &ids[..]].concat()).ended(4).says(&["the service works on it"]);
    let wait = [&["wait", "--job-type", "4", "--json"], &looks[..], &ids[..]].concat();
    let unfinished = smile.run(&wait).ended(4).json();
    assert_eq!((&unfinished["job_complete"], &unfinished["verdict"]), (&json!(false), &json!(null)));
}

/// A file of 600 MB that takes no room on the disk, and one that has no end.
fn endless(smile: &Smile) -> Vec<String> {
    let sparse = smile.folder.path().join("sparse");
    std::fs::File::create(&sparse).unwrap().set_len(600_000_000).unwrap();
    let mut paths = vec![sparse.to_str().unwrap().to_owned()];
    if cfg!(unix) {
        paths.push("/dev/zero".to_owned());
    }
    paths
}

#[test]
fn a_picture_that_is_too_large_is_refused_before_anything_is_sent() {
    let smile = Smile::new();
    for path in endless(&smile) {
        let selfie = ["submit", "smartselfie-registration", "--selfie", &path, "--wait"];
        smile.run(&selfie).ended(2).warns(&["--selfie", "128 MiB"]);
        let front = asset("id_card_front.jpg");
        let front = front.to_str().unwrap();
        let card = ["--id-card", front, "--id-card-back", &path, "--country", "NG", "--wait"];
        let ran = smile.submit_selfie("document-verification", &card).ended(2);
        ran.warns(&["--id-card-back", "128 MiB"]);
    }
    assert!(smile.sandbox.requests().is_empty());
}

#[test]
fn every_other_file_that_is_too_large_is_refused_as_well() {
    let smile = Smile::new();
    for path in endless(&smile) {
        smile.run(&["resume", &path]).ended(2).warns(&["CHECKPOINT must be no longer than 1 MiB"]);
        let kept = ["--wait", "--checkpoint", &path];
        let ran = smile.submit_selfie("smartselfie-registration", &kept).ended(2);
        ran.warns(&["--checkpoint must be a new file"]);
        let key = ["status", "--user-id", "u", "--job-id", "j", "--api-key-file", &path];
        smile.run(&key).ended(2).warns(&["--api-key-file", "1 MiB"]);
        let ca = ["status", "--user-id", "u", "--job-id", "j", "--ca", &path];
        smile.run(&ca).ended(2).warns(&["--ca must be no longer than 1 MiB"]);
        smile.run(&["sandbox", "--scenario", &path]).ended(2).warns(&["--scenario", "1 MiB"]);
        // It is read up to the limit for callbacks, as a server's body is.
        let verified = smile.run(&["verify", &path]);
        assert!(verified.status == 3 && verified.stdout.contains("413"), "{verified:?}");
    }
    assert!(smile.sandbox.requests().is_empty());
}

#[test]
fn a_job_that_nobody_knows() {
    let smile = Smile::new();
    let ids = ["--user-id", "u-1", "--job-id", "j-1"];
    smile.run(&[&["status"], &ids[..]].concat()).ended(4).says(&["no such job"]);
    let status = smile.run(&[&["status", "--json"], &ids[..]].concat()).ended(4).json();
    assert_eq!((&status["job_complete"], &status["has_images"]), (&json!(false), &json!(false)));
    smile.run(&["status", "--user-id", "", "--job-id", "j"]).ended(2).warns(&["--user-id must not be empty"]);
    smile.run(&["wait", "--user-id", "u", "--job-id", "j"]).ended(2).warns(&["--job-type"]);
}

#[test]
fn a_passing_failure_is_tried_again_and_reported() {
    let smile = Smile::new();
    smile.sandbox.fail_next(Endpoint::PrepUpload, Fault::Answer(http::StatusCode::BAD_GATEWAY));
    let ran = smile.submit_selfie("smartselfie-registration", &WAIT).ended(0);
    ran.warns(&["again: prep upload (try 1)", "502"]);
}

#[test]
fn an_id_that_was_used_is_not_used_again() {
    let smile = Smile::new();
    let flags = [&["--user-id", "u-1", "--job-id", "j-1"][..], &WAIT].concat();
    smile.submit_selfie("smartselfie-registration", &flags).ended(0);
    let again =
        smile.submit_selfie("smartselfie-registration", &[&flags[..], &["--allow-new-enroll"]].concat());
    again.ended(1).warns(&["2215", "under a new --job-id"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);

    // No other user may have it either, however often that is tried.
    let of_another = [&["--user-id", "u-2", "--job-id", "j-1"][..], &WAIT].concat();
    let refused = smile.submit_selfie("smartselfie-registration", &of_another).ended(1);
    refused.warns(&["2215", "under a new --job-id"]);
    // With --retry the service is asked before anything is sent: the job there is another
    // submission's.
    let retried = smile.submit_selfie("smartselfie-registration", &[&flags[..], &["--retry"]].concat());
    retried.ended(1).warns(&["another submission's", "under a new --job-id"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
}
