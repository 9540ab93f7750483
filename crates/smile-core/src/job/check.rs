//! Checks of a job or a request before anything is read or sent.
//!
//! The official SDKs disagree on these rules; each one here is the strictest that the service
//! itself holds to, and none of them is only some SDK's own. What the service would certainly
//! refuse is a problem; what it will likely refuse, or what will disappoint, is a warning, and is
//! sent all the same.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::catalogue::{
    BankCode, Certainty, IdType, IdTypeCatalogue, IdTypeProduct, NumberCheck, documents_of, nearest,
    normalise_bank_code,
};
use crate::job::image::ImageSource;
use crate::partner::environment::{CallbackUrl, WebUrl};
use crate::wire::characters::{self, Rule};
use crate::wire::timestamp::read_date;
use crate::{
    Environment, IdInfo, ImageRole, Job, JobType, Partner, PartnerParams, Problem, ProblemKind, Timestamp,
    ValidationError,
};

impl Job {
    /// Checks everything that can be checked without the images. Running a job does this first.
    ///
    /// # Errors
    /// All problems at once, each with the field and the rule.
    pub fn validate(&self, partner: &Partner) -> Result<(), ValidationError> {
        ValidationError::check(self.check(partner).problems)
    }

    /// Checks as [`Job::validate`] does, and adds warnings of what the service will likely refuse,
    /// or what will disappoint: a Biometric KYC against a kind of ID whose authority has no photo,
    /// say. Running a job reports these as [`Event::Warning`](crate::Event::Warning).
    pub fn check(&self, partner: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        if matches!(self.job_type, JobType::ENHANCED_KYC | JobType::BUSINESS_VERIFICATION | JobType::AML) {
            problems.add("job_type", ProblemKind::Conflict, "has an endpoint of its own, without images");
        }
        problems.partner_params(&self.partner_params);
        self.check_images(&mut problems);
        self.check_id_info(partner, &mut problems);
        let callback = self.callback_for(partner);
        if callback.is_none() && !self.options.return_job_status {
            let rule = "must be set, for the job or the partner, unless `return_job_status` is on";
            problems.add("callback_url", ProblemKind::Missing, rule);
        }
        problems.callback(callback, partner, false);
        problems
    }

    /// Checks against the time: a date of birth can't be in the future.
    pub(crate) fn check_at(&self, now: Timestamp) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.not_born_yet("id_info.dob", self.id_info.dob.as_deref(), now);
        problems
    }

    fn check_images(&self, problems: &mut ValidationReport) {
        let lifts_selfie = self.options.use_enrolled_image && self.job_type.is_document();
        if !self.has(ImageRole::Selfie) && !lifts_selfie {
            problems.add("images", ProblemKind::Missing, "must have a selfie (image type 0 or 2)");
        }
        if self.job_type.is_document() && !self.has(ImageRole::IdCard) {
            let rule =
                format!("must have the front of the document (image type 1 or 3) for {}", self.job_type);
            problems.add("images", ProblemKind::Missing, rule);
        }
        let frames = self.images.iter().filter(|(role, _)| *role == ImageRole::Liveness).count();
        let proves_life = self.has(ImageRole::Selfie) && self.job_type.looks_at_liveness();
        if proves_life && frames == 0 {
            let rule = "has no frames: nobody looks at whether the person was there";
            problems.warn(LIVENESS, ProblemKind::Missing, rule);
        } else if frames != 0 && frames != LIVENESS_FRAMES {
            let rule = format!("has {frames} frames: there should be {LIVENESS_FRAMES}");
            problems.warn(LIVENESS, ProblemKind::Malformed, rule);
        }
        for (index, (role, image)) in self.images.iter().enumerate() {
            if matches!(&image.source, ImageSource::Path(path) if path.as_os_str().is_empty()) {
                problems.add(image_field(index, *role), ProblemKind::Missing, "must name a file");
            }
        }
    }

    fn check_id_info(&self, partner: &Partner, problems: &mut ValidationReport) {
        const PREFIX: &str = "id_info.";
        let id_info = &self.id_info;
        if self.job_type.is_document() {
            problems.required("id_info.country", id_info.country.as_deref());
            if self.job_type == JobType::ENHANCED_DOCUMENT_VERIFICATION {
                problems.required("id_info.id_type", id_info.id_type.as_deref());
            }
            problems.document(PREFIX, id_info, partner);
            problems.id_fields(PREFIX, id_info, partner);
        } else if id_info.entered {
            problems.entered_id(PREFIX, id_info, partner);
            if self.job_type == JobType::BIOMETRIC_KYC {
                problems.id_type(PREFIX, id_info, IdTypeProduct::BiometricKyc, partner);
            }
        } else {
            problems.id_fields(PREFIX, id_info, partner);
            if self.job_type == JobType::BIOMETRIC_KYC && !self.has(ImageRole::IdCard) {
                let rule =
                    "must be entered (country, ID type and ID number) unless there is an ID card image";
                problems.add("id_info", ProblemKind::Missing, rule);
            }
        }
    }

    /// Address of this job's callbacks.
    pub(crate) fn callback_for<'a>(&'a self, partner: &'a Partner) -> Option<&'a CallbackUrl> {
        self.options.callback_url.as_ref().or(partner.callback_url())
    }
}

