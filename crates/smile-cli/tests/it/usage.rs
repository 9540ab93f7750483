//! The command line itself: help, refusals, the sources of the key, colours.

use crate::support::{Smile, asset, bare, feed, run};

#[test]
fn help_names_every_exit_status_and_variable() {
    let help =
        run(&["--help"]).ended(0).says(&["Exit statuses:", "SMILE_PARTNER_ID", "SMILE_API_KEY", "NO_COLOR"]);
    for status in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "130"] {
        assert!(help.stdout.contains(&format!("\n  {status}")), "{status}: {help:?}");
    }
    run(&["--version"]).ended(0).says(&["smile "]);
}

#[test]
fn errors_in_the_command_line_omit_its_values() {
    let refused = run(&["submit", "enhanced-kyc", "22222222222"]).ended(2).warns(&["unexpected argument"]);
    assert!(!refused.stderr.contains("22222222222"), "{refused:?}");
    let refused = run(&["submit", "enhanced-kyc", "--partner-param", "jane"]).ended(2);
    let refused = refused.warns(&["--partner-param", "KEY=VALUE"]);
    assert!(!refused.stderr.contains("jane"), "{refused:?}");
    let refused = run(&["submit", "22222222222"]).ended(2).warns(&["unrecognized subcommand"]);
    assert!(!refused.stderr.contains("22222222222"), "{refused:?}");
    run(&["submit", "amll"]).ended(2).warns(&["'amll'", "similar subcommand exists: 'aml'"]);
    run(&["check", "--country"]).ended(2).warns(&["a value is required for '--country <COUNTRY>'"]);
    let refused = run(&["--json", "submit", "enhanced-kyc", "--dop", "x"]).ended(2).json();
    assert_eq!(refused["error"]["message"], "unexpected argument '--dop' found");
    assert_eq!(refused["error"]["exit_status"], 2);
    let refused = run(&["--json", "wait", "--job-id", "j-1"]).ended(2).json();
    let expected = "the following required arguments were not provided: --user-id <USER_ID>, --job-type <N>";
    assert_eq!(refused["error"]["message"], expected);
}

#[test]
fn a_flag_that_there_is_not_forges_no_line() {
    let flag = "--x\nverdict  APPROVED\u{202e}";
    let refused = run(&["status", flag]).ended(2).warns(&[r"--x\nverdict  APPROVED\u{202e}"]);
    assert!(!refused.stderr.contains('\u{202e}'), "{refused:?}");
    let refused = run(&["--json", "status", flag]).ended(2).json();
    assert!(refused["error"]["message"].as_str().unwrap().contains(r"--x\nverdict"), "{refused}");
}

#[test]
fn a_product_that_relies_on_an_earlier_job_needs_its_user() {
    let smile = Smile::new();
    let selfie = asset("selfie.jpg");
    let authentication = ["submit", "smartselfie-authentication", "--selfie", selfie.to_str().unwrap()];
    let listed = ["submit", "aml", "--search-existing-user", "--country", "NG"];
    let document = ["submit", "document-verification", "--use-enrolled-image", "--country", "NG"];
    for arguments in [&authentication[..], &listed, &document] {
        smile.run(arguments).ended(2).warns(&["--user-id must be set"]);
    }
    assert!(smile.sandbox.requests().is_empty(), "nothing was sent");
}

#[test]
fn an_address_is_not_waited_for() {
    let address = ["submit", "address", "--country", "NG", "--address", "1 Main St"];
    let refused = Smile::new().run(&address).ended(2).warns(&["--callback", "must be set"]);
    assert!(!refused.stderr.contains("--wait"), "{refused:?}");
}

#[test]
fn a_key_is_never_taken_from_the_command_line() {
    for command in [
        &["submit", "enhanced-kyc", "--api-key=s3cret"][..],
        &["status", "--user-id", "u", "--job-id", "j", "--api-key", "s3cret"],
        &["doctor", "--api-key", "s3cret"],
        &["sign", "--api-key", "s3cret"],
    ] {
        let refused = run(command).ended(2).warns(&["--api-key"]);
        assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
    }
}

