//! TLS of a client's own agent, of the kinds that are compiled in, and the certificates that it
//! trusts.

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// True if there is any TLS. Another crate may have turned ureq's own features on: an agent that
/// comes from outside is not judged by this.
pub(crate) const IS_THERE: bool =
    cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));

/// Rustls wherever it is there, which is ureq's own choice, so that a feature which something else
/// turns on changes nothing here; otherwise the operating system's TLS, which ureq doesn't pick by
/// itself. Either with the platform's certificates, or Mozilla's if the platform has none.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
pub(crate) fn trust(config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

    let is_rustls = cfg!(any(feature = "rustls", feature = "rustls-no-provider"));
    let provider = if is_rustls { TlsProvider::Rustls } else { TlsProvider::NativeTls };
    let roots = if platform_has_certificates() { RootCerts::PlatformVerifier } else { RootCerts::WebPki };
    config.tls_config(TlsConfig::builder().provider(provider).root_certs(roots).build())
}

/// No TLS: without a feature for it there is nobody to be trusted.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
pub(crate) fn trust(config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
    config
}

/// True if the platform has certificates. Containers often have none. Asked once in the life of a
/// process.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn platform_has_certificates() -> bool {
    static ANY: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ANY.get_or_init(|| !rustls_native_certs::load_native_certs().certs.is_empty())
}

/// Always true: certificates are a part of the operating system.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
fn platform_has_certificates() -> bool {
    true
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

        let config = trust(ureq::Agent::config_builder().proxy(None)).build();
        let transport = Transport::new(ureq::Agent::new_with_config(config));
        let request = Request::get(address).body(Bytes::new()).unwrap();
        transport.send(request, Duration::from_secs(30)).unwrap_err();
        peer.join().unwrap();
    }
}