/// Name of an image in a problem: its place and role, never its path.
pub(crate) fn image_field(index: usize, role: ImageRole) -> String {
    format!("images[{index}] ({})", role.name())
}

/// Validation report on an input, made before anything of it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValidationReport {
    /// Problems that the service would certainly refuse. Nothing is sent while there is any.
    pub problems: Vec<Problem>,
    /// Warnings of what the service will likely refuse, or what will disappoint. The input is sent
    /// all the same.
    pub warnings: Vec<Problem>,
}

impl ValidationReport {
    pub(crate) fn add(&mut self, field: impl Into<String>, kind: ProblemKind, rule: impl Into<String>) {
        self.problems.push(Problem::new(field, kind, rule));
    }

    pub(crate) fn warn(&mut self, field: impl Into<String>, kind: ProblemKind, rule: impl Into<String>) {
        self.warnings.push(Problem::new(field, kind, rule));
    }

    pub(crate) fn required(&mut self, field: &str, value: Option<&str>) {
        if is_blank(value) {
            self.add(field, ProblemKind::Missing, "must not be empty");
        }
    }

    pub(crate) fn partner_params(&mut self, params: &PartnerParams) {
        self.ids("partner_params.", params.user_id.as_str(), params.job_id.as_str());
        const OWN: [&str; 3] = ["user_id", "job_id", "job_type"];
        for key in params.extra.keys() {
            let field = || format!("partner_params.{}", shown(key));
            if OWN.contains(&key.as_str()) {
                let rule = "is set by the job itself and can't be an extra key";
                self.add(field(), ProblemKind::Conflict, rule);
            } else if let Some(name) = OWN.into_iter().find(|name| is_almost(key, name)) {
                // Results under both can't be distinguished, so none could ever be accepted.
                let rule =
                    format!("is almost called `{name}`, which is the job's own: call it something else");
                self.add(field(), ProblemKind::Conflict, rule);
            } else if key != SANDBOX_RESULT && is_almost(key, SANDBOX_RESULT) {
                let rule = format!(
                    "is almost called `{SANDBOX_RESULT}`, which the sandbox reads: it reads no other"
                );
                self.warn(field(), ProblemKind::Malformed, rule);
            }
        }
    }

    /// Checks the ids of a user and a job.
    pub(crate) fn ids(&mut self, prefix: &str, user_id: &str, job_id: &str) {
        for (name, id) in [("user_id", user_id), ("job_id", job_id)] {
            let field = format!("{prefix}{name}");
            self.required(&field, Some(id));
            self.characters(&field, Some(id), Rule::Id);
        }
    }

    /// Checks a text for characters that can't stand in it. An empty one is judged elsewhere.
    pub(crate) fn characters(&mut self, field: &str, text: Option<&str>, rule: Rule) {
        let text = text.filter(|text| !text.trim().is_empty());
        if let Some(rule) = text.and_then(|text| characters::refused(text, rule)) {
            self.add(field, ProblemKind::Malformed, rule);
        }
    }

    /// Checks that an ID for the authority is complete, and so are its parts.
    pub(crate) fn entered_id(&mut self, prefix: &str, id_info: &IdInfo, partner: &Partner) {
        let (country, id_type) = (id_info.country.as_deref(), id_info.id_type.as_deref());
        self.required(&format!("{prefix}country"), country);
        self.required(&format!("{prefix}id_type"), id_type);
        // For these two a session of consent stands for the number, which the person never types.
        let has_session = match (country, id_type) {
            (Some("NG"), Some("BVN_MFA")) => !is_blank(id_info.session_id.as_deref()),
            (Some("ET"), Some("NATIONAL_ID")) => !is_blank(id_info.openid_state.as_deref()),
            _ => false,
        };
        if !has_session {
            self.required(&format!("{prefix}id_number"), id_info.id_number.as_deref());
        }
        self.id_fields(prefix, id_info, partner);
    }

