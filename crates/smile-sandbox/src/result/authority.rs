//! What an ID authority answers, as the number asks for.

use smile_core::catalogue::{Finding as Found, IdType, NumberCheck};

/// What an authority says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// It knows the standard person under it.
    Found,
    /// It knows the person that the custom test data describes.
    FoundCustom,
    NotFound,
    Malformed,
    Unavailable,
}

impl Authority {
    /// Asks it for a number; for none if something else takes its place.
    ///
    /// The last digit decides. If numbers are checked and the ID type is known, one that has not the form of the type is
    /// malformed, and one that is no test number (has other digits than zeros before the last) is not found.
    pub(crate) fn ask(number: Option<&str>, id_type: Option<&IdType>, checks_numbers: bool) -> Self {
        let Some(number) = number else { return Self::Found };
        if let Some(id_type) = id_type.filter(|_| checks_numbers) {
            if !fits(number, id_type) {
                return Self::Malformed;
            }
            if !is_test_number(number) {
                return Self::NotFound;
            }
        }
        match last_digit(Some(number)) {
            Some('1') => Self::NotFound,
            Some('2') => Self::Malformed,
            Some('3') => Self::Unavailable,
            Some('4') => Self::FoundCustom,
            _ => Self::Found,
        }
    }

    /// The code of Enhanced KYC and of business verification, and of Basic KYC where nobody is found.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Found | Self::FoundCustom => "1012",
            Self::NotFound => "1013",
            Self::Malformed => "1014",
            Self::Unavailable => "1015",
        }
    }
}

/// `Verify_ID_Number` and its like, by what the code says.
pub(crate) fn verified(found: Option<Found>) -> &'static str {
    match found {
        Some(Found::IdFound) => "Verified",
        Some(Found::IssuerUnavailable) => "Issuer Unavailable",
        _ => "Not Verified",
    }
}

/// Some test numbers end in a letter, so it is the last digit that counts and not the last character.
pub(crate) fn last_digit(number: Option<&str>) -> Option<char> {
    number?.chars().rev().find(char::is_ascii_digit)
}

/// Whether a number has a form that the type is known to have, to the letter: the real service mends nothing.
fn fits(number: &str, id_type: &IdType) -> bool {
    let fits = matches!(id_type.check_number(number), NumberCheck::Right | NumberCheck::Unknown);
    fits && id_type.normalise(number) == number
}

/// Test numbers are made of zeros, and letters where the type has some; the last digit is the test's to choose.
fn is_test_number(number: &str) -> bool {
    let mut digits = number.bytes().rev().filter(u8::is_ascii_digit);
    digits.next().is_some() && digits.all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use smile_core::catalogue::IdTypeCatalogue;

    use super::*;

    #[test]
    fn test_numbers_are_zeros_before_the_last_digit() {
        for number in ["0", "7", "00000000004", "GHA-000000000-1", "A000000003A", "C000000000000"] {
            assert!(is_test_number(number), "{number}");
        }
        for number in ["", "AAA", "12345678900", "A00100"] {
            assert!(!is_test_number(number), "{number}");
        }
    }

    #[test]
    fn of_a_known_type_other_numbers_are_not_found_or_malformed() {
        let bvn = IdTypeCatalogue::built_in().find("NG", "BVN");
        for (number, expected) in [
            ("00000000000", Authority::Found),
            ("00000000004", Authority::FoundCustom),
            ("12345678900", Authority::NotFound),
            ("0000000000", Authority::Malformed),
            (" 00000000000", Authority::Malformed),
        ] {
            assert_eq!(Authority::ask(Some(number), bvn.as_ref(), true), expected, "{number}");
        }
        assert_eq!(Authority::ask(Some("12345678900"), bvn.as_ref(), false), Authority::Found);
    }

    #[test]
    fn without_the_type_only_the_last_digit_counts() {
        for (number, expected) in [
            ("12345678900", Authority::Found),
            ("1", Authority::NotFound),
            ("92", Authority::Malformed),
            ("93", Authority::Unavailable),
            ("94", Authority::FoundCustom),
            ("99", Authority::Found),
            ("no digit", Authority::Found),
        ] {
            assert_eq!(Authority::ask(Some(number), None, true), expected, "{number}");
        }
        assert_eq!(Authority::ask(None, None, true), Authority::Found);
    }

    #[test]
    fn the_last_digit_is_found_before_a_letter() {
        assert_eq!(last_digit(Some("A000000003A")), Some('3'));
        assert_eq!(last_digit(Some("GHA-000000000-1")), Some('1'));
        assert_eq!(last_digit(Some("none")), None);
        assert_eq!(last_digit(None), None);
    }
}
