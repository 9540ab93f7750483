//! Answers of ID authorities, which the ID number selects.

use smile_core::catalogue::{Finding as Found, IdType, NumberCheck};

/// The answer of an authority about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The number belongs to the standard person.
    Found,
    /// The number belongs to the person in the custom test data.
    FoundCustom,
    NotFound,
    Malformed,
    Unavailable,
}

impl Authority {
    /// Asks the authority for a number; `None` if something else takes the number's place.
    ///
    /// The last digit decides. If numbers are checked and the ID type is known, a number without
    /// the type's form is malformed, and one that is no test number (with other digits than zeros
    /// before the last) is not found.
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

    /// The code in Enhanced KYC and business verification, and in Basic KYC if nobody is found.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Found | Self::FoundCustom => "1012",
            Self::NotFound => "1013",
            Self::Malformed => "1014",
            Self::Unavailable => "1015",
        }
    }
}

/// The value of `Verify_ID_Number` and similar actions for a finding.
pub(crate) fn verified(found: Option<Found>) -> &'static str {
    match found {
        Some(Found::IdFound) => "Verified",
        Some(Found::IssuerUnavailable) => "Issuer Unavailable",
        _ => "Not Verified",
    }
}

/// The last digit of a number. Some test numbers end in a letter, so not the last character.
pub(crate) fn last_digit(number: Option<&str>) -> Option<char> {
    number?.chars().rev().find(char::is_ascii_digit)
}

/// True if a number has a known form of the type, to the letter: the real service corrects nothing.
fn fits(number: &str, id_type: &IdType) -> bool {
    let fits = matches!(id_type.check_number(number), NumberCheck::Right | NumberCheck::Unknown);
    fits && id_type.normalise(number) == number
}

/// True for a test number: zeros, and letters if the type has some; the last digit is free.
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
