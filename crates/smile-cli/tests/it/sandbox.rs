//! `smile sandbox`: it says where it is, serves, and ends when it is told to.

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
fn what_it_cannot_be_started_with() {
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
