//! The page in a real browser.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smile_sandbox::{Sandbox, Stage};
use zip::CompressionMethod::Stored;

use crate::chromium::{Browser, browser};
use crate::client::{builder, merged, params, prep_body, zip_with};
use crate::server::{OK, host, post, put, receiver};

/// Hostile texts, which would set `pwned` if taken for markup or script.
const HOSTILE: [&str; 5] = [
    "<img src=x onerror=\"window.pwned=1\">",
    "\"><script>window.pwned=2</script>",
    "'-(window.pwned=3)-'",
    "javascript:window.pwned=4",
    "</title><svg onload=window.pwned=5>\u{202e}",
];

/// A PNG of one pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const HOSTILE_ANSWER: &str = "HTTP/1.1 500 No\r\nContent-Length: 33\r\n\r\n<script>window.pwned = 6</script>";

/// Submits a Biometric KYC for a manual review, with hostile text in every field.
fn submit(sandbox: &Sandbox, text: &str, callback_url: &str) {
    let png = STANDARD.decode(PNG).unwrap();
    let params = merged(
        &params(text, 1),
        &json!({"user_id": format!("user {text}"), "sandbox_result": 2, text: [text]}),
    );
    let prep = merged(&prep_body(&params), &json!({"callback_url": callback_url, "file_name": text}));
    let answer = post(host(sandbox), "/v1/upload", &prep);
    let info = json!({
        "images": [
            {"image_type_id": 0, "file_name": "selfie.png"},
            {"image_type_id": 4, "file_name": text},
        ],
        "id_info": {"country": "NG", "id_type": text, "id_number": "00000000000", text: {text: text}},
    });
    // A picture with a page behind it.
    let page = [&png[..], b"<html><script>window.pwned=7</script>"].concat();
    let zip = zip_with(&info, &[("selfie.png", &png, Stored), (text, &page, Stored)]);
    assert_eq!(put(answer["upload_url"].as_str().unwrap(), &zip), 200);
}

/// Checks that all texts stayed text, that no error occurred, and that no other host was contacted.
fn check_innocence(browser: &mut Browser, sandbox: &Sandbox) {
    assert_eq!(browser.value("window.pwned ?? null"), Value::Null);
    assert_eq!(browser.value("document.querySelectorAll('body script, body svg, img[src=x]').length"), 0);
    assert_eq!(browser.value("document.querySelectorAll('a[href^=javascript]').length"), 0);
    for event in ["Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Log.entryAdded"] {
        assert_eq!(browser.events(event, ""), [Value::Null; 0], "{event}");
    }
    let asked = browser.events("Network.requestWillBeSent", "/request/url");
    assert!(!asked.is_empty());
    for url in asked {
        assert!(url.as_str().unwrap().starts_with(&sandbox.page_url()), "{url}");
    }
}

