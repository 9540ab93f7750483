//! Job: product, images, ID and options.

pub(crate) mod check;
pub(crate) mod consent;
pub(crate) mod id_info;
pub(crate) mod image;
pub(crate) mod job_key;
pub(crate) mod partner_params;
pub(crate) mod submission_id;
pub(crate) mod user_details;

use std::fmt;

use crate::job::consent::Consent;
use crate::job::job_key::JobKey;
use crate::job::user_details::UserDetails;
use crate::partner::environment::CallbackUrl;
use crate::{IdInfo, Image, ImageRole, ImageType, JobType, PartnerParams};

/// A job for one of the products that take images.
///
/// There is a constructor for each product, which asks for what the product needs; everything else
/// is set with the methods below, which are called what the API calls the option. Nothing is read
/// or checked until the job runs; then everything is checked at once, before the first request.
///
/// The result comes by callback. Say where with [`Job::with_callback_url`], or for all jobs with
/// [`Partner::with_callback_url`](crate::Partner::with_callback_url); or ask with
/// [`Job::with_return_job_status`] that the client waits for it.
///
/// ```
/// use smile_core::{IdInfo, Image, Job, JobId, PartnerParams, UserId};
///
/// let job = Job::biometric_kyc(
///     PartnerParams::new(UserId::new("customer-17"), JobId::new("kyc-2026-000017")),
///     Image::path("selfie.jpg"),
///     IdInfo::new("NG", "BVN", "00000000000"),
/// )
/// .with_liveness((1..=8).map(|n| Image::path(format!("liveness_{n}.jpg"))))
/// .with_return_job_status(true);
/// ```
#[derive(Clone)]
pub struct Job {
    pub(crate) job_type: JobType,
    pub(crate) partner_params: PartnerParams,
    pub(crate) images: Vec<(ImageRole, Image)>,
    pub(crate) id_info: IdInfo,
    pub(crate) options: JobOptions,
    pub(crate) consent: Option<Consent>,
    pub(crate) user_details: Option<UserDetails>,
}

/// The options of a job, by the API's names.
#[derive(Clone, Default)]
pub(crate) struct JobOptions {
    pub(crate) return_job_status: bool,
    pub(crate) return_history: bool,
    pub(crate) return_image_links: bool,
    pub(crate) use_enrolled_image: bool,
    pub(crate) allow_new_enroll: bool,
    pub(crate) retry: bool,
    pub(crate) callback_url: Option<CallbackUrl>,
}

/// The selfie of a document job: a new one, or the one on file from the user's enrolment.
#[derive(Clone, Debug)]
pub enum Selfie {
    /// A new selfie.
    New(Image),
    /// The one on file; sent as `use_enrolled_image`.
    Enrolled,
}

impl From<Image> for Selfie {
    fn from(image: Image) -> Self {
        Self::New(image)
    }
}

impl Job {
    /// Biometric KYC (job type 1): compares the selfie with the photo that the ID authority has
    /// under the number.
    ///
    /// Enrols the user if so. The authority must have a photo for this kind of ID.
    pub fn biometric_kyc(partner_params: PartnerParams, selfie: Image, id_info: IdInfo) -> Self {
        Self::of_type(JobType::BIOMETRIC_KYC, partner_params).with_selfie(selfie).with_id_info(id_info)
    }

    /// Biometric KYC (job type 1) against the photo on an ID card, with no authority asked.
    pub fn biometric_kyc_with_id_card(partner_params: PartnerParams, selfie: Image, id_card: Image) -> Self {
        Self::of_type(JobType::BIOMETRIC_KYC, partner_params).with_selfie(selfie).with_id_card(id_card)
    }

    /// SmartSelfie Authentication (job type 2): compares the selfie with the one enrolled under
    /// this `user_id`.
    pub fn smartselfie_authentication(partner_params: PartnerParams, selfie: Image) -> Self {
        Self::of_type(JobType::SMARTSELFIE_AUTHENTICATION, partner_params).with_selfie(selfie)
    }

