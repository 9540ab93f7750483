//! Secrets and personal data never show in `Debug`, `Display` or an error, whatever becomes of a
//! job.
//!
//! Every such value carries a mark of its own. Whole jobs are run, each thing that they show is
//! captured on the way, and no mark may be in it. The partner's id, the job's id and type, Smile
//! ID's job id, codes and the callback's host may show.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

mod support;

use std::fmt::{Debug, Display};
use std::path::Path;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use smile_core::operation::Operation;
use smile_core::v1::{PrepUploadRequest, UploadRequest, UploadUrl};
use smile_core::{
    ApiKey, Call, Callback, CallbackUrl, Checkpoint, Confirm, Environment, Event, Flow, FlowSettings, IdInfo,
    Image, ImageEncoding, ImageType, InMemoryReplayStore, Job, JobError, JobErrorKind, JobFlow, JobHistory,
    JobId, JobKey, JobOutcome, JobStatus, JobStatusRequest, JobType, Next, Nonce, Partner, PartnerId,
    PartnerParams, ReceivedTimestamp, ReplayCheck, ReplayStore as _, ResultEntry, Selfie, Signer, StoreFull,
    TransportFailure, UserId,
};
use support::{Answer, JPEG, START, answer};

// Marks. Letters and digits alone, so that neither JSON nor base64 nor a URL changes them.

/// Each begins with this; what is looked for is this alone, in any of its guises.
const MARK: &str = "qzMARK";

/// A value with a mark of its own, named for the reader of a failure.
fn mark(what: &str) -> String {
    format!("{MARK}{what}")
}

/// Everything that was shown, with where.
#[derive(Default)]
struct Capture {
    shown: Vec<(String, String)>,
}

impl Capture {
    fn text(&mut self, from: &str, text: String) {
        self.shown.push((from.to_owned(), text));
    }

    fn debug(&mut self, from: &str, value: &impl Debug) {
        let text = format!("{value:?}");
        assert!(!text.is_empty(), "nothing is shown of {from}");
        self.text(from, text);
        self.text(from, format!("{value:#?}"));
    }

    fn both(&mut self, from: &str, value: &(impl Debug + Display)) {
        self.debug(from, value);
        self.text(from, format!("{value}"));
        self.text(from, format!("{value:#}"));
    }

    fn error(&mut self, from: &str, error: &(impl std::error::Error + 'static)) {
        self.both(from, error);
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            self.text(from, format!("{error:?} {error:#?} {error}"));
            cause = error.source();
        }
    }

    /// Places that show a mark, as it is or in one of the guises that bytes take in `Debug`.
    fn leaks(&self) -> Vec<String> {
        let guises = guises();
        self.shown
            .iter()
            .filter(|(_, text)| {
                let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                guises.iter().any(|guise| packed.to_ascii_lowercase().contains(guise))
            })
            .map(|(from, text)| format!("{from}: {text}"))
            .collect()
    }

    fn assert_clean(&self, at_least: usize) {
        assert!(self.shown.len() >= at_least, "only {} things were captured", self.shown.len());
        let leaks = self.leaks();
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    }
}

/// The mark as text, as numbers of a list of bytes, in hexadecimal, and in base64 at any offset; in
/// lower case.
fn guises() -> Vec<String> {
    let list = |format: fn(u8) -> String| MARK.bytes().map(format).collect::<Vec<_>>();
    let mut guises = vec![
        MARK.to_owned(),
        list(|byte| byte.to_string()).join(","),
        list(|byte| format!("{byte:02x}")).concat(),
        list(|byte| format!("0x{byte:02x}")).join(","),
    ];
    // It in base64 after none, one and two bytes, without the letters that its neighbours have a
    // part in.
    guises.extend(["cXpNQVJL", "F6TUFSS", "xek1BUk"].map(str::to_owned));
    // What the service's answers are signed with: it would open somebody else's callback.
    guises.push(partner().signer().sign(START).signature()[..20].to_owned());
    guises.into_iter().map(|guise| guise.to_ascii_lowercase()).collect()
}

// What carries marks.

fn partner() -> Partner {
    Partner::new("001", mark("ApiKey"), "https://service.example/v1".parse().unwrap())
        .unwrap()
        .with_callback_url(format!("https://bank.example/{MARK}PartnerPath?token={MARK}PartnerQuery"))
        // A mark is no ID number of any kind.
        .without_id_type_checks()
}

fn params() -> PartnerParams {
    PartnerParams::new(UserId::new(mark("UserId")), JobId::new("job-1"))
        .with_param("branch", mark("Branch"))
        .with_param("nested", json!({ "a": [mark("Nested")] }))
}

