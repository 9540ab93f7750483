//! Errors in building a signed callback.

use smile_core::ConfigError;

use crate::result::outcome::Outcome;
use crate::result::product::Product;

/// The refusal to build a callback.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedCallbackError {
    /// The product doesn't have the outcome.
    #[error("`{product}` has no outcome `{outcome}`; it has {}", known(*product))]
    NoSuchOutcome {
        /// The product.
        product: Product,
        /// The requested outcome.
        outcome: Outcome,
    },
    /// A photo was requested, and the callbacks of the product carry none.
    #[error("callbacks of `{product}` carry no photo")]
    NoPhoto {
        /// The product.
        product: Product,
    },
    /// The requested photo is larger than 64 MiB of base64.
    #[error("a photo can have up to 64 MiB of base64")]
    PhotoTooLarge,
    /// The partner id or the API key can't be used.
    #[error(transparent)]
    Partner(#[from] ConfigError),
    /// An id has to travel in a header, and can't: it contains control characters.
    #[error("`{field}` has characters in it that no header can carry")]
    NoHeader {
        /// The field: `job_id` or `user_id`.
        field: &'static str,
    },
}

fn known(product: Product) -> String {
    let mut names: Vec<_> = product.outcomes().iter().map(ToString::to_string).collect();
    let mut codes: Vec<_> = product.result_codes().map(|row| row.code).collect();
    codes.dedup();
    names.extend(codes.into_iter().map(str::to_owned));
    names.join(", ")
}
