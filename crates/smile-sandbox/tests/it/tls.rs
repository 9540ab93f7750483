//! Tests over https.

use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value, json};
use smile_core::Environment;
use smile_sandbox::Sandbox;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::client::{builder, full_zip, merged, params, prep_body, status_body};
use crate::server::{connect, host, post};

type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// A connection of a client that trusts this authority and no other.
fn encrypted(sandbox: &Sandbox, ca_pem: &str, name: &'static str) -> Encrypted {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap()).unwrap();
    StreamOwned::new(client, connect(host(sandbox)))
}

/// Sends one request on a connection of its own, and reads the answer.
fn send(sandbox: &Sandbox, head: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    use std::io::{Read as _, Write as _};
    let mut stream = encrypted(sandbox, sandbox.ca_pem().unwrap(), "127.0.0.1");
    write!(stream, "{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    Ok((status, answer.split_off(end)))
}

fn send_json(sandbox: &Sandbox, path: &str, body: &Value) -> Value {
    let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n", host(sandbox));
    serde_json::from_slice(&send(sandbox, &head, body.to_string().as_bytes()).unwrap().1).unwrap()
}

#[test]
fn a_whole_job_goes_over_https_and_its_addresses_are_https_too() {
    let sandbox = builder().with_tls().start().unwrap();
    let prep = merged(&prep_body(&params("job", 4)), &json!({"callback_url": ""}));
    let answer = send_json(&sandbox, "/v1/upload", &prep);
    let origin = sandbox.https_base_url().unwrap().strip_suffix("/v1").unwrap();
    let target = answer["upload_url"].as_str().unwrap().strip_prefix(origin).unwrap();
    let head = format!("PUT {target} HTTP/1.1\r\nHost: {}\r\n", host(&sandbox));
    assert_eq!(send(&sandbox, &head, &full_zip("0")).unwrap(), (200, Vec::new()));
    let asked = status_body(&params("job", 4), &json!({"image_links": true}));
    let status = send_json(&sandbox, "/v1/job_status", &asked);
    assert_eq!(status["result"]["ResultCode"], "0840");
    assert!(status["image_links"]["selfie_image"].as_str().unwrap().starts_with(origin));
}

#[test]
fn the_same_port_speaks_http_as_well() {
    let sandbox = builder().with_tls().start().unwrap();
    assert_eq!(sandbox.https_base_url().unwrap(), sandbox.base_url().replace("http://", "https://"));
    let answer = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 4)));
    assert!(answer["upload_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let environment: Environment = sandbox.https_base_url().unwrap().parse().unwrap();
    assert!(environment.is_loopback());
}

#[test]
fn nobody_else_is_trusted_with_that_authority_and_only_the_names_of_this_machine() {
    use std::io::Write as _;
    let (sandbox, other) = (builder().with_tls().start().unwrap(), builder().with_tls().start().unwrap());
    for name in ["127.0.0.1", "localhost", "::1"] {
        encrypted(&sandbox, sandbox.ca_pem().unwrap(), name).write_all(b"GET").unwrap();
    }
    encrypted(&sandbox, sandbox.ca_pem().unwrap(), "example.com").write_all(b"GET").unwrap_err();
    encrypted(&sandbox, other.ca_pem().unwrap(), "127.0.0.1").write_all(b"GET").unwrap_err();
}

#[test]
fn the_certificate_is_all_that_is_shown() {
    let sandbox = builder().with_tls().start().unwrap();
    let pem = sandbox.ca_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(pem.matches("-----BEGIN").count(), 1);
    assert!(!format!("{sandbox:?}").contains("BEGIN"));
}

#[test]
fn without_it_there_is_no_https() {
    let sandbox = builder().start().unwrap();
    assert_eq!((sandbox.https_base_url(), sandbox.ca_pem()), (None, None));
}
