//! Jobs and checks, made from flags.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use smile_core::v1::{AddressVerificationRequest, AmlRequest, Business, BusinessType};
use smile_core::{IdInfo, Image, Job, JobId, JobType, PartnerParams, UserId};

use super::flags::{self, Card, Delivery, Id, Ids, Images, Product};
use crate::ids::new as new_id;
use crate::report::{Failure, Named};

impl Ids {
    pub(crate) fn params(&self) -> PartnerParams {
        let given = |id: &Option<String>| id.clone().unwrap_or_default();
        let params = PartnerParams::new(UserId::new(given(&self.user_id)), JobId::new(given(&self.job_id)));
        self.extra().fold(params, |params, (key, value)| params.with_param(key, value))
    }

    fn extra(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.partner_param.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        own.chain(self.sandbox_result.as_deref().map(|result| ("sandbox_result", result)))
    }
}

impl Id {
    /// The `id_info`; `entered` if the ID authority is to be asked.
    pub(crate) fn info(&self, entered: bool) -> IdInfo {
        type Setter = fn(IdInfo, String) -> IdInfo;
        let set: [(&Option<String>, Setter); 13] = [
            (&self.country, IdInfo::with_country),
            (&self.id_type, IdInfo::with_id_type),
            (&self.id_number, IdInfo::with_id_number),
            (&self.first_name, IdInfo::with_first_name),
            (&self.middle_name, IdInfo::with_middle_name),
            (&self.last_name, IdInfo::with_last_name),
            (&self.dob, IdInfo::with_dob),
            (&self.gender, IdInfo::with_gender),
            (&self.phone_number, IdInfo::with_phone_number),
            (&self.bank_code, IdInfo::with_bank_code),
            (&self.citizenship, IdInfo::with_citizenship),
            (&self.session_id, IdInfo::with_session_id),
            (&self.openid_state, IdInfo::with_openid_state),
        ];
        let info = IdInfo::default().with_entered(entered);
        set.into_iter().fold(info, |info, (value, with)| match value {
            Some(value) => with(info, value.clone()),
            None => info,
        })
    }

    /// True if an ID authority could be asked about this.
    fn names_an_id(&self) -> bool {
        self.id_number.is_some() || self.session_id.is_some() || self.openid_state.is_some()
    }
}

impl Product {
    /// The job, if the product takes images.
    pub(crate) fn job(&self) -> Result<Option<(Job, &Delivery)>, Failure> {
        let (job_type, images, delivery) = match self {
            Self::BiometricKyc(flags) => (JobType::BIOMETRIC_KYC, &flags.images, &flags.delivery),
            Self::SmartselfieRegistration(flags) => {
                (JobType::SMARTSELFIE_REGISTRATION, &flags.images, &flags.delivery)
            }
            Self::SmartselfieAuthentication(flags) => {
                (JobType::SMARTSELFIE_AUTHENTICATION, &flags.images, &flags.delivery)
            }
            Self::DocumentVerification(flags) => {
                (JobType::DOCUMENT_VERIFICATION, &flags.images, &flags.delivery)
            }
            Self::EnhancedDocumentVerification(flags) => {
                (JobType::ENHANCED_DOCUMENT_VERIFICATION, &flags.images, &flags.delivery)
            }
            _ => return Ok(None),
        };
        let job = Job::of_type(job_type, self.ids().params());
        let mut job = images.add_to(job).with_return_job_status(delivery.wait);
        match self {
            Self::BiometricKyc(flags) => {
                let is_entered = flags.id.names_an_id() || flags.card.id_card.is_none();
                job = flags.card.add_to(job).with_id_info(flags.id.info(is_entered));
            }
            Self::DocumentVerification(flags) | Self::EnhancedDocumentVerification(flags) => {
                job = flags.card.add_to(job).with_id_info(flags.id.info(false));
                job = job.with_use_enrolled_image(flags.use_enrolled_image);
            }
            _ => {}
        }
        if let Some(url) = &delivery.callback {
            job = job.with_callback_url(url);
        }
        Ok(Some((job, delivery)))
    }

    /// Creates missing ids, and finds the images: everything needed before the first request.
    ///
    /// # Errors
    /// If a user that must be known has no id, or if a folder of frames can't be read or has no
    /// pictures.
    pub(crate) fn prepare(&mut self) -> Result<Named, Failure> {
        let is_new_user = self.ids().user_id.is_none();
        if is_new_user && self.is_about_a_known_user() {
            let rule = "must be set: it says whose selfie or name on file is used, and a new user has none";
            return Err(Failure::flag("--user-id", "user_id", rule));
        }
        let ids = self.ids_mut();
        let user_id = ids.user_id.get_or_insert_with(|| new_id("user")).clone();
        let job_id = ids.job_id.get_or_insert_with(|| new_id("job")).clone();
        let named =
            Named { job_id, new_user_id: is_new_user.then_some(user_id), show_personal: ids.show_personal };
        self.resolve_paths()?;
        Ok(named)
    }