    /// Checks for extra keys that would stand twice in the same object.
    pub(crate) fn reserved(&mut self, prefix: &str, extra: &Map<String, Value>, names: &[&str]) {
        let own = ["partner_id", "signature", "timestamp", "source_sdk", "source_sdk_version"];
        for key in extra.keys() {
            if let Some(name) = names.iter().chain(&own).find(|name| is_almost(key, name)) {
                let almost =
                    if key == name { String::new() } else { format!("is almost called `{name}`, which ") };
                let rule = format!("{almost}is set by the request itself and can't be an extra key");
                self.add(format!("{prefix}{}", shown(key)), ProblemKind::Conflict, rule);
            }
        }
    }

    /// Checks the address of a page, if there is one.
    pub(crate) fn web_page(&mut self, field: &str, url: Option<&str>) {
        let url = url.filter(|url| !url.trim().is_empty());
        if let Some(Err(rule)) = url.map(WebUrl::typed) {
            self.add(field, ProblemKind::Malformed, rule);
        }
    }

    /// Checks that a date of birth is over, somewhere on earth.
    pub(crate) fn not_born_yet(&mut self, field: &str, dob: Option<&str>, now: Timestamp) {
        let tomorrow = now + Duration::from_secs(24 * 60 * 60);
        let is_later = |dob: &str| read_date(dob).is_some() && dob > &tomorrow.to_string()[..10];
        if dob.is_some_and(is_later) {
            self.add(field, ProblemKind::Malformed, "must not be in the future");
        }
    }

    /// Checks a date of birth, if there is one.
    fn dob(&mut self, field: &str, dob: Option<&str>, partner: &Partner) {
        const RULE: &str = "must be a date of the form `YYYY-MM-DD`";
        let Some(dob) = dob else { return };
        match read_date(dob) {
            Some((year, ..)) if year < FIRST_YEAR => {
                let rule = format!("must not be before {FIRST_YEAR}: is it a date that stands for none?");
                self.add(field, ProblemKind::Malformed, rule);
            }
            Some(_) => {}
            None if partner.id_types().is_none() => self.warn(field, ProblemKind::Malformed, RULE),
            None => self.add(field, ProblemKind::Malformed, RULE),
        }
    }

    /// Checks the fields of an ID, as far as they are there.
    fn id_fields(&mut self, prefix: &str, id_info: &IdInfo, partner: &Partner) {
        self.country(&format!("{prefix}country"), id_info.country.as_deref());
        self.characters(&format!("{prefix}id_type"), id_info.id_type.as_deref(), Rule::Code);
        self.characters(&format!("{prefix}id_number"), id_info.id_number.as_deref(), Rule::Number);
        self.dob(&format!("{prefix}dob"), id_info.dob.as_deref(), partner);
        let typed = id_info.fields().map(|(name, _)| name);
        for key in id_info.extra.keys() {
            let own = typed.iter().chain(&["entered", "consent_information"]);
            if let Some(name) = own.copied().find(|name| is_almost(key, name)) {
                let almost =
                    if key == name { String::new() } else { format!("is almost called `{name}`, which ") };
                let rule = format!("{almost}has a method of its own and can't be an extra key");
                self.add(format!("{prefix}{}", shown(key)), ProblemKind::Conflict, rule);
            }
        }
    }

    /// Checks the document against the catalogue.
    pub(crate) fn document(&mut self, prefix: &str, id_info: &IdInfo, partner: &Partner) {
        let (Some(country), Some(name)) = (id_info.country.as_deref(), id_info.id_type.as_deref()) else {
            return;
        };
        let is_odd = is_blank(Some(name)) || characters::refused(name, Rule::Code).is_some();
        let Some(id_types) = partner.id_types().filter(|_| !is_odd) else { return };
        // For Enhanced Document Verification, the ID types' names are taken as well.
        let is_known = documents_of(country).any(|document| document.code() == name)
            || id_types.find(country, name).is_some();
        if !is_known {
            let codes: Vec<&str> = documents_of(country)
                .map(crate::catalogue::Document::code)
                .filter(|code| !code.is_empty())
                .collect();
            let nearest = nearest(name, codes.iter().copied());
            let known = if nearest.is_empty() { codes } else { nearest };
            let known = known.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() {
                "look at its spelling".to_owned()
            } else {
                format!("did you mean {known}?")
            };
            let rule = format!("is no document that is known for this country: {known}");
            self.warn(format!("{prefix}id_type"), ProblemKind::Malformed, rule);
        }
    }

