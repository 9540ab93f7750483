//! Countries and their names.

use super::generated::countries::{COUNTRIES, NAMES};
use super::rows::Country;

/// All countries that the service takes documents of, in order of their codes.
pub fn countries() -> &'static [Country] {
    COUNTRIES
}

/// The country with this code, two capital letters; `None` if it isn't known.
///
/// ```
/// use smile_core::catalogue::{Continent, country};
///
/// let row = country("KE").expect("KE is in the catalogue");
/// assert_eq!((row.name, row.continent), ("Kenya", Continent::Africa));
/// assert!(country("ke").is_none());
/// ```
pub fn country(code: &str) -> Option<&'static Country> {
    COUNTRIES.binary_search_by_key(&code, |row| row.code).ok().map(|at| &COUNTRIES[at])
}

/// The code of a country that is given by its code or its English name, in any casing and with
/// white space around it; `None` if it isn't known.
///
/// ```
/// use smile_core::catalogue::normalise_country;
///
/// assert_eq!(normalise_country(" ng"), Some("NG"));
/// assert_eq!(normalise_country("South Africa"), Some("ZA"));
/// assert_eq!(normalise_country("ivory coast"), Some("CI"));
/// assert_eq!(normalise_country("Atlantis"), None);
/// ```
pub fn normalise_country(country: &str) -> Option<&'static str> {
    let country = country.trim();
    let by_code = COUNTRIES
        .binary_search_by(|row| row.code.bytes().cmp(country.bytes().map(|byte| byte.to_ascii_uppercase())));
    let by_name =
        || NAMES.binary_search_by(|(name, _)| name.chars().cmp(country.chars().flat_map(char::to_lowercase)));
    let at = by_code.or_else(|_| by_name().map(|at| usize::from(NAMES[at].1))).ok()?;
    Some(COUNTRIES[at].code)
}
