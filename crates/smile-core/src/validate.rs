//! What a job must have before anything is read or sent.
//!
//! The official SDKs disagree on these rules; each one here is the strictest that the service itself holds to, and
//! none of them is only some SDK's own.

use crate::environment::CallbackUrl;
use crate::image::ImageSource;
use crate::timestamp::is_calendar_date;
use crate::{Environment, ImageRole, Job, JobType, Partner, Problem, ProblemKind, ValidationError};

impl Job {
    /// Checks everything that can be told without looking at the images. Running a job does this first.
    ///
    /// # Errors
    /// All problems at once, each with the field and the rule.
    pub fn validate(&self, partner: &Partner) -> Result<(), ValidationError> {
        let mut problems = Problems(Vec::new());
        self.check_partner_params(&mut problems);
        self.check_images(&mut problems);
        self.check_id_info(&mut problems);
        self.check_return(partner, &mut problems);
        ValidationError::check(problems.0)
    }

    fn check_partner_params(&self, problems: &mut Problems) {
        let params = &self.partner_params;
        problems.required("partner_params.user_id", Some(params.user_id.as_str()));
        problems.required("partner_params.job_id", Some(params.job_id.as_str()));
        for key in ["user_id", "job_id", "job_type"] {
            if params.extra.contains_key(key) {
                problems.add(
                    format!("partner_params.{key}"),
                    ProblemKind::Conflict,
                    "is set by the job itself and can't be an extra key",
                );
            }
        }
    }

    fn check_images(&self, problems: &mut Problems) {
        let lifts_selfie = self.options.use_enrolled_image && self.job_type.is_document();
        if !self.has(ImageRole::Selfie) && !lifts_selfie {
            problems.add("images", ProblemKind::Missing, "must have a selfie (image type 0 or 2)");
        }
        if self.job_type.is_document() && !self.has(ImageRole::IdCard) {
            let rule =
                format!("must have the front of the document (image type 1 or 3) for {}", self.job_type);
            problems.add("images", ProblemKind::Missing, rule);
        }
        for (index, (role, image)) in self.images.iter().enumerate() {
            if matches!(&image.source, ImageSource::Path(path) if path.as_os_str().is_empty()) {
                problems.add(image_field(index, *role), ProblemKind::Missing, "must name a file");
            }
        }
    }

    fn check_id_info(&self, problems: &mut Problems) {
        let id_info = &self.id_info;
        let country = id_info.country.as_deref();
        let is_document = self.job_type.is_document();
        if is_document || id_info.entered {
            problems.required("id_info.country", country);
        }
        if self.job_type == JobType::ENHANCED_DOCUMENT_VERIFICATION || (id_info.entered && !is_document) {
            problems.required("id_info.id_type", id_info.id_type.as_deref());
        }
        // A consent session stands for the number where the person never types one.
        let has_session = id_info.session_id.is_some() || id_info.openid_state.is_some();
        if id_info.entered && !is_document && !has_session {
            problems.required("id_info.id_number", id_info.id_number.as_deref());
        }
        let looks_like_a_country =
            |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if country.is_some_and(|country| !country.trim().is_empty() && !looks_like_a_country(country)) {
            let rule = "must be the two capital letters of ISO 3166-1, such as `NG`";
            problems.add("id_info.country", ProblemKind::Malformed, rule);
        }
        if id_info.dob.as_deref().is_some_and(|dob| !is_calendar_date(dob)) {
            problems.add("id_info.dob", ProblemKind::Malformed, "must be a date of the form `YYYY-MM-DD`");
        }
        if self.job_type == JobType::BIOMETRIC_KYC && !id_info.entered && !self.has(ImageRole::IdCard) {
            let rule = "must be entered (country, ID type and ID number) unless there is an ID card image";
            problems.add("id_info", ProblemKind::Missing, rule);
        }
        let typed = id_info.fields().map(|(name, _)| name);
        for key in id_info.extra.keys() {
            if typed.contains(&key.as_str()) || key == "entered" || key == "consent_information" {
                let rule = "has a method of its own and can't be an extra key";
                problems.add(format!("id_info.{key}"), ProblemKind::Conflict, rule);
            }
        }
    }

    fn check_return(&self, partner: &Partner, problems: &mut Problems) {
        match self.callback_for(partner) {
            None if !self.options.return_job_status => {
                let rule = "must be set, for the job or the partner, unless `return_job_status` is on";
                problems.add("callback_url", ProblemKind::Missing, rule);
            }
            // The callback carries personal data over the open internet, unless the service is one's own.
            Some(url) if !url.is_private() && !matches!(partner.environment(), Environment::Custom(_)) => {
                problems.add("callback_url", ProblemKind::Malformed, "must begin with `https://`");
            }
            _ => {}
        }
    }

    /// Where this job's callbacks go.
    pub(crate) fn callback_for<'a>(&'a self, partner: &'a Partner) -> Option<&'a CallbackUrl> {
        self.options.callback_url.as_ref().or(partner.callback_url())
    }
}

