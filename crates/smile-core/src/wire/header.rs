//! Headers that may stand once.

use http::{HeaderMap, HeaderValue};

/// A header that stands more than once, so that readers would disagree about which counts.
#[derive(Debug)]
pub(crate) struct RepeatedHeader;

/// The value of a header that may stand once.
pub(crate) fn only_header<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> Result<Option<&'a HeaderValue>, RepeatedHeader> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(RepeatedHeader),
        (first, None) => Ok(first),
    }
}
