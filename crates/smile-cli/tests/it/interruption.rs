//! Ctrl-C and lost connections: the checkpoint, and resuming from it.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use smile_sandbox::{Endpoint, Fault};

use crate::support::{Ran, Smile, asset, until};

/// Sends the signal of Ctrl-C.
#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// The checkpoint, which nobody else can read.
#[track_caller]
fn checkpoint(smile: &Smile, name: &str) -> Value {
    let path = smile.folder.path().join(name);
    #[cfg(unix)]
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains(smile.sandbox.api_key()), "no key");
    serde_json::from_str(&text).unwrap()
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_waiting_writes_a_checkpoint_that_asks_and_never_submits_again() {
    let smile = Smile::new();
    let selfie = asset("selfie.jpg");
    let child = smile
        .command(&["submit", "smartselfie-registration", "--selfie", selfie.to_str().unwrap()])
        // After the upload there are ten minutes to interrupt the wait in.
        .args(["--job-id", "j-1", "--wait", "--poll-every", "600", "--timeout", "3600"])
        .spawn()
        .unwrap();
    until(|| smile.sandbox.job("j-1").filter(|job| job.processed == 1));
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().unwrap()).ended(130);
    ran.warns(&["interrupted", "smile resume smile-j-1.checkpoint.json"]);
    assert_eq!(checkpoint(&smile, "smile-j-1.checkpoint.json")["job_id"], "j-1");

    let resumed = smile.run(&["resume", "smile-j-1.checkpoint.json", "--poll-every", "0.05"]).ended(0);
    resumed.says(&["APPROVED", "j-1"]);
    assert!(!smile.folder.path().join("smile-j-1.checkpoint.json").exists(), "it is used up");
    let job = smile.sandbox.job("j-1").unwrap();
    assert_eq!((job.processed, job.uploads), (1, 1));
}

#[test]
fn a_lost_connection_leaves_a_checkpoint_with_which_the_job_is_finished() {
    let smile = Smile::new();
    // All tries of the upload are lost before they arrive, and so is every question.
    for _ in 0..12 {
        smile.sandbox.fail_next(Endpoint::Upload, Fault::Answer(http::StatusCode::BAD_GATEWAY));
        smile.sandbox.fail_next(Endpoint::JobStatus, Fault::Answer(http::StatusCode::BAD_GATEWAY));
    }
    let flags = [
        "--job-id",
        "j-1",
        "--user-id",
        "jane",
        "--wait",
        "--poll-every",
        "0.01",
        "--checkpoint",
        "kept.json",
        "--json",
    ];
    let failed = smile.submit_selfie("smartselfie-registration", &flags).ended(6).json();
    assert_eq!(
        (&failed["error"]["exit_status"], &failed["error"]["checkpoint"]),
        (&6.into(), &"kept.json".into())
    );
    let kept = checkpoint(&smile, "kept.json");
    assert_eq!(kept["unfinished"]["checkpoint"]["reach"], "maybe_uploaded");
    assert_eq!(kept["unfinished"]["product"]["name"], "smartselfie-registration");
}

