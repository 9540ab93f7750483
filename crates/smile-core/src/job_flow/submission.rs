//! A job as one of the v3 API's submissions.

use serde_json::Value;

use crate::flow::{Call, CallError, Checkpoint, Flow, FlowSettings};
use crate::operation::{Operation, Step};
use crate::v3::token::TokenCache;
use crate::v3::{
    Acceptance, AuthenticationRequest, BiometricKycRequest, Consent, DocumentVerificationRequest,
    EnhancedDocumentVerificationRequest, RegistrationRequest, UserDetails,
};
use crate::{Image, ImageRole, Job, JobType, Partner, Problem, ProblemKind, Timestamp};

/// The call that submits a job, whatever its product.
pub(crate) trait Submitting: Flow<Outcome = Result<Acceptance, CallError>> + Send + Sync {
    fn checkpoint(&self) -> Checkpoint;
    fn share(&mut self, tokens: TokenCache);
}

impl<O: Operation<Output = Acceptance> + Send + Sync> Submitting for Call<O> {
    fn checkpoint(&self) -> Checkpoint {
        Self::checkpoint(self)
    }

    fn share(&mut self, tokens: TokenCache) {
        self.share_tokens(tokens);
    }
}

/// Job in the form of the v3 API.
pub(crate) struct Product {
    /// Word of the product in tokens and webhooks.
    pub(crate) word: &'static str,
    pub(crate) step: Step,
}

/// Product of a job type, if the v3 API has one that takes a job.
pub(crate) fn product(job_type: JobType) -> Option<Product> {
    let (word, step) = match job_type {
        JobType::BIOMETRIC_KYC => ("biometric_kyc", Step::BiometricKyc),
        JobType::SMARTSELFIE_AUTHENTICATION => {
            ("smart_selfie_authentication", Step::SmartSelfieAuthentication)
        }
        JobType::SMARTSELFIE_REGISTRATION | JobType::UPDATE_PHOTO => {
            ("smart_selfie_registration", Step::SmartSelfieRegistration)
        }
        JobType::DOCUMENT_VERIFICATION => ("document_verification", Step::DocumentVerification),
        JobType::ENHANCED_DOCUMENT_VERIFICATION => {
            ("enhanced_document_verification", Step::EnhancedDocumentVerification)
        }
        _ => return None,
    };
    Some(Product { word, step })
}

/// The call that submits this job.
///
/// Everything that is wrong is named at once: what the v3 API needs and the job lacks, and what
/// only v1 can do, with the way out.
pub(crate) fn submission(
    partner: &Partner,
    job: &Job,
    settings: &FlowSettings,
    seed: u64,
) -> Result<Box<dyn Submitting>, Vec<Problem>> {
    let mut problems = only_v1(job);
    if job.consent.is_none() {
        let rule = "must be set for the v3 API: the person's consent, with `Job::with_consent`";
        problems.push(Problem::new("consent", ProblemKind::Missing, rule));
    }
    if job.user_details.is_none() {
        let rule = "must be set for the v3 API: names, and an e-mail address or a phone number, with \
                    `Job::with_user_details`";
        problems.push(Problem::new("user_details", ProblemKind::Missing, rule));
    }
    // What stands in for what is missing is looked at along with the rest, and never sent.
    let consent = job
        .consent
        .clone()
        .unwrap_or_else(|| Consent::new(true, Timestamp::default(), "EN", "https://example.com/"));
    let details =
        job.user_details.clone().unwrap_or_else(|| UserDetails::new("A", "B").with_email("a@example.com"));
    let selfie = || job.one(ImageRole::Selfie);
    let frames = || job.all(ImageRole::Liveness);
    let document = || job.one(ImageRole::IdCard);
    let id = &job.id_info;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let country = text(&id.country);
    let to_send = ToSend { partner, job, settings, seed };
    match job.job_type {
        JobType::BIOMETRIC_KYC => {
            let (id_type, number) = (text(&id.id_type), text(&id.id_number));
            let operation =
                BiometricKycRequest::new(selfie(), frames(), country, id_type, number, consent, details);
            to_send.call(operation, problems)
        }
        JobType::SMARTSELFIE_AUTHENTICATION => {
            let user_id = job.partner_params.user_id.clone();
            let operation = if job.options.use_enrolled_image {
                AuthenticationRequest::with_image_on_file(user_id, consent, details)
            } else {
                AuthenticationRequest::new(user_id, selfie(), frames(), consent, details)
            };
            to_send.call(operation, problems)
        }
        JobType::SMARTSELFIE_REGISTRATION | JobType::UPDATE_PHOTO => {
            let is_update = job.job_type == JobType::UPDATE_PHOTO;
            let mut operation = RegistrationRequest::new(selfie(), frames(), consent, details);
            if is_update || job.options.allow_new_enroll {
                operation = operation.with_allow_new_enroll(true);
            }
            to_send.call(operation, problems)
        }
        JobType::DOCUMENT_VERIFICATION => {
            let mut operation =
                DocumentVerificationRequest::new(selfie(), frames(), document(), country, consent, details);
            if let Some(id_type) = &id.id_type {
                operation = operation.with_id_type(id_type);
            }
            for back in job.all(ImageRole::IdCardBack) {
                operation = operation.with_document_back(back);
            }
            to_send.call(operation, problems)
        }
        JobType::ENHANCED_DOCUMENT_VERIFICATION => {
            let id_type = text(&id.id_type);
            let mut operation = EnhancedDocumentVerificationRequest::new(
                selfie(),
                frames(),
                document(),
                country,
                id_type,
                consent,
                details,
            );
            for back in job.all(ImageRole::IdCardBack) {
                operation = operation.with_document_back(back);
            }
            to_send.call(operation, problems)
        }
        _ => Err(problems),
    }
}

