//! A driver for a headless Chromium over its debugging pipe: JSON messages, each ended by a zero
//! byte.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// The time for every single answer: a browser may be slow to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Flags that keep the browser from connecting to anybody.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    // Containers have little shared memory.
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

pub(crate) struct Browser {
    process: Child,
    pipe: Option<ChildStdin>,
    messages: Receiver<Value>,
    profile: PathBuf,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
}

/// Starts a browser with an empty page. Without a Chromium, the test that asks has nothing to do;
/// with `SMILE_REQUIRE_CHROMIUM` set it fails.
pub(crate) fn browser() -> Option<Browser> {
    let Some(program) = program() else {
        assert!(env::var_os("SMILE_REQUIRE_CHROMIUM").is_none(), "no Chromium was found in PATH");
        static SAID: Once = Once::new();
        // Not by a macro: test output of macros is shown for failed tests only.
        let complaint = b"NOT TESTED: the page. There is no Chromium in PATH, nor at SMILE_CHROMIUM.\n";
        SAID.call_once(|| drop(std::io::stderr().write_all(complaint)));
        return None;
    };
    Some(Browser::start(&program))
}

fn program() -> Option<PathBuf> {
    if let Some(program) = env::var_os("SMILE_CHROMIUM") {
        return Some(program.into());
    }
    let names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell"];
    let directories: Vec<_> = env::split_paths(&env::var_os("PATH")?).collect();
    let programs =
        names.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    programs.into_iter().find(|program| program.is_file())
}

impl Browser {
    fn start(program: &PathBuf) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("chromium-{}-{number}", std::process::id());
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&profile).unwrap();
        // The pipe's ends are the descriptors 3 and 4, which only a shell puts there without unsafe
        // code.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null"])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).unwrap();
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let pipe = process.stdin.take();
        let mut browser =
            Self { process, pipe, messages, profile, session: None, sent: 0, events: Vec::new() };
        let target = browser.command("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.command("Target.attachToTarget", &attach);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.command(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Sends a command, and waits for its result.
    pub(crate) fn command(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let pipe = self.pipe.as_mut().unwrap();
        pipe.write_all(format!("{message}\0").as_bytes()).unwrap();
        pipe.flush().unwrap();
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|_| panic!("the browser did not answer {method}"));
            if message["id"] == self.sent {
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    pub(crate) fn open(&mut self, url: &str) {
        let opened = self.command("Page.navigate", &json!({"url": url}));
        assert!(opened.get("errorText").is_none(), "{url}: {opened}");
    }

    /// The value of an expression in the page; of a promise, its result.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let answer = self.command("Runtime.evaluate", &parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page.
    pub(crate) fn wait_for(&mut self, condition: &str) {
        let limit = PATIENCE.as_millis() / 2;
        let wait = format!(
            "new Promise((end) => {{
                const start = Date.now();
                const look = () => {{
                    if ({condition}) end(true);
                    else if (Date.now() - start > {limit}) end(false);
                    else setTimeout(look, 10);
                }};
                look();
            }})"
        );
        if self.value(&wait) != true {
            let shown = self.value("document.body.innerText");
            panic!("{condition} did not come true; the page shows {shown}");
        }
    }

    /// Presses a key, and releases it.
    pub(crate) fn press(&mut self, key: &str, code: u32, text: &str) {
        let mut parameters =
            json!({"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code});
        if !text.is_empty() {
            parameters["text"] = text.into();
        }
        self.command("Input.dispatchKeyEvent", &parameters);
        parameters["type"] = "keyUp".into();
        self.command("Input.dispatchKeyEvent", &parameters);
    }

    /// Sets the width of the page, in CSS pixels.
    pub(crate) fn resize(&mut self, width: u32) {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600});
        self.command("Emulation.setDeviceMetricsOverride", &size);
    }

    /// One part of each event of this kind so far.
    pub(crate) fn events(&mut self, method: &str, pointer: &str) -> Vec<Value> {
        // An answer means that everything before it has been reported.
        self.value("0");
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].pointer(pointer).cloned().unwrap_or_default()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends when the pipe does.
        drop(self.pipe.take());
        while self.messages.recv_timeout(PATIENCE).is_ok() {}
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