#[test]
fn an_opened_job_without_a_zip_is_uploaded_by_resume() {
    let smile = Smile::new();
    let flags = ["--job-id", "j-1", "--wait", "--poll-every", "0.01"];
    // The answer is lost each time, and so the job is open, and nobody knows.
    for _ in 0..4 {
        smile.sandbox.fail_next(Endpoint::PrepUpload, Fault::LoseAnswer);
    }
    let failed = smile.submit_selfie("smartselfie-registration", &flags).ended(1);
    failed.warns(&["prep upload failed", "smile resume smile-j-1.checkpoint.json"]);
    checkpoint(&smile, "smile-j-1.checkpoint.json");
    let elsewhere = smile.run(&["resume", "smile-j-1.checkpoint.json", "--environment", "sandbox"]).ended(2);
    elsewhere.warns(&["--environment", "the one that the job was begun in"]);
    let other = smile.run(&["resume", "smile-j-1.checkpoint.json", "--partner-id", "7"]).ended(2);
    other.warns(&["--partner-id", "the one that the job was begun with"]);
    smile.run(&["resume", "smile-j-1.checkpoint.json", "--poll-every", "0.01"]).ended(0).says(&["APPROVED"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
}

/// A job that is open, with its checkpoint in `smile-j-1.checkpoint.json`.
fn left_open(smile: &Smile) -> std::path::PathBuf {
    for _ in 0..4 {
        smile.sandbox.fail_next(Endpoint::PrepUpload, Fault::LoseAnswer);
    }
    let flags = ["--job-id", "j-1", "--wait", "--poll-every", "0.01"];
    smile.submit_selfie("smartselfie-registration", &flags).ended(1);
    smile.folder.path().join("smile-j-1.checkpoint.json")
}

#[test]
fn copies_of_a_checkpoint_resumed_one_after_the_other_process_once() {
    let smile = Smile::new();
    let original = left_open(&smile);
    std::fs::copy(&original, smile.folder.path().join("copy.json")).unwrap();
    for name in ["smile-j-1.checkpoint.json", "copy.json"] {
        smile.run(&["resume", name, "--poll-every", "0.01"]).ended(0).says(&["APPROVED"]);
        let job = smile.sandbox.job("j-1").unwrap();
        assert_eq!((job.processed, job.uploads), (1, 1), "{name}");
    }
}

#[test]
fn a_checkpoint_that_somebody_is_at_work_on_is_not_resumed() {
    let smile = Smile::new();
    let at_work = std::fs::File::open(left_open(&smile)).unwrap();
    at_work.lock().unwrap();
    smile.run(&["resume", "smile-j-1.checkpoint.json"]).ended(1).warns(&["another `smile` is at work"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 0);
    drop(at_work);
    smile.run(&["resume", "smile-j-1.checkpoint.json", "--poll-every", "0.01"]).ended(0);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
}

#[test]
fn a_result_of_another_submission_is_not_this_ones() {
    let smile = Smile::new();
    let path = left_open(&smile);
    let mut kept = checkpoint(&smile, "smile-j-1.checkpoint.json");
    smile.run(&["resume", "smile-j-1.checkpoint.json", "--poll-every", "0.01"]).ended(0);
    // The checkpoint of another submission under the same job id.
    kept["unfinished"]["checkpoint"]["submission"] = Value::from("0123456789abcdef0123456789abcdef");
    std::fs::write(&path, kept.to_string()).unwrap();
    let other = ["resume", "smile-j-1.checkpoint.json", "--poll-every", "0.01", "--timeout", "1"];
    smile.run(&other).ended(6).warns(&["another submission's"]);
}

#[test]
fn a_check_with_a_lost_answer_is_never_sent_again() {
    let smile = Smile::new();
    smile.sandbox.fail_next(Endpoint::EnhancedKyc, Fault::LoseAnswer);
    for _ in 0..5 {
        smile.sandbox.fail_next(Endpoint::JobStatus, Fault::Answer(http::StatusCode::BAD_GATEWAY));
    }
    let arguments = [
        "submit",
        "enhanced-kyc",
        "--country",
        "NG",
        "--id-type",
        "BVN",
        "--id-number",
        "00000000000",
        "--job-id",
        "j-1",
        "--poll-every",
        "0.01",
    ];
    let failed = smile.run(&arguments).ended(6);
    failed.warns(&["may have acted on it", "smile resume smile-j-1.checkpoint.json"]);
    let kept = checkpoint(&smile, "smile-j-1.checkpoint.json");
    assert_eq!(kept["unfinished"]["checkpoint"]["check"], "enhanced_kyc");
    smile.run(&["resume", "smile-j-1.checkpoint.json"]).ended(4).says(&["APPROVED"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
}

/// Runs the command until the service has acted on a request of this kind, and kills it before the
/// answer comes.
fn killed_after(smile: &Smile, endpoint: Endpoint, arguments: &[&str]) -> Value {
    smile.sandbox.fail_next(endpoint, Fault::Latency(std::time::Duration::from_secs(600)));
    let mut child = smile.command(arguments).spawn().unwrap();
    until(|| smile.sandbox.requests().iter().any(|request| request.fault.is_some()).then_some(()));
    child.kill().unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.status, &*ran.stdout), (-1, ""), "{ran:?}");
    checkpoint(smile, "smile-j-1.checkpoint.json")
}

const RESUME: [&str; 4] = ["resume", "smile-j-1.checkpoint.json", "--poll-every", "0.01"];

/// Resumes to the one result, and leaves nothing behind.
#[track_caller]
fn is_resumed_to_its_one_result(smile: &Smile, status: i32) {
    smile.run(&RESUME).ended(status).says(&["APPROVED", "j-1"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
    assert_eq!(std::fs::read_dir(smile.folder.path()).unwrap().count(), 0, "it is used up");
}

#[test]
fn a_process_that_is_killed_at_any_request_leaves_a_checkpoint_from_which_the_job_goes_on() {
    let selfie = asset("selfie.jpg");
    let arguments = ["submit", "smartselfie-registration", "--selfie", selfie.to_str().unwrap()];
    let flags = ["--job-id", "j-1", "--wait", "--poll-every", "0.01"];
    for (endpoint, progress) in [
        (Endpoint::PrepUpload, Some("maybe_opened")),
        (Endpoint::Upload, Some("maybe_uploaded")),
        (Endpoint::JobStatus, None),
    ] {
        let smile = Smile::new();
        let mut kept = killed_after(&smile, endpoint, &[&arguments[..], &flags].concat());
        let unfinished = &mut kept["unfinished"]["checkpoint"];
        assert_eq!(unfinished["reach"].as_str(), progress, "{endpoint:?}");
        assert_eq!(kept["submitted"]["reach"].as_str(), progress.is_none().then_some("uploaded"));
        if endpoint == Endpoint::PrepUpload {
            // An hour later it is certain that the request isn't on its way any more.
            let last_send = &mut kept["unfinished"]["checkpoint"]["last_send"];
            last_send["began"] = (last_send["began"].as_u64().unwrap() - 3_600_000).into();
            last_send["service_ahead_millis"] = 0.into();
            std::fs::write(smile.folder.path().join(RESUME[1]), kept.to_string()).unwrap();
        }
        is_resumed_to_its_one_result(&smile, 0);
        assert_eq!(smile.sandbox.job("j-1").unwrap().uploads, 1, "{endpoint:?}");
    }
}

#[test]
fn a_process_that_is_killed_leaves_a_checkpoint_from_which_a_check_goes_on() {
    let smile = Smile::new();
    let kept = killed_after(&smile, Endpoint::EnhancedKyc, &CHECK);
    assert_eq!(kept["unfinished"]["checkpoint"]["check"], "enhanced_kyc");
    assert_eq!(kept["unfinished"]["checkpoint"]["reach"], "maybe_uploaded");
    is_resumed_to_its_one_result(&smile, 4);
}

#[test]
fn a_check_that_goes_by_callback_is_waited_for_after_its_process_was_killed() {
    for endpoint in [Endpoint::EnhancedKycAsync, Endpoint::JobStatus] {
        let smile = Smile::new();
        let flags = ["--callback", "http://127.0.0.1:9/x", "--wait", "--poll-every", "0.01"];
        killed_after(&smile, endpoint, &[&CHECK[..], &flags].concat());
        is_resumed_to_its_one_result(&smile, 4);
    }
}

#[test]
fn a_check_that_nobody_has_the_status_of_is_not_sent_again_after_its_process_was_killed() {
    let smile = Smile::new();
    let address = ["submit", "address", "--country", "NG", "--address", "1 Drawn Street", "--job-id", "j-1"];
    let utility = ["--utility-number", "0000000000", "--utility-provider", "IkejaElectric"];
    let callback = ["--callback", "http://127.0.0.1:9/x"];
    killed_after(&smile, Endpoint::AddressVerification, &[&address[..], &utility, &callback].concat());
    let sent = smile.sandbox.requests().len();
    smile.run(&RESUME).ended(6).warns(&["wait for its callback", "don't submit it again"]);
    assert_eq!(smile.sandbox.requests().len(), sent);
}

#[test]
fn a_submit_that_is_under_way_is_not_resumed() {
    let smile = Smile::new();
    let endpoint = Endpoint::EnhancedKyc;
    smile.sandbox.fail_next(endpoint, Fault::Latency(std::time::Duration::from_secs(600)));
    let mut child = smile.command(&CHECK).spawn().unwrap();
    until(|| smile.sandbox.requests().iter().any(|request| request.fault.is_some()).then_some(()));
    if cfg!(unix) {
        smile.run(&RESUME).ended(1).warns(&["another `smile` is at work"]);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    is_resumed_to_its_one_result(&smile, 4);
}

#[test]
fn a_checkpoint_of_another_check_is_refused() {
    let smile = Smile::new();
    let mut kept = killed_after(&smile, Endpoint::EnhancedKyc, &CHECK);
    kept["unfinished"]["checkpoint"]["check"] = "basic_kyc".into();
    std::fs::write(smile.folder.path().join(RESUME[1]), kept.to_string()).unwrap();
    smile.run(&RESUME).ended(2).warns(&["the check was not resumed", "must be the same check's"]);
    assert!(smile.folder.path().join(RESUME[1]).exists());
}

#[test]
fn without_a_checkpoint_nothing_is_sent() {
    let smile = Smile::new();
    let elsewhere = ["--checkpoint", "no/such/folder.json"];
    let selfie = asset("selfie.jpg");
    let job = ["submit", "smartselfie-registration", "--wait", "--selfie", selfie.to_str().unwrap()];
    for arguments in [&job[..], &CHECK] {
        let failed = smile.run(&[arguments, &elsewhere].concat()).ended(1);
        failed.warns(&["nothing was sent: the checkpoint can't be written", "say with --checkpoint where"]);
        assert!(smile.sandbox.requests().is_empty());
    }
}

#[cfg(unix)]
#[test]
fn once_it_cannot_be_written_any_more_the_earlier_checkpoint_is_named() {
    let smile = Smile::new();
    let folder = smile.folder.path().join("kept");
    std::fs::create_dir(&folder).unwrap();
    smile.sandbox.fail_next(Endpoint::PrepUpload, Fault::Latency(std::time::Duration::from_secs(2)));
    let selfie = asset("selfie.jpg");
    let job = ["submit", "smartselfie-registration", "--wait", "--selfie", selfie.to_str().unwrap()];
    let flags = ["--job-id", "j-1", "--checkpoint", "kept/j.json"];
    let child = smile.command(&[&job[..], &flags].concat()).spawn().unwrap();
    until(|| smile.sandbox.job("j-1"));
    // The answer is still to come, and then nothing can be written where the checkpoint is.
    std::fs::rename(&folder, smile.folder.path().join("moved")).unwrap();
    let failed = Ran::from(child.wait_with_output().unwrap()).ended(1);
    failed.warns(&["nothing more was sent: the checkpoint can't be written", "smile resume kept/j.json"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().uploads, 0);
}

#[test]
fn an_earlier_attempts_checkpoint_is_not_overwritten_by_a_new_one() {
    let smile = Smile::new();
    left_open(&smile);
    let before = checkpoint(&smile, "smile-j-1.checkpoint.json");
    let again = ["--job-id", "j-1", "--wait", "--poll-every", "0.01"];
    smile.submit_selfie("smartselfie-registration", &again).ended(1).warns(&["new --job-id"]);
    assert_eq!(checkpoint(&smile, "smile-j-1.checkpoint.json"), before);
    assert_eq!(std::fs::read_dir(smile.folder.path()).unwrap().count(), 1, "of the new one nothing is left");
    let named = [&again[..], &["--checkpoint", "smile-j-1.checkpoint.json"]].concat();
    let refused = smile.submit_selfie("smartselfie-registration", &named).ended(2);
    refused.warns(&["--checkpoint must be a new file", "`smile resume` goes on from it"]);
}

#[test]
fn a_file_that_something_else_is_in_is_not_overwritten_and_nothing_is_sent() {
    let smile = Smile::new();
    let path = smile.folder.path().join("mine.json");
    std::fs::write(&path, "mine").unwrap();
    let refused =
        smile.submit_selfie("smartselfie-registration", &["--wait", "--checkpoint", "mine.json"]).ended(2);
    refused.warns(&["--checkpoint must be a new file"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert!(smile.sandbox.requests().is_empty(), "nothing was sent");
}

#[test]
fn a_checkpoint_by_its_default_name_goes_beside_what_has_that_name() {
    let smile = Smile::new();
    let taken = smile.folder.path().join("smile-j-1.checkpoint.json");
    std::fs::write(&taken, "mine").unwrap();
    for _ in 0..4 {
        smile.sandbox.fail_next(Endpoint::PrepUpload, Fault::LoseAnswer);
    }
    let flags = ["--wait", "--poll-every", "0.01", "--job-id", "j-1"];
    let failed = smile.submit_selfie("smartselfie-registration", &flags);
    failed.warns(&["smile resume smile-j-1.checkpoint-2.json", "what the flags say about the person"]);
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
    checkpoint(&smile, "smile-j-1.checkpoint-2.json");
}

const CHECK: [&str; 10] = [
    "submit",
    "enhanced-kyc",
    "--country",
    "NG",
    "--id-type",
    "BVN",
    "--id-number",
    "00000000000",
    "--job-id",
    "j-1",
];

#[test]
fn an_unread_answer_can_be_asked_for_again() {
    let smile = Smile::new();
    let mut child = smile.command(&CHECK).spawn().unwrap();
    drop(child.stdout.take());
    let lost = Ran::from(child.wait_with_output().unwrap()).ended(6);
    lost.warns(&["has carried it out", "smile resume smile-j-1.checkpoint.json", "don't submit it again"]);
    smile.run(&["resume", "smile-j-1.checkpoint.json"]).ended(4).says(&["APPROVED"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_has_an_unknown_outcome() {
    let smile = Smile::new();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let lost = smile.command(&CHECK).stdout(full()).output().unwrap();
    Ran::from(lost).ended(6).warns(&["has carried it out", "smile resume smile-j-1.checkpoint.json"]);

    // Nor is the checkpoint given up before the answer is out.
    let resumed = smile.command(&["resume", "smile-j-1.checkpoint.json", "--json"]).stdout(full()).output();
    let resumed = Ran::from(resumed.unwrap()).ended(6);
    let error: Value = serde_json::from_str(&resumed.stderr).unwrap();
    assert_eq!(error["error"]["exit_status"], 6, "standard error has what standard output can't take");
    smile.run(&["resume", "smile-j-1.checkpoint.json"]).ended(4).says(&["APPROVED"]);

    // A job that goes by callback, a check that does, and one that the service can't be asked
    // about.
    let callback = ["--callback", "http://127.0.0.1:9/x"];
    let selfie = asset("selfie.jpg");
    let job = ["submit", "smartselfie-registration", "--selfie", selfie.to_str().unwrap()];
    let address = ["submit", "address", "--country", "NG", "--address", "1 Drawn Street"];
    let utility = ["--utility-number", "0000000000", "--utility-provider", "IkejaElectric"];
    for arguments in [
        [&job[..], &callback].concat(),
        [&CHECK[..8], &callback].concat(),
        [&address[..], &utility, &callback].concat(),
    ] {
        let lost = smile.command(&arguments).stdout(full()).output().unwrap();
        Ran::from(lost).ended(6).warns(&["don't submit it again"]);
    }
}

#[test]
fn an_invalid_checkpoint_is_refused_without_repeating_it() {
    let smile = Smile::new();
    smile.run(&["resume", "none.json"]).ended(2).warns(&["CHECKPOINT must name a file"]);
    for text in ["", "{}", "jane", r#"{"smile_checkpoint":"jane"}"#] {
        std::fs::write(smile.folder.path().join("odd.json"), text).unwrap();
        let refused =
            smile.run(&["resume", "odd.json"]).ended(2).warns(&["a file that `smile submit` wrote"]);
        assert!(!refused.stderr.contains("jane"), "{refused:?}");
    }
    let newer = r#"{"smile_checkpoint":9,"environment":"sandbox","partner_id":"1","user_id":"u","job_id":"j","job_type":1}"#;
    std::fs::write(smile.folder.path().join("newer.json"), newer).unwrap();
    smile.run(&["resume", "newer.json"]).ended(2).warns(&["a version that this program knows"]);
}
