//! The token that a request of the v3 API carries.

use crate::job::partner_params::UserId;

/// The token that a request of the v3 API carries in its header `SmileID-Token`.
///
/// An operation builds its request without the token; whoever holds the tokens adds it, and marks
/// it as sensitive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenUse {
    /// No token: the v1 API, which signs its requests; the token request itself; and the three
    /// services that anybody may ask.
    #[default]
    None,
    /// A token without product and user. It may be kept, and shared by all requests that read.
    Shared,
    /// A token for one submission, with the product and the user inside. It is not kept.
    Bound {
        /// The word of the product, such as `biometric_kyc`; none for a product that tokens have no
        /// word for.
        product: Option<&'static str>,
        /// The partner's id of the user, where the submission names one.
        user_id: Option<UserId>,
    },
}
