//! The state that outlives a restart.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use smile_sandbox::{
    CallbackOutcome, CallbackRule, Clock, Disturbance, Keep, Matcher, Outcome, RestoreError, Review, Sandbox,
    ScriptStage, Service, Snapshot, Stage, StateError, UserState,
};

use crate::client::{
    Client, JPEG, KEY, START, builder, consent_body, full_zip, get_request, header_signed, id_body,
    link_body, merged, params, prep_body,
};
use crate::server::{OK, host, post, put, receiver, submit};

const MINUTE: Duration = Duration::from_secs(60);

/// A temporary folder, removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("smile-sandbox-state-{}-{number}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The state after a round trip through JSON.
fn through_json(client: &Client) -> Snapshot {
    serde_json::from_str(&serde_json::to_string(&client.service.snapshot()).unwrap()).unwrap()
}

fn restarted(client: &Client) -> Client {
    let mut next = Client::with(builder().with_legacy_two_callbacks(true));
    next.now = client.now;
    next.service.restore(through_json(client)).unwrap();
    next
}

/// A service with an instance of everything in it.
fn busy() -> (Client, String) {
    let mut client = Client::with(builder().with_legacy_two_callbacks(true));
    client.service.set_user("lapsed", UserState::MustReenrol);
    let later = ScriptStage::from("1211").with_delay(5 * MINUTE);
    client.service.when(Matcher::job_id("staged")).respond(["0812".into(), later]);
    client
        .service
        .when(Matcher::job_id_prefix("outage-"))
        .with_times(2)
        .respond([Outcome::IssuerUnavailable]);
    let url = client.upload_url(&prep_body(&params("waiting", 1)));
    client.run(&prep_body(&params("staged", 6)), &full_zip("00000000000"));
    let provisional = merged(&params("reviewed", 1), &json!({"sandbox_result": "2", "user_id": "reviewed"}));
    client.run(&prep_body(&provisional), &full_zip("00000000000"));
    let body = |job_id: &str| id_body("00000000000", &json!({"partner_params": params(job_id, 5)}));
    client.check("/v1/id_verification", &body("outage-1"));
    client.post("/v1/totp_consent", &consent_body(&json!({})));
    client.post("/v1/smile_links", &link_body(&json!({})));
    (client, url)
}

#[test]
fn a_restarted_service_goes_on_as_if_nothing_had_happened() {
    let (mut before, url) = busy();
    let mut after = restarted(&before);
    let mut transcripts = Vec::new();
    for client in [&mut before, &mut after] {
        let mut out = Vec::new();
        for _ in 0..20 {
            for callback in client.service.due_callbacks(client.now) {
                out.push((client.now, callback.url.clone(), callback.body.clone()));
                let outcome = CallbackOutcome::Answered(StatusCode::OK);
                client.service.callback_answered(callback.id, client.now, outcome);
            }
            let Some(due) = client.service.next_wakeup() else { break };
            client.now = client.now.max(due);
        }
        assert_eq!(client.put(&url, &full_zip("00000000000")).status(), StatusCode::OK);
        for job_id in ["waiting", "staged", "reviewed"] {
            let ids =
                json!({"job_id": job_id, "user_id": if job_id == "reviewed" { job_id } else { "user" }});
            let status = client.status(&ids, &json!({"history": true, "image_links": true}));
            let link = status["image_links"]["selfie_image"].as_str().unwrap().to_owned();
            assert_eq!(client.send(get_request(&link)).body(), JPEG);
            out.push((client.now, link, status.to_string().into()));
        }
        for job_id in ["outage-2", "outage-3", "new"] {
            let body = id_body("00000000000", &json!({"partner_params": params(job_id, 5)}));
            out.push((
                client.now,
                job_id.to_owned(),
                client.check("/v1/id_verification", &body).to_string().into(),
            ));
        }
        let lapsed = merged(&params("lapsed-1", 2), &json!({"user_id": "lapsed"}));
        out.push((client.now, String::new(), client.prep(&prep_body(&lapsed)).1.to_string().into()));
        let links = header_signed(http::Method::GET, "/v1/smile_links", &Value::Null);
        out.push((client.now, String::new(), client.send(links).into_body()));
        transcripts.push(out);
    }
    assert!(transcripts[0].len() > 12);
    assert_eq!(transcripts[0], transcripts[1]);
}

