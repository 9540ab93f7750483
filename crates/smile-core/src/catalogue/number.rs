//! Checks of ID numbers against their formats, and the repair of small slips.
//!
//! The formats are regular expressions, built when a number of their ID type is first looked at.
//! Matchers generated from the table would save that, some microseconds; but the formats that the
//! services endpoint gives come at run time and need an engine anyway, and one engine has one
//! opinion of what a format means.

use std::borrow::Cow;

use regex_lite::{Regex, RegexBuilder};

use super::rows::{Certainty, NumberFormat};

/// Result of checking an ID number. Only the ID authority knows whether there is such a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NumberCheck {
    /// The number has a form that the service takes.
    Right,
    /// The number has not; but nobody at Smile ID says what the form is. Ask the person to look
    /// again, and take a second yes.
    LikelyWrong,
    /// The number has not, by Smile ID's own word. The job would fail.
    CertainlyWrong,
    /// The form of such numbers isn't known.
    Unknown,
}

/// Formats of the numbers of an ID type.
pub(super) struct Formats {
    /// Formats that can be read. The first is the one to mend a number for.
    readable: Vec<Regex>,
    certainly_all: bool,
}

impl Formats {
    /// Formats of the catalogue.
    pub(super) fn known(rows: &[NumberFormat]) -> Self {
        let readable = rows.iter().filter_map(|row| regex(row.regex, row.ignore_case)).collect();
        Self { readable, certainly_all: rows.iter().any(|row| row.certainty == Certainty::Confirmed) }
    }

    /// Formats from the service, and after them the built-in ones. If no format of the service's
    /// can be read, none is known: the built-in ones may be outdated.
    pub(super) fn of_service<'a>(said: impl Iterator<Item = &'a str>, rows: &[NumberFormat]) -> Self {
        let mut readable = Vec::new();
        let mut certainly_all = true;
        for format in said {
            let (pattern, ignore_case) = without_slashes(format);
            match regex(pattern, ignore_case) {
                Some(regex) => readable.push(regex),
                None => certainly_all = false,
            }
        }
        if !readable.is_empty() {
            readable.extend(rows.iter().filter_map(|row| regex(row.regex, row.ignore_case)));
        }
        Self { readable, certainly_all }
    }

    pub(super) fn check(&self, number: &str, hyphens_optional: bool) -> NumberCheck {
        if self.readable.is_empty() {
            NumberCheck::Unknown
        } else if self.fitting(number.trim(), hyphens_optional).is_some() {
            NumberCheck::Right
        } else if self.certainly_all {
            NumberCheck::CertainlyWrong
        } else {
            NumberCheck::LikelyWrong
        }
    }

    pub(super) fn normalise<'a>(&self, number: &'a str, hyphens_optional: bool) -> Cow<'a, str> {
        let number = number.trim();
        self.fitting(number, hyphens_optional).unwrap_or(Cow::Borrowed(number))
    }

    /// Number with as little as possible changed so that it fits a format, the first that it can be
    /// made to fit.
    ///
    /// Doing it twice is doing it once: what can be made of the result could be made of the number.
    fn fitting<'a>(&self, number: &'a str, hyphens_optional: bool) -> Option<Cow<'a, str>> {
        let mut candidates: Vec<Cow<'a, str>> = Vec::new();
        for without_hyphens in [false, true] {
            for in_capitals in [false, true] {
                for without_spaces in [false, true] {
                    if without_hyphens && !hyphens_optional {
                        continue;
                    }
                    let kept =
                        |c: &char| !(without_spaces && c.is_whitespace() || without_hyphens && is_hyphen(*c));
                    let changed = number.chars().any(|c| !kept(&c) || in_capitals && c.is_ascii_lowercase());
                    let candidate = if changed {
                        let capital = |c: char| if in_capitals { c.to_ascii_uppercase() } else { c };
                        Cow::Owned(number.chars().filter(kept).map(capital).collect())
                    } else {
                        Cow::Borrowed(number)
                    };
                    if !candidates.contains(&candidate) {
                        candidates.push(candidate);
                    }
                }
            }
        }
        self.readable.iter().find_map(|format| {
            let at = candidates.iter().position(|candidate| format.is_match(candidate))?;
            Some(candidates[at].clone())
        })
    }
}

/// True for the hyphen of a keyboard, and for those of word processors.
fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn regex(pattern: &str, ignore_case: bool) -> Option<Regex> {
    // Far more than any format needs. What comes over the network must not take the memory.
    const SIZE_LIMIT: usize = 1 << 18;
    if pattern.is_empty() {
        return None;
    }
    RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(SIZE_LIMIT).build().ok()
}

/// Format without slashes and flags, as JavaScript writes it: `/^[A-Z]$/i`, or with the closing
/// slash only.
fn without_slashes(format: &str) -> (&str, bool) {
    let format = format.trim();
    let Some((pattern, flags)) = format.rsplit_once('/') else { return (format, false) };
    let opened = pattern.strip_prefix('/');
    let closes = !pattern.ends_with('\\')
        && flags.bytes().all(|flag| b"dgimsuvy".contains(&flag))
        && (opened.is_some() || !flags.is_empty());
    if closes { (opened.unwrap_or(pattern), flags.contains('i')) } else { (format, false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_flags_are_told_from_the_pattern() {
        for (format, expected) in [
            ("^[A-Z0-9]{6,10}$", ("^[A-Z0-9]{6,10}$", false)),
            ("^[A-Z0-9]{6,10}$/i", ("^[A-Z0-9]{6,10}$", true)),
            ("/^[A-Z0-9]{6,10}$/i", ("^[A-Z0-9]{6,10}$", true)),
            ("/^[A-Z0-9]{6,10}$/", ("^[A-Z0-9]{6,10}$", false)),
            ("^[A-Z]$/gi", ("^[A-Z]$", true)),
            (r"\d{4}\/\d{6}\/\d{2}", (r"\d{4}\/\d{6}\/\d{2}", false)),
            (r"^\d\/i", (r"^\d\/i", false)),
            ("^a/b$", ("^a/b$", false)),
            ("^a/", ("^a/", false)),
            ("", ("", false)),
        ] {
            assert_eq!(without_slashes(format), expected, "{format}");
        }
    }

    #[test]
    fn what_cannot_be_read_of_the_service_is_not_known() {
        let of = |said: &[&str]| Formats::of_service(said.iter().copied(), &[]);
        for said in ["(", "(?=a)a", "", "/i", "a{1000}{1000}{1000}"] {
            assert_eq!(of(&[said]).check("a", false), NumberCheck::Unknown, "{said}");
        }
        assert_eq!(of(&["^a$/i"]).check("A", false), NumberCheck::Right);
        assert_eq!(of(&["^a$"]).check("b", false), NumberCheck::CertainlyWrong);
        assert_eq!(of(&["^a$", "("]).check("b", false), NumberCheck::LikelyWrong);
    }
}
