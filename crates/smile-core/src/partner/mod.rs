//! Partner in one environment, as every request needs it.

pub(crate) mod account;
pub(crate) mod api;
pub(crate) mod credentials;
pub(crate) mod environment;
pub(crate) mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::IdTypeCatalogue;
use crate::partner::api::Api;
use crate::{
    ApiKey, CallbackUrl, ConfigError, Environment, PartnerAccount, PartnerId, ReceivedTimestamp, Signer,
    Timestamp,
};

/// Partner in one environment: id and key, the service's address, and the default address of
/// callbacks.
///
/// Cheap to clone.
///
/// ```
/// use smile_core::{Environment, Partner};
///
/// let partner = Partner::new("2245", "the API key from the portal", Environment::Sandbox);
/// # assert!(partner.is_err());
/// # let partner = Partner::new("2245", "5bd7ef4f", Environment::Sandbox)?;
/// let partner = partner.with_callback_url("https://bank.example/smile-id/callback");
/// # Ok::<(), smile_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Partner(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    signer: Signer,
    /// API key, for the one request that carries it; everything else is signed.
    api_key: ApiKey,
    environment: Environment,
    api: Api,
    callback_url: Option<CallbackUrl>,
    source_sdk: String,
    source_sdk_version: String,
    id_types: Option<IdTypeCatalogue>,
    answer_window: Option<Duration>,
}

impl Partner {
    /// Most by which the signed timestamp of an answer may differ from its request, unless another
    /// window is set: an hour.
    pub const ANSWER_WINDOW: Duration = Duration::from_secs(60 * 60);

    /// Partner with the API key of that environment: its text, or an [`ApiKey`], which may be [one
    /// that changes](ApiKey::from_fn).
    ///
    /// # Errors
    /// Names `partner_id` or `api_key` and the rule; never shows the key.
    pub fn new(
        partner_id: impl Into<String>,
        api_key: impl TryInto<ApiKey, Error: Into<ConfigError>>,
        environment: Environment,
    ) -> Result<Self, ConfigError> {
        let partner_id = PartnerId::new(partner_id)?;
        let api_key = api_key.try_into().map_err(Into::into)?;
        let signer = Signer::new(partner_id, &api_key);
        let signer = signer.of_environment(&environment);
        Ok(Self(Arc::new(Inner {
            signer,
            api_key,
            environment,
            api: Api::default(),
            callback_url: None,
            source_sdk: "rust".to_owned(),
            source_sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
            id_types: Some(IdTypeCatalogue::built_in()),
            answer_window: Some(Self::ANSWER_WINDOW),
        })))
    }

    /// Sets the address of callbacks for jobs that name no address of their own.
    ///
    /// An absolute http or https URL; any other is reported with all other problems, before
    /// anything is sent.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).callback_url = Some(CallbackUrl::unchecked(url));
        self
    }

    /// The API that jobs go over: v1 unless this says otherwise. Single operations are of one API
    /// by their type, and are not changed by it.
    #[must_use]
    pub fn with_api(mut self, api: Api) -> Self {
        Arc::make_mut(&mut self.0).api = api;
        self
    }

    /// The API that jobs go over.
    pub fn api(&self) -> Api {
        self.0.api
    }

    /// Sets `source_sdk` and `source_sdk_version`; by default `rust` and this crate's version.
    ///
    /// For libraries built on this one that the service should be able to tell apart.
    #[must_use]
    pub fn with_source_sdk(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.source_sdk = name.into();
        inner.source_sdk_version = version.into();
        self
    }

    /// Sets the catalogue of ID types and their formats, in place of the built-in one: made from an
    /// answer of the services endpoint, say.
    #[must_use]
    pub fn with_id_types(mut self, id_types: IdTypeCatalogue) -> Self {
        Arc::make_mut(&mut self.0).id_types = Some(id_types);
        self
    }

    /// Turns off the checks of ID types and numbers before they are sent: the service judges them.
    /// It may bill for that.
    #[must_use]
    pub fn without_id_type_checks(mut self) -> Self {
        Arc::make_mut(&mut self.0).id_types = None;
        self
    }

    /// Sets the most by which the signed timestamp of an answer may differ from the time of its
    /// request, before or after it; an hour by default, [`Partner::ANSWER_WINDOW`].
    ///
    /// An answer from further away, or from a time that can't be read, can still be read, and
    /// decides nothing: its verdict is unknown, with the reason
    /// [`UnknownReason::OtherTime`](crate::UnknownReason::OtherTime). Smile ID documents that the
    /// timestamp of a job's status is signed, and not which moment it names. If it turns out to be
    /// that of the result, then the status of older jobs needs a wider window, or
    /// [none](Self::without_answer_window).
    #[must_use]
    pub fn with_answer_window(mut self, window: Duration) -> Self {
        Arc::make_mut(&mut self.0).answer_window = Some(window);
        self
    }

    /// Accepts answers that were signed at any time. Whoever holds one old signature, and stands
    /// between this machine and the service, can put it under answers of their own for ever.
    #[must_use]
    pub fn without_answer_window(mut self) -> Self {
        Arc::make_mut(&mut self.0).answer_window = None;
        self
    }

    /// Most by which the signed timestamp of an answer may differ from its request; `None` if that
    /// isn't checked.
    pub fn answer_window(&self) -> Option<Duration> {
        self.0.answer_window
    }

    /// True if an answer with this signed timestamp can be one to a request of that time.
    pub(crate) fn is_timely(&self, sent_at: Timestamp, signed: &ReceivedTimestamp) -> bool {
        let Some(window) = self.0.answer_window else { return true };
        signed.moment().is_some_and(|signed| signed.since(sent_at).max(sent_at.since(signed)) <= window)
    }

    /// Catalogue of ID types that numbers are checked with, unless that is left to the service.
    pub fn id_types(&self) -> Option<&IdTypeCatalogue> {
        self.0.id_types.as_ref()
    }

    /// The partner id.
    pub fn id(&self) -> &PartnerId {
        self.0.signer.partner_id()
    }

    /// The API key, for the request of `v3::TokenRequest` alone.
    pub(crate) fn api_key(&self) -> &ApiKey {
        &self.0.api_key
    }

    /// Signer of this partner's requests, which also confirms answers and callbacks.
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// Account of the partner in this environment, which callbacks, statuses and stored histories
    /// name.
    pub fn account(&self) -> PartnerAccount {
        PartnerAccount::new(self.id().as_str(), self.0.environment.base_url())
    }

    /// Environment of the partner.
    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// Default address of callbacks.
    pub fn callback_url(&self) -> Option<&CallbackUrl> {
        self.0.callback_url.as_ref()
    }

    /// Value of `source_sdk` in requests.
    pub fn source_sdk(&self) -> &str {
        &self.0.source_sdk
    }

    /// Value of `source_sdk_version` in requests.
    pub fn source_sdk_version(&self) -> &str {
        &self.0.source_sdk_version
    }
}

impl fmt::Debug for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partner")
            .field("id", self.id())
            .field("environment", &self.0.environment)
            .field("callback_url", &self.0.callback_url)
            .finish_non_exhaustive()
    }
}