#[test]
fn jobs_are_shown_and_decided_and_whatever_is_hostile_is_text() {
    let Some(mut browser) = browser() else { return };
    let sandbox = builder()
        .with_automatic_review(None)
        .with_callback_retries([Duration::from_millis(1)])
        .start()
        .unwrap();
    let (url, _received) = receiver(&[HOSTILE_ANSWER, OK, OK, OK]);
    submit(&sandbox, HOSTILE[0], &url);
    sandbox.wait_for_callback_attempts(2, Duration::from_secs(20));
    browser.open(&sandbox.page_url());
    browser.wait_for("document.querySelectorAll('#list .row').length === 1");
    assert_eq!(browser.value("document.querySelector('#list .row bdi').textContent"), HOSTILE[0]);
    assert_eq!(browser.value("document.getElementById('live').textContent"), "Live");

    // The others appear by themselves.
    for text in &HOSTILE[1..] {
        submit(&sandbox, text, &format!("http://example.com/{text}"));
    }
    browser.wait_for("document.querySelectorAll('#list .row').length === 5");
    let shown =
        browser.value("[...document.querySelectorAll('#list .row .title')].map((it) => it.textContent)");
    let newest_first: Vec<_> = HOSTILE.iter().rev().collect();
    assert_eq!(shown, json!(newest_first));

    // The job with the callbacks, by keyboard alone.
    browser.value("document.querySelector('#list li:last-child .row').focus()");
    browser.press("Enter", 13, "\r");
    browser.wait_for("document.activeElement.matches('#detail h2')");
    assert_eq!(browser.value("document.activeElement.textContent"), HOSTILE[0]);
    browser.wait_for("document.querySelector('#detail figure img')?.naturalWidth === 1");
    assert_eq!(
        browser.value("document.querySelectorAll('#detail figure img').length"),
        2,
        "the one with a page behind it is a picture as well"
    );
    let line = browser.value("document.querySelector('.time-line').innerText");
    for part in
        ["Upload prepared", "Zip uploaded", "0812", "attempt 1: answered 500", "attempt 2: answered 200"]
    {
        assert!(line.as_str().unwrap().contains(part), "{part} in {line}");
    }
    assert_eq!(
        browser.value("document.querySelector('.attempts .answer').textContent"),
        HOSTILE_ANSWER.split("\r\n\r\n").nth(1).unwrap()
    );
    browser.value("document.querySelectorAll('details').forEach((it) => it.open = true)");
    browser.wait_for("[...document.querySelectorAll('details')].every((it) => it.querySelector('pre'))");
    let received = browser.value("document.querySelector('#detail').innerText");
    assert!(received.as_str().unwrap().contains("\"id_type\": \"<img src=x onerror="), "{received}");

    browser.value("document.querySelector(\"[data-key='review approve']\").focus()");
    browser.press("Enter", 13, "\r");
    browser.wait_for("document.querySelector('#detail .badge').textContent === 'Approved'");
    let job = sandbox.job(HOSTILE[0]).unwrap();
    assert_eq!((job.stage, job.result_code()), (Stage::Decided, Some("1210")));
    assert!(browser.value("document.getElementById('said').textContent").as_str().unwrap().contains("1210"));
    browser.wait_for("document.activeElement.matches('#detail h2')");
    assert_eq!(
        browser.value("document.querySelectorAll('details[open]').length > 0"),
        true,
        "what was open stays open"
    );

    browser.value("document.querySelector(\"[data-key='callback 0 redeliver']\").click()");
    browser.wait_for("document.querySelector('#detail').innerText.includes('a copy of 0')");
    assert!(sandbox.callbacks().iter().any(|made| made.copy_of.is_some()));
    check_innocence(&mut browser, &sandbox);
}

#[test]
fn callbacks_and_requests_are_shown_and_rules_are_made() {
    let Some(mut browser) = browser() else { return };
    let sandbox = builder().with_automatic_review(None).start().unwrap();
    submit(&sandbox, HOSTILE[1], "http://example.com/<script>window.pwned=8</script>");
    let body = json!({HOSTILE[0]: HOSTILE});
    post(host(&sandbox), "/v1/%3Cscript%3E?a=%3Cimg%20src=x%3E", &body);
    browser.open(&format!("{}#/callbacks", sandbox.page_url()));
    browser.wait_for("document.querySelector('#detail form') !== null");
    browser.value("document.getElementById('rule-kind').value = 'stale'");
    browser.value("document.getElementById('rule-kind').dispatchEvent(new Event('change'))");
    browser.value(&format!("document.getElementById('rule-job').value = {}", json!(HOSTILE[0])));
    browser.value("document.querySelector('#detail form button').click()");
    browser.wait_for("document.querySelector('[data-part=rules] li')?.innerText.includes('86400 s')");
    assert_eq!(browser.value("document.querySelector('[data-part=rules] bdi').textContent"), HOSTILE[0]);
    browser.value("document.querySelector('[data-part=rules] button').click()");
    browser.wait_for("document.querySelector('[data-part=rules] li') === null");

    for (view, part) in
        [("callbacks/0", "not tried"), ("requests/1", "A zip"), ("requests/2", "/v1/%3Cscript%3E")]
    {
        browser.value(&format!("location.hash = '#/{view}'"));
        browser.wait_for(&format!("document.getElementById('detail').innerText.includes('{part}')"));
        browser.value("document.querySelectorAll('details').forEach((it) => it.open = true)");
        browser.wait_for(
            "[...document.querySelectorAll('details .folded')].every((it) => it.querySelector('pre, dl'))",
        );
    }
    let shown = browser.value("document.querySelector('#detail').innerText");
    assert!(shown.as_str().unwrap().contains("\"'-(window.pwned=3)-'\""), "{shown}");
    browser.value("location.hash = '#/jobs/9999999999'");
    browser.wait_for("document.querySelector('#detail h2').textContent === 'Not found'");
    // A 404 that the browser logs as an error is in order, this once.
    assert_eq!(browser.events("Log.entryAdded", "/entry/level").len(), 1);
    assert_eq!(browser.value("window.pwned ?? null"), Value::Null);
}

