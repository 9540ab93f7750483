//! `smile sandbox`: its printed addresses, its service, and its end.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};

use serde_json::Value;

use crate::support::{Ran, bare, run, until};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_ready_file_says_where_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ready.json");
    let arguments =
        ["sandbox", "--partner-id", "2245", "--api-key", "made-up", "--ready-file", path.to_str().unwrap()];
    let mut running = Running(bare(&arguments).spawn().unwrap());
    let ready: Value = serde_json::from_str(&until(|| std::fs::read_to_string(&path).ok())).unwrap();
    let (http, page) = (ready["http"].as_str().unwrap(), ready["page"].as_str().unwrap());
    assert_eq!(http, format!("{page}v1"));
    assert!(ready.get("https").is_some() && ready.get("ca").is_some());

    let mut ask = bare(&["doctor", "--environment", http, "--partner-id", "2245"]);
    Ran::from(ask.env("SMILE_API_KEY", "made-up").output().unwrap()).ended(0);

    #[cfg(unix)]
    {
        let pid = running.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "Ctrl-C ends it cleanly");
        assert!(!path.exists(), "it is ready no more");
    }
}

#[test]
fn its_addresses_are_printed_for_people_and_programs() {
    let mut running = Running(bare(&["sandbox", "--json"]).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (addresses["partner_id"].as_str(), addresses["api_key"].as_str()),
        (Some("001"), Some("sandbox-api-key"))
    );

    let mut running = Running(bare(&["sandbox", "--seed", "7"]).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("http "));
    assert!(lines.any(|line| line.unwrap().contains("Ctrl-C")));
}

#[test]
fn invalid_settings_prevent_the_start() {
    run(&["sandbox", "--partner-id", ""]).ended(2).warns(&["--partner-id", "must not be empty"]);
    let refused =
        run(&["sandbox", "--api-key", "two words"]).ended(2).warns(&["--api-key", "must not contain"]);
    assert!(!refused.stderr.contains("two words"), "{refused:?}");
    run(&["sandbox", "--callback", "nowhere"]).ended(2).warns(&["--callback", "must be an absolute URL"]);
    run(&["sandbox", "--seed", "x"]).ended(2).warns(&["--seed"]);
    run(&["sandbox", "--ready-file", "/nonexistent/ready.json"])
        .ended(2)
        .warns(&["--ready-file", "can be written"]);
}

#[test]
fn files_of_others_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.txt");
    std::fs::write(&path, "mine").unwrap();
    let (file, folder) = (path.to_str().unwrap(), folder.path().to_str().unwrap());
    for (arguments, flag) in [
        (&["--ready-file", file][..], "--ready-file must be a new file"),
        (&["--tls", "--ca-file", file], "--ca-file must be a new file"),
        (&["--state", folder], "--state can't be used"),
    ] {
        run(&[&["sandbox"], arguments].concat()).ended(2).warns(&[flag]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine", "{flag}");
    }
}

#[test]
fn a_ready_file_and_an_authority_of_an_earlier_run_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, ca) = (folder.path().join("ready.json"), folder.path().join("ca.pem"));
    let flags = ["--tls", "--ready-file", ready.to_str().unwrap(), "--ca-file", ca.to_str().unwrap()];
    for _ in 0..2 {
        // It is killed, and so leaves them.
        let (_running, addresses) = start(&flags);
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&ready).unwrap()).unwrap();
        assert_eq!(written["http"], addresses["http"]);
        assert_eq!(std::fs::read_to_string(&ca).unwrap(), addresses["ca"].as_str().unwrap());
    }
}

/// Starts a sandbox, and reads its addresses.
fn start(more: &[&str]) -> (Running, Value) {
    let mut running = Running(bare(&[&["sandbox", "--json"], more].concat()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    (running, addresses)
}

/// The program, talking to the sandbox at this address.
fn ask(environment: &str, arguments: &[&str]) -> Ran {
    let mut command = bare(arguments);
    command.env("SMILE_ENVIRONMENT", environment).env("SMILE_PARTNER_ID", "001");
    command.env("SMILE_API_KEY", "sandbox-api-key").output().unwrap().into()
}

#[test]
fn over_https_its_authority_has_to_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let (_running, addresses) = start(&["--tls", "--ca-file", ca.to_str().unwrap()]);
    let https = addresses["https"].as_str().unwrap();
    assert!(https.starts_with("https://127.0.0.1:") && https.ends_with("/v1"));
    assert_eq!(std::fs::read_to_string(&ca).unwrap(), addresses["ca"].as_str().unwrap());
    ask(https, &["doctor", "--ca", ca.to_str().unwrap()]).ended(0).says(&["the certificate is trusted"]);
    ask(https, &["doctor"]).ended(3).says(&["TLS", "WRONG", "--ca"]);
    ask(addresses["http"].as_str().unwrap(), &["doctor"]).ended(0);
    ask(https, &["doctor", "--ca", "none.pem"]).ended(2).warns(&["--ca", "must name a file"]);
}

#[test]
fn a_scenario_says_what_becomes_of_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, "[[rules]]\nstages = [{ outcome = \"id-not-found\" }]\n").unwrap();
    let (_running, addresses) = start(&["--scenario", path.to_str().unwrap()]);
    let check =
        ["submit", "enhanced-kyc", "--country", "NG", "--id-type", "BVN", "--id-number", "00000000000"];
    ask(addresses["http"].as_str().unwrap(), &check).ended(3).says(&["1013"]);

    std::fs::write(&path, "[[rules]]\nstages = [{ code = \"9999\" }]\n").unwrap();
    run(&["sandbox", "--scenario", path.to_str().unwrap()]).ended(2).warns(&["--scenario", "line 2, column"]);
    run(&["sandbox", "--scenario", "none.toml"]).ended(2).warns(&["--scenario", "must be a file"]);
}

#[cfg(unix)]
#[test]
fn its_state_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let ids = ["--user-id", "u-1", "--job-id", "j-1"];
    {
        let (mut running, addresses) = start(&["--state", state.to_str().unwrap()]);
        let check =
            ["submit", "enhanced-kyc", "--country", "NG", "--id-type", "BVN", "--id-number", "00000000000"];
        ask(addresses["http"].as_str().unwrap(), &[&check[..], &ids].concat()).ended(4);
        assert!(Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap().success());
        assert_eq!(running.0.wait().unwrap().code(), Some(0));
    }
    let (_running, addresses) = start(&["--state", state.to_str().unwrap()]);
    ask(addresses["http"].as_str().unwrap(), &[&["status"], &ids[..]].concat()).ended(4).says(&["1012"]);
    run(&["sandbox", "--state", state.to_str().unwrap()]).ended(2).warns(&["--state", "another sandbox"]);
}

#[test]
fn addresses_beyond_this_machine_need_permission() {
    run(&["sandbox", "--addr", "0.0.0.0:0"]).ended(2).warns(&["--addr", "--open-to-the-network"]);
    let here_alone = ["sandbox", "--addr", "192.0.2.1:0", "--open-to-the-network"];
    run(&here_alone).ended(2).warns(&["--addr", "--tls"]);
    run(&["sandbox", "--admin-open-to-the-network"]).ended(2).warns(&["--open-to-the-network"]);
    run(&["sandbox", "--ca-file", "ca.pem"]).ended(2).warns(&["--tls"]);
    run(&["sandbox", "--tls", "--ca-file", "/nonexistent/ca.pem"]).ended(2).warns(&["--ca-file"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    run(&["sandbox", "--addr", &addr]).ended(2).warns(&["--addr", "must be an address to listen at"]);
}
