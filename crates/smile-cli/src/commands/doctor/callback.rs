//! The check of a callback address: could the service post to it? Nothing is posted.

use std::net::{IpAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use http::Uri;
use smile_core::{CallbackUrl, Environment};

use super::check_result::CheckResult;

const NAME: &str = "callback";
const TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn look(url: &str, environment: &Environment) -> CheckResult {
    if let Err(error) = CallbackUrl::new(url) {
        return CheckResult::bad(
            NAME,
            error.to_string(),
            "an address such as https://example.com/smile-id/callback",
        );
    }
    // It has just been parsed as one.
    let uri: Uri = url.parse().unwrap_or_default();
    let is_https = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let Ok(addresses) = (host, port).to_socket_addrs().map(Vec::from_iter) else {
        return CheckResult::bad(
            NAME,
            "its host's name is not known",
            "look at the spelling, and at the name server",
        );
    };
    let is_local = addresses.iter().all(|address| address.ip().is_loopback());
    if environment.is_loopback() {
        if !is_local || is_https {
            let mend = "take http on 127.0.0.1, such as that of `smile listen`";
            return CheckResult::bad(
                NAME,
                "a sandbox on this machine posts to http on this machine alone",
                mend,
            );
        }
        let answers = addresses.iter().any(|address| TcpStream::connect_timeout(address, TIMEOUT).is_ok());
        return if answers {
            CheckResult::good(NAME, "somebody listens there")
        } else {
            CheckResult::careful(NAME, "nobody listens there now", "start your server, or `smile listen`")
        };
    }
    if addresses.iter().all(|address| is_private(address.ip())) {
        let mend = "the service posts from the internet: take a public address, or a tunnel to this machine";
        return CheckResult::bad(
            NAME,
            "it leads to a private network, where the service can't reach it",
            mend,
        );
    }
    if !is_https {
        let mend = "callbacks carry personal data: take https";
        return CheckResult::careful(NAME, "everybody on the way can read it", mend);
    }
    CheckResult::good(NAME, "a public address with https; whether somebody answers there wasn't tried")
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check_result::State;
    use super::*;

    #[test]
    fn an_unreachable_address_is_wrong() {
        let local: Environment = "http://127.0.0.1:1/v1".parse().unwrap();
        for (url, environment, state) in [
            ("https://127.0.0.1/x", &Environment::Sandbox, State::Bad),
            ("https://10.0.0.1/x", &Environment::Production, State::Bad),
            ("https://[fd00::1]/x", &Environment::Production, State::Bad),
            ("http://192.0.2.1/x", &Environment::Sandbox, State::Careful),
            ("https://192.0.2.1/x", &Environment::Sandbox, State::Good),
            ("https://192.0.2.1/x", &local, State::Bad),
            ("callback", &local, State::Bad),
        ] {
            assert!(look(url, environment).state == state, "{url}");
        }
    }
}