    /// Checks a country, if there is one.
    pub(crate) fn country(&mut self, field: &str, country: Option<&str>) {
        const RULE: &str = "must be the two capital letters of ISO 3166-1, such as `NG`";
        let is_code = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if let Some(country) = country.filter(|country| !is_blank(Some(country)) && !is_code(country)) {
            let rule = characters::refused(country, Rule::Code).unwrap_or_else(|| RULE.to_owned());
            self.add(field, ProblemKind::Malformed, rule);
        }
    }

    /// Checks the ID type against the catalogue.
    pub(crate) fn id_type(
        &mut self,
        prefix: &str,
        id_info: &IdInfo,
        product: IdTypeProduct,
        partner: &Partner,
    ) {
        let (Some(country), Some(name)) = (id_info.country.as_deref(), id_info.id_type.as_deref()) else {
            return;
        };
        let Some(id_type) = self.known_id_type(&format!("{prefix}id_type"), country, name, partner) else {
            return;
        };
        if !id_type.products().is_empty() && !id_type.products().contains(&product) {
            let rule = format!("is {name}, which isn't known to be for {}", product.name());
            self.warn(format!("{prefix}id_type"), ProblemKind::Conflict, rule);
        }
        if let Some(number) = id_info.id_number.as_deref().filter(|number| !number.trim().is_empty()) {
            self.id_number(&format!("{prefix}id_number"), &id_type, number);
        }
        self.bank_code(prefix, id_info, &id_type);
        for field in id_type.required_fields(product) {
            let given =
                id_info.fields().into_iter().find(|(name, _)| *name == field).and_then(|(_, value)| value);
            let is_given = !is_blank(given) || id_info.extra.contains_key(field);
            if !is_given && !matches!(field, "id_number" | "session_id" | "openid_state" | "bank_code") {
                let rule = format!("should be set: the service asks for it with {country} {name}");
                self.warn(format!("{prefix}{field}"), ProblemKind::Missing, rule);
            }
        }
        if product == IdTypeProduct::BiometricKyc && id_type.returns_photo() == Some(false) {
            let rule = format!("is {name}, for which the authority has no photo to compare the selfie with");
            self.warn(format!("{prefix}id_type"), ProblemKind::Conflict, rule);
        }
    }

    /// ID type of this name; a warning, if it isn't known.
    pub(crate) fn known_id_type(
        &mut self,
        field: &str,
        country: &str,
        name: &str,
        partner: &Partner,
    ) -> Option<IdType> {
        let id_types = partner.id_types()?;
        let found = id_types.find(country, name);
        if found.is_none() && !is_blank(Some(name)) && characters::refused(name, Rule::Code).is_none() {
            self.warn(field, ProblemKind::Malformed, unknown_id_type(country, name, id_types));
        }
        found
    }

    pub(crate) fn id_number(&mut self, field: &str, id_type: &IdType, number: &str) {
        let (country, name) = (id_type.country(), id_type.name());
        let is_mendable = id_type.normalise(number) != number;
        if characters::refused(number, Rule::Number).is_some() {
            return; // The character has been named.
        }
        match id_type.check_number(number) {
            NumberCheck::Right if is_mendable => {
                let rule = "has the right form but for spaces, hyphens or small letters: send what \
                            `IdType::normalise` makes of it";
                // Only what Smile ID says itself about the form is certain.
                let is_certain = id_type.row().is_none_or(|row| {
                    row.formats.iter().any(|format| format.certainty == Certainty::Confirmed)
                });
                if is_certain {
                    self.add(field, ProblemKind::Malformed, rule);
                } else {
                    self.warn(field, ProblemKind::Malformed, rule);
                }
            }
            NumberCheck::CertainlyWrong => {
                self.add(
                    field,
                    ProblemKind::Malformed,
                    format!("must have the form of a number of {country} {name}"),
                );
            }
            NumberCheck::LikelyWrong => {
                let rule = format!("doesn't have the form that numbers of {country} {name} are said to have");
                self.warn(field, ProblemKind::Malformed, rule);
            }
            _ => {}
        }
    }

    pub(crate) fn bank_code(&mut self, prefix: &str, id_info: &IdInfo, id_type: &IdType) {
        if id_type.name() != "BANK_ACCOUNT" {
            return;
        }
        let field = format!("{prefix}bank_code");
        let code = id_info.bank_code.as_deref();
        self.required(&field, code);
        if code.is_some_and(|code| !code.trim().is_empty() && code.contains(char::is_whitespace)) {
            self.add(field.as_str(), ProblemKind::Malformed, "must not contain spaces");
        }
        if let Some(BankCode::ZerosLost(_)) = code.map(|code| normalise_bank_code(id_type.country(), code)) {
            let rule =
                "seems to have lost its leading zeros: send it as text, as `normalise_bank_code` has it";
            self.warn(field, ProblemKind::Malformed, rule);
        }
    }

