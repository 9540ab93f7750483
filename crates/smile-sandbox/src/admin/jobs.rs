//! Jobs: their list, their uploads, and decisions about those that await a human.

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use smile_core::catalogue::{self, Category};

use crate::admin::ask::Ask;
use crate::admin::bodies::{abridged, text, time};
use crate::admin::error::{AdminError, ok};
use crate::http::answers::with_type;
use crate::job::events::{JobEvent, JobEventKind};
use crate::job::jobs::Job;
use crate::job::record::{JobRecord, Stage};
use crate::result::finding::{Review, ReviewError};
use crate::result::verdict::Verdict;
use crate::run::review::manual_review;
use crate::state::State;

const REVIEWS: [(&str, Review); 5] = [
    ("approve", Review::Approve),
    ("reject", Review::Reject),
    ("spoof_detected", Review::SpoofDetected),
    ("liveness_unsure", Review::LivenessUnsure),
    ("id_card_check_failed", Review::IdCardCheckFailed),
];

/// Policy of image answers: shown as an image, and nothing else if taken for a document.
const IMAGE_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Lists the newest jobs, or all with one id.
pub(super) fn admin_jobs(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let query = ask.query();
    let (only, limit) = (query.text("job_id"), query.limit()?);
    let is_meant = |job: &&Job| only.is_none_or(|only| job.job_id == only);
    let total = state.jobs.iter().filter(is_meant).count();
    let meant = state.jobs.iter().filter(is_meant).skip(total.saturating_sub(limit));
    let mut jobs: Vec<_> = meant.map(summary).collect();
    jobs.reverse();
    ok(&json!({"total": total, "jobs": jobs}))
}

pub(super) fn admin_job(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let job = asked_job(state, ask)?;
    let record = job.record();
    let mut shown = summary(job);
    shown["ref_id"] = record.ref_id.as_str().into();
    shown["partner_params"] = abridged(&record.partner_params);
    shown["request"] = record.request.as_ref().map_or(Value::Null, abridged);
    shown["info"] = record.info.as_ref().map_or(Value::Null, abridged);
    shown["images"] = images(&record).into();
    shown["results"] = record.results.iter().map(abridged).collect();
    shown["events"] = record.events.iter().map(event).collect();
    ok(&shown)
}

/// Serves `info.json`, with everything that was in it.
pub(super) fn admin_info(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let info = asked_job(state, ask)?.submission.info.as_ref();
    ok(info.ok_or_else(|| AdminError::not_found("no zip with an info.json was uploaded for this job"))?)
}

pub(super) fn admin_image(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let images = &asked_job(state, ask)?.submission.images;
    let image = ask.number(1).and_then(|at| images.get(usize::try_from(at).ok()?));
    let image = image.ok_or_else(|| AdminError::not_found("the job has no image with this index"))?;
    let content_type = image.content_type().unwrap_or("application/octet-stream");
    let mut response = with_type(StatusCode::OK, content_type, image.bytes.clone());
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("content-security-policy"), IMAGE_POLICY);
    // Content that is no image is offered for saving, and never displayed.
    if !image.is_usable() {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"image.bin\""));
    }
    Ok(response)
}

/// Decides a job that is under review.
pub(super) fn admin_review(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let mut input = ask.input()?;
    let review = input.required_choice("review", &REVIEWS)?;
    input.end()?;
    let job_id = asked_job(state, ask)?.job_id.clone();
    manual_review(state, ask.now, &job_id, review).map_err(|error| match error {
        ReviewError::UnknownJob => AdminError::not_found("there is no job with this id"),
        other => AdminError::conflict(other),
    })?;
    admin_job(state, ask)
}

fn asked_job<'a>(state: &'a State, ask: &Ask<'_>) -> Result<&'a Job, AdminError> {
    let asked = ask.captured.first().copied().unwrap_or_default();
    let job = state.jobs.iter().find(|job| job.smile_job_id == asked);
    job.ok_or_else(|| AdminError::not_found("there is no job with this smile_job_id"))
}

fn summary(job: &Job) -> Value {
    let record = job.record();
    let result =
        |name: &str| record.results.last().and_then(|result| result.get(name)).map_or(Value::Null, text);
    json!({
        "smile_job_id": record.smile_job_id,
        "job_id": record.job_id,
        "user_id": record.user_id,
        "job_type": record.job_type.number(),
        "product": record.job_type.name(),
        "stage": match record.stage {
            Stage::AwaitingZip => "awaiting_zip",
            Stage::Running => "running",
            Stage::UnderReview => "under_review",
            Stage::Decided => "decided",
        },
        "created_at": time(record.events.first().map(|event| event.at)),
        "result_code": result("ResultCode"),
        "category": category(&record),
        "result_text": result("ResultText"),
        "preps": record.preps,
        "uploads": record.uploads,
        "processed": record.processed,
        "image_count": record.images.len(),
        "review_due": time(job.review_due),
        "reviews": reviews(job),
    })
}

/// The meaning of the newest code, if the catalogue has the code for this job type.
fn category(record: &JobRecord) -> Option<&'static str> {
    // Some spelling variants leave out the leading zeros.
    let code = match record.results.last()?.get("ResultCode")? {
        Value::String(code) => code.clone(),
        Value::Number(code) => format!("{:0>4}", code.to_string()),
        _ => return None,
    };
    Some(match catalogue::result_code(&code, record.job_type)?.category {
        Category::Approved => "approved",
        Category::Provisional => "provisional",
        Category::SuspectedSpoof => "suspected_spoof",
        Category::Inconclusive => "inconclusive",
        Category::Rejected => "rejected",
        Category::Error => "error",
        Category::Listed => "listed",
        Category::NotListed => "not_listed",
        _ => return None,
    })
}

/// The decisions that a reviewer can take about a job now.
fn reviews(job: &Job) -> Vec<&'static str> {
    if job.review_due.is_none() {
        return Vec::new();
    }
    let has_code = |(_, review): &&(&str, Review)| Verdict::of_human(*review, job.product()).is_ok();
    REVIEWS.iter().filter(has_code).map(|(name, _)| *name).collect()
}

fn images(record: &JobRecord) -> Vec<Value> {
    let shown = record.images.iter().enumerate().map(|(index, image)| {
        json!({
            "index": index,
            "image_type_id": image.image_type_id,
            "file_name": image.file_name,
            "bytes": image.bytes.len(),
            "content_type": image.content_type(),
        })
    });
    shown.collect()
}

fn event(event: &JobEvent) -> Value {
    let mut shown = json!({"at": event.at.to_string()});
    shown["kind"] = match &event.kind {
        JobEventKind::UploadPrepared => "upload_prepared",
        JobEventKind::ZipUploaded { .. } => "zip_uploaded",
        JobEventKind::CheckRequested => "check_requested",
        JobEventKind::Decided { .. } => "decided",
    }
    .into();
    match &event.kind {
        JobEventKind::ZipUploaded { bytes } => shown["bytes"] = (*bytes).into(),
        JobEventKind::Decided { result_code, by_human } => {
            shown["result_code"] = result_code.as_str().into();
            shown["by_human"] = (*by_human).into();
        }
        _ => {}
    }
    shown
}