    /// Replaces folders of liveness frames by their frames, and makes all paths absolute, so that
    /// they can be found again.
    fn resolve_paths(&mut self) -> Result<(), Failure> {
        let (images, card) = match self {
            Self::BiometricKyc(flags) => (&mut flags.images, Some(&mut flags.card)),
            Self::SmartselfieRegistration(flags) | Self::SmartselfieAuthentication(flags) => {
                (&mut flags.images, None)
            }
            Self::DocumentVerification(flags) | Self::EnhancedDocumentVerification(flags) => {
                (&mut flags.images, Some(&mut flags.card))
            }
            _ => return Ok(()),
        };
        let mut frames = vec![];
        for path in &images.liveness {
            if path.is_dir() { frames.extend(pictures_in(path)?) } else { frames.push(path.clone()) }
        }
        images.liveness = frames;
        let card = card.into_iter().flat_map(|card| card.id_card.iter_mut().chain(&mut card.id_card_back));
        for path in images.selfie.iter_mut().chain(&mut images.liveness).chain(card) {
            // A path that isn't one is reported when the file is read.
            if let Ok(absolute) = std::path::absolute(&*path) {
                *path = absolute;
            }
        }
        Ok(())
    }
}

impl Images {
    fn add_to(&self, job: Job) -> Job {
        let job = self.selfie.iter().fold(job, |job, path| job.with_selfie(Image::path(path)));
        let job = job.with_liveness(self.liveness.iter().map(Image::path));
        job.with_allow_new_enroll(self.allow_new_enroll).with_retry(self.retry)
    }
}

impl Card {
    fn add_to(&self, job: Job) -> Job {
        let job = self.id_card.iter().fold(job, |job, path| job.with_id_card(Image::path(path)));
        self.id_card_back.iter().fold(job, |job, path| job.with_id_card_back(Image::path(path)))
    }
}

impl flags::Business {
    pub(crate) fn business(&self) -> Business {
        let given = |value: &Option<String>| value.clone().unwrap_or_default();
        let business = Business::new(given(&self.country), given(&self.id_type), given(&self.id_number));
        let business = match self.business_type {
            Some(flags::BusinessType::Bn) => business.with_business_type(BusinessType::BusinessName),
            Some(flags::BusinessType::Co) => business.with_business_type(BusinessType::Company),
            Some(flags::BusinessType::It) => business.with_business_type(BusinessType::IncorporatedTrustees),
            None => business,
        };
        if self.postal_address.is_some() || self.postal_code.is_some() {
            business.with_postal_address(given(&self.postal_address), given(&self.postal_code))
        } else {
            business
        }
    }
}

impl flags::Aml {
    pub(crate) fn check(&self) -> AmlRequest {
        let params = self.ids.params();
        let check = if self.search_existing_user {
            AmlRequest::of_existing_user(params, &self.countries)
        } else {
            AmlRequest::new(params, self.full_name.clone().unwrap_or_default(), &self.countries)
        };
        let check = check.with_strict_match(self.strict_match).with_aliases(&self.aliases);
        self.birth_year.into_iter().fold(check, AmlRequest::with_birth_year)
    }
}

impl flags::Address {
    pub(crate) fn check(&self) -> AddressVerificationRequest {
        let given = |value: &Option<String>| value.clone().unwrap_or_default();
        let address = given(&self.address);
        let check = if self.country == "ZA" {
            AddressVerificationRequest::south_africa(address, given(&self.id_number))
        } else {
            AddressVerificationRequest::nigeria(
                address,
                given(&self.utility_number),
                given(&self.utility_provider),
            )
        };
        let check = self.full_name.iter().fold(check, AddressVerificationRequest::with_full_name);
        // The callback is matched by them.
        let mut params = serde_json::Map::new();
        let ids = [("user_id", &self.ids.user_id), ("job_id", &self.ids.job_id)];
        let ids = ids.into_iter().filter_map(|(key, id)| Some((key, id.as_deref()?)));
        params.extend(ids.chain(self.ids.extra()).map(|(key, value)| (key.to_owned(), value.into())));
        let check = check.with_field("partner_params", params);
        self.callback.iter().fold(check, AddressVerificationRequest::with_callback_url)
    }
}

/// The pictures in a folder, in the order of the numbers in their names.
fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let wrong = |rule: String| Failure::flag("--liveness", "images", rule);
    let unreadable =
        |error: std::io::Error| wrong(format!("must name a folder that can be read: {}", error.kind()));
    let mut pictures = vec![];
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let extension = path.extension().map(OsStr::to_ascii_lowercase);
        if extension.is_some_and(|text| text == "jpg" || text == "jpeg" || text == "png") {
            pictures.push(path);
        }
    }
    if pictures.is_empty() {
        return Err(wrong("must name a folder with pictures in it (.jpg, .jpeg or .png)".to_owned()));
    }
    pictures.sort_by_key(|path| name_and_number(path));
    Ok(pictures)
}

/// Splits a name for sorting: `frame_10` comes after `frame_9`.
fn name_and_number(path: &Path) -> (String, u64, PathBuf) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = stem[name.len()..].parse().unwrap_or_default();
    (name.to_owned(), number, path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["f_10.jpg", "f_9.JPG", "f_1.png", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let pictures = pictures_in(folder.path()).unwrap();
        let names: Vec<_> = pictures.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["f_1.png", "f_9.JPG", "f_10.jpg"]);
    }
}