    /// Checks the address of the result.
    pub(crate) fn callback(&mut self, url: Option<&CallbackUrl>, partner: &Partner, is_needed: bool) {
        if let Some(problem) = url.and_then(CallbackUrl::problem) {
            self.problems.push(problem.clone());
            return;
        }
        let is_own = matches!(partner.environment(), Environment::Custom(_));
        match url {
            None if is_needed => {
                self.add("callback_url", ProblemKind::Missing, "must be set, for the job or the partner");
            }
            Some(url) if !is_own && url.is_loopback() => {
                self.warn(
                    "callback_url",
                    ProblemKind::Conflict,
                    "is on this machine, where the service can't reach it",
                );
            }
            Some(url) if !is_own && !url.is_https() => {
                let rule =
                    "should begin with `https://`: callbacks carry personal data over the open internet";
                self.warn("callback_url", ProblemKind::Malformed, rule);
            }
            _ => {}
        }
    }
}

/// Number of frames that prove that a person was there (Smile ID: "Liveness check").
const LIVENESS_FRAMES: usize = 8;

/// Field of all frames together.
const LIVENESS: &str = "images (liveness)";

/// Year before which no living person was born.
pub(crate) const FIRST_YEAR: u32 = 1900;

const SANDBOX_RESULT: &str = "sandbox_result";

/// True if two names are the same but for casing and what is neither a letter nor a digit.
fn is_almost(key: &str, name: &str) -> bool {
    let letters = |text: &str| -> String {
        let narrow = text.chars().map(|c| match u32::from(c) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            _ => c,
        });
        narrow.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    letters(key) == letters(name)
}

/// Key for people to find again, with nothing in it that can't be seen.
pub(crate) fn shown(key: &str) -> String {
    key.escape_debug().collect()
}

/// Message about an ID type that isn't in the catalogue, with the nearest names that are.
fn unknown_id_type(country: &str, name: &str, id_types: &IdTypeCatalogue) -> String {
    let nearest = id_types.nearest(country, name);
    let names = nearest.iter().map(|id_type| format!("`{}`", id_type.name())).collect::<Vec<_>>().join(", ");
    let elsewhere = || {
        id_types.iter().filter(|id_type| id_type.name() == name).map(|id_type| id_type.country().to_owned())
    };
    let known = if !names.is_empty() {
        format!("did you mean {names}?")
    } else if let countries @ [_, ..] = &elsewhere().take(3).collect::<Vec<_>>()[..] {
        format!("it is known for {}", countries.join(", "))
    } else {
        "look at its spelling".to_owned()
    };
    format!("is no ID type that is known for this country, and was not looked at: {known}")
}

