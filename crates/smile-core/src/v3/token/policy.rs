//! The choice of a token's history.

use crate::operation::TokenUse;
use crate::v3::token::{TokenProduct, TokenRequest};

/// The choice between a bound and a shared token, where an operation leaves one.
///
/// By default each submission has a token of its own, with product and user inside, as the vendor's
/// newest SDKs do it: it lets its holder do the least. That costs one more request for each
/// submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenPolicy {
    shares: bool,
    residency_product: Option<TokenProduct>,
}

impl TokenPolicy {
    /// Has submissions carry the shared token as well: one request less for each, and a token that
    /// may do more. A submission that is refused with a 401 is sent once more with a new one then.
    #[must_use]
    pub fn with_shared_submissions(mut self, yes: bool) -> Self {
        self.shares = yes;
        self
    }

    /// Has the token of a Residency Document Verification name this product as well as the user.
    /// The service documents no word for it; ask Smile ID for the one to take.
    #[must_use]
    pub fn with_residency_product(mut self, product: TokenProduct) -> Self {
        self.residency_product = Some(product);
        self
    }

    /// The token for an operation of this use.
    pub(crate) fn wanted(&self, token_use: &TokenUse) -> Wanted {
        match token_use {
            TokenUse::None => Wanted::Nothing,
            TokenUse::Bound { product, user_id } if !self.shares => {
                let mut request = TokenRequest::new();
                if let Some(product) =
                    product.map(TokenProduct::of).or_else(|| self.residency_product.clone())
                {
                    request = request.with_product(product);
                }
                if let Some(user_id) = user_id {
                    request = request.with_user_id(user_id.clone());
                }
                Wanted::Bound(Box::new(request))
            }
            TokenUse::Shared | TokenUse::Bound { .. } => Wanted::Shared,
        }
    }
}

/// The token that a request is sent with.
pub(crate) enum Wanted {
    Nothing,
    Shared,
    Bound(Box<TokenRequest>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserId;

    #[test]
    fn submissions_are_bound_unless_said_otherwise_and_reads_never_are() {
        let bound = TokenUse::Bound { product: Some("biometric_kyc"), user_id: Some(UserId::new("u")) };
        let policy = TokenPolicy::default();
        assert!(matches!(policy.wanted(&bound), Wanted::Bound(_)));
        assert!(matches!(policy.wanted(&TokenUse::Shared), Wanted::Shared));
        assert!(matches!(policy.wanted(&TokenUse::None), Wanted::Nothing));
        let sharing = policy.with_shared_submissions(true);
        assert!(matches!(sharing.wanted(&bound), Wanted::Shared));
        assert!(matches!(sharing.wanted(&TokenUse::None), Wanted::Nothing));
    }

    #[test]
    fn a_product_without_a_word_is_bound_to_the_user_alone_or_to_the_word_that_is_set() {
        let residency = TokenUse::Bound { product: None, user_id: Some(UserId::new("u")) };
        let product = |policy: &TokenPolicy| match policy.wanted(&residency) {
            Wanted::Bound(request) => request.product().map(|product| product.as_str().to_owned()),
            _ => panic!("it is bound"),
        };
        let policy = TokenPolicy::default();
        assert_eq!(product(&policy), None);
        let more = policy.with_residency_product(TokenProduct::DOCUMENT_VERIFICATION);
        assert_eq!(product(&more).as_deref(), Some("document_verification"));
    }
}