#[test]
fn a_callback_that_was_under_way_is_due_again() {
    let (mut client, _) = busy();
    let under_way = client.service.due_callbacks(client.now);
    assert!(!under_way.is_empty());
    let again = restarted(&client).service.due_callbacks(client.now);
    let bodies =
        |due: &[smile_sandbox::DueCallback]| due.iter().map(|one| one.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&again), bodies(&under_way));
}

#[test]
fn a_session_of_consent_goes_on() {
    let mut client = Client::new();
    let (_, answer) = client.post("/v1/totp_consent", &consent_body(&json!({})));
    let session = json!({"session_id": answer["session_id"], "mode": "sms", "otp": "000000"});
    assert_eq!(client.post("/v1/totp_consent/mode", &consent_body(&session)).0, 200);
    let mut client = restarted(&client);
    assert_eq!(client.post("/v1/totp_consent/otp", &consent_body(&session)).0, 200);
}

#[test]
fn the_api_key_is_not_in_it() {
    let (client, _) = busy();
    let text = serde_json::to_string(&client.service.snapshot()).unwrap();
    assert!(text.contains("reviewed") && !text.contains(KEY));
    assert!(!format!("{:?}", client.service.snapshot()).contains("reviewed"));
}

#[test]
fn an_invalid_snapshot_is_refused_and_changes_nothing() {
    let (client, _) = busy();
    let good = serde_json::to_value(client.service.snapshot()).unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        serde_json::from_value::<Snapshot>(bad).unwrap()
    };
    let mut target = Client::new();
    target.service.set_user("kept", UserState::Enrolled);
    for (snapshot, message) in [
        (changed("/state/format", json!(99)), "it was written in format 99, and this sandbox reads format 1"),
        (
            changed("/state/format", json!("Joe")),
            "it was written in format none, and this sandbox reads format 1",
        ),
        (changed("/state/partner_id", json!("2")), "it is the state of a sandbox for another partner id"),
        (
            changed("/state/jobs/0/job_id", json!(["Joe"])),
            "it is damaged: a value has not the form that it should have",
        ),
        (changed("/images", json!({})), "it is damaged: the image "),
    ] {
        let error: RestoreError = target.service.restore(snapshot).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(!error.to_string().contains("Joe"), "{error}");
        assert_eq!(target.service.user("kept"), UserState::Enrolled);
        assert!(target.service.jobs().is_empty());
    }
}

#[cfg(feature = "scenario")]
#[test]
fn rules_of_a_scenario_keep_count_as_long_as_they_are_the_same() {
    let with =
        |toml: &str| Client::with(builder().with_scenario(smile_sandbox::Scenario::parse(toml).unwrap()));
    let outage = "[[rules]]\ntimes = 1\nstages = [{ outcome = \"issuer-unavailable\" }]";
    let code = |client: &mut Client| {
        client.check("/v1/id_verification", &id_body("00000000000", &json!({})))["ResultCode"].clone()
    };
    let mut client = with(outage);
    assert_eq!(code(&mut client), "1015");
    for (toml, expected) in [(outage, "1012"), (&outage.replace("times = 1", "times = 2"), "1015")] {
        let mut next = with(toml);
        next.service.restore(through_json(&client)).unwrap();
        assert_eq!(code(&mut next), expected);
    }
}

#[test]
fn jobs_under_review_are_left_alone_when_there_is_no_reviewer_any_more() {
    let (client, _) = busy();
    let mut next = Client::with(builder().with_automatic_review(None));
    next.service.restore(through_json(&client)).unwrap();
    next.now = client.now;
    next.pass(60 * MINUTE);
    next.deliver();
    assert_eq!(next.service.job("reviewed").unwrap().stage, Stage::UnderReview);
    assert_eq!(next.service.next_wakeup(), None);
    next.service.review(next.now, "reviewed", Review::Approve).unwrap();
}

fn open(folder: &Folder) -> std::io::Result<Sandbox> {
    builder().with_state_dir(&folder.0).start()
}