struct ToSend<'a> {
    partner: &'a Partner,
    job: &'a Job,
    settings: &'a FlowSettings,
    seed: u64,
}

impl ToSend<'_> {
    fn call<O>(&self, operation: O, mut problems: Vec<Problem>) -> Result<Box<dyn Submitting>, Vec<Problem>>
    where
        O: Operation<Output = Acceptance> + Named + Send + Sync + 'static,
    {
        let params = &self.job.partner_params;
        let mut operation = operation.named(params.user_id.clone(), params.job_id.clone());
        if params.job_id.as_str().trim().is_empty() {
            problems.push(Problem::new("job_id", ProblemKind::Missing, "must not be empty"));
        }
        for (key, value) in &params.extra {
            match value {
                Value::String(text) => operation = operation.param(key, text),
                _ => {
                    let rule = "must be text: the v3 API takes nothing else there";
                    let field = format!("partner_params.{}", crate::job::check::shown(key));
                    problems.push(Problem::new(field, ProblemKind::Malformed, rule));
                }
            }
        }
        if let Some(url) = &self.job.options.callback_url {
            operation = operation.callback(url.as_str());
        }
        problems.extend(operation.check(self.partner).problems);
        if problems.is_empty() {
            Ok(Box::new(Call::new(self.partner.clone(), operation, self.settings.clone(), self.seed)))
        } else {
            Err(problems)
        }
    }
}

/// The options that all submissions have.
trait Named: Sized {
    fn named(self, user_id: crate::UserId, job_id: crate::JobId) -> Self;
    fn param(self, key: &str, value: &str) -> Self;
    fn callback(self, url: &str) -> Self;
}

macro_rules! named {
    ($($operation:ident)*) => {
        $(impl Named for $operation {
            fn named(self, user_id: crate::UserId, job_id: crate::JobId) -> Self {
                self.with_user_id(user_id).with_job_id(job_id)
            }

            fn param(self, key: &str, value: &str) -> Self {
                self.with_partner_param(key, value)
            }

            fn callback(self, url: &str) -> Self {
                self.with_callback_url(url)
            }
        })*
    };
}

named! { AuthenticationRequest BiometricKycRequest DocumentVerificationRequest EnhancedDocumentVerificationRequest RegistrationRequest }

/// Features of the v1 API alone, each with the way out.
fn only_v1(job: &Job) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |field: &str, rule: &str| {
        problems.push(Problem::new(field, ProblemKind::Conflict, rule));
    };
    let id = &job.id_info;
    if product(job.job_type).is_none() {
        let rule = match job.job_type {
            JobType::COMPARE_USER_INFO => {
                "has no job in the v3 API: call `v3::CompareRequest` with the two pictures, or submit it over v1"
            }
            _ => {
                "has no job in the v3 API: call its operation in `v3`, where there is one, or submit it over v1"
            }
        };
        refuse("job_type", rule);
        return problems;
    }
    if job.options.retry {
        refuse("retry", "is of the v1 API alone: the v3 API opens no job before its images, so leave it out");
    }
    if job.options.return_history {
        refuse(
            "return_history",
            "is of the v1 API alone: the v3 API tells one job at a time, so leave it out",
        );
    }
    if job.options.return_image_links {
        let rule = "is of the v1 API alone: in the v3 API links come with the webhook, so leave it out";
        refuse("return_image_links", rule);
    }
    let is_authentication = job.job_type == JobType::SMARTSELFIE_AUTHENTICATION;
    if job.options.use_enrolled_image && !is_authentication {
        let rule = "is for authentication alone in the v3 API: give a new selfie with liveness frames";
        refuse("use_enrolled_image", rule);
    }
    for role in [ImageRole::Selfie, ImageRole::IdCard, ImageRole::IdCardBack] {
        if job.all(role).len() > 1 {
            let field = format!("images ({})", role.name());
            refuse(&field, "must not be there twice: the v3 API takes one");
        }
    }
    let takes_document = job.job_type.is_document();
    if !takes_document && (job.has(ImageRole::IdCard) || job.has(ImageRole::IdCardBack)) {
        let rule =
            "has no place in this product of the v3 API: submit a Document Verification, or leave it out";
        refuse("images (ID card)", rule);
    }
    let takes_number = job.job_type == JobType::BIOMETRIC_KYC;
    for (name, value) in id.fields().into_iter().filter(|(_, value)| value.is_some()) {
        let is_taken = match name {
            "country" | "id_type" => takes_number || takes_document,
            "id_number" => takes_number,
            _ => false,
        };
        let _ = value;
        if !is_taken {
            let rule = match name {
                "first_name" | "middle_name" | "last_name" | "phone_number" => {
                    "is said with `Job::with_user_details` in the v3 API, so leave it out here"
                }
                _ => "has no place in the v3 API: leave it out, or submit the job over v1",
            };
            refuse(&format!("id_info.{name}"), rule);
        }
    }
    for key in id.extra.keys() {
        let field = format!("id_info.{}", crate::job::check::shown(key));
        refuse(&field, "has no place in the v3 API: leave it out, or submit the job over v1");
    }
    if id.consent_information.is_some() {
        refuse(
            "id_info.consent_information",
            "is said with `Job::with_consent` in the v3 API, so leave it out here",
        );
    }
    problems
}

impl Job {
    fn all(&self, role: ImageRole) -> Vec<Image> {
        self.images.iter().filter(|(of, _)| *of == role).map(|(_, image)| image.clone()).collect()
    }

    /// The image of this role. One that isn't there is empty, which is found with the rest.
    fn one(&self, role: ImageRole) -> Image {
        self.all(role).into_iter().next().unwrap_or_else(|| Image::path(""))
    }
}