    /// SmartSelfie Registration (job type 4): enrols a new `user_id` with a selfie, without any ID.
    pub fn smartselfie_registration(partner_params: PartnerParams, selfie: Image) -> Self {
        Self::of_type(JobType::SMARTSELFIE_REGISTRATION, partner_params).with_selfie(selfie)
    }

    /// Document Verification (job type 6): checks the document, and compares it with the person on
    /// the selfie.
    ///
    /// `country` is the one that issued it, two capital letters. A document with two sides needs
    /// [`Job::with_id_card_back`] too; its kind can be said with [`Job::with_id_type`].
    pub fn document_verification(
        partner_params: PartnerParams,
        selfie: impl Into<Selfie>,
        id_card: Image,
        country: impl Into<String>,
    ) -> Self {
        Self::of_type(JobType::DOCUMENT_VERIFICATION, partner_params)
            .with_document_selfie(selfie.into())
            .with_id_card(id_card)
            .with_id_info(IdInfo::for_document(country))
    }

    /// Enhanced Document Verification (job type 11): as [`Job::document_verification`], with the ID
    /// authority asked about the number on the document. `id_type` is the document's code, such as
    /// `IDENTITY_CARD` or `PASSPORT`.
    pub fn enhanced_document_verification(
        partner_params: PartnerParams,
        selfie: impl Into<Selfie>,
        id_card: Image,
        country: impl Into<String>,
        id_type: impl Into<String>,
    ) -> Self {
        Self::of_type(JobType::ENHANCED_DOCUMENT_VERIFICATION, partner_params)
            .with_document_selfie(selfie.into())
            .with_id_card(id_card)
            .with_id_info(IdInfo::for_document(country).with_id_type(id_type))
    }

    /// Update Photo (job type 8): replaces the selfie on file of an enrolled `user_id`.
    pub fn update_photo(partner_params: PartnerParams, selfie: Image) -> Self {
        Self::of_type(JobType::UPDATE_PHOTO, partner_params).with_selfie(selfie)
    }

    /// Compare User Info (job type 9): compares the document with the ID authority's record.
    ///
    /// Smile ID documents little of it; ask your account manager what it needs before you rely on
    /// it.
    pub fn compare_user_info(
        partner_params: PartnerParams,
        selfie: Image,
        id_card: Image,
        id_info: IdInfo,
    ) -> Self {
        Self::of_type(JobType::COMPARE_USER_INFO, partner_params)
            .with_selfie(selfie)
            .with_id_card(id_card)
            .with_id_info(id_info)
    }

    /// A job of any type that goes through `/upload`, with nothing in it yet.
    ///
    /// For job types that have no constructor here. What the known types need is checked all the
    /// same.
    pub fn of_type(job_type: JobType, partner_params: PartnerParams) -> Self {
        Self {
            job_type,
            partner_params,
            images: Vec::new(),
            id_info: IdInfo::default(),
            options: JobOptions::default(),
            consent: None,
            user_details: None,
        }
    }

    /// Key of the job at the service.
    pub fn key(&self) -> JobKey {
        JobKey::of(&self.partner_params, self.job_type)
    }

    /// Adds a selfie.
    #[must_use]
    pub fn with_selfie(mut self, selfie: Image) -> Self {
        self.images.push((ImageRole::Selfie, selfie));
        self
    }

    /// Adds liveness frames: eight, in colour, taken around the selfie, if proof of life is wanted.
    #[must_use]
    pub fn with_liveness(mut self, frames: impl IntoIterator<Item = Image>) -> Self {
        self.images.extend(frames.into_iter().map(|frame| (ImageRole::Liveness, frame)));
        self
    }

    /// Adds the front of the ID card, or the photo page of the passport.
    #[must_use]
    pub fn with_id_card(mut self, id_card: Image) -> Self {
        self.images.push((ImageRole::IdCard, id_card));
        self
    }

    /// Adds the back of the ID card.
    #[must_use]
    pub fn with_id_card_back(mut self, id_card_back: Image) -> Self {
        self.images.push((ImageRole::IdCardBack, id_card_back));
        self
    }