#[test]
fn a_sandbox_survives_a_restart() {
    let folder = Folder::new();
    let (url, received) = receiver(&[OK]);
    let answer = {
        let sandbox = open(&folder).unwrap();
        sandbox.enrol("enrolled");
        sandbox.when(Matcher::job_id("later")).respond([ScriptStage::from("0810").with_delay(MINUTE)]);
        submit(&sandbox, &prep_body(&merged(&params("done", 4), &json!({"user_id": "done"}))));
        submit(&sandbox, &merged(&prep_body(&params("later", 1)), &json!({"callback_url": url})));
        post(host(&sandbox), "/v1/upload", &prep_body(&params("waiting", 4)))
    };
    // As if the minute had gone by while the sandbox was down.
    let clock = Clock::virtual_at(START + Duration::from_secs(100 * 365 * 24 * 60 * 60));
    let sandbox = builder().with_state_dir(&folder.0).with_clock(clock).start().unwrap();
    assert_eq!(sandbox.user("enrolled"), UserState::Enrolled);
    assert_eq!(sandbox.user("done"), UserState::Enrolled);
    let job = sandbox.job("done").unwrap();
    assert_eq!((job.result_code(), job.images[0].bytes.as_ref()), (Some("0840"), JPEG));
    let attempts = sandbox.advance(Duration::ZERO).unwrap();
    assert_eq!(attempts.iter().filter(|made| made.outcome.is_delivered()).count(), 1);
    assert_eq!(received.try_iter().count(), 1);
    assert_eq!(sandbox.job("later").unwrap().result_code(), Some("0810"));
    // Job ids stay taken, and continue to be counted.
    let again = post(host(&sandbox), "/v1/upload", &prep_body(&params("waiting", 4)));
    assert_eq!(again["code"], "2215");
    let next = post(
        host(&sandbox),
        "/v1/upload",
        &prep_body(&merged(&params("next", 4), &json!({"user_id": "next"}))),
    );
    assert_eq!(
        (&answer["smile_job_id"], &next["smile_job_id"]),
        (&json!("0000000003"), &json!("0000000004"))
    );
    assert_ne!(answer["ref_id"], next["ref_id"]);
}

#[test]
fn uploads_that_come_together_are_all_kept() {
    let folder = Folder::new();
    let job_ids: Vec<String> = (0..16).map(|number| format!("job-{number}")).collect();
    {
        let sandbox = open(&folder).unwrap();
        std::thread::scope(|scope| {
            for job_id in &job_ids {
                let prep = prep_body(&merged(&params(job_id, 1), &json!({"user_id": job_id})));
                let sandbox = &sandbox;
                scope.spawn(move || submit(sandbox, &prep));
            }
        });
    }
    let sandbox = open(&folder).unwrap();
    for job_id in &job_ids {
        assert_eq!(sandbox.job(job_id).unwrap().result_code(), Some("0810"), "{job_id}");
        assert_eq!(sandbox.user(job_id), UserState::Enrolled);
    }
    assert_eq!(fs::read_dir(folder.0.join("jobs")).unwrap().count(), job_ids.len());
}

#[test]
fn images_are_kept_once_and_removed_when_nobody_has_them() {
    let folder = Folder::new();
    let images = || fs::read_dir(folder.0.join("images")).unwrap().count();
    {
        let sandbox = open(&folder).unwrap();
        let answer = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 1)));
        let url = answer["upload_url"].as_str().unwrap();
        assert_eq!((put(url, &full_zip("00000000000")), images()), (200, 1));
        assert_eq!((put(url, &full_zip("00000000000")), images()), (200, 1));
        assert_eq!(put(url, b"no zip"), 200);
        assert_eq!(images(), 0, "the job's zip was replaced by one without images");

        let of_another = merged(&params("job-2", 1), &json!({"user_id": "user-2"}));
        submit(&sandbox, &prep_body(&of_another));
        assert_eq!(images(), 1);
        sandbox.reset();
    }
    assert_eq!(images(), 0, "all jobs were forgotten");
    for left in [EMPTY.to_owned(), format!("{EMPTY}.unfinished")] {
        fs::write(folder.0.join("images").join(left), "").unwrap();
    }
    drop(open(&folder).unwrap());
    assert_eq!(images(), 0, "what a kill has left is removed");
}

/// The digest of an empty file.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// All files below a folder, with their content.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(everything(&path));
        } else {
            files.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_folder_that_is_somebody_elses_is_refused_and_left_as_it_is() {
    for theirs in ["images/holiday.jpg", "jobs/letter", "notes.txt", "state.json", "lock", "state.unfinished"]
    {
        let folder = Folder::new();
        let path = folder.0.join(theirs);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "theirs").unwrap();
        let before = everything(&folder.0);
        let refused = open(&folder).unwrap_err();
        assert!(refused.to_string().contains("name a new or empty folder"), "{theirs}: {refused}");
        assert_eq!(everything(&folder.0), before, "{theirs}");
    }
}

