//! Results that are still to come: a rule's results for a job, stage by stage.
//!
//! Every stage is written when the job is carried out, so that later events can't change it. Only
//! its number, its signature and its consequences are added when it is due.

use serde_json::Value;
use smile_core::Timestamp;

use crate::http::answers::Refusal;
use crate::job::events::JobEventKind;
use crate::job::jobs::JobResult;
use crate::job::stage::{Reviewing, Staged};
use crate::rule::matcher::Submitted;
use crate::rule::rules::{Moment, Response as Scripting};
use crate::run::callbacks::send;
use crate::state::State;

/// Returns an error if a rule refuses the job.
pub(crate) fn refused(
    state: &mut State,
    now: Timestamp,
    at: Moment,
    job: &Submitted<'_>,
) -> Result<(), Refusal> {
    match state.rules.take(now, at, job) {
        Some(Scripting::Refusal(code)) => Err(Refusal::scripted(code)),
        _ => Ok(()),
    }
}

/// Starts the stages of a job; those that are due are published at once.
pub(crate) fn play(state: &mut State, now: Timestamp, position: usize, stages: Vec<Staged>) {
    let job = state.jobs.at_mut(position);
    job.stage_due = stages.first().map(|first| now + first.after);
    job.staged = stages.into();
    job.review_due = None;
    state.jobs.reschedule(position);
    while state.jobs.at(position).stage_due.is_some_and(|due| due <= now) {
        run_stage(state, position);
    }
}

/// Publishes the next stage of a job, at its due time.
pub(crate) fn run_stage(state: &mut State, position: usize) {
    let job = state.jobs.at_mut(position);
    let Some((due, stage)) = job.stage_due.zip(job.staged.pop_front()) else { return };
    job.stage_due = job.staged.front().map(|next| due + next.after);
    job.review_due = match (stage.review, state.settings.automatic_review) {
        (Reviewing::Nobody, _) => None,
        (Reviewing::Automatic, Some(_)) => Some(due + state.settings.review_delay),
        (Reviewing::ByHand | Reviewing::Automatic, _) => Some(Timestamp::MAX),
    };
    state.jobs.reschedule(position);
    file(state, due, position, stage);
}

/// Records a result, enrols the user if the result does that, and sends the callback.
pub(crate) fn file(state: &mut State, now: Timestamp, position: usize, stage: Staged) {
    state.changes += 1;
    let number = state.results_made;
    state.results_made += 1;
    let job = state.jobs.at_mut(position);
    if stage.enrols {
        state.users.enrol(&job.user_id, &job.job_id);
    }
    let result_code = match stage.entry.get("ResultCode") {
        Some(Value::String(code)) => code.clone(),
        other => other.map(Value::to_string).unwrap_or_default(),
    };
    job.note(now, JobEventKind::Decided { result_code, by_human: stage.by_human });
    let (entry, spelling_variants) = (stage.entry.clone(), stage.spelling_variants);
    job.results.push(JobResult { number, entry, is_success: stage.is_success, spelling_variants });
    let is_told = job.endpoint.sends_callbacks();
    state.jobs.weigh(position);
    for entry in Some(stage.entry).into_iter().chain(stage.follow_up) {
        if is_told && stage.sends_callback {
            send(state, now, position, entry);
        }
    }
}