    /// Adds an image by its `image_type_id`.
    #[must_use]
    pub fn with_image(mut self, image_type: ImageType, image: Image) -> Self {
        let image = image.with_encoding(image_type.encoding());
        self.images.push((image_type.role(), image));
        self
    }

    /// Sets the facts about the person's ID, in place of earlier ones.
    #[must_use]
    pub fn with_id_info(mut self, id_info: IdInfo) -> Self {
        self.id_info = id_info;
        self
    }

    /// Sets the person's consent, which the v3 API needs. Over v1 it is left out.
    #[must_use]
    pub fn with_consent(mut self, consent: Consent) -> Self {
        self.consent = Some(consent);
        self
    }

    /// Sets who the person is: names, and an e-mail address or a phone number. The v3 API needs it;
    /// over v1 it is left out.
    #[must_use]
    pub fn with_user_details(mut self, details: UserDetails) -> Self {
        self.user_details = Some(details);
        self
    }

    /// Sets the kind of document or ID, by the API's name.
    #[must_use]
    pub fn with_id_type(mut self, id_type: impl Into<String>) -> Self {
        self.id_info = self.id_info.with_id_type(id_type);
        self
    }

    /// Waits for the machine's verdict and returns it. The callback is sent all the same, and a
    /// verdict that a human reviewer gives later comes by callback alone.
    #[must_use]
    pub fn with_return_job_status(mut self, yes: bool) -> Self {
        self.options.return_job_status = yes;
        self
    }

    /// Returns all results of this user along with the job's status.
    #[must_use]
    pub fn with_return_history(mut self, yes: bool) -> Self {
        self.options.return_history = yes;
        self
    }

    /// Returns links to the job's images along with its status. The links are credentials and
    /// expire.
    #[must_use]
    pub fn with_return_image_links(mut self, yes: bool) -> Self {
        self.options.return_image_links = yes;
        self
    }

    /// Compares the document with the selfie on file instead of a new one. For job types 6 and 11
    /// no selfie is needed then.
    #[must_use]
    pub fn with_use_enrolled_image(mut self, yes: bool) -> Self {
        self.options.use_enrolled_image = yes;
        self
    }

    /// Enrols the user anew, though the `user_id` is enrolled already.
    #[must_use]
    pub fn with_allow_new_enroll(mut self, yes: bool) -> Self {
        self.options.allow_new_enroll = yes;
        self
    }

    /// Opens the job although the service knows the `job_id`: for a job that was opened and then
    /// never uploaded.
    ///
    /// The client sets this by itself where an answer was lost. Set it only for a job of yours
    /// whose earlier attempt is known not to have ended: the `job_id` of another job must never be
    /// used again.
    #[must_use]
    pub fn with_retry(mut self, yes: bool) -> Self {
        self.options.retry = yes;
        self
    }

    /// Sets the address of this job's callbacks, in place of the partner's default.
    ///
    /// An absolute http or https URL; any other is reported with all other problems, before
    /// anything is sent.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.options.callback_url = Some(CallbackUrl::unchecked(url));
        self
    }

    /// Type of the job.
    pub fn job_type(&self) -> JobType {
        self.job_type
    }

    /// Ids of the user and the job, and the partner's own keys.
    pub fn partner_params(&self) -> &PartnerParams {
        &self.partner_params
    }

    fn with_document_selfie(self, selfie: Selfie) -> Self {
        match selfie {
            Selfie::New(image) => self.with_selfie(image),
            Selfie::Enrolled => self.with_use_enrolled_image(true),
        }
    }

    pub(crate) fn has(&self, role: ImageRole) -> bool {
        self.images.iter().any(|(of, _)| *of == role)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("job_type", &self.job_type)
            .field("partner_params", &self.partner_params)
            .field("images", &self.images.iter().map(|(role, _)| role).collect::<Vec<_>>())
            .field("id_info", &self.id_info)
            .finish_non_exhaustive()
    }
}
