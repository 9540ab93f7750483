//! What a web token is asked for.

use super::Certainty;
use super::generated::web_products::WEB_PRODUCTS;
use crate::JobType;

/// The product of this name, as it goes into `product` of a web token's request; `None` if it isn't known.
///
/// ```
/// use smile_core::JobType;
/// use smile_core::catalogue::web_product;
///
/// assert_eq!(web_product("doc_verification").map(|row| row.job_type), Some(JobType::DOCUMENT_VERIFICATION));
/// ```
pub fn web_product(name: &str) -> Option<&'static WebProduct> {
    WEB_PRODUCTS.binary_search_by_key(&name, |row| row.name).ok().map(|at| &WEB_PRODUCTS[at])
}

/// All products of web tokens, in order of their names.
pub fn web_products() -> &'static [WebProduct] {
    WEB_PRODUCTS
}

/// A product that a web token can be asked for (Smile ID: "Web token").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebProduct {
    /// What goes into `product`.
    pub name: &'static str,
    /// The type of the job that follows.
    pub job_type: JobType,
    /// Anything else: a phrase in lower case, without a full stop.
    pub note: Option<&'static str>,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}
