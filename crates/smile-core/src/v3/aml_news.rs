//! `GET /v3/aml/monitoring/{job_id}/news/{reference}`: the news about a person under watch (Smile
//! ID: the description of the v3 API, `getAmlMonitoringNews`). The operation only reads.
//!
//! Its 502 is documented to stay: the provider of the news won't answer this question. Its 503
//! passes.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};

use super::envelope::{object_with_list, refusal, refusal_that_stays};
use super::request::get;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse, segment};
use crate::result::view;
use crate::wire::tolerant;
use crate::{Partner, ProblemKind, Record, Timestamp, ValidationReport};

macro_rules! categories {
    ($($category:ident $word:literal,)*) => {
        /// The kind of news (`news_category`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum NewsCategory {
            $(#[doc = concat!("`", $word, "`.")] $category,)*
        }

        impl NewsCategory {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$category,)*];

            /// The service's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$category => $word,)* }
            }
        }
    };
}

categories! {
    ArmsTrafficking "arms_trafficking",
    CreditUpdate "credit_update",
    EnvironmentalCrime "environmental_crime",
    FinancialCrime "financial_crime",
    HumanRightsViolation "human_rights_violation",
    LeadershipChange "leadership_change",
    LegalRisk "legal_risk",
    LocationChange "location_change",
    Narcotics "narcotics",
    Other "other",
    OtherCrime "other_crime",
    OwnershipChange "ownership_change",
    ProductChange "product_change",
    Regulatory "regulatory",
    SexualCrime "sexual_crime",
    TechnologyEvent "technology_event",
    Terrorism "terrorism",
    ViolentCrime "violent_crime",
}

/// Asks for the news about a person whom a monitoring has found.
#[derive(Clone)]
pub struct AmlNewsRequest {
    job_id: String,
    reference: String,
    category: NewsCategory,
    page: Option<u32>,
    limit: Option<u32>,
}

impl AmlNewsRequest {
    /// News of this kind about the person with this reference (`ref` in the monitoring's result) of
    /// this job.
    pub fn new(job_id: impl Into<String>, reference: impl Into<String>, category: NewsCategory) -> Self {
        Self { job_id: job_id.into(), reference: reference.into(), category, page: None, limit: None }
    }

    /// The page, 1 to 100; 1 by default.
    #[must_use]
    pub fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// Sets the number of entries of a page, 1 to 100; 25 by default.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl fmt::Debug for AmlNewsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmlNewsRequest").field("category", &self.category).finish_non_exhaustive()
    }
}

impl Operation for AmlNewsRequest {
    type Output = AmlNews;
    const STEP: Step = Step::AmlNews;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.path_segment("job_id", &self.job_id);
        found.path_segment("reference", &self.reference);
        for (field, number) in [("page", self.page), ("limit", self.limit)] {
            if number.is_some_and(|number| !(1..=100).contains(&number)) {
                found.add(field, ProblemKind::Malformed, "must be 1 to 100");
            }
        }
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        let (job_id, reference) = (segment(&self.job_id), segment(&self.reference));
        let mut path =
            format!("/aml/monitoring/{job_id}/news/{reference}?news_category={}", self.category.as_str());
        for (name, number) in [("page", self.page), ("limit", self.limit)] {
            if let Some(number) = number {
                path.push_str(&format!("&{name}={number}"));
            }
        }
        get(partner, &path)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<AmlNews, OperationError> {
        if response.status() == StatusCode::BAD_GATEWAY {
            return Err(refusal_that_stays(response).into());
        }
        if !response.status().is_success() {
            return Err(refusal(response).into());
        }
        object_with_list(response, "news").map(AmlNews)
    }
}

/// A page of news. It is about a person, so `Debug` shows only how many entries there are.
#[derive(Clone, PartialEq)]
pub struct AmlNews(Map<String, Value>);

view! {
    /// Something that the press wrote.
    AmlNewsEntry {
        title "title" "The title",
        body "body" "The text",
        publisher "publisher" "Who published it",
        publisher_country_code "publisher_country_code" "The publisher's country",
        published_date "published_date" "When, as the source writes it: a date, or a date with a time",
        url "url" "Where, as the source writes it: the scheme may be missing",
    }
}

impl AmlNews {
    /// The entries of this page.
    pub fn news(&self) -> Vec<AmlNewsEntry<'_>> {
        Record::new(&self.0).children("news").map(AmlNewsEntry).collect()
    }

    /// The number of entries on all pages (`meta.total_count`).
    pub fn total_count(&self) -> Option<u64> {
        self.meta("total_count")
    }

    /// The number of this page (`meta.current_page`).
    pub fn current_page(&self) -> Option<u64> {
        self.meta("current_page")
    }

    fn meta(&self, key: &str) -> Option<u64> {
        tolerant::text(tolerant::field(&self.0, "meta")?.as_object()?, key)?.trim().parse().ok()
    }

    /// The whole answer, as it came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for AmlNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AmlNews({} entries)", self.news().len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{JOB, golden};

    fn news() -> AmlNewsRequest {
        AmlNewsRequest::new(JOB, "a/../b", NewsCategory::FinancialCrime)
    }

    #[test]
    fn golden_request() {
        let expected = "GET https://testapi.smileidentity.com/v3/aml/monitoring/job_01h8x9y2z3a4b5c6d7e8f9g0h1/news/\
                        a%2F%2E%2E%2Fb?news_category=financial_crime&page=2&limit=100";
        assert_eq!(golden(&news().with_page(2).with_limit(100)), [expected]);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "job_id": JOB, "product": "aml_monitoring_news", "user_id": "user-1",
            "meta": { "current_page": 1, "limit": 25, "total_count": 26 },
            "news": [{ "title": "A headline", "published_date": "2026-01-02", "url": "paper.example/1" }],
        });
        let page = news().parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!((page.current_page(), page.total_count(), page.news().len()), (Some(1), Some(26), 1));
        assert_eq!(page.news()[0].published_date().unwrap().expose(), "2026-01-02");
        assert!(!format!("{page:?} {:?}", page.news()).contains("headline"));
        assert!(news().parse(&partner(), noon(), &answer(200, &json!({ "job_id": JOB }))).is_err());
    }

    #[test]
    fn the_providers_502_stays_and_its_503_passes() {
        let says = |status, phrase: &str| {
            let body = json!({ "status": phrase, "message": "Unable to complete request." });
            news().parse(&partner(), noon(), &answer(status, &body)).unwrap_err().is_transient()
        };
        assert!(!says(502, "Bad Gateway"));
        assert!(says(503, "Service Unavailable"));
    }

    #[test]
    fn pages_and_limits_are_1_to_100() {
        for (number, is_right) in [(0, false), (1, true), (100, true), (101, false)] {
            assert_eq!(news().with_page(number).check(&partner()).problems.is_empty(), is_right);
            assert_eq!(news().with_limit(number).check(&partner()).problems.is_empty(), is_right);
        }
    }

    #[test]
    fn there_are_18_categories() {
        assert_eq!(NewsCategory::ALL.len(), 18);
    }
}
