//! Access to the page and the admin API, the page's policy, and waiting for news.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use smile_sandbox::{Sandbox, Service};

use crate::admin::Admin;
use crate::client::builder;
use crate::server;

#[test]
fn it_is_closed_to_other_hosts_and_to_pages_of_other_sites() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    let mut ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        admin.client.send(request.body(Bytes::new()).unwrap())
    };
    let (rebound, here) = (("host", "rebound.example:7"), ("host", "127.0.0.1:7"));
    for path in ["/_sandbox/jobs", "/_sandbox/page/page.js", "/_sandbox/nothing", "/"] {
        let refused = ask("GET", path, &[rebound, ("accept", "text/html")]);
        assert_eq!(refused.status(), 403, "{path}");
        assert_eq!(refused.headers()["cache-control"], "no-store");
    }
    assert_eq!(ask("GET", "/_sandbox/jobs", &[here, ("sec-fetch-site", "cross-site")]).status(), 403);
    assert_eq!(ask("POST", "/_sandbox/reset", &[here]).status(), 403);
    let elsewhere = [here, ("smile-sandbox-admin", "1"), ("origin", "http://evil.example")];
    assert_eq!(ask("POST", "/_sandbox/reset", &elsewhere).status(), 403);
    let preflight = ask("OPTIONS", "/_sandbox/reset", &elsewhere);
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    assert_eq!(admin.client.service.jobs().len(), 1);
}

#[test]
fn looking_changes_nothing_and_is_not_recorded() {
    let mut admin = Admin::new();
    admin.submit_provisional("job");
    let change = admin.get("/changes")["change"].clone();
    for path in ["/status", "/jobs", "/jobs/0000000001", "/requests", "/callbacks", "/users", "/faults"] {
        admin.get(path);
    }
    assert_eq!(admin.get("/changes")["change"], change);
    assert_eq!(admin.client.service.requests().len(), 3);
    admin.post("/users", &json!({"user_id": "ada", "state": "enrolled"}));
    assert_ne!(admin.get("/changes")["change"], change);
    assert_eq!(admin.client.service.requests().len(), 3);
}

#[test]
fn the_page_is_its_own_and_can_do_little() {
    let mut admin = Admin::new();
    let get = |service: &mut Service, path: &str, accept: &str| {
        let request = Request::get(path).header("host", "localhost:7").header("accept", accept);
        service.handle(crate::client::START, request.body(Bytes::new()).unwrap()).response
    };
    let page = get(&mut admin.client.service, "/", "text/html,application/xhtml+xml,*/*;q=0.8");
    assert_eq!(
        (page.status(), &page.headers()["content-type"]),
        (StatusCode::OK, &"text/html; charset=utf-8".parse().unwrap())
    );
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{part}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.headers()[name], value);
    }
    // A request for anything else at `/` comes from a client of the service.
    for accept in ["", "*/*", "application/json"] {
        assert_eq!(get(&mut admin.client.service, "/", accept).status(), 404);
    }

    let html = std::str::from_utf8(page.body()).unwrap();
    let parts: Vec<_> = html.split('"').filter(|part| part.starts_with("/_sandbox/page/")).collect();
    assert!(parts.len() >= 3, "{parts:?}");
    let mut served = String::new();
    let modules =
        ["api", "callbacks", "dom", "jobs", "requests"].map(|name| format!("/_sandbox/page/{name}.js"));
    for part in parts.into_iter().chain(modules.iter().map(String::as_str)) {
        let asset = get(&mut admin.client.service, part, "*/*");
        assert_eq!(asset.status(), 200, "{part}");
        served.push_str(std::str::from_utf8(asset.body()).unwrap());
    }
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!served.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn the_page_says_where_it_is() {
    let sandbox = Sandbox::start().unwrap();
    assert_eq!(format!("{}v1", sandbox.page_url()), sandbox.base_url());
}

/// Asks a running sandbox for the newest change.
fn change(host: &str, query: &str) -> Value {
    let head = format!("GET /_sandbox/changes{query} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (status, body) = server::send(host, &head, b"");
    assert_eq!(status, 200);
    serde_json::from_slice::<Value>(&body).unwrap()["change"].clone()
}

#[test]
fn news_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let host = server::host(&sandbox);
    let before = change(host, "");
    assert_eq!(change(host, &format!("?after={before}&wait=0")), before, "the time was up");
    assert_eq!(change(host, "?after=999"), before, "that is not the newest, so it is news");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| change(host, &format!("?after={before}&wait=60")));
        // Reading is no news: if it were, this could end before the user is set.
        assert_eq!(change(host, ""), before);
        sandbox.enrol("ada");
        let after = waiting.join().unwrap();
        assert_ne!(after, before);
        assert_eq!(change(host, ""), after);
    });
}

#[test]
fn events_without_a_request_are_news() {
    let sandbox =
        builder().with_callback_retries([]).with_callback_url("http://127.0.0.1:1/").start().unwrap();
    let host = server::host(&sandbox);
    let body = crate::client::id_body("00000000000", &json!({"callback_url": null}));
    server::post(host, "/v1/async_id_verification", &body);
    let mut seen = json!(0);
    while sandbox.callback_attempts().is_empty() {
        seen = change(host, &format!("?after={seen}&wait=20"));
    }
}

#[test]
fn refused_requests_do_not_wait_and_nobody_waits_for_a_stopped_sandbox() {
    let sandbox = Sandbox::start().unwrap();
    let host = server::host(&sandbox).to_owned();
    let newest = change(&host, "");
    let ask =
        |name: &str| format!("GET /_sandbox/changes?after={newest}&wait=60 HTTP/1.1\r\nHost: {name}\r\n\r\n");
    assert_eq!(server::send(&host, &ask("rebound.example"), b"").0, 403);
    let mut waiting = server::connect(&host);
    waiting.write_all(ask(&host).as_bytes()).unwrap();
    drop(sandbox);
    assert!(matches!(waiting.read(&mut [0]), Ok(0) | Err(_)));
}
