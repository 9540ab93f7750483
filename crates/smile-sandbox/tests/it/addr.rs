//! The address that the sandbox listens on.

use std::io::ErrorKind;
use std::net::SocketAddr;

use serde_json::json;

use crate::client::{builder, params, status_body};
use crate::server::{host, post};

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_can_be_chosen() {
    let first = builder().start().unwrap();
    let taken = addr(host(&first));
    assert_eq!(builder().with_addr(taken).start().unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(first);
    let second = builder().with_addr(taken).start().unwrap();
    assert_eq!(second.base_url(), format!("http://{taken}/v1"));
    assert_eq!(second.environment().base_url(), second.base_url());
}

#[test]
fn an_address_beyond_loopback_needs_two_settings() {
    let error = builder().with_addr(addr("0.0.0.0:0")).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`open_to_the_network`"), "{error}");
    // The second alone changes nothing.
    let alone = builder().with_network_access().start().unwrap();
    assert!(alone.base_url().starts_with("http://127.0.0.1:"));

    let sandbox = builder().with_addr(addr("0.0.0.0:0")).with_network_access().start().unwrap();
    assert!(sandbox.base_url().starts_with("http://127.0.0.1:"), "as this machine reaches it");
    let answer = post(host(&sandbox), "/v1/job_status", &status_body(&params("job", 4), &json!({})));
    assert_eq!(answer["code"], "2314");
}
