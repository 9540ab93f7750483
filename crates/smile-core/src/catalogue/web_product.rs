//! Products that a web token is requested for.

use super::generated::web_products::WEB_PRODUCTS;
use super::rows::WebProduct;

/// The product of this name, as it goes into `product` of a web token's request; `None` if it isn't
/// known.
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
