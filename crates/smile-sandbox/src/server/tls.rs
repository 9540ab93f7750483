//! A certificate authority that is created at the start, and the server's certificate.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The configuration for https.
#[derive(Clone)]
pub(crate) struct Tls {
    /// The certificate of the authority, for clients to trust.
    pub(crate) ca_pem: String,
    pub(crate) acceptor: TlsAcceptor,
}

impl Tls {
    /// Creates a certificate for `localhost`, the loopback addresses, and this address. The
    /// authority's key is dropped: it can never sign anything else.
    pub(crate) fn new(ip: IpAddr) -> io::Result<Self> {
        let (chain, key, ca_pem) = certify(ip).map_err(io::Error::other)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![chain], key))
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { ca_pem, acceptor: Arc::new(config).into() })
    }
}

type Certified = (tokio_rustls::rustls::pki_types::CertificateDer<'static>, PrivateKeyDer<'static>, String);

fn certify(ip: IpAddr) -> Result<Certified, rcgen::Error> {
    let mut authority = params("Smile sandbox authority", Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let ca_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !ip.is_unspecified() && !names.contains(&ip.to_string()) {
        names.push(ip.to_string());
    }
    let mut server = params("Smile sandbox", names)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &issuer)?;
    Ok((certificate.der().clone(), key.into(), ca_pem))
}

/// Parameters of a certificate: valid from yesterday, for clocks that are behind, and for a year,
/// as some clients refuse longer ones.
fn params(name: &str, names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (SystemTime::now() - DAY).into();
    params.not_after = (SystemTime::now() + 365 * DAY).into();
    Ok(params)
}
