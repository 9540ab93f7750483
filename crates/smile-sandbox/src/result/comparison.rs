//! Comparison of the data in a request with the record.

use serde_json::{Value, json};
use smile_core::catalogue::Finding as Found;

use crate::result::persona::Persona;

/// The degree to which a field matches: the values of Basic KYC's actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Exact,
    Partial,
    /// All of the value matches, in another order.
    Transposed,
    No,
    NotProvided,
}

impl Match {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "Exact Match",
            Self::Partial => "Partial Match",
            Self::Transposed => "Transposed",
            Self::No => "No Match",
            Self::NotProvided => "Not Provided",
        }
    }
}

/// The code of a comparison: 1020, 1021 or 1022.
pub(crate) fn match_code(fields: &[Match]) -> &'static str {
    match compared(fields) {
        Found::ExactMatch => "1020",
        Found::NoMatch => "1022",
        _ => "1021",
    }
}

/// The result of a comparison: exact if all provided fields match exactly, none if none matches,
/// partial otherwise.
fn compared(fields: &[Match]) -> Found {
    let provided = || fields.iter().filter(|field| **field != Match::NotProvided);
    if provided().all(|field| *field == Match::No) {
        Found::NoMatch
    } else if provided().all(|field| *field == Match::Exact) {
        Found::ExactMatch
    } else {
        Found::PartialMatch
    }
}

/// The actions of a comparison: its outcome under this name, and if there was one, each field's
/// match.
pub(crate) fn actions(name: &str, found: Option<Found>, fields: &[(&str, Match)]) -> Value {
    let (outcome, fields) = match found {
        Some(Found::ExactMatch | Found::PartialMatch | Found::NoMatch) => ("Completed", fields),
        Some(Found::IssuerUnavailable) => ("Issuer Unavailable", [].as_slice()),
        _ => ("Not Verified", [].as_slice()),
    };
    let mut actions = json!({name: outcome});
    for (name, field) in fields {
        actions[*name] = field.as_str().into();
    }
    actions
}

