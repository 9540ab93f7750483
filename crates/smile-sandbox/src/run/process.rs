//! Running a job on its zip.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::job::events::JobEventKind;
use crate::job::jobs::Job;
use crate::job::stage::{Reviewing, Staged};
use crate::job::submission::{ID_CARD_FRONT, LIVENESS, Submission};
use crate::result::actions::Circumstances;
use crate::result::authority::Authority;
use crate::result::authority::last_digit;
use crate::result::entry::{self, Subject};
use crate::result::persona::{NOT_AVAILABLE, with_split_name};
use crate::result::product::Product;
use crate::result::verdict::Verdict;
use crate::rule::matcher::Submitted;
use crate::rule::rules::{Moment, Response};
use crate::run::judge::{has_photo_to_compare, looked_up_number, of_script, of_steered, of_unusable};
use crate::run::stages::play;
use crate::state::State;

/// Runs a job on a zip. A zip that replaces an earlier one runs the job again, with its review.
pub(crate) fn process(state: &mut State, now: Timestamp, position: usize, zip: Bytes) {
    let bytes = zip.len();
    let mut submission = Submission::read(zip).ok();
    if let Some(submission) = &mut submission {
        let session = submission.id_info("session_id").unwrap_or_default();
        submission.number_of_session = state.consents.granted_number(session).map(str::to_owned);
    }
    let job = state.jobs.at_mut(position);
    job.uploads += 1;
    job.note(now, JobEventKind::ZipUploaded { bytes });
    job.processed += 1;
    job.polls_left = state.settings.pending_polls;
    let unusable = of_unusable(job, submission.as_ref());
    job.submission = submission.unwrap_or_default();
    job.submission.partner_params = Some(job.partner_params.clone());
    let mut stages = match unusable {
        Some(verdict) => vec![verdict_stage(state, position, &verdict)],
        None => verdict_stages(state, now, position),
    };
    if let Some(first) = stages.first_mut() {
        first.follow_up = lookup(state, position);
    }
    play(state, now, position, stages);
    state.jobs.weigh(position);
}

/// The results of a job with a usable zip: a rule's, or else those that the job itself asks for.
fn verdict_stages(state: &mut State, now: Timestamp, position: usize) -> Vec<Staged> {
    let job = state.jobs.at(position);
    let as_it_comes = of_steered(job, &job.submission);
    let product = Product::of(job.endpoint, job.job_type);
    let scripting = product.and_then(|product| {
        let submitted = Submitted {
            job_id: &job.job_id,
            user_id: &job.user_id,
            product,
            countries: job.submission.id_info("country").into_iter().collect(),
            id_type: job.submission.id_info("id_type"),
        };
        state.rules.take(now, Moment::Run, &submitted)
    });
    let (Some(product), Some(Response::Stages(script))) = (product, scripting) else {
        return vec![verdict_stage(state, position, &as_it_comes)];
    };
    let staged = script.iter().map(|stage| {
        let verdict = of_script(&stage.verdict, product, &as_it_comes);
        let mut staged = verdict_stage(state, position, &verdict);
        let is_pending = stage.says_final().map_or(verdict.awaits_review(), |is_final| !is_final);
        staged.review = if is_pending { Reviewing::ByHand } else { Reviewing::Nobody };
        staged.after = stage.after;
        staged.sends_callback = stage.sends_callback;
        staged.spelling_variants.clone_from(&stage.spelling_variants);
        stage.write(&mut staged.entry);
        staged
    });
    staged.collect()
}

/// A verdict as a stage.
pub(crate) fn verdict_stage(state: &State, position: usize, verdict: &Verdict) -> Staged {
    let job = state.jobs.at(position);
    // Old accounts get the personal data in a separate callback.
    let personal_info = state.settings.personal_info && !state.settings.legacy_two_callbacks;
    Staged {
        after: Duration::ZERO,
        entry: written(job, verdict, personal_info),
        is_success: verdict.is_success,
        enrols: verdict.is_approval() && enrols(job.job_type.number()),
        review: if verdict.awaits_review() { Reviewing::Automatic } else { Reviewing::Nobody },
        sends_callback: true,
        by_human: verdict.is_by_human(),
        spelling_variants: Vec::new(),
        follow_up: None,
    }
}

/// The entry for a verdict on what was submitted.
fn written(job: &Job, verdict: &Verdict, personal_info: bool) -> Map<String, Value> {
    let circumstances = Circumstances {
        looks_up: looked_up_number(job, &job.submission).is_some(),
        returns_personal_info: false,
        has_liveness: job.submission.image(LIVENESS).is_some(),
        has_card: job.submission.image(ID_CARD_FRONT).is_some(),
        has_photo: has_photo_to_compare(job, &job.submission),
    };
    entry::faces(&subject(job), verdict, circumstances, personal_info)
}

/// The subject of a job's entries. `PartnerParams` are echoed unchanged, except that custom test
/// data, used if an ID number ends in 4, has a full name in it split as well.
fn subject(job: &Job) -> Subject<'_> {
    let submitted = |name: &str| job.submission.id_info(name).unwrap_or(NOT_AVAILABLE);
    let params = job.submission.partner_params.as_ref().unwrap_or(&job.partner_params);
    let is_custom = last_digit(looked_up_number(job, &job.submission)) == Some('4');
    Subject {
        product: job.product(),
        smile_job_id: &job.smile_job_id,
        partner_params: if is_custom { with_split_name(params) } else { params.clone() },
        country: submitted("country"),
        id_type: submitted("id_type"),
        id_number: submitted("id_number"),
        is_custom,
    }
}

/// The ID lookup by itself, which only old accounts get.
fn lookup(state: &State, position: usize) -> Option<Map<String, Value>> {
    let job = state.jobs.at(position);
    let number = looked_up_number(job, &job.submission).filter(|_| state.settings.legacy_two_callbacks)?;
    let subject = Subject { product: Product::IdInformation, ..subject(job) };
    let authority = Authority::ask(Some(number), None, false);
    Some(entry::lookup(&subject, authority.code(), true, true))
}

/// True for job types that put a selfie on file.
fn enrols(job_type: u16) -> bool {
    matches!(job_type, 1 | 4 | 6 | 11)
}
