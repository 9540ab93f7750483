//! `POST /upload`: announces a job, and returns the upload address for its zip.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::{JobType, Timestamp};

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::endpoint::Endpoint;
use crate::http::fields::{Fields, parse_object, whole_number};
use crate::http::origin::Origin;
use crate::job::events::JobEventKind;
use crate::result::product::Product;
use crate::rule::matcher::Submitted;
use crate::rule::rules::Moment;
use crate::run::stages::refused;
use crate::state::State;
use crate::state::users::UserState;
use crate::v1::authorisation::Signed;
use crate::v1::authorisation::authorise_or_token;
use crate::v1::presign;

const SIGNED: Signed = Signed { partner_id: "smile_client_id", missing: "2213", unauthorised: "2205" };

/// The job types that are submitted here.
const JOB_TYPES: [u64; 7] = [1, 2, 4, 6, 8, 9, 11];

pub(crate) fn prep_upload(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    let claims = authorise_or_token(state, now, &body, &SIGNED)?;
    let fields = Fields::new(&body, SIGNED.missing);
    let file_name = fields.optional_text("file_name")?.unwrap_or("selfie.zip");
    let callback_url = fields.optional_text("callback_url")?.map(str::to_owned);
    let callback_url = callback_url.or_else(|| claims.as_ref()?.callback_url.clone());
    let use_enrolled_image = fields.flag("use_enrolled_image")?;
    let allow_new_enroll = fields.flag("allow_new_enroll")?;
    let is_retry = fields.flag("retry")?;
    let partner_params = match (&claims, body.get("partner_params")) {
        (Some(claims), None | Some(Value::Null)) => &claims.partner_params,
        _ => fields.object("partner_params")?,
    };
    let params = Fields::new(partner_params, SIGNED.missing);
    let (job_id, user_id) = (params.text("job_id")?, params.text("user_id")?);
    let job_type = job_type(params)?;
    if claims.as_ref().is_some_and(|claims| !claims.allows(job_id, user_id)) {
        return Err(ApiError(SIGNED.unauthorised).into());
    }

    let existing = state.jobs.position(job_id);
    // An id that a check has used stays taken, also for a retry; our choice.
    // A retry is of the same job: one for another user or of another type is refused; our choice.
    let is_the_same = |position: usize| {
        let job = state.jobs.at(position);
        job.endpoint == Endpoint::PrepUpload && job.user_id == user_id && job.job_type == job_type
    };
    if existing.is_some_and(|position| !is_retry || !is_the_same(position)) {
        return Err(ApiError::JOB_EXISTS.into());
    }
    if let Some(product) = Product::of(Endpoint::PrepUpload, job_type) {
        let submitted = Submitted { job_id, user_id, product, countries: Vec::new(), id_type: None };
        refused(state, now, Moment::Submission, &submitted)?;
    }
    check_user(state, user_id, job_id, job_type, allow_new_enroll, use_enrolled_image)?;

    let position = existing.unwrap_or_else(|| state.new_job(job_id, Endpoint::PrepUpload, job_type));
    let job = state.jobs.at_mut(position);
    job.user_id = user_id.to_owned();
    job.job_type = job_type;
    job.partner_params = partner_params.clone();
    job.callback_url = callback_url;
    job.use_enrolled_image = use_enrolled_image;
    job.preps += 1;
    job.note(now, JobEventKind::UploadPrepared);
    state.jobs.weigh(position);
    let job = state.jobs.at(position);

    let path = format!(
        "/videos/{}/{}/{}",
        path_segment(state.signer.partner_id().as_str()),
        job.ref_id,
        path_segment(file_name)
    );
    let query = presign::sign(&state.secret, origin.host(), &path, now, state.settings.upload_lifetime);
    Ok(ok(&json!({
        "upload_url": format!("{origin}{path}?{query}"),
        "ref_id": job.ref_id,
        "smile_job_id": job.smile_job_id,
        "camera_config": null,
        "code": "2202",
    })))
}

/// Checks that this user may have this job.
fn check_user(
    state: &State,
    user_id: &str,
    job_id: &str,
    job_type: JobType,
    allow_new_enroll: bool,
    use_enrolled_image: bool,
) -> Result<(), ApiError> {
    let user = state.users.state(user_id);
    match user {
        UserState::Disabled => return Err(ApiError::USER_DISABLED),
        UserState::Deleted => return Err(ApiError::USER_DELETED),
        _ => {}
    }
    if matches!(job_type, JobType::BIOMETRIC_KYC | JobType::SMARTSELFIE_REGISTRATION) {
        let is_taken = state.users.is_enrolled_by_another(user_id, job_id);
        let may_reuse = allow_new_enroll || !state.settings.enforce_new_users;
        return if is_taken && !may_reuse { Err(ApiError::ALREADY_ENROLLED) } else { Ok(()) };
    }
    let is_compared = matches!(job_type, JobType::SMARTSELFIE_AUTHENTICATION | JobType::UPDATE_PHOTO);
    match user {
        UserState::MustReenrol => Err(ApiError::MUST_REENROL),
        UserState::Unknown if is_compared || use_enrolled_image => Err(ApiError::NOT_ENROLLED),
        UserState::WithoutPhoto if is_compared || use_enrolled_image => Err(ApiError::NO_PHOTO),
        _ => Ok(()),
    }
}

/// Reads `job_type`, a number or a string of digits.
fn job_type(params: Fields<'_>) -> Result<JobType, ApiError> {
    let value = params.required("job_type")?;
    if !value.is_number() && !value.is_string() {
        return Err(ApiError::WRONG_TYPE);
    }
    match whole_number(value) {
        Some(number) if JOB_TYPES.contains(&number) => Ok(JobType::from_number(number as u16)),
        _ => Err(ApiError::INVALID_JOB_TYPE),
    }
}

/// A text as one segment of a path. A segment of dots alone would be read as a direction.
fn path_segment(text: &str) -> String {
    if text.bytes().all(|byte| byte == b'.') {
        return "upload".to_owned();
    }
    let mut segment = String::new();
    for byte in text.bytes().take(255) {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_one_segment() {
        assert_eq!(path_segment("selfie.zip"), "selfie.zip");
        assert_eq!(path_segment("a b/ü?.zip"), "a%20b%2F%C3%BC%3F.zip");
        assert_eq!(path_segment(".."), "upload");
        assert_eq!(path_segment(&"a".repeat(1_000)).len(), 255);
    }
}
