//! Conditions that select the jobs of a rule.

use crate::result::product::Product;

/// A condition on jobs: the ones that meet every given part.
///
/// ```
/// use smile_sandbox::{Matcher, Product};
///
/// let matcher = Matcher::product(Product::BiometricKyc).with_country("NG").with_id_type("BVN");
/// # let _ = matcher;
/// ```
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[must_use]
pub struct Matcher {
    pub(crate) job_id: Option<String>,
    pub(crate) job_id_prefix: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) product: Option<Product>,
    pub(crate) country: Option<String>,
    pub(crate) id_type: Option<String>,
    pub(crate) nth: Option<u32>,
}

impl Matcher {
    /// Matches every job.
    pub fn any() -> Self {
        Self::default()
    }

    /// Matches the job with this id of the partner's.
    pub fn job_id(job_id: impl Into<String>) -> Self {
        Self::any().with_job_id(job_id)
    }

    /// Matches jobs with an id that begins with this prefix.
    pub fn job_id_prefix(prefix: impl Into<String>) -> Self {
        Self { job_id_prefix: Some(prefix.into()), ..Self::any() }
    }

    /// Matches jobs of this user.
    pub fn user_id(user_id: impl Into<String>) -> Self {
        Self::any().with_user_id(user_id)
    }

    /// Matches jobs of this product.
    pub fn product(product: Product) -> Self {
        Self { product: Some(product), ..Self::any() }
    }

    /// Also requires this job id.
    pub fn with_job_id(mut self, job_id: impl Into<String>) -> Self {
        self.job_id = Some(job_id.into());
        self
    }

    /// Also requires this user.
    pub fn with_user_id(mut self, user_id: impl Into<String>) -> Self {
        self.user_id = Some(user_id.into());
        self
    }

    /// Also requires this country, as two letters; of an AML check, one of its countries.
    pub fn with_country(mut self, country: impl Into<String>) -> Self {
        self.country = Some(country.into());
        self
    }

    /// Also requires an ID, or document, of this type.
    pub fn with_id_type(mut self, id_type: impl Into<String>) -> Self {
        self.id_type = Some(id_type.into());
        self
    }

    /// Also requires the n-th job, from 1, that meets the other conditions since the rule was
    /// added. A zip that is uploaded again, and a check that is repeated, count again.
    pub fn with_nth(mut self, nth: u32) -> Self {
        self.nth = Some(nth);
        self
    }

    /// True if a job meets the conditions other than the number.
    pub(crate) fn matches(&self, job: &Submitted<'_>) -> bool {
        let is =
            |wanted: &Option<String>, actual: &str| wanted.as_deref().is_none_or(|wanted| wanted == actual);
        is(&self.job_id, job.job_id)
            && self.job_id_prefix.as_deref().is_none_or(|prefix| job.job_id.starts_with(prefix))
            && is(&self.user_id, job.user_id)
            && self.product.is_none_or(|product| product == job.product)
            && self.country.as_deref().is_none_or(|country| job.countries.contains(&country))
            && self.id_type.as_deref().is_none_or(|id_type| job.id_type == Some(id_type))
    }
}

/// Shows only the kinds of conditions, as their values may be ids of people.
impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matcher")
            .field("has_job_id", &self.job_id.is_some())
            .field("has_job_id_prefix", &self.job_id_prefix.is_some())
            .field("has_user_id", &self.user_id.is_some())
            .field("product", &self.product)
            .field("country", &self.country)
            .field("id_type", &self.id_type)
            .field("nth", &self.nth)
            .finish()
    }
}

/// The facts about a job that rules are matched with.
#[derive(Clone)]
pub(crate) struct Submitted<'a> {
    pub(crate) job_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) product: Product,
    pub(crate) countries: Vec<&'a str>,
    pub(crate) id_type: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_has_to_be_met() {
        let job = Submitted {
            job_id: "kyc-1",
            user_id: "ada",
            product: Product::BiometricKyc,
            countries: vec!["NG"],
            id_type: Some("BVN"),
        };
        for (matcher, expected) in [
            (Matcher::any(), true),
            (Matcher::job_id("kyc-1"), true),
            (Matcher::job_id("kyc"), false),
            (Matcher::job_id_prefix("kyc-"), true),
            (Matcher::job_id_prefix("aml-"), false),
            (Matcher::user_id("ada"), true),
            (Matcher::user_id("eve"), false),
            (Matcher::product(Product::BiometricKyc).with_country("NG").with_id_type("BVN"), true),
            (Matcher::product(Product::BiometricKyc).with_country("KE"), false),
            (Matcher::product(Product::EnhancedKyc), false),
            (Matcher::job_id("kyc-1").with_user_id("eve"), false),
            (Matcher::any().with_id_type("NIN_V2"), false),
        ] {
            assert_eq!(matcher.matches(&job), expected, "{matcher:?}");
        }
    }

    #[test]
    fn debug_names_nobody() {
        let matcher = Matcher::job_id("ada-1").with_user_id("ada@example.com");
        assert!(!format!("{matcher:?}").contains("ada"));
    }
}