/// Adjusts the fields to a requested result, if they disagree with it. For a partial match, the
/// first provided field becomes a partial one.
pub(crate) fn agree(fields: &mut [(&'static str, Match)], found: Option<Found>) {
    let as_they_are: Vec<Match> = fields.iter().map(|(_, field)| *field).collect();
    if found == Some(compared(&as_they_are)) {
        return;
    }
    let provided = fields.iter_mut().filter(|(_, field)| *field != Match::NotProvided);
    match found {
        Some(Found::ExactMatch) => provided.for_each(|(_, field)| *field = Match::Exact),
        Some(Found::PartialMatch) => provided.take(1).for_each(|(_, field)| *field = Match::Partial),
        Some(Found::NoMatch) => provided.for_each(|(_, field)| *field = Match::No),
        _ => {}
    }
}

/// Compares names, word by word, in any case. First and last name match without the middle one.
pub(crate) fn names(given: &[&str], persona: &Persona) -> Match {
    let lower = |name: &str| name.to_lowercase();
    let given: Vec<_> = given.iter().flat_map(|name| name.split_whitespace()).map(lower).collect();
    let actual: Vec<_> = persona.names().into_iter().map(lower).collect();
    let ends = [actual.first().cloned(), actual.last().cloned()];
    if given.is_empty() {
        Match::NotProvided
    } else if given == actual || given.iter().cloned().map(Some).eq(ends) {
        Match::Exact
    } else if !given.iter().any(|name| actual.contains(name)) {
        Match::No
    } else if is_part(&given, &actual) && !is_in_order(&given, &actual) {
        Match::Transposed
    } else {
        Match::Partial
    }
}

/// True if each word is among the actual ones, and none too often.
fn is_part(given: &[String], actual: &[String]) -> bool {
    let count = |all: &[String], name: &String| all.iter().filter(|other| *other == name).count();
    given.iter().all(|name| count(given, name) <= count(actual, name))
}

fn is_in_order(given: &[String], actual: &[String]) -> bool {
    let mut rest = actual.iter();
    given.iter().all(|name| rest.any(|other| other == name))
}

/// Compares dates of birth, `yyyy-mm-dd`: day and month swapped is transposed, two right parts is
/// partial.
pub(crate) fn date(given: Option<&str>, actual: &str) -> Match {
    let Some(given) = given else { return Match::NotProvided };
    let parts = |date: &str| -> Vec<String> { date.split('-').map(str::to_owned).collect() };
    match (&parts(given)[..], &parts(actual)[..]) {
        (given, actual) if given == actual => Match::Exact,
        ([year, day, month], [y, m, d]) if (year, month, day) == (y, m, d) => Match::Transposed,
        (given @ [_, _, _], actual @ [_, _, _]) => {
            let same = given.iter().zip(actual).filter(|(given, actual)| given == actual).count();
            if same == 2 { Match::Partial } else { Match::No }
        }
        _ => Match::No,
    }
}

/// Compares genders by their first letter.
pub(crate) fn gender(given: Option<&str>, actual: &str) -> Match {
    let initial = |gender: &str| gender.chars().next().map(|initial| initial.to_ascii_uppercase());
    exact(given, |given| initial(given) == initial(actual))
}

/// Compares telephone numbers by their digits. Each country writes the test number with a number of
/// zeros of its own, so any nine zeros or more match.
pub(crate) fn phone(given: Option<&str>, actual: &str) -> Match {
    let digits = |number: &str| -> String { number.chars().filter(char::is_ascii_digit).collect() };
    let actual = digits(actual);
    exact(given, |given| digits(given) == actual || (is_zeros(&digits(given)) && is_zeros(&actual)))
}

fn is_zeros(digits: &str) -> bool {
    digits.len() >= 9 && digits.bytes().all(|digit| digit == b'0')
}

pub(crate) fn exact(given: Option<&str>, is_right: impl FnOnce(&str) -> bool) -> Match {
    match given {
        None => Match::NotProvided,
        Some(given) if is_right(given) => Match::Exact,
        Some(_) => Match::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_words() {
        let persona = Persona::standard();
        for (given, expected) in [
            (&["Joe", "Doe", "Leo"][..], Match::Exact),
            (&["joe", "LEO"], Match::Exact),
            (&["Joe Doe Leo"], Match::Exact),
            (&["Leo", "Joe"], Match::Transposed),
            (&["Leo", "Doe", "Joe"], Match::Transposed),
            (&["Joe"], Match::Partial),
            (&["Joe", "Doe"], Match::Partial),
            (&["Joe", "Smith"], Match::Partial),
            (&["Joe", "Joe"], Match::Partial),
            (&["Ada", "Smith"], Match::No),
            (&["", " "], Match::NotProvided),
            (&[], Match::NotProvided),
        ] {
            assert_eq!(names(given, &persona), expected, "{given:?}");
        }
    }

    #[test]
    fn dates_are_compared_by_parts() {
        for (given, expected) in [
            (Some("2000-09-20"), Match::Exact),
            (Some("2000-20-09"), Match::Transposed),
            (Some("2000-09-21"), Match::Partial),
            (Some("1999-09-20"), Match::Partial),
            (Some("2000-01-01"), Match::No),
            (Some("20000920"), Match::No),
            (Some("-"), Match::No),
            (None, Match::NotProvided),
        ] {
            assert_eq!(date(given, "2000-09-20"), expected, "{given:?}");
        }
    }

    #[test]
    fn genders_and_phones_match_or_not() {
        for (given, expected) in
            [("M", Match::Exact), ("male", Match::Exact), ("F", Match::No), ("", Match::No)]
        {
            assert_eq!(gender(Some(given), "M"), expected, "{given:?}");
        }
        for (given, expected) in [
            ("00000000000", Match::Exact),
            ("0000000000", Match::Exact),
            ("+000 000 000", Match::Exact),
            ("0", Match::No),
            ("08012345678", Match::No),
        ] {
            assert_eq!(phone(Some(given), "00000000000"), expected, "{given:?}");
        }
        assert_eq!(phone(Some("0801-234"), "0801234"), Match::Exact);
        assert_eq!(phone(None, "0801234"), Match::NotProvided);
    }

    #[test]
    fn the_code_sums_the_fields_up() {
        use Match::{Exact, No, NotProvided, Partial, Transposed};
        for (fields, code) in [
            (&[Exact, NotProvided][..], "1020"),
            (&[Exact, No], "1021"),
            (&[Transposed], "1021"),
            (&[Partial, No], "1021"),
            (&[No, NotProvided], "1022"),
            (&[NotProvided], "1022"),
        ] {
            assert_eq!(match_code(fields), code, "{fields:?}");
        }
    }
}
