//! Access to the admin API: for programs on this machine, and for no web page from elsewhere.
//!
//! Requests from another machine are refused, unless the sandbox was opened to the network.
//!
//! A page on the internet can make its reader's browser send requests to loopback. Three checks
//! keep such a page from reading the sandbox's data, and from pressing the buttons:
//! - the `Host` has to be loopback, so a name of the attacker's that resolves to 127.0.0.1 is
//!   refused;
//! - a request that the browser marks as sent by another site is refused;
//! - a change needs a header that a page of another origin may send only with permission, which
//!   nobody here gives.

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{Method, Request, StatusCode};

use crate::admin::error::AdminError;
use crate::admin::page::is_page;

/// The header that every changing request must have, with any value.
const HEADER: &str = "smile-sandbox-admin";

/// A request from another machine.
#[derive(Clone, Copy)]
pub(crate) struct FromTheNetwork {
    /// True if such requests are let in.
    pub(crate) is_let_in: bool,
}

pub(super) fn check(request: &Request<Bytes>, network: Option<FromTheNetwork>) -> Result<(), AdminError> {
    let headers = request.headers();
    if network.is_some_and(|network| !network.is_let_in) {
        return Err(refusal(
            "the page and the admin API answer only to the machine that the sandbox runs on",
        ));
    }
    // A name could be made to resolve to anything; an address can't.
    let is_ours = |host: &str| smile_core::is_loopback(host) || network.is_some() && is_address(host);
    let Some(authority) = authority(request).filter(|authority| is_ours(authority.host())) else {
        return Err(refusal("the Host header must name this machine: localhost, 127.0.0.1 or [::1]"));
    };
    // A link from elsewhere may lead to the page.
    let site = headers.get("sec-fetch-site").map_or("none", |site| site.to_str().unwrap_or_default());
    if !is_page(request) && !["same-origin", "none"].contains(&site) {
        return Err(refusal("requests from the pages of other sites are refused"));
    }
    if request.method() == Method::GET {
        return Ok(());
    }
    if !headers.contains_key(HEADER) {
        return Err(refusal("what changes something needs the header Smile-Sandbox-Admin, with any value"));
    }
    if headers.get_all(ORIGIN).iter().any(|origin| !is_of(origin.to_str().unwrap_or_default(), &authority)) {
        return Err(refusal("the Origin is not that of this sandbox"));
    }
    Ok(())
}

fn refusal(message: &str) -> AdminError {
    AdminError::new(StatusCode::FORBIDDEN, message)
}

/// The host that the client means, if the request names exactly one.
fn authority(request: &Request<Bytes>) -> Option<Authority> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let authority = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok()?.parse().ok()?,
        (None, None) => request.uri().authority()?.clone(),
        _ => return None,
    };
    Some(authority).filter(|authority| !authority.as_str().contains('@'))
}

fn is_address(host: &str) -> bool {
    host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok()
}

fn is_of(origin: &str, authority: &Authority) -> bool {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_in(method: &str, path: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(Bytes::new()).unwrap(), None).is_ok()
    }

    #[test]
    fn only_loopback_hosts_are_let_in() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:4000", "127.1.2.3", "[::1]:4000", "[::1]"] {
            assert!(is_let_in("GET", "/_sandbox/jobs", &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "a@127.0.0.1",
            "0.0.0.0",
            "192.168.1.2",
            "[::ffff:127.0.0.1]",
            "127.0.0.1, evil.example",
        ] {
            assert!(!is_let_in("GET", "/_sandbox/jobs", &[("host", host)]), "{host}");
            assert!(!is_let_in("GET", "/", &[("host", host), ("accept", "text/html")]), "{host}");
        }
        assert!(!is_let_in("GET", "/_sandbox/jobs", &[]));
        assert!(!is_let_in("GET", "/_sandbox/jobs", &[("host", "localhost"), ("host", "evil.example")]));
        assert!(is_let_in("GET", "http://localhost:1/_sandbox/jobs", &[]));
    }

    #[test]
    fn other_machines_are_kept_out_unless_they_are_meant() {
        let from = |is_let_in: bool, host: &str| {
            let request = Request::get("/_sandbox/jobs").header("host", host).body(Bytes::new()).unwrap();
            check(&request, Some(FromTheNetwork { is_let_in })).is_ok()
        };
        for host in ["localhost:80", "127.0.0.1", "192.168.1.2:80", "[fd00::1]:80"] {
            assert!(!from(false, host), "{host}");
            assert!(from(true, host), "{host}");
        }
        assert!(!from(true, "evil.example"));
    }

    #[test]
    fn pages_of_other_sites_are_kept_out() {
        for (site, is_fine) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("", false)]
        {
            let headers = [("host", "localhost"), ("sec-fetch-site", site)];
            assert_eq!(is_let_in("GET", "/_sandbox/jobs", &headers), is_fine, "{site}");
        }
        let link = [("host", "localhost"), ("sec-fetch-site", "cross-site"), ("accept", "text/html,*/*")];
        assert!(is_let_in("GET", "/", &link));
    }

    #[test]
    fn changes_need_the_header_and_no_foreign_origin() {
        let host = ("host", "127.0.0.1:4000");
        for method in ["POST", "DELETE", "PUT", "HEAD"] {
            assert!(!is_let_in(method, "/_sandbox/reset", &[host]));
            assert!(is_let_in(method, "/_sandbox/reset", &[host, (HEADER, "1")]));
        }
        for (origin, is_fine) in [
            ("http://127.0.0.1:4000", true),
            ("https://127.0.0.1:4000", true),
            ("http://127.0.0.1:4001", false),
            ("http://localhost:4000", false),
            ("http://evil.example", false),
            ("null", false),
            ("", false),
        ] {
            let headers = [host, (HEADER, "1"), ("origin", origin)];
            assert_eq!(is_let_in("POST", "/_sandbox/reset", &headers), is_fine, "{origin}");
        }
    }
}