fn id_info() -> IdInfo {
    IdInfo::new("NG", "BVN", mark("IdNumber"))
        .with_first_name(mark("FirstName"))
        .with_middle_name(mark("MiddleName"))
        .with_last_name(mark("LastName"))
        .with_gender(mark("Gender"))
        .with_phone_number(mark("Phone"))
        .with_bank_code(mark("Bank"))
        .with_citizenship(mark("Citizenship"))
        .with_session_id(mark("Session"))
        .with_openid_state(mark("Openid"))
        .with_consent_information(json!({ "consented": mark("Consent") }))
        .with_field("postal_code", mark("PostalCode"))
}

fn jpeg() -> Vec<u8> {
    let (head, end) = (&JPEG[..25], &JPEG[JPEG.len() - 2..]);
    // Behind a number of bytes that three divides.
    [head, b"  ", mark("Content").as_bytes(), end].concat()
}

/// The same in base64, with the mark alone: three bytes are four letters.
const BASE64: &str = "/9j/wAALCAKAAeABAREA/9oACAEBAAA/ACAgcXpNQVJL/9k=";

fn images() -> [Image; 4] {
    [
        Image::path(format!("/home/{MARK}Dir/{MARK}File.jpg")),
        Image::bytes(jpeg()).with_file_name(mark("Name.jpg")),
        Image::base64(BASE64),
        Image::base64(format!("data:image/jpeg;base64,{BASE64}"))
            .with_encoding(ImageEncoding::File)
            .with_file_name(mark("Name.jpg")),
    ]
}

fn job() -> Job {
    Job::biometric_kyc(params(), images()[0].clone(), id_info())
        .with_liveness(images())
        .with_id_card(images()[1].clone())
        .with_id_card_back(images()[2].clone())
        .with_return_job_status(true)
        .with_return_history(true)
        .with_return_image_links(true)
        .with_callback_url(format!("https://bank.example/{MARK}Path?token={MARK}Query"))
}

fn question() -> JobStatusRequest {
    JobStatusRequest::new(UserId::new(mark("UserId")), JobId::new("job-1"))
        .with_job_type(JobType::BIOMETRIC_KYC)
}

fn upload_url() -> String {
    format!("https://bucket.s3.example/{MARK}Key/selfie.zip?X-Amz-Signature={MARK}UploadSignature")
}

// What the service says.

fn opened() -> Answer {
    let body = json!({
        "upload_url": upload_url(), "ref_id": mark("RefId"), "smile_job_id": "0000000007", "code": "2202",
        "camera_config": mark("Camera"),
    });
    answer(200, body.to_string())
}

fn entry() -> Value {
    json!({
        "ResultCode": "0810", "ResultText": mark("ResultText"), "SmileJobID": "0000000007",
        "PartnerParams": { "user_id": mark("UserId"), "job_id": "job-1", "job_type": "1", "branch": mark("Branch") },
        "Actions": { "Verify_ID_Number": "Verified", "New_Check": mark("Action"), mark("ActionName"): "Passed" }, "Odd": { "a": mark("Odd") },
        "FullName": mark("FullName"), "Photo": mark("Photo"), "IDNumber": mark("IDNumber"), "DOB": mark("DOB"),
        "Gender": mark("Gender"), "Address": mark("Address"), "PhoneNumber": mark("PhoneNumber"),
        "FullData": { "deep": [{ "er": mark("FullData") }] }, "Source": mark("Source"),
        "ResultType": mark("ResultType"), "ConfidenceValue": mark("Confidence"), "KYCReceipt": mark("Receipt"),
        "ImageLinks": { "selfie_image": format!("https://images.example/{MARK}Link") },
    })
}

fn status(mut body: Value) -> Answer {
    let signed = partner().signer().sign(START);
    body["timestamp"] = json!(signed.timestamp());
    body["signature"] = json!(signed.signature());
    answer(200, body.to_string())
}

fn complete(entry: &Value) -> Answer {
    status(json!({
        "job_complete": true, "job_success": true, "code": "2302", "result": entry, "history": [entry, entry],
        "image_links": {
            "selfie_image": format!("https://images.example/s?X-Amz-Signature={MARK}Link"),
            "error": mark("LinkError"),
        },
        "kyc_receipt": mark("Receipt"),
    }))
}

fn pending() -> Answer {
    status(json!({ "job_complete": false, "code": "2302", "result": mark("FreeText") }))
}

fn no_zip() -> Answer {
    status(json!({ "job_complete": false, "code": "2314", "result": mark("FreeText") }))
}

