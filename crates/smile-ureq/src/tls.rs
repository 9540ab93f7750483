//! Which TLS a client's own agent takes, of those that are compiled in.

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// Whether there is any. Another crate may have turned ureq's own features on: an agent that comes from outside is not
/// judged by this.
pub(crate) const IS_THERE: bool =
    cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));

/// Rustls wherever it is there, which is ureq's own choice, so that a feature which something else turns on changes nothing
/// here. Nothing else is picked by ureq itself, which panics if it has to do without.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", not(feature = "native-tls")))]
pub(crate) fn choose(config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    config
}

/// The operating system's TLS, with its own certificates.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", not(feature = "native-tls"))))]
pub(crate) fn choose(config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

    let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier);
    config.tls_config(tls.build())
}

#[cfg(test)]
#[cfg(any(feature = "rustls", feature = "native-tls"))] // Without either there is nothing that the test could install.
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::time::Duration;

    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::transport::Transport;

    #[test]
    fn what_is_compiled_in_is_set_up_whole_so_that_a_bad_handshake_is_an_error_and_no_panic() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}/", listener.local_addr().unwrap());
        let peer =
            std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"this is no TLS").unwrap());

        let config = choose(ureq::Agent::config_builder().proxy(None)).build();
        let transport = Transport::new(ureq::Agent::new_with_config(config));
        let request = Request::get(address).body(Bytes::new()).unwrap();
        transport.send(request, Duration::from_secs(30)).unwrap_err();
        peer.join().unwrap();
    }
}