fn is_blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
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
            assert!(problems(&job.clone().with_return_job_status(true)).is_empty());
            assert!(problems(&job.with_callback_url("https://bank.example/")).is_empty());
        }
    }

    #[test]
    fn all_problems_are_named_at_once_with_field_and_rule() {
        let job = Job::enhanced_document_verification(
            PartnerParams::new(UserId::new(""), JobId::new(" ")).with_param("job_type", 1),
            Image::path(""),
            image(),
            "ghana",
            "",
        )
        .with_id_info(IdInfo::for_document("gh").with_dob("20-09-2000").with_field("entered", true));
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
            Job::smartselfie_registration(params(), image())
                .with_id_info(id_info)
                .with_return_job_status(true)
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
        let job =
            Job::of_type(JobType::BIOMETRIC_KYC, params()).with_selfie(image()).with_return_job_status(true);
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
                problems(&job.with_use_enrolled_image(true).with_return_job_status(true)),
                [missing],
                "{number}"
            );
        }
        let no_card = Job::of_type(JobType::DOCUMENT_VERIFICATION, params())
            .with_use_enrolled_image(true)
            .with_id_info(IdInfo::for_document("KE"))
            .with_return_job_status(true);
        assert_eq!(
            problems(&no_card),
            [
                "`images` must have the front of the document (image type 1 or 3) for Document Verification (job type 6)"
            ]
        );
    }

    #[test]
    fn a_callback_that_is_no_address_is_reported_with_all_other_problems() {
        let job = |user_id| {
            Job::update_photo(PartnerParams::new(UserId::new(user_id), JobId::new("job-1")), image())
        };
        let plain = partner(Environment::Sandbox);
        let by_default = plain.clone().with_callback_url("ftp://bank.example/");
        let fields = |job: &Job, partner: &Partner| -> Vec<String> {
            job.check(partner).problems.into_iter().map(|problem| problem.field).collect()
        };
        assert_eq!(fields(&job("user-1"), &by_default), ["callback_url"]);
        assert_eq!(fields(&job("user-1").with_callback_url("bank.example"), &plain), ["callback_url"]);
        let both = fields(&job("").with_callback_url("bank.example"), &plain);
        assert!(both.len() == 2 && both.iter().any(|field| field.contains("user_id")), "{both:?}");
    }

    #[test]
    fn a_callback_that_others_can_read_or_that_never_comes_is_a_warning() {
        let warnings = |url: &str, environment: Environment| -> Vec<String> {
            let job = Job::update_photo(params(), image()).with_callback_url(url);
            assert_eq!(job.validate(&partner(environment.clone())), Ok(()));
            job.check(&partner(environment)).warnings.iter().map(ToString::to_string).collect()
        };
        assert!(
            warnings("http://bank.example/", Environment::Sandbox)[0]
                .contains("should begin with `https://`")
        );
        assert!(warnings("http://localhost/", Environment::Production)[0].contains("can't reach it"));
        let own: Environment = "https://emulator.example/v1".parse().unwrap();
        assert!(warnings("http://bank.example/", own).is_empty());
        assert!(warnings("https://bank.example/", Environment::Production).is_empty());
    }

    #[test]
    fn the_catalogue_catches_what_the_service_would_refuse() {
        let job = |id_info: IdInfo| sound(params(), id_info);
        let found = |id_info: IdInfo| {
            let job = job(id_info);
            let warnings: Vec<String> =
                job.check(&partner(Environment::Sandbox)).warnings.into_iter().map(|p| p.field).collect();
            (problems(&job), warnings)
        };
        assert_eq!(found(IdInfo::new("NG", "BVN", "00000000000")), (vec![], vec![]));
        let (problems, _) = found(IdInfo::new("NG", "BVN", "0000000000"));
        assert_eq!(problems, ["`id_info.id_number` must have the form of a number of NG BVN"]);
        let (problems, _) = found(IdInfo::new("NG", "BVN", "000 0000 0000"));
        assert!(problems[0].contains("IdType::normalise"), "{problems:?}");
        let (problems, warnings) = found(IdInfo::new("KE", "NATIONAL_ID_NO_PHOTO", "00000000"));
        assert_eq!((problems, warnings), (vec![], vec!["id_info.id_type".to_owned()]));
        let (problems, warnings) = found(IdInfo::new("XX", "NEW_KIND", "anything goes"));
        assert_eq!(
            (problems, warnings),
            (vec![], vec!["id_info.id_type".to_owned()]),
            "the service may know it"
        );

        let lenient = partner(Environment::Sandbox).without_id_type_checks();
        let job = job(IdInfo::new("NG", "BVN", "0"));
        assert_eq!((job.validate(&lenient), job.check(&lenient).warnings), (Ok(()), vec![]));
    }

    #[test]
    fn a_bank_code_that_lost_its_zeros_is_noticed() {
        let warnings = |code: &str| {
            let account = IdInfo::new("NG", "BANK_ACCOUNT", "0000000000").with_bank_code(code);
            let mut problems = ValidationReport::default();
            problems.id_type("", &account, IdTypeProduct::EnhancedKyc, &partner(Environment::Sandbox));
            assert!(problems.problems.is_empty());
            problems.warnings.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
        };
        assert_eq!(
            (warnings("44"), warnings("044"), warnings("999999")),
            (vec!["bank_code".to_owned()], vec![], vec![])
        );
        let mut problems = ValidationReport::default();
        let account = IdInfo::new("NG", "BANK_ACCOUNT", "0000000000");
        problems.id_type("", &account, IdTypeProduct::EnhancedKyc, &partner(Environment::Sandbox));
        assert_eq!(problems.problems[0].field, "bank_code");
    }

    #[test]
    fn what_partners_say_about_a_format_is_no_certainty() {
        let job = |number: &str| {
            let id_info = IdInfo::new("ZW", "NATIONAL_ID_NO_PHOTO", number);
            sound(params(), id_info)
        };
        for number in ["63 123456A12", "0"] {
            assert!(problems(&job(number)).is_empty(), "{number}");
            let warnings = job(number).check(&partner(Environment::Sandbox)).warnings;
            assert!(warnings.iter().any(|problem| problem.field == "id_info.id_number"), "{number}");
        }
        let small = IdInfo::new("NG", "bvn", "000");
        let small = sound(params(), small);
        let warnings = small.check(&partner(Environment::Sandbox)).warnings;
        assert_eq!(warnings.iter().map(|problem| &problem.field).collect::<Vec<_>>(), ["id_info.id_type"]);
    }

    fn warnings(job: &Job) -> Vec<String> {
        job.check(&partner(Environment::Sandbox)).warnings.iter().map(ToString::to_string).collect()
    }

    /// Job about which there is nothing to say.
    fn sound(params: PartnerParams, id_info: IdInfo) -> Job {
        let job = Job::biometric_kyc(params, image(), id_info).with_return_job_status(true);
        job.with_liveness(vec![image(); LIVENESS_FRAMES])
    }

    fn bvn() -> IdInfo {
        IdInfo::new("NG", "BVN", "00000000000")
    }

    #[test]
    fn a_partner_param_named_almost_like_the_job_s_own_is_refused() {
        for key in
            ["userID", "USER ID", "user-id", "jobType", "Job_Id", "job_id\u{200B}", "ｕser_id", "_user_id_"]
        {
            let found = problems(&sound(params().with_param(key, "x"), bvn()));
            assert!(found.len() == 1 && found[0].contains("is almost called `"), "{key:?}: {found:?}");
            assert!(!found[0].contains('\u{200B}'), "{found:?}");
        }
        for key in ["user", "job", "userid2", "my_job_id", "branch", "sandbox_result", ""] {
            assert_eq!(problems(&sound(params().with_param(key, "x"), bvn())), [""; 0], "{key:?}");
        }
    }

    #[test]
    fn a_partner_param_named_almost_like_the_sandbox_s_is_a_warning() {
        let found = warnings(&sound(params().with_param("sandboxResult", "0"), bvn()));
        assert!(
            found.len() == 1 && found[0].starts_with("`partner_params.sandboxResult` is almost"),
            "{found:?}"
        );
        assert_eq!(warnings(&sound(params().with_param("sandbox_result", "0"), bvn())), [""; 0]);
    }

    #[test]
    fn an_extra_field_named_almost_like_one_with_a_method_is_refused() {
        for key in ["idNumber", "ID_TYPE", "DOB", "firstName"] {
            let found = problems(&sound(params(), bvn().with_field(key, "x")));
            assert!(found.len() == 1 && found[0].contains("has a method of its own"), "{key}: {found:?}");
        }
        assert_eq!(problems(&sound(params(), bvn().with_field("postal_code", "x"))), [""; 0]);
    }

    #[test]
    fn characters_that_came_along_into_ids_are_named() {
        let of = |user_id: &str, job_id: &str, id_type: &str, number: &str| {
            let params = PartnerParams::new(UserId::new(user_id), JobId::new(job_id));
            problems(&sound(params, IdInfo::new("NG", id_type, number)))
        };
        let number = "00000000000";
        for (found, field, named) in [
            (
                of("\u{FEFF}u", "j", "BVN", number),
                "partner_params.user_id",
                "a byte order mark (U+FEFF) at its start",
            ),
            (
                of("u", "j\r\n", "BVN", number),
                "partner_params.job_id",
                "a carriage return (U+000D) within it",
            ),
            (of("u ", "j", "BVN", number), "partner_params.user_id", "a space (U+0020) at its end"),
            (
                of("u", "\"j\"", "BVN", number),
                "partner_params.job_id",
                "a quotation mark (U+0022) at its start",
            ),
            (of("u", "j\0", "BVN", number), "partner_params.job_id", "a NUL (U+0000) at its end"),
            (
                of("u", "j", "BVN\u{200B}", number),
                "id_info.id_type",
                "a zero-width space (U+200B) at its end",
            ),
            (of("u", "j", " BVN", number), "id_info.id_type", "a space (U+0020) at its start"),
            (
                of("u", "j", "BVN", "0000000000０"),
                "id_info.id_number",
                "a full-width digit (U+FF10) at its end",
            ),
            (
                of("u", "j", "BVN", "\u{202E}00000000000"),
                "id_info.id_number",
                "a direction control (U+202E) at its start",
            ),
        ] {
            assert_eq!(found, [format!("`{field}` must not contain {named}: take it out")]);
        }
        assert_eq!(of("jane o'neil", "j k", "BVN", number), [""; 0]);
    }

    #[test]
    fn a_date_of_birth_in_another_form_is_a_warning_where_the_service_judges() {
        let job = sound(params(), bvn().with_dob("02/03/2001"));
        assert_eq!(problems(&job), ["`id_info.dob` must be a date of the form `YYYY-MM-DD`"]);
        let lenient = partner(Environment::Sandbox).without_id_type_checks();
        assert_eq!(job.validate(&lenient), Ok(()));
        let warned = job.check(&lenient).warnings;
        assert_eq!(warned.iter().map(|problem| &problem.field).collect::<Vec<_>>(), ["id_info.dob"]);
        for dob in ["", "2001/2/3"] {
            assert_eq!(problems(&sound(params(), bvn().with_dob(dob))), [""; 0], "{dob}");
        }
    }

    #[test]
    fn a_date_of_birth_that_stands_for_none_or_is_to_come_is_refused() {
        let lenient = partner(Environment::Sandbox).without_id_type_checks();
        for dob in ["0001-01-01", "1899-12-31", "0000-12-31"] {
            let job = sound(params(), bvn().with_dob(dob));
            assert_eq!(
                problems(&job),
                ["`id_info.dob` must not be before 1900: is it a date that stands for none?"]
            );
            assert!(job.validate(&lenient).is_err());
        }
        let now = Timestamp::from_unix_millis(1_705_314_600_000); // 2024-01-15.
        for (dob, is_refused) in
            [("2024-01-15", false), ("2024-01-16", false), ("2024-01-17", true), ("9999-12-31", true)]
        {
            let found = sound(params(), bvn().with_dob(dob)).check_at(now).problems;
            assert_eq!(!found.is_empty(), is_refused, "{dob}");
        }
    }

    #[test]
    fn an_id_type_that_is_not_known_is_a_warning_with_the_nearest_names() {
        for (country, name, said) in [
            ("NG", "bvn", "did you mean `BVN`"),
            ("KE", "PASSPORTT", "did you mean `PASSPORT`?"),
            ("GH", "BVN", "it is known for NG"),
            ("XX", "NEW_KIND", "look at its spelling"),
        ] {
            let found = warnings(&sound(params(), IdInfo::new(country, name, "1")));
            assert!(found.len() == 1 && found[0].contains(said), "{country} {name}: {found:?}");
        }
        let lenient = partner(Environment::Sandbox).without_id_type_checks();
        let job = sound(params(), IdInfo::new("KE", "PASSPORTT", "1"));
        assert_eq!(job.check(&lenient).warnings, []);
    }

    #[test]
    fn a_document_that_is_not_known_is_a_warning_with_the_nearest_names() {
        let of = |id_type: &str| {
            let job = Job::document_verification(params(), image(), image(), "NG").with_id_type(id_type);
            warnings(&job.with_liveness(vec![image(); 8]).with_return_job_status(true))
        };
        assert!(of("PASSPORTT")[0].contains("did you mean `PASSPORT`?"), "{:?}", of("PASSPORTT"));
        assert_eq!(of("PASSPORT"), [""; 0]);
    }

    #[test]
    fn an_unusual_number_of_liveness_frames_is_a_warning() {
        let of = |frames: usize| {
            let job = Job::smartselfie_registration(params(), image()).with_return_job_status(true);
            warnings(&job.with_liveness(vec![image(); frames]))
        };
        assert!(of(0)[0].starts_with("`images (liveness)` has no frames"));
        assert!(of(40)[0].starts_with("`images (liveness)` has 40 frames: there should be 8"));
        assert_eq!(of(8), [""; 0]);
        let update = Job::update_photo(params(), image()).with_return_job_status(true);
        assert_eq!(warnings(&update), [""; 0]);
    }

    #[test]
    fn a_session_stands_for_the_number_only_where_it_can() {
        let job = |id_info: IdInfo| {
            Job::smartselfie_registration(params(), image())
                .with_id_info(id_info)
                .with_return_job_status(true)
        };
        let missing = ["`id_info.id_number` must not be empty"];
        assert_eq!(problems(&job(IdInfo::new("NG", "BVN", "").with_session_id("s"))), missing);
        assert_eq!(problems(&job(IdInfo::new("NG", "BVN_MFA", "").with_session_id(" "))), missing);
        assert!(problems(&job(IdInfo::new("NG", "BVN_MFA", "").with_session_id("s"))).is_empty());
        assert!(problems(&job(IdInfo::new("ET", "NATIONAL_ID", "").with_openid_state("s"))).is_empty());
    }

    #[test]
    fn jobs_with_endpoints_of_their_own_are_refused_here() {
        for number in [5, 7, 10] {
            let job = Job::of_type(JobType::from_number(number), params())
                .with_selfie(image())
                .with_return_job_status(true);
            assert_eq!(problems(&job), ["`job_type` has an endpoint of its own, without images"]);
        }
    }
}