/// Failures of every kind, each with as much in it as there can be.
fn failures() -> Vec<Answer> {
    let refused = |status: u16, code: Value| {
        let body =
            json!({ "error": mark("Error"), "message": mark("Message"), "code": code, "user": mark("User") });
        answer(status, body.to_string())
    };
    let redirect =
        Response::builder().status(307).header("Location", upload_url()).body(Bytes::new()).unwrap();
    let busy = Response::builder()
        .status(503)
        .header("Retry-After", mark("RetryAfter"))
        .body(Bytes::from(mark("Busy")))
        .unwrap();
    let mut other_job = entry();
    other_job["PartnerParams"]["job_id"] = json!(mark("OtherJob"));
    vec![
        refused(400, json!("2215")),
        refused(400, json!("2205")),
        refused(400, json!(mark("Code"))),
        refused(200, json!("2204")),
        refused(500, json!("2201")),
        answer(403, format!("<Error><Key>{MARK}Key</Key></Error>")),
        answer(502, format!("<html>{MARK}</html>")),
        answer(200, format!("<html>{MARK}</html>")),
        answer(200, format!("\"{MARK}\"")),
        answer(200, format!("{{\"upload_url\":\"{MARK}")),
        answer(200, format!("{{\"upload_url\":\"http://bucket.example/{MARK}\"}}")),
        answer(200, format!("{{\"upload_url\":\"https://{MARK}:{MARK}@bucket.example/\"}}")),
        answer(
            200,
            json!({ "job_complete": true, "timestamp": mark("T"), "signature": mark("S") }).to_string(),
        ),
        answer(200, json!({ "job_complete": true, "timestamp": mark("T"), "result": entry() }).to_string()),
        complete(&other_job),
        Ok(redirect),
        Ok(busy),
        Err(TransportFailure::not_sent("connection refused")),
        Err(TransportFailure::timed_out("30 s")),
        Err(TransportFailure::interrupted("reset by peer")),
        Err(TransportFailure::new(smile_core::TransportFailureKind::ResponseTooLarge, "over 8 MiB")),
    ]
}

/// The answer as the service gives it, with what was sent along in `PartnerParams`.
fn named(answer: Answer, flow: &JobFlow) -> Answer {
    let Some(id) = flow.submission_id() else { return answer };
    answer.map(|response| {
        response.map(|body| match serde_json::from_slice::<Value>(&body) {
            Ok(mut json) if json["result"]["PartnerParams"].is_object() => {
                json["result"]["PartnerParams"]["sdk_submission"] = json!(id.as_str());
                Bytes::from(json.to_string())
            }
            _ => body,
        })
    })
}

/// Runs it to its end with these answers, the last one over and over; cancels it at this step, if
/// at any.
fn run(
    capture: &mut Capture,
    flow: &mut JobFlow,
    answers: &[Answer],
    mut file: impl FnMut(&Path) -> std::io::Result<Vec<u8>>,
    cancel_at: Option<usize>,
) -> Result<JobOutcome, JobError> {
    let mut answers = answers.iter().chain(std::iter::repeat(answers.last().unwrap()));
    let mut now = START;
    for step in 0..300 {
        if cancel_at == Some(step) {
            flow.cancel();
        }
        let next = flow.next(now);
        capture.debug("JobFlow", flow);
        capture.debug("Next", &next);
        capture.debug("Checkpoint", &flow.checkpoint());
        for event in std::iter::from_fn(|| flow.take_event()) {
            capture.debug("Event", &event);
            if let Event::Retrying { error, .. } = &event {
                capture.error("OperationError", error);
            }
        }
        match next {
            Next::Read(path) => flow.file_read(now, file(&path)),
            Next::Send { request, .. } => {
                let body = String::from_utf8_lossy(request.body());
                assert!(body.contains(MARK), "what is sent is full of marks");
                flow.receive(now, named(answers.next().unwrap().clone(), flow));
                capture.debug("JobFlow", flow);
            }
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => {
                match &outcome {
                    Ok(outcome) => show_outcome(capture, outcome),
                    Err(error) => show_error(capture, error),
                }
                return outcome;
            }
        }
    }
    panic!("it ends");
}

fn show_outcome(capture: &mut Capture, outcome: &JobOutcome) {
    capture.debug("JobOutcome", outcome);
    capture.debug("Submission", outcome.submission());
    if let Some(verdict) = outcome.verdict() {
        capture.both("Verdict", verdict);
    }
    if let Some(status) = outcome.status() {
        show_status(capture, status);
    }
    if let JobOutcome::Unfinished { last, last_error, .. } = outcome {
        capture.debug("JobStatus", last);
        if let Some(error) = last_error {
            capture.error("OperationError", error);
        }
    }
}

fn show_status(capture: &mut Capture, status: &JobStatus) {
    capture.debug("JobStatus", status);
    capture.debug("JobResult", &status.result);
    capture.debug("history", &status.history);
    capture.debug("ImageLinks", &status.image_links);
    capture.debug("ReceivedTimestamp", &status.timestamp);
    capture.debug("Verdict", &status.verdict());
    status.entry().into_iter().chain(&status.history).for_each(|entry| show_entry(capture, entry));
}