#[test]
fn the_key_comes_from_a_variable_a_file_or_standard_input() {
    let smile = Smile::new();
    let status = ["status", "--user-id", "u", "--job-id", "j"];
    smile.run(&status).ended(4);

    std::fs::write(smile.folder.path().join("key"), format!("{}\r\n", smile.sandbox.api_key())).unwrap();
    let with = |more: &[&str]| {
        let mut command = smile.command(&[&status, more].concat());
        command.env_remove("SMILE_API_KEY");
        command
    };
    crate::support::Ran::from(with(&["--api-key-file", "key"]).output().unwrap()).ended(4);
    feed(with(&["--api-key-stdin"]), &format!("{}\n", smile.sandbox.api_key())).ended(4);

    let missing = crate::support::Ran::from(with(&[]).output().unwrap()).ended(2);
    missing.warns(&["SMILE_API_KEY", "--api-key-file", "never taken from the command line"]);
    let missing = crate::support::Ran::from(with(&["--api-key-file", "nokey"]).output().unwrap()).ended(2);
    missing.warns(&["--api-key-file", "must name a file"]);
    feed(with(&["--api-key-stdin"]), "").ended(2).warns(&["`api_key`", "must not be empty"]);
    let both = with(&["--api-key-stdin", "--api-key-file", "key"]).output().unwrap();
    crate::support::Ran::from(both).ended(2).warns(&["cannot be used with"]);
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;

    let smile = Smile::new();
    let path = smile.folder.path().join("key");
    std::fs::write(&path, smile.sandbox.api_key()).unwrap();
    let status = ["status", "--user-id", "u", "--job-id", "j", "--api-key-file", "key"];
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    smile.run(&status).ended(4).warns(&["chmod 600"]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(smile.run(&status).ended(4).stderr, "");
}

#[test]
fn all_problems_are_named_at_once_with_flag_and_rule() {
    let smile = Smile::new();
    let selfie = asset("selfie.jpg");
    let arguments = [
        "submit",
        "biometric-kyc",
        "--selfie",
        selfie.to_str().unwrap(),
        "--country",
        "ng",
        "--id-number",
        "7",
        "--dob",
        "20-09-2000",
    ];
    let refused = smile.run(&arguments).ended(2).warns(&[
        "nothing was sent",
        "--country (`id_info.country`) must be the two capital letters",
        "--id-type (`id_info.id_type`) must not be empty",
        "--dob (`id_info.dob`) must be a date of the form `YYYY-MM-DD`",
        "--callback (`callback_url`) must be set",
        "or wait for it with --wait",
    ]);
    assert!(!refused.stderr.contains("20-09-2000"), "{refused:?}");
    let as_json = smile.run(&[&arguments[..], &["--json"]].concat()).ended(2).json();
    let problems = as_json["error"]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems.iter().any(|problem| problem["flag"] == "--dob" && problem["field"] == "id_info.dob"));
    assert!(smile.sandbox.requests().is_empty(), "nothing was sent");
}

#[test]
fn a_picture_that_is_missing_is_named_by_its_flag_and_not_by_its_path() {
    let smile = Smile::new();
    let refused =
        smile.run(&["submit", "smartselfie-registration", "--selfie", "jane.jpg", "--wait"]).ended(2);
    let refused = refused.warns(&["--selfie", "names a file that doesn't exist"]);
    assert!(!refused.stderr.contains("jane"), "{refused:?}");
    let none = smile.run(&["submit", "smartselfie-registration", "--wait"]).ended(2);
    none.warns(&["--selfie", "must have a selfie"]);
    std::fs::create_dir(smile.folder.path().join("frames")).unwrap();
    let empty = smile.submit_selfie("smartselfie-registration", &["--liveness", "frames", "--wait"]).ended(2);
    empty.warns(&["--liveness", "pictures in it"]);
    assert!(smile.sandbox.requests().is_empty());
}

#[test]
fn an_environment_that_could_send_a_key_astray_is_refused() {
    for environment in ["http://example.com/v1", "live", "https://user:s3cret@example.com/v1"] {
        let smile = Smile::new();
        let status = ["status", "--user-id", "u", "--job-id", "j", "--environment", environment];
        let refused = smile.run(&status).ended(2).warns(&["--environment must"]);
        assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
    }
}

#[test]
fn colours_are_for_terminals() {
    let piped = run(&["explain", "0810"]).ended(0);
    assert!(!piped.stdout.contains('\u{1b}'), "{piped:?}");
    let forced = bare(&["explain", "0810"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(crate::support::Ran::from(forced).stdout.contains("\u{1b}[32m"));
    let not_wanted = bare(&["explain", "0810"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!crate::support::Ran::from(not_wanted).stdout.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = bare(&["id-types"]).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