#[test]
fn an_empty_folder_is_taken_and_known_again() {
    let folder = Folder::new();
    fs::create_dir(&folder.0).unwrap();
    open(&folder).unwrap().enrol("enrolled");
    assert_eq!(open(&folder).unwrap().user("enrolled"), UserState::Enrolled);
}

#[test]
fn foreign_files_beside_the_state_stay() {
    let folder = Folder::new();
    drop(open(&folder).unwrap());
    for theirs in ["notes.txt", "images/holiday.jpg", "images/README", "jobs/0123.unfinished", "images/a.b"] {
        fs::write(folder.0.join(theirs), "theirs").unwrap();
    }
    let folder_of_theirs = folder.0.join("images").join("0b".repeat(32));
    fs::create_dir(&folder_of_theirs).unwrap();
    fs::write(folder_of_theirs.join(EMPTY), "theirs").unwrap();
    let sandbox = open(&folder).unwrap();
    submit(&sandbox, &prep_body(&params("job", 1)));
    sandbox.reset();
    drop(sandbox);
    drop(open(&folder).unwrap());
    let theirs = everything(&folder.0).into_iter().filter(|(_, content)| content == b"theirs").count();
    assert_eq!(theirs, 6);
}

#[test]
fn a_folder_of_another_format_is_refused_by_its_name() {
    for (mark, found) in [("{\"format\":2}", "format 2"), ("{}", "format none"), ("", "format none")] {
        let folder = Folder::new();
        drop(open(&folder).unwrap());
        fs::write(folder.0.join("smile-sandbox.json"), mark).unwrap();
        let refused = open(&folder).unwrap_err().to_string();
        assert!(refused.contains(&format!("made in {found}, and this sandbox reads format 1")), "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let sandbox = open(&folder).unwrap();
    submit(&sandbox, &prep_body(&params("job", 1)));
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(folder.0.clone()), mode(folder.0.join("state.json"))), (0o700, 0o600));
}

#[test]
fn an_unusable_state_file_is_named() {
    let state = |folder: &Folder| folder.0.join("state.json");
    type Damage = fn(&Path);
    let damage: [(&str, Damage, &str); 6] = [
        (
            "state.json",
            |path| fs::write(path.join("state.json"), "{\"format\": 1").unwrap(),
            "it is damaged: it can't",
        ),
        (
            "state.json",
            |path| fs::write(path.join("state.json"), "{\"format\": 0, \"jobs\": [1]}").unwrap(),
            "it was written in format 0",
        ),
        (
            "state.json",
            |path| fs::write(path.join("state.json"), "").unwrap(),
            "it is damaged: it can't be read",
        ),
        ("state.json", |path| fs::remove_dir_all(path.join("jobs")).unwrap(), "it is damaged: the job "),
        (
            "images",
            |path| {
                let image = fs::read_dir(path.join("images")).unwrap().next().unwrap().unwrap().path();
                fs::write(image, b"another face").unwrap();
            },
            "its content is not what it was",
        ),
        ("state.json", |path| fs::remove_dir_all(path.join("images")).unwrap(), "it is damaged: the image "),
    ];
    for (named, damage, message) in damage {
        let folder = Folder::new();
        let sandbox = open(&folder).unwrap();
        submit(&sandbox, &prep_body(&params("job", 1)));
        drop(sandbox);
        damage(&folder.0);
        let error = open(&folder).unwrap_err();
        let inner = error.get_ref().unwrap().downcast_ref::<StateError>().unwrap();
        assert!(inner.path.starts_with(folder.0.join(named)), "{error}");
        assert!(error.to_string().contains(message) && error.to_string().contains(named), "{error}");
    }
    let folder = Folder::new();
    let first = open(&folder).unwrap();
    first.enrol("user");
    assert!(open(&folder).unwrap_err().to_string().ends_with("another sandbox is using this folder"));
    drop(first);
    assert!(open(&folder).is_ok());
    let other = builder().with_partner_id("2").with_state_dir(&folder.0).start().unwrap_err();
    assert!(other.to_string().contains("another partner id"), "{other}");
    assert!(state(&folder).exists());
}

#[test]
fn a_failed_write_is_not_acknowledged() {
    let folder = Folder::new();
    let sandbox = open(&folder).unwrap();
    fs::remove_dir_all(&folder.0).unwrap();
    let answer = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 1)));
    assert_eq!(answer, json!({"message": "The State Could Not Be Written"}));
}

