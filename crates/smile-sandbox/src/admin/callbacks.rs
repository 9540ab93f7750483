//! Callbacks: their records, every delivery attempt, and the rules that disturb them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::admin::ask::Ask;
use crate::admin::bodies::{body, text, time};
use crate::admin::error::{AdminError, ok};
use crate::admin::input::Input;
use crate::callback::attempt::{CallbackAttempt, CallbackId, CallbackOutcome};
use crate::callback::disturbance::{CallbackError, CallbackRule, Disturbance, Redelivery};
use crate::callback::record::{CallbackRecord, CallbackState};
use crate::http::fields::parse_object;
use crate::run::callbacks::{disturb_callback, redeliver};
use crate::state::State;

const REDELIVERIES: [(&str, Redelivery); 2] =
    [("same_bytes", Redelivery::SameBytes), ("signed_afresh", Redelivery::SignedAfresh)];

/// The kinds of disturbances; two of them need a duration, which is zero here.
const DISTURBANCES: [(&str, Disturbance); 8] = [
    ("drop", Disturbance::Drop),
    ("delay", Disturbance::Delay(Duration::ZERO)),
    ("reorder", Disturbance::Reorder),
    ("duplicate", Disturbance::Duplicate),
    ("stale", Disturbance::Stale(Duration::ZERO)),
    ("wrongly_signed", Disturbance::WronglySigned),
    ("tampered", Disturbance::Tampered),
    ("oversized", Disturbance::Oversized),
];

/// Lists the newest callbacks, or those of one job.
pub(super) fn admin_callbacks(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let query = ask.query();
    let (only, limit) = (query.text("job_id"), query.limit()?);
    let is_meant = |made: &&CallbackRecord| only.is_none_or(|only| made.job_id == only);
    let made: Vec<_> = state.callbacks.records().iter().rev().filter(is_meant).collect();
    let newest = &made[..made.len().min(limit)];
    let mut attempts = newest.iter().map(|made| (made.id, Vec::new())).collect::<BTreeMap<_, _>>();
    for attempt in state.callbacks.attempts() {
        attempts.entry(attempt.id).and_modify(|of_callback| of_callback.push(attempt));
    }
    let shown: Vec<_> = newest.iter().map(|made| summary(state, made, &attempts[&made.id])).collect();
    ok(&json!({"total": made.len(), "callbacks": shown}))
}

pub(super) fn admin_callback(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    shown_callback(state, asked_id(ask)?)
}

pub(super) fn admin_redeliver(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let mut input = ask.input()?;
    let redelivery = input.choice("redelivery", &REDELIVERIES)?.unwrap_or_default();
    input.end()?;
    let copy = redeliver(state, ask.now, asked_id(ask)?, redelivery).map_err(refusal)?;
    shown_callback(state, copy)
}

pub(super) fn admin_disturb(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let mut input = ask.input()?;
    let disturbance = read_disturbance(&mut input)?;
    input.end()?;
    let disturbed = disturb_callback(state, ask.now, asked_id(ask)?, disturbance).map_err(refusal)?;
    shown_callback(state, disturbed)
}

pub(super) fn admin_rules(state: &mut State, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let rules: Vec<_> = state.callback_rules.all().iter().map(rule).collect();
    ok(&json!({"callback_rules": rules}))
}

/// Adds a callback rule; without `times`, for every callback.
pub(super) fn admin_add_rule(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let mut input = ask.input()?;
    let disturbance = read_disturbance(&mut input)?;
    let mut rule = match input.optional_count("times")? {
        Some(0) => {
            return Err(AdminError::invalid("times must be at least 1; without it, every callback is meant"));
        }
        Some(times) => CallbackRule::next(disturbance).with_times(times),
        None => CallbackRule::every(disturbance),
    };
    if let Some(after) = input.optional_count("after")? {
        rule = rule.with_skipped(after);
    }
    if let Some(job_id) = input.optional_text("job_id")? {
        rule = rule.with_job_id(job_id);
    }
    input.end()?;
    state.callback_rules.add(rule);
    admin_rules(state, ask)
}