fn show_entry(capture: &mut Capture, entry: &ResultEntry) {
    capture.debug("ResultEntry", entry);
    capture.debug("EchoedParams", &entry.partner_params());
    capture.debug("ImageLinks", &entry.image_links());
    capture.debug("Actions", entry.actions());
    for (_, value) in entry.actions().iter() {
        capture.debug("ActionValue", value);
    }
    if let Some(code) = entry.result_code() {
        capture.both("ResultCode", code);
    }
    capture.both("Verdict", &entry.verdict());
    capture.both("Verdict", &entry.verdict_for(JobType::DOCUMENT_VERIFICATION));
}

fn show_error(capture: &mut Capture, error: &JobError) {
    capture.error("JobError", error);
    capture.debug("JobErrorKind", error.kind());
    capture.debug("JobKey", error.key());
    match error.kind() {
        JobErrorKind::Validation(error) => {
            capture.error("ValidationError", error);
            error.problems().iter().for_each(|problem| capture.both("Problem", problem));
        }
        JobErrorKind::Operation { error, .. } => {
            capture.error("OperationError", error);
            if let Some(error) = error.api() {
                capture.error("ApiError", error);
                capture.debug("remedy", &error.remedy());
            }
        }
        _ => {}
    }
}

fn flow(job: Job) -> JobFlow {
    JobFlow::new(partner(), job, FlowSettings::default(), 7).unwrap()
}

fn good_file(_: &Path) -> std::io::Result<Vec<u8>> {
    Ok(jpeg())
}

// The tests.

#[test]
fn the_capture_finds_what_is_planted() {
    let plant = mark("Planted");
    let planted = |show: &dyn Fn(&mut Capture)| {
        let mut capture = Capture::default();
        capture.text("noise", "nothing to see".to_owned());
        show(&mut capture);
        capture.leaks().len()
    };
    assert_eq!(planted(&|_| ()), 0);
    assert_eq!(planted(&|capture| capture.debug("text", &Some(plant.as_str()))), 2);
    assert_eq!(planted(&|capture| capture.both("display", &plant)), 4);
    assert_eq!(planted(&|capture| capture.debug("list of bytes", &plant.as_bytes())), 2);
    assert_eq!(planted(&|capture| capture.debug("bytes", &Bytes::from(plant.clone()))), 2);
    assert_eq!(planted(&|capture| capture.text("hex", "717a4d41524b".to_owned())), 1);
    assert_eq!(planted(&|capture| capture.text("casing", plant.to_lowercase())), 1);
    assert_eq!(
        planted(&|capture| capture.text("signature", partner().signer().sign(START).signature().into())),
        1
    );
    for text in ["cXpNQVJLeXl5", "eHF6TUFSS3l5eQ==", "eHhxek1BUkt5eXk="] {
        assert_eq!(planted(&|capture| capture.text("base64", text.to_owned())), 1, "{text}");
    }
    let error = std::io::Error::other(plant.clone());
    assert!(
        planted(&|capture| capture.error("error", &std::io::Error::other(plant.clone()))) >= 1,
        "{error}"
    );
    // A request shows all: `Next` must not show it.
    let Next::Send { request, .. } = flow(job().with_selfie(Image::bytes(jpeg()))).wait_for_send() else {
        panic!("prep")
    };
    assert_eq!(planted(&|capture| capture.debug("request", &request)), 2);
}

trait WaitForSend {
    fn wait_for_send(self) -> Next<Result<JobOutcome, JobError>>;
}

impl WaitForSend for JobFlow {
    fn wait_for_send(mut self) -> Next<Result<JobOutcome, JobError>> {
        for _ in 0..100 {
            match self.next(START) {
                Next::Read(_) => self.file_read(START, Ok(jpeg())),
                next => return next,
            }
        }
        panic!("it ends");
    }
}

#[test]
fn a_job_that_succeeds_shows_nothing() {
    let mut capture = Capture::default();
    let answers = [opened(), answer(200, ""), pending(), complete(&entry())];
    let outcome = run(&mut capture, &mut flow(job()), &answers, good_file, None).unwrap();
    // A word that nobody knows is among the actions, so it is no approval; but there is a verdict.
    assert!(outcome.verdict().is_some());
    // What is known and told on purpose: the marks were there to be shown.
    assert!(outcome.status().unwrap().entry().unwrap().get("FullName").unwrap().to_string().contains(MARK));

    let mut odd = entry();
    odd["ResultCode"] = json!(mark("ResultCode"));
    odd["IsFinalResult"] = json!(mark("IsFinal"));
    for (last, is_proven) in
        [(complete(&odd), true), (complete(&json!(mark("FreeText"))), false), (pending(), true)]
    {
        let answers = [opened(), answer(200, mark("Receipt")), last];
        let outcome = run(&mut capture, &mut flow(job()), &answers, good_file, None);
        assert_eq!(outcome.is_ok(), is_proven);
        if let Err(error) = outcome {
            capture.error("JobError", &error);
        }
    }
    let submitted = job().with_return_job_status(false);
    run(&mut capture, &mut flow(submitted), &[opened(), answer(200, "")], good_file, None).unwrap();
    capture.assert_clean(500);
}