#[test]
fn it_fits_on_a_phone() {
    let Some(mut browser) = browser() else { return };
    let sandbox = builder().with_automatic_review(None).start().unwrap();
    let long = "a".repeat(200);
    submit(&sandbox, &long, &format!("http://example.com/{long}"));
    browser.resize(360);
    for view in ["jobs", "jobs/0000000001", "callbacks", "callbacks/0", "requests", "requests/1"] {
        browser.open(&format!("{}#/{view}", sandbox.page_url()));
        browser.value(&format!("location.hash = '#/{view}'"));
        let shown = if view.contains('/') { "#detail h2" } else { "#list .row" };
        browser.wait_for(&format!("document.querySelector('{shown}') !== null"));
        assert_eq!(browser.value("document.documentElement.scrollWidth"), 360, "{view}");
        let small = browser.value(
            "[...document.querySelectorAll('button')].filter((it) => it.offsetHeight > 0 && it.offsetHeight < 36).length",
        );
        assert_eq!(small, 0, "buttons of {view} are too small for a finger");
    }
    check_innocence(&mut browser, &sandbox);
}

#[test]
fn a_page_of_another_site_can_neither_look_nor_press() {
    let Some(mut browser) = browser() else { return };
    let sandbox = builder().with_automatic_review(None).start().unwrap();
    submit(&sandbox, "job", "");
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://localhost:{}/", elsewhere.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in elsewhere.incoming().take(4) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil",
            );
        }
    });
    browser.open(&url);
    browser.wait_for("document.body?.innerText === 'evil'");
    let here = sandbox.page_url();
    for (what, options) in [
        ("jobs", "{}"),
        ("reset", "{method: 'POST'}"),
        ("reset", "{method: 'POST', headers: {'Smile-Sandbox-Admin': '1'}}"),
        ("callback_rules", "{method: 'DELETE', headers: {'Smile-Sandbox-Admin': '1'}}"),
    ] {
        let outcome =
            format!("fetch('{here}_sandbox/{what}', {options}).then(() => 'read', () => 'refused')");
        assert_eq!(browser.value(&outcome), "refused", "{what} {options}");
    }
    let blind = format!(
        "fetch('{here}_sandbox/reset', {{method: 'POST', mode: 'no-cors'}}).then(() => 'over', () => 'over')"
    );
    assert_eq!(browser.value(&blind), "over");
    let image = format!(
        "new Promise((end) => {{
            const image = new Image();
            image.onload = () => end('seen');
            image.onerror = () => end('refused');
            image.src = '{here}_sandbox/jobs/0000000001/images/0';
        }})"
    );
    assert_eq!(browser.value(&image), "refused");
    assert_eq!(sandbox.jobs().len(), 1);
}
