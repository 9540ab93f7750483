//! Account of a partner in one environment.

/// Account of a partner in one environment: the owner of a callback, a status or a stored history.
///
/// Sandbox and production have accounts, keys and results of their own; an approval of the one says
/// nothing in the other. It holds no key, and serialises to the partner id and the base URL of the
/// environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PartnerAccount {
    partner_id: Box<str>,
    base_url: Box<str>,
}

impl PartnerAccount {
    pub(crate) fn new(partner_id: &str, base_url: &str) -> Self {
        Self { partner_id: partner_id.into(), base_url: base_url.into() }
    }

    /// The partner id.
    pub fn partner_id(&self) -> &str {
        &self.partner_id
    }

    /// The base URL of the environment, such as `https://api.smileidentity.com/v1` for production.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}