#[test]
fn a_job_that_fails_shows_nothing_however_it_fails() {
    let mut capture = Capture::default();
    let mut failed = 0;
    for failure in failures() {
        for before in [
            vec![],
            vec![opened()],
            vec![opened(), support::timeout()],
            vec![opened(), support::timeout(), no_zip()],
            vec![opened(), answer(200, "")],
            vec![opened(), answer(403, mark("Expired"))],
        ] {
            let answers: Vec<Answer> = before.into_iter().chain([failure.clone()]).collect();
            let outcome = run(&mut capture, &mut flow(job()), &answers, good_file, None);
            failed += usize::from(outcome.is_err());
        }
    }
    assert!(failed > 90, "{failed}");
    capture.assert_clean(5_000);
}

#[test]
fn a_job_that_is_cancelled_or_runs_out_of_time_shows_nothing() {
    let mut capture = Capture::default();
    let answers = [opened(), answer(200, ""), pending(), pending(), complete(&entry())];
    for step in 0..14 {
        let outcome = run(&mut capture, &mut flow(job()), &answers, good_file, Some(step));
        assert!(outcome.is_ok() || outcome.unwrap_err().is_cancelled());
    }
    for seconds in [1, 3] {
        let settings = FlowSettings::default().with_deadline(std::time::Duration::from_secs(seconds));
        capture.debug("FlowSettings", &settings);
        for answers in [vec![opened(), answer(200, ""), pending()], vec![opened(), failures().remove(4)]] {
            let mut flow = JobFlow::new(partner(), job(), settings.clone(), 7).unwrap();
            let _ = run(&mut capture, &mut flow, &answers, good_file, None);
        }
    }
    capture.assert_clean(500);
}

#[test]
fn images_that_will_not_do_show_nothing() {
    let mut capture = Capture::default();
    let odd_files: [fn() -> std::io::Result<Vec<u8>>; 6] = [
        || Err(std::io::Error::other(mark("Io"))),
        || Err(std::io::ErrorKind::NotFound.into()),
        || Err(std::io::ErrorKind::IsADirectory.into()),
        || Ok(mark("Text").into_bytes()),
        || Ok([b"\0\0\0\x24ftypheic", MARK.as_bytes()].concat()),
        || Ok(vec![]),
    ];
    for file in odd_files {
        let job = job().with_liveness([
            Image::base64(format!("not base64! {MARK}")),
            Image::base64(format!("data:{MARK}")),
            Image::bytes(mark("NoImage")),
        ]);
        let error = run(&mut capture, &mut flow(job), &[opened()], |_| file(), None).unwrap_err();
        assert!(error.is_validation());
    }
    capture.assert_clean(200);
}

#[test]
fn input_that_is_refused_is_not_shown() {
    let mut capture = Capture::default();
    let odd = IdInfo::new(mark("Country"), mark("IdType"), mark("IdNumber"))
        .with_dob(mark("Dob"))
        .with_field("dob", mark("Extra"))
        .with_field("entered", mark("Extra"));
    let params = params().with_param("user_id", mark("Extra")).with_param("job_type", mark("Extra"));
    let refused =
        Job::enhanced_document_verification(params, Selfie::Enrolled, Image::path(""), mark("C"), mark("T"))
            .with_id_info(odd)
            .with_callback_url(format!("http://bank.example/{MARK}"));
    capture.debug("Job", &refused);
    let production = Partner::new("001", mark("ApiKey"), Environment::Production).unwrap();
    let error = JobFlow::new(production, refused, FlowSettings::default(), 7).unwrap_err();
    assert!(error.validation().unwrap().problems().len() >= 6, "{error}");
    show_error(&mut capture, &error);

    let checkpoint = flow(job()).checkpoint();
    let other_params = PartnerParams::new(UserId::new(mark("OtherUser")), JobId::new("job-2"));
    let other =
        Job::smartselfie_authentication(other_params, Image::bytes(jpeg())).with_return_job_status(true);
    let error = JobFlow::resume(partner(), &checkpoint, other, FlowSettings::default(), 7).unwrap_err();
    show_error(&mut capture, &error);

    let mut errors = vec![
        PartnerId::new(format!("{MARK} {MARK}")).unwrap_err(),
        ApiKey::new(format!("{MARK}\n")).unwrap_err(),
        Partner::new("001", format!("{MARK} "), Environment::Sandbox).unwrap_err(),
        CallbackUrl::new(&format!("ftp://bank.example/{MARK}")).unwrap_err(),
    ];
    for text in
        [mark(""), format!("http://service.example/{MARK}"), format!("https://{MARK}@service.example/")]
    {
        errors.push(text.parse::<Environment>().unwrap_err());
    }
    for (partner, job) in [
        (
            partner().with_callback_url(MARK),
            Job::update_photo(
                PartnerParams::new(UserId::new("user-1"), JobId::new("job-1")),
                Image::bytes(jpeg()),
            ),
        ),
        (partner(), job().with_callback_url(format!("https://{MARK}:{MARK}@bank.example/"))),
    ] {
        capture.debug("Partner", &partner);
        capture.debug("CallbackUrl", &partner.callback_url());
        let error = JobFlow::new(partner, job, FlowSettings::default(), 7).unwrap_err();
        assert!(error.validation().unwrap().problems().iter().any(|problem| problem.field == "callback_url"));
        show_error(&mut capture, &error);
    }
    for error in &errors {
        capture.error("ConfigError", error);
        capture.both("Problem", error.problem());
    }
    capture.assert_clean(80);
}

