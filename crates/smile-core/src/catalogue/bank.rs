//! Banks and their codes.

use super::generated::banks::BANKS;
use super::rows::Bank;

/// The banks of a country, in order of their codes; none for a country whose banks aren't known.
///
/// It is not a list to refuse a bank by: the service has its own, which it gives under `bank_codes`
/// in the answer of its services endpoint.
///
/// ```
/// use smile_core::catalogue::banks;
///
/// assert!(banks("NG").iter().any(|bank| bank.name == "Access Bank"));
/// assert!(banks("FR").is_empty());
/// ```
pub fn banks(country: &str) -> &'static [Bank] {
    let first = BANKS.partition_point(|bank| bank.country < country);
    let len = BANKS[first..].partition_point(|bank| bank.country == country);
    &BANKS[first..first + len]
}

/// Bank that a code stands for, also if the code has lost its leading zeros, as happens to what
/// passes through a number or a spreadsheet.
///
/// ```
/// use smile_core::catalogue::{BankCode, normalise_bank_code};
///
/// assert!(matches!(normalise_bank_code("NG", "044"), BankCode::Known(_)));
/// match normalise_bank_code("NG", "44") {
///     BankCode::ZerosLost(bank) => assert_eq!(bank.code, "044"),
///     other => panic!("{other:?}"),
/// }
/// assert_eq!(normalise_bank_code("NG", "4"), BankCode::Unknown);
/// ```
pub fn normalise_bank_code(country: &str, code: &str) -> BankCode {
    let code = code.trim();
    let banks = banks(country);
    if let Ok(at) = banks.binary_search_by_key(&code, |bank| bank.code) {
        return BankCode::Known(&banks[at]);
    }
    let digits = code.trim_start_matches('0');
    let mut alike = banks.iter().filter(|bank| {
        !digits.is_empty() && bank.code.len() > code.len() && bank.code.trim_start_matches('0') == digits
    });
    match (alike.next(), alike.next()) {
        (Some(bank), None) => BankCode::ZerosLost(bank),
        _ => BankCode::Unknown,
    }
}

/// Meaning of a bank's code.
// Exhaustive: it is known, nearly known, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BankCode {
    /// This bank.
    Known(&'static Bank),
    /// No bank; but exactly one has this code with zeros before it. Send that bank's code instead.
    ZerosLost(&'static Bank),
    /// No bank in the catalogue. Send the code as it is.
    Unknown,
}
