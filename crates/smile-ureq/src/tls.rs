//! Which TLS a client's own agent takes, of those that are compiled in.

#[cfg(all(feature = "native-tls", not(any(feature = "rustls", feature = "rustls-no-provider"))))]
use ureq::tls::{RootCerts, TlsProvider};

/// Whether there is any. Another crate may have turned ureq's own features on: an agent that comes from outside is not
/// judged by this.
pub(crate) const IS_THERE: bool =
    cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));

/// Rustls wherever it is there, so that a feature which something else turns on changes nothing here. ureq picks nothing
/// but rustls by itself, and panics if it has to do without.
pub(crate) fn config() -> ureq::tls::TlsConfig {
    let config = ureq::tls::TlsConfig::builder();
    #[cfg(all(feature = "native-tls", not(any(feature = "rustls", feature = "rustls-no-provider"))))]
    let config = config.provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier);
    config.build()
}