#[test]
fn a_resumed_job_and_one_that_is_waited_for_show_nothing() {
    let mut capture = Capture::default();
    let mut first = flow(job());
    let mut stored = vec![first.checkpoint()];
    let answers = [opened(), support::timeout(), no_zip(), answer(200, ""), complete(&entry())];
    let mut answers = answers.into_iter();
    for _ in 0..40 {
        match first.next(START) {
            Next::Read(_) => first.file_read(START, Ok(jpeg())),
            Next::Send { .. } => first.receive(START, answers.next().unwrap()),
            Next::Wait { .. } | Next::Finished(_) => break,
        }
        stored.push(first.checkpoint());
    }
    for checkpoint in stored {
        let text = serde_json::to_string(&checkpoint).unwrap();
        for secret in ["ApiKey", "IdNumber", "UploadSignature", "Content", "File", "Branch", "Query"] {
            assert!(!text.contains(secret), "{text}");
        }
        let checkpoint: Checkpoint = serde_json::from_str(&text).unwrap();
        capture.debug("Checkpoint", &checkpoint);
        capture.debug("JobKey", &checkpoint.key());
        let mut flow = JobFlow::resume(partner(), &checkpoint, job(), FlowSettings::default(), 8).unwrap();
        let _ =
            run(&mut capture, &mut flow, &[no_zip(), opened(), answer(200, ""), pending()], good_file, None);
    }
    let key = JobKey {
        user_id: UserId::new(mark("UserId")),
        job_id: JobId::new("job-1"),
        job_type: JobType::BIOMETRIC_KYC,
    };
    let mut flow = JobFlow::wait_for(partner(), key, FlowSettings::default(), 7).with_return_history(true);
    run(&mut capture, &mut flow, &[pending(), complete(&entry())], good_file, None).unwrap();
    capture.assert_clean(200);
}

#[test]
fn single_operations_show_nothing() {
    let mut capture = Capture::default();
    let job = job();
    let prep = PrepUploadRequest::new(&job).with_retry(true);
    let upload = UploadRequest::new(
        UploadUrl::new(&upload_url(), &Environment::Production).unwrap(),
        Bytes::from(mark("Zip").into_bytes()),
    );
    capture.debug("PrepUpload", &prep);
    capture.debug("Upload", &upload);
    capture.debug("JobStatusRequest", &question());
    let prepared = prep.parse(&partner(), START, &opened().unwrap()).unwrap();
    capture.debug("PreparedUpload", &prepared);
    capture.debug("UploadUrl", &prepared.upload_url);
    for told in
        failures().into_iter().chain([opened(), pending(), no_zip(), complete(&entry()), answer(200, "")])
    {
        one(&mut capture, question(), &told);
        one(&mut capture, upload.clone(), &told);
        one(&mut capture, prep, &told);
    }
    capture.assert_clean(500);
}

