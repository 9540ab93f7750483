//! Absence of keys, personal data and URLs in all output, whatever happens.

use smile_sandbox::{Endpoint, Fault, Sandbox};

use crate::support::{Ran, Smile, asset};

const KEY: &str = "k3y-that-nobody-may-see";

/// The texts that must not be printed: the key, the person's data in flags, and the person's data
/// in answers.
const SECRETS: &[&str] = &[
    KEY,
    "Janina",
    "Muster",
    "1991-07-13",
    "+2348012345678",
    "jane@example.com",
    "Doe Leo",
    "t0ken",
    "X-Amz",
    "frames-of",
];

fn looked_through(ran: &Ran, what: &str) {
    for secret in SECRETS {
        let is_in = |text: &str| text.contains(secret);
        assert!(!is_in(&ran.stdout) && !is_in(&ran.stderr), "{what} shows {secret}: {ran:?}");
    }
}

#[test]
fn nothing_of_it_is_printed_well_or_ill() {
    let smile = Smile::with(Sandbox::builder().with_api_key(KEY).start().unwrap());
    let folder = smile.folder.path().join("frames-of");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(asset("selfie.jpg"), folder.join("selfie.jpg")).unwrap();
    let person = [
        "--first-name",
        "Janina",
        "--last-name",
        "Muster",
        "--dob",
        "1991-07-13",
        "--phone-number",
        "+2348012345678",
        "--country",
        "NG",
        "--id-type",
        "BVN",
        "--id-number",
        "00000000000",
        "--user-id",
        "jane@example.com",
    ];
    let callback = ["--callback", "http://127.0.0.1:9/hook?key=t0ken"];
    let job = ["submit", "biometric-kyc", "--selfie", "frames-of/selfie.jpg", "--liveness", "frames-of"];
    let check = ["submit", "enhanced-kyc"];
    let wait = ["--wait", "--poll-every", "0.01"];
    for json in [&[][..], &["--json"]] {
        let run = |what: &str, arguments: &[&[&str]]| {
            let ran = smile.run(&[&arguments.concat()[..], json].concat());
            looked_through(&ran, what);
            ran
        };
        run("a job", &[&job, &person, &wait, &callback, &["--allow-new-enroll"]]).ended(0);
        run("a check", &[&check, &person]).ended(4);
        run("a check by callback", &[&check, &person, &callback]).ended(0);
        run("bad input", &[&job, &person, &["--gender", "x"], &["--id-card", "frames-of/none"]]).ended(2);
        run("doctor", &[&["doctor"], &callback]).ended(0);
        run("web token", &[&["web-token", "--product", "biometric_kyc", "--user-id", "u"], &callback])
            .ended(0);
        smile.sandbox.fail_next(Endpoint::EnhancedKyc, Fault::LoseAnswer);
        for _ in 0..5 {
            smile.sandbox.fail_next(Endpoint::JobStatus, Fault::Answer(http::StatusCode::BAD_GATEWAY));
        }
        run("a lost check", &[&check, &person, &wait]).ended(6);
    }
}