/// The other process of the test below: uploads until it is killed, and prints the acknowledged
/// jobs.
#[test]
fn child_that_uploads() {
    use std::io::Write as _;

    let Some(folder) = std::env::var_os("SMILE_SANDBOX_TEST_FOLDER") else { return };
    let sandbox = builder().with_state_dir(folder).with_enforce_new_users(false).start().unwrap();
    let first = sandbox.jobs().len();
    for number in first..first + 1_000 {
        submit(&sandbox, &prep_body(&params(&format!("job-{number}"), 1)));
        // Written past the test harness's capture.
        writeln!(std::io::stdout(), "acknowledged job-{number}").unwrap();
    }
}

#[test]
fn no_acknowledged_upload_is_lost_when_the_process_is_killed() {
    let folder = Folder::new();
    let mut acknowledged = Vec::new();
    for round in 1..=4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state::child_that_uploads", "--nocapture"])
            .env("SMILE_SANDBOX_TEST_FOLDER", &folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines.map(Result::unwrap).filter_map(|line| {
            let (_, job_id) = line.split_once("acknowledged ")?;
            Some(job_id.to_owned())
        });
        acknowledged.extend(told.take(2 * round));
        child.kill().unwrap();
        child.wait().unwrap();

        let sandbox = open(&folder).unwrap();
        for job_id in &acknowledged {
            let job = sandbox.job(job_id).unwrap_or_else(|| panic!("{job_id} is lost in round {round}"));
            assert_eq!((job.uploads, job.result_code()), (1, Some("0810")), "{job_id}");
            assert_eq!(job.images[0].bytes, JPEG);
        }
    }
    assert_eq!(acknowledged.len(), 20);
}

#[test]
fn callbacks_that_wait_keep_their_records_and_rules_for_callbacks_go_on() {
    let mut client = Client::with(builder());
    let rule = CallbackRule::next(Disturbance::Delay(MINUTE)).with_skipped(1).with_times(2);
    client.service.disturb_callbacks(rule);
    for job_id in ["done", "late"] {
        let prep = merged(&prep_body(&params(job_id, 6)), &json!({"callback_url": "http://127.0.0.1:1/"}));
        client.run(&prep, &full_zip("00000000000"));
    }
    let posted = client.service.due_callbacks(client.now);
    assert_eq!(posted.len(), 1);
    client.service.callback_answered(posted[0].id, client.now, CallbackOutcome::Answered(StatusCode::OK));

    let after = restarted(&client).service;
    assert_eq!(after.callback_rules(), client.service.callback_rules());
    let [before, after] = [&client.service, &after].map(Service::callbacks);
    assert_eq!((before.len(), after.len()), (2, 1));
    assert_eq!(format!("{:?}", after[0]), format!("{:?}", before[1]));
    assert_eq!((&after[0].url, &after[0].body), (&before[1].url, &before[1].body));
}

#[test]
fn the_events_of_a_job_outlive_a_restart() {
    let (before, _) = busy();
    let after = restarted(&before);
    for job in before.service.jobs() {
        assert!(!job.events.is_empty());
        assert_eq!(after.service.job(&job.job_id).unwrap().events, job.events);
    }
}

#[test]
fn forgotten_jobs_leave_the_folder_and_numbers_go_on() {
    let folder = Folder::new();
    let start =
        || builder().with_keep(Keep::default().with_jobs(2)).with_state_dir(&folder.0).start().unwrap();
    let names = |sandbox: &Sandbox| sandbox.jobs().into_iter().map(|job| job.job_id).collect::<Vec<_>>();
    let numbers =
        |sandbox: &Sandbox| sandbox.jobs().into_iter().map(|job| job.smile_job_id).collect::<Vec<_>>();
    let files = || fs::read_dir(folder.0.join("jobs")).unwrap().count();

    let sandbox = start();
    for number in 1..=3 {
        submit(&sandbox, &prep_body(&params(&format!("job-{number}"), 6)));
    }
    assert_eq!(names(&sandbox), ["job-2", "job-3"]);
    drop(sandbox);
    assert_eq!(files(), 2);
    let sandbox = start();
    assert_eq!(names(&sandbox), ["job-2", "job-3"]);
    submit(&sandbox, &prep_body(&params("job-4", 6)));
    assert_eq!(numbers(&sandbox), ["0000000003", "0000000004"]);
    sandbox.reset();
    drop(sandbox);
    assert_eq!(files(), 0);
    let sandbox = start();
    submit(&sandbox, &prep_body(&params("job-1", 6)));
    assert_eq!(numbers(&sandbox), ["0000000001"]);
}