/// One operation, parsed alone and run as a call.
fn one<O: Operation>(capture: &mut Capture, operation: O, told: &Answer)
where
    O::Output: Clone + Debug,
{
    if let Ok(response) = told {
        match operation.parse(&partner(), START, response) {
            Ok(output) => capture.debug("output", &output),
            Err(error) => {
                capture.error("OperationError", &error);
                if let Some(error) = error.api() {
                    capture.error("ApiError", error);
                }
            }
        }
    }
    capture.debug("RepeatSafety", &operation.repeat());
    let mut call = Call::new(partner(), operation, FlowSettings::default(), 7);
    let mut now = START;
    for _ in 0..20 {
        let next = call.next(now);
        capture.debug("Call", &call);
        capture.debug("Next", &next);
        for event in std::iter::from_fn(|| call.take_event()) {
            capture.debug("Event", &event);
        }
        match next {
            Next::Read(_) => panic!("there is nothing to read"),
            Next::Send { .. } => call.receive(now, told.clone()),
            Next::Wait { until } => now = until,
            Next::Finished(Ok(output)) => return capture.debug("output", &output),
            Next::Finished(Err(error)) => {
                capture.error("CallError", &error);
                return capture.debug("OperationError", &error.operation());
            }
        }
    }
    panic!("it ends");
}

fn verify(body: String) -> Result<Callback, smile_core::Refusal> {
    partner().verifier().verify(START, &http::HeaderMap::new(), body.into())
}

#[test]
fn callbacks_show_nothing() {
    let mut capture = Capture::default();
    let signed = partner().signer().sign(START);
    let mut body = entry();
    body["timestamp"] = json!(signed.timestamp());
    body["signature"] = json!(signed.signature());
    let callback = verify(body.to_string()).unwrap();
    capture.debug("Callback", &callback);
    capture.debug("ReceivedTimestamp", callback.timestamp());
    capture.both("Verdict", &callback.verdict());
    show_entry(&mut capture, callback.entry());

    for (key, value) in
        [("timestamp", mark("T")), ("signature", mark("S")), ("signature", "A".repeat(43) + "=")]
    {
        let mut body = body.clone();
        body[key] = json!(value);
        let error = verify(body.to_string()).unwrap_err();
        capture.error("Refusal", &error);
    }
    capture.error("Refusal", &verify(MARK.to_owned()).unwrap_err());
    capture.assert_clean(40);
}