/// How an image is named in a problem: by its place and what it shows, never by its path.
pub(crate) fn image_field(index: usize, role: ImageRole) -> String {
    format!("images[{index}] ({})", role.name())
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, kind: ProblemKind, rule: impl Into<String>) {
        self.0.push(Problem::new(field, kind, rule));
    }

    fn required(&mut self, field: &'static str, value: Option<&str>) {
        if value.is_none_or(|value| value.trim().is_empty()) {
            self.add(field, ProblemKind::Missing, "must not be empty");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IdInfo, Image, JobId, PartnerParams, Selfie, UserId};

    fn partner(environment: Environment) -> Partner {
        Partner::new("001", "key", environment).unwrap()
    }

    fn params() -> PartnerParams {
        PartnerParams::new(UserId::new("u"), JobId::new("j"))
    }

    fn image() -> Image {
        Image::bytes(&b"\xFF\xD8\xFF"[..])
    }

    fn problems(job: &Job) -> Vec<String> {
        match job.validate(&partner(Environment::Sandbox)) {
            Ok(()) => vec![],
            Err(error) => error.problems().iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn every_constructor_makes_a_job_that_only_lacks_where_the_result_goes() {
        let id_info = IdInfo::new("NG", "BVN", "00000000000");
        for job in [
            Job::biometric_kyc(params(), image(), id_info.clone()),
            Job::biometric_kyc_with_id_card(params(), image(), image()),
            Job::smartselfie_authentication(params(), image()),
            Job::smartselfie_registration(params(), image()),
            Job::document_verification(params(), image(), image(), "GH"),
            Job::document_verification(params(), Selfie::Enrolled, image(), "GH"),
            Job::enhanced_document_verification(params(), image(), image(), "GH", "PASSPORT"),
            Job::enhanced_document_verification(params(), Selfie::Enrolled, image(), "GH", "PASSPORT"),
            Job::update_photo(params(), image()),
            Job::compare_user_info(params(), image(), image(), id_info.clone()),
        ] {
            let missing =
                "`callback_url` must be set, for the job or the partner, unless `return_job_status` is on";
            assert_eq!(problems(&job), [missing], "{job:?}");
            assert!(problems(&job.clone().return_job_status(true)).is_empty());
            assert!(problems(&job.callback_url("https://bank.example/").unwrap()).is_empty());
        }
    }

    #[test]
    fn all_problems_are_named_at_once_with_field_and_rule() {
        let job = Job::enhanced_document_verification(
            PartnerParams::new(UserId::new(""), JobId::new(" ")).with("job_type", 1),
            Image::path(""),
            image(),
            "ghana",
            "",
        )
        .with_id_info(IdInfo::for_document("gh").with_dob("20-09-2000").with("entered", true));
        assert_eq!(
            problems(&job),
            [
                "`partner_params.user_id` must not be empty",
                "`partner_params.job_id` must not be empty",
                "`partner_params.job_type` is set by the job itself and can't be an extra key",
                "`images[0] (selfie)` must name a file",
                "`id_info.id_type` must not be empty",
                "`id_info.country` must be the two capital letters of ISO 3166-1, such as `NG`",
                "`id_info.dob` must be a date of the form `YYYY-MM-DD`",
                "`id_info.entered` has a method of its own and can't be an extra key",
                "`callback_url` must be set, for the job or the partner, unless `return_job_status` is on",
            ]
        );
    }

    #[test]
    fn an_id_that_is_entered_is_complete() {
        let job = |id_info| {
            Job::smartselfie_registration(params(), image()).with_id_info(id_info).return_job_status(true)
        };
        assert_eq!(
            problems(&job(IdInfo::default().with_entered(true))),
            [
                "`id_info.country` must not be empty",
                "`id_info.id_type` must not be empty",
                "`id_info.id_number` must not be empty",
            ]
        );
        assert!(problems(&job(IdInfo::default())).is_empty());
        let by_session = IdInfo::default().with_country("NG").with_id_type("BVN_MFA").with_session_id("s");
        assert!(problems(&job(by_session.with_entered(true))).is_empty());
    }

    #[test]
    fn a_biometric_kyc_needs_an_entered_id_or_a_card() {
        let job = Job::of_type(JobType::BIOMETRIC_KYC, params()).with_selfie(image()).return_job_status(true);
        let missing =
            "`id_info` must be entered (country, ID type and ID number) unless there is an ID card image";
        assert_eq!(problems(&job), [missing]);
        assert!(problems(&job.with_id_card(image())).is_empty());
    }

    #[test]
    fn the_enrolled_image_stands_in_for_the_selfie_of_document_jobs_alone() {
        let missing = "`images` must have a selfie (image type 0 or 2)";
        for number in [1, 2, 4, 8] {
            let job = Job::of_type(JobType::from_number(number), params()).with_id_card(image());
            assert_eq!(
                problems(&job.use_enrolled_image(true).return_job_status(true)),
                [missing],
                "{number}"
            );
        }
        let no_card = Job::of_type(JobType::DOCUMENT_VERIFICATION, params())
            .use_enrolled_image(true)
            .with_id_info(IdInfo::for_document("KE"))
            .return_job_status(true);
        assert_eq!(
            problems(&no_card),
            [
                "`images` must have the front of the document (image type 1 or 3) for Document Verification (job type 6)"
            ]
        );
    }

    #[test]
    fn callbacks_from_the_internet_come_over_https() {
        let job = Job::update_photo(params(), image()).callback_url("http://bank.example/").unwrap();
        assert_eq!(problems(&job), ["`callback_url` must begin with `https://`"]);
        let own = partner("https://emulator.example/v1".parse().unwrap());
        assert_eq!(job.validate(&own), Ok(()));
    }
}
