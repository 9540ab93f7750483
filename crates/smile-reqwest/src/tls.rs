//! The certificates that a client of this crate's making trusts.

/// The platform's certificates, which are reqwest's own choice, or Mozilla's if the platform has
/// none.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
pub(crate) fn trust(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    if platform_has_certificates() { builder } else { builder.tls_certs_only(mozilla()) }
}

/// Without a feature for TLS there is nobody to be trusted.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
pub(crate) fn trust(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn mozilla() -> impl Iterator<Item = reqwest::Certificate> {
    let all = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    all.filter_map(|certificate| reqwest::Certificate::from_der(certificate).ok())
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
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tests {
    use super::*;

    #[test]
    fn mozillas_certificates_can_be_read_all_and_trusted() {
        assert_eq!(mozilla().count(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
        assert!(mozilla().count() > 50);
        reqwest::Client::builder().tls_certs_only(mozilla()).build().unwrap();
    }
}