/// The callback is signed in its headers, and about the job of [`entry`].
fn webhook(body: &Value) -> Callback {
    let pair = partner().signer().sign(START);
    let mut headers = http::HeaderMap::new();
    for (name, value) in [
        ("response-timestamp", pair.timestamp()),
        ("response-signature", pair.signature()),
        ("job-id", &mark("HeaderJob")),
        ("user-id", &mark("UserId")),
        ("api-version", &mark("Version")),
        ("authorization", &mark("Authorization")),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    partner().verifier().verify(START, &headers, body.to_string().into()).unwrap()
}

#[test]
fn webhooks_show_nothing() {
    let mut capture = Capture::default();
    for status in ["clear".to_owned(), "block".to_owned(), mark("Status")] {
        let callback = webhook(&json!({
            "status": status, "reason": mark("Reason"), "product": mark("Product"), "message": mark("Message"),
            "partner_params": { "job_id": "job-2", "nonce": mark("Nonce") },
            "id_fields": { "full_name": mark("FullName") }, "device_signals": { mark("Signal"): 1 },
            "antifraud": { "summary": { "fraud_sources": [mark("Source")] } },
        }));
        capture.debug("Callback", &callback);
        let webhook = callback.webhook().unwrap();
        capture.debug("Webhook", &webhook);
        capture.debug("WebhookStatus", &webhook.status());
        capture.debug("Record", &webhook.record());
        capture.debug("Record", &webhook.id_fields());
        capture.debug("Antifraud", &webhook.antifraud());
        capture.debug("message", &webhook.message());
        capture.both("Verdict", &callback.verdict());
        capture.text("audit", callback.audit_json().to_string());
        assert!(webhook.job_id().unwrap().contains(MARK), "there was something to be shown");
        let mut history =
            JobHistory::of_webhook(partner().account(), UserId::new(mark("UserId")), JobId::new("job-1"));
        capture.debug("Change", &history.apply_callback(START, &callback, None));
        capture.debug("JobHistory", &history);
    }
    capture.assert_clean(60);
}

#[test]
fn what_becomes_of_callbacks_shows_nothing() {
    let mut capture = Capture::default();
    let key = JobKey {
        user_id: UserId::new(mark("UserId")),
        job_id: JobId::new("job-1"),
        job_type: JobType::BIOMETRIC_KYC,
    };
    let mut history = JobHistory::new(partner().account(), key.clone());
    let store = InMemoryReplayStore::with_capacity(1);
    let nonce = Nonce::from_text(&hex(MARK)).unwrap();
    let signed = |mut body: Value| {
        let pair = partner().signer().sign(START);
        body["timestamp"] = json!(pair.timestamp());
        body["signature"] = json!(pair.signature());
        verify(body.to_string()).unwrap()
    };
    let mut odd = entry();
    odd["ResultCode"] = json!(mark("ResultCode"));
    odd["PartnerParams"]["nonce"] = json!(mark("Nonce"));
    let mut other = entry();
    other["PartnerParams"]["job_id"] = json!("job-2");
    let mut plain = entry();
    plain["Actions"] = json!({});
    capture.debug("Verifier", &partner().verifier());
    capture.debug("Nonce", &nonce);
    for body in [entry(), odd, other, plain.clone()] {
        let callback = signed(body);
        capture.debug("Callback", &callback);
        capture.debug("CallbackKind", &(callback.kind(), callback.carrier()));
        capture.debug("CallbackDigest", &callback.digest());
        let seen = store.record(START, &callback.digest());
        capture.debug("ReplayCheck", &seen);
        capture.debug("InMemoryReplayStore", &store);
        if let Ok(Err(refusal)) = seen.map(ReplayCheck::accept) {
            capture.error("Refusal", &refusal);
        }
        capture.error("NonceError", &callback.check_nonce(&nonce).unwrap_err());
        capture.debug("Change", &history.apply_callback(START, &callback, None));
        capture.debug("JobHistory", &history);
        capture.debug("RecordedResult", &history.results());
        capture.text("audit", callback.audit_json().to_string());
        for told in failures().into_iter().chain([pending(), complete(&entry()), complete(&plain)]) {
            let settings = FlowSettings::default();
            let mut flow = Confirm::new(partner(), key.clone(), &callback, settings, 7);
            capture_confirm(&mut capture, &mut flow, &told);
        }
    }
    capture.error("StoreFull", &StoreFull);
    let mut stored = serde_json::to_value(&history).unwrap();
    stored["results"][0]["code"] = json!(mark("Code"));
    capture.error("stored", &serde_json::from_value::<JobHistory>(stored).unwrap_err());
    capture.error("stored", &serde_json::from_value::<Nonce>(json!(mark("Nonce"))).unwrap_err());
    capture.assert_clean(1_000);
}

/// Long enough for a nonce, with the mark in it.
fn hex(text: &str) -> String {
    format!("{:0<32}", text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn capture_confirm(capture: &mut Capture, flow: &mut Confirm, told: &Answer) {
    let mut now = START;
    for _ in 0..200 {
        let next = flow.next(now);
        capture.debug("Confirm", flow);
        capture.debug("Next", &next);
        for event in std::iter::from_fn(|| flow.take_event()) {
            capture.debug("Event", &event);
        }
        match next {
            Next::Read(_) => panic!("there is nothing to read"),
            Next::Send { .. } => flow.receive(now, told.clone()),
            Next::Wait { until } => now = until,
            Next::Finished(Ok(confirmed)) => {
                capture.debug("JobKey", confirmed.key());
                capture.both("Verdict", confirmed.verdict());
                return capture.debug("Confirmation", &confirmed);
            }
            Next::Finished(Err(error)) => return capture.error("ConfirmError", &error),
        }
    }
    panic!("it ends");
}

#[test]
fn values_show_nothing_by_themselves() {
    let mut capture = Capture::default();
    let partner = partner();
    let key = ApiKey::new(mark("ApiKey")).unwrap();
    capture.debug("Partner", &partner);
    capture.debug("Signer", partner.signer());
    capture.debug("Signer", &Signer::new(PartnerId::new("001").unwrap(), &key));
    capture.debug("ApiKey", &key);
    let asked = ApiKey::from_fn(move || key.clone());
    capture.debug("Signer", &Signer::new(PartnerId::new("001").unwrap(), &asked));
    capture.debug("ApiKey", &asked);
    capture.debug("SignedTimestamp", &partner.signer().sign(START));
    capture.debug("Environment", partner.environment());
    capture.debug("CallbackUrl", &partner.callback_url());
    capture.debug("ReceivedTimestamp", &ReceivedTimestamp::from_json(&json!(START.to_string())));
    capture.debug("Job", &job());
    capture.debug("PartnerParams", &params());
    capture.debug("UserId", params().user_id());
    capture.both("JobId", params().job_id());
    capture.debug("IdInfo", &id_info());
    capture.debug("Selfie", &Selfie::New(images()[1].clone()));
    for (image, id) in images().iter().zip(0..) {
        capture.debug("Image", image);
        capture.debug("Image", &image.clone().with_encoding(ImageEncoding::Base64));
        capture.debug("ImageType", &ImageType::from_id(id));
    }
    capture.assert_clean(40);
}

/// A text in the place of a code may be anybody's.
#[test]
fn a_code_that_is_text_is_not_shown() {
    let mut capture = Capture::default();
    let job = job();
    let body = json!({ "upload_url": upload_url(), "code": mark("Code") });
    let told = answer(200, body.to_string()).unwrap();
    capture.debug("PreparedUpload", &PrepUploadRequest::new(&job).parse(&partner(), START, &told).unwrap());
    capture.assert_clean(2);
}