pub(super) fn admin_clear_rules(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    state.callback_rules.clear();
    admin_rules(state, ask)
}

fn summary(state: &State, made: &CallbackRecord, attempts: &[&CallbackAttempt]) -> Value {
    let (stage, due) = match made.state {
        CallbackState::Waiting(due) => ("waiting", Some(due)),
        CallbackState::HeldBack => ("held_back", None),
        CallbackState::UnderWay => ("under_way", None),
        CallbackState::Delivered => ("delivered", None),
        CallbackState::GivenUp => ("given_up", None),
        CallbackState::Dropped => ("dropped", None),
    };
    let entry = parse_object(&made.body).unwrap_or_default();
    json!({
        "number": made.id.number(),
        "job_id": made.job_id,
        "smile_job_id": state.jobs.position(&made.job_id).map(|at| state.jobs.at(at).smile_job_id.as_str()),
        "url": made.url,
        "made_at": made.made_at.to_string(),
        "copy_of": made.copy_of.map(CallbackId::number),
        "disturbance": made.disturbance.map(disturbance),
        "state": stage,
        "due": time(due),
        "bytes": made.body.len(),
        "result_code": entry.get("ResultCode").map_or(Value::Null, text),
        "attempts": attempts.iter().map(|made| attempt(made)).collect::<Vec<_>>(),
    })
}

fn shown_callback(state: &State, id: CallbackId) -> Result<Response<Bytes>, AdminError> {
    let made = state.callbacks.record(id).ok_or(CallbackError::UnknownCallback).map_err(refusal)?;
    let attempts: Vec<_> = state.callbacks.attempts().iter().filter(|attempt| attempt.id == id).collect();
    let mut shown = summary(state, made, &attempts);
    shown["body"] = body(&made.body, made.body.len());
    ok(&shown)
}

fn asked_id(ask: &Ask<'_>) -> Result<CallbackId, AdminError> {
    let id = ask.number(0).map(CallbackId::from_number);
    id.ok_or(CallbackError::UnknownCallback).map_err(refusal)
}

fn refusal(error: CallbackError) -> AdminError {
    match error {
        CallbackError::UnknownCallback => AdminError::not_found(&error.to_string()),
        CallbackError::NotWaiting => AdminError::conflict(error),
    }
}

fn read_disturbance(input: &mut Input) -> Result<Disturbance, AdminError> {
    Ok(match input.required_choice("kind", &DISTURBANCES)? {
        Disturbance::Delay(_) => Disturbance::Delay(input.seconds("seconds")?),
        Disturbance::Stale(_) => Disturbance::Stale(input.seconds("seconds")?),
        other => other,
    })
}

fn attempt(attempt: &CallbackAttempt) -> Value {
    let (outcome, status) = match attempt.outcome {
        CallbackOutcome::Answered(status) => ("answered", Some(status.as_u16())),
        CallbackOutcome::Unreachable => ("unreachable", None),
        CallbackOutcome::TimedOut => ("timed_out", None),
        CallbackOutcome::Interrupted => ("interrupted", None),
        CallbackOutcome::Refused => ("refused", None),
    };
    json!({
        "attempt": attempt.attempt,
        "at": attempt.at.to_string(),
        "outcome": outcome,
        "status": status,
        "answer": String::from_utf8_lossy(&attempt.answer),
    })
}

fn disturbance(disturbance: Disturbance) -> Value {
    let same_kind = |(_, kind): &&(&str, Disturbance)| {
        std::mem::discriminant(kind) == std::mem::discriminant(&disturbance)
    };
    let seconds = match disturbance {
        Disturbance::Delay(time) | Disturbance::Stale(time) => Some(time.as_secs_f64()),
        _ => None,
    };
    json!({"kind": DISTURBANCES.iter().find(same_kind).map(|(name, _)| *name), "seconds": seconds})
}

fn rule(rule: &CallbackRule) -> Value {
    let mut shown = disturbance(rule.disturbance());
    shown["job_id"] = rule.job_id().into();
    shown["after"] = rule.left_alone().into();
    shown["times"] = rule.times_left().into();
    shown
}
