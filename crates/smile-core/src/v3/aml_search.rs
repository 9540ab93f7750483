//! Whom an AML check looks for, and how.

use super::check::country_code;
use super::multipart::Multipart;
use crate::wire::characters::Rule;
use crate::{ProblemKind, Timestamp, ValidationReport};

/// The fields that one-time AML and monitoring share.
#[derive(Clone, Default)]
pub(crate) struct AmlSearch {
    pub(crate) countries: Vec<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) birth_year: Option<u16>,
    pub(crate) strict_match: Option<bool>,
    pub(crate) aliases: Vec<String>,
    pub(crate) search_existing_user: bool,
}

impl AmlSearch {
    pub(crate) fn new(countries: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let countries = countries.into_iter().map(|country| country_code(country.as_ref())).collect();
        Self { countries, ..Self::default() }
    }

    pub(crate) fn check(&self, found: &mut ValidationReport) {
        if self.countries.is_empty() {
            found.add("countries", ProblemKind::Missing, "must name at least one country");
        }
        for (index, country) in self.countries.iter().enumerate() {
            let field = format!("countries[{index}]");
            found.required(&field, Some(country));
            found.country(&field, Some(country));
        }
        if let Some(name) = &self.full_name {
            found.required("full_name", Some(name));
            found.characters("full_name", Some(name), Rule::Number);
        }
        if self.birth_year.is_some_and(|year| !(1_000..=9_999).contains(&year)) {
            found.add("birth_year", ProblemKind::Malformed, "must be a year of four digits");
        }
        if self.aliases.len() > 20 {
            let rule = format!("must be at most 20, and there are {}", self.aliases.len());
            found.add("aliases", ProblemKind::Malformed, rule);
        }
        for (index, alias) in self.aliases.iter().enumerate() {
            let field = format!("aliases[{index}]");
            found.required(&field, Some(alias));
            found.length(&field, alias, 256);
        }
    }

    pub(crate) fn check_at(&self, found: &mut ValidationReport, now: Timestamp) {
        let this_year = now.to_string()[..4].parse().unwrap_or(u16::MAX);
        if self.birth_year.is_some_and(|year| (1_000..=9_999).contains(&year) && year > this_year) {
            found.add("birth_year", ProblemKind::Malformed, "must not be in the future");
        }
    }

    pub(crate) fn write(&self, parts: &mut Multipart) {
        parts.json_text("countries", &self.countries);
        parts.optional("full_name", self.full_name.as_deref());
        parts.optional("birth_year", self.birth_year.map(|year| format!("{year:04}")).as_deref());
        if let Some(yes) = self.strict_match {
            parts.flag("strict_match", yes);
        }
        if !self.aliases.is_empty() {
            parts.json_text("aliases", &self.aliases);
        }
        if self.search_existing_user {
            parts.flag("search_existing_user", true);
        }
    }
}

/// The options of both AML checks.
macro_rules! aml_options {
    ($type:ident) => {
        impl $type {
            /// The year of birth, four digits and not in the future. It tells people of one name
            /// apart.
            #[must_use]
            pub fn with_birth_year(mut self, year: u16) -> Self {
                self.search.birth_year = Some(year);
                self
            }

            /// Requires an exact match of name and year, or not; required by default.
            #[must_use]
            pub fn with_strict_match(mut self, yes: bool) -> Self {
                self.search.strict_match = Some(yes);
                self
            }

            /// Other names of the person: at most 20, of at most 256 characters each.
            #[must_use]
            pub fn with_aliases(mut self, aliases: impl IntoIterator<Item = impl Into<String>>) -> Self {
                self.search.aliases = aliases.into_iter().map(Into::into).collect();
                self
            }
        }
    };
}

pub(crate) use aml_options;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::testing::noon;

    fn problems(search: &AmlSearch) -> Vec<String> {
        let mut found = ValidationReport::default();
        search.check(&mut found);
        search.check_at(&mut found, noon());
        found.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn at_least_one_country_is_needed_and_each_is_a_code() {
        assert_eq!(problems(&AmlSearch::new([""; 0])), ["`countries` must name at least one country"]);
        assert_eq!(problems(&AmlSearch::new(["ng", "Ghana"])), [""; 0]);
        assert!(
            problems(&AmlSearch::new(["NG", "Atlantis"]))[0]
                .starts_with("`countries[1]` must be the two capital")
        );
    }

    #[test]
    fn a_birth_year_has_four_digits_and_is_not_in_the_future() {
        for (year, rule) in [
            (999, Some("must be a year of four digits")),
            (1_000, None),
            (2_024, None),
            (2_025, Some("must not be in the future")),
            (10_000, Some("must be a year of four digits")),
        ] {
            let search = AmlSearch { birth_year: Some(year), ..AmlSearch::new(["NG"]) };
            let expected: Vec<_> = rule.map(|rule| format!("`birth_year` {rule}")).into_iter().collect();
            assert_eq!(problems(&search), expected, "{year}");
        }
    }

    #[test]
    fn aliases_are_at_most_20_of_256_characters() {
        let of = |aliases: Vec<String>| problems(&AmlSearch { aliases, ..AmlSearch::new(["NG"]) });
        assert_eq!(of(vec!["é".repeat(256); 20]), [""; 0]);
        assert_eq!(of(vec!["a".to_owned(); 21]), ["`aliases` must be at most 20, and there are 21"]);
        assert_eq!(of(vec!["a".repeat(257)]), ["`aliases[0]` must have at most 256 characters, and has 257"]);
        assert_eq!(of(vec![String::new()]), ["`aliases[0]` must not be empty"]);
    }
}
