//! The passage of time: due stages, and reviews.

use smile_core::Timestamp;

use crate::result::finding::{Review, ReviewError};
use crate::result::verdict::Verdict;
use crate::run::process::verdict_stage;
use crate::run::stages::{file, run_stage};
use crate::state::State;

/// Runs everything due: stages of scripts, and automatic reviews.
pub(crate) fn run_due(state: &mut State, now: Timestamp) {
    while let Some((due, position)) = state.jobs.next_due().filter(|(due, _)| *due <= now) {
        if state.jobs.at(position).stage_due == Some(due) {
            run_stage(state, position);
        } else {
            review_automatically(state, due, position);
        }
    }
}

fn review_automatically(state: &mut State, due: Timestamp, position: usize) {
    let job = state.jobs.at_mut(position);
    let Some(review) = state.settings.automatic_review else {
        // The job was made when there was a reviewer, by a sandbox with other settings.
        job.review_due = Some(Timestamp::MAX);
        state.jobs.reschedule(position);
        return;
    };
    let product = job.product();
    job.review_due = None;
    state.jobs.reschedule(position);
    // A job type that has no code for the configured review gets one that all have.
    let verdict = Verdict::of_human(review, product).or_else(|_| Verdict::of_human(Review::Reject, product));
    if let Ok(verdict) = verdict {
        let stage = verdict_stage(state, position, &verdict);
        file(state, due, position, stage);
    }
}

pub(crate) fn manual_review(
    state: &mut State,
    now: Timestamp,
    job_id: &str,
    review: Review,
) -> Result<(), ReviewError> {
    let position = state.jobs.position(job_id).ok_or(ReviewError::UnknownJob)?;
    let job = state.jobs.at(position);
    if job.review_due.is_none() {
        return Err(ReviewError::NotUnderReview);
    }
    let verdict = Verdict::of_human(review, job.product())?;
    let stage = verdict_stage(state, position, &verdict);
    // The review replaces all results that were to come.
    let job = state.jobs.at_mut(position);
    (job.review_due, job.stage_due) = (None, None);
    job.staged.clear();
    state.jobs.reschedule(position);
    file(state, now, position, stage);
    Ok(())
}

/// Lets time pass: runs everything due, and keeps the clock from going back.
pub(crate) fn advance(state: &mut State, now: Timestamp) -> Timestamp {
    state.latest = state.latest.max(now);
    let now = state.latest;
    run_due(state, now);
    now
}
