//! The token that a request carries.

use std::fmt;

use crate::UserId;

/// The token of the v3 API that an operation's request carries in the header `SmileID-Token`.
///
/// The operation builds its request without that header; whoever runs it, such as [`Call`](crate::Call), fetches the token
/// and adds it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenUse {
    /// None: the operation is of the v1 API, open to everybody, or makes a token itself.
    None,
    /// One without product or user, which any number of requests may carry until it expires.
    Shared,
    /// One of its own, with the product and the user inside, used for one request.
    Bound {
        /// The product by its word in the token's request; `None` for a product that has no word there.
        product: Option<&'static str>,
        /// The user, if the request names one.
        user: Option<UserId>,
    },
}

impl fmt::Debug for TokenUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Shared => f.write_str("Shared"),
            Self::Bound { product, user } => {
                f.debug_struct("Bound").field("product", product).field("user", user).finish()
            }
        }
    }
}
