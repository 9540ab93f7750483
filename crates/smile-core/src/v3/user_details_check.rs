//! The checks of who is to be verified, before anything is sent.

use crate::job::user_details::UserDetails;
use crate::wire::characters::Rule;
use crate::{ProblemKind, ValidationReport};

impl ValidationReport {
    pub(crate) fn user_details(&mut self, details: &UserDetails) {
        const EMAIL: &str = "user_details.email";
        const PHONE: &str = "user_details.phone_number";
        self.required("user_details.given_names", Some(&details.given_names));
        self.required("user_details.last_name", Some(&details.last_name));
        if details.email.is_none() && details.phone_number.is_none() {
            self.add(EMAIL, ProblemKind::Missing, "must be set, unless `user_details.phone_number` is");
        }
        if let Some(email) = &details.email {
            self.required(EMAIL, Some(email));
            self.email(EMAIL, email);
        }
        if let Some(phone) = &details.phone_number {
            self.required(PHONE, Some(phone));
            if !phone.trim().is_empty() && !is_e164(phone) {
                let rule = "must be in international form (E.164): `+`, the country's code and 7 to 15 digits in all, \
                            such as `+2348012345678`";
                self.add(PHONE, ProblemKind::Malformed, rule);
            }
        }
    }

    /// An e-mail address. An empty one is judged elsewhere.
    pub(crate) fn email(&mut self, field: &str, email: &str) {
        let before = self.problems.len();
        self.characters(field, Some(email), Rule::Code);
        if self.problems.len() == before && !email.trim().is_empty() && !is_email(email) {
            self.add(field, ProblemKind::Malformed, "must be an e-mail address such as `jane@example.com`");
        }
    }
}

/// `^\+[1-9]\d{6,14}$`, in ASCII digits.
fn is_e164(phone: &str) -> bool {
    let digits = phone.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let has_dots = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    (1..=64).contains(&local.len()) && !local.contains('@') && has_dots && domain.len() <= 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(details: &UserDetails) -> Vec<String> {
        let mut found = ValidationReport::default();
        found.user_details(details);
        found.problems.iter().map(ToString::to_string).collect()
    }

    fn john() -> UserDetails {
        UserDetails::new("John", "Doe")
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let json = serde_json::to_string(&john().with_email("john@example.com")).unwrap();
        assert_eq!(json, r#"{"given_names":"John","last_name":"Doe","email":"john@example.com"}"#);
    }

    #[test]
    fn names_must_not_be_empty() {
        for (details, field) in [
            (UserDetails::new(" ", "Doe"), "user_details.given_names"),
            (UserDetails::new("John", ""), "user_details.last_name"),
        ] {
            assert_eq!(
                problems(&details.with_email("john@example.com")),
                [format!("`{field}` must not be empty")]
            );
        }
    }

    #[test]
    fn an_email_or_a_phone_number_is_needed() {
        let rule = "`user_details.email` must be set, unless `user_details.phone_number` is";
        assert_eq!(problems(&john()), [rule]);
        assert_eq!(problems(&john().with_email("john@example.com")), [""; 0]);
        assert_eq!(problems(&john().with_phone_number("+2348012345678")), [""; 0]);
    }

    #[test]
    fn a_phone_number_is_in_international_form() {
        for right in ["+1234567", "+123456789012345"] {
            assert_eq!(problems(&john().with_phone_number(right)), [""; 0], "{right}");
        }
        for wrong in
            ["08012345678", "+0801234567", "+123456", "+1234567890123456", "+234 801 234 567", "+٢٣٤٨٠١٢٣"]
        {
            let found = problems(&john().with_phone_number(wrong));
            assert!(
                found[0].starts_with("`user_details.phone_number` must be in international form"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_email_has_the_form_of_one() {
        for right in ["a@b.co", "john+kyc@mail.example.com"] {
            assert_eq!(problems(&john().with_email(right)), [""; 0], "{right}");
        }
        for wrong in [
            "",
            "john",
            "john@",
            "@example.com",
            "john@example",
            "john@.com",
            "john@a..b",
            "jo hn@example.com",
            "a@b@c.de",
        ] {
            assert_eq!(problems(&john().with_email(wrong)).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn debug_shows_nothing_personal() {
        let shown = format!("{:?}", john().with_email("john@example.com"));
        assert!(!shown.contains("John") && !shown.contains("example"), "{shown}");
    }
}
