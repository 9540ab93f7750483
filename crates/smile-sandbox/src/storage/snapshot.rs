//! Snapshots: the state that outlives a restart.
//!
//! A snapshot has the jobs with their images, users, consent sessions, Smile Links, rules with
//! their use counts, callbacks that are still due, rules about callbacks, and counters. It has not
//! the API key or anything made from it, requests, delivery attempts, faults, and https
//! certificates.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smile_core::Timestamp;

use crate::callback::disturbance::CallbackRules;
use crate::callback::queue::Callbacks;
use crate::http::base64_text;
use crate::job::digest::digest;
use crate::job::jobs::{Job, Jobs};
use crate::rule::rules::Rules;
use crate::state::State;
use crate::state::consents::Consents;
use crate::state::smile_links::SmileLinks;
use crate::state::users::Users;

/// The format of a snapshot; another one with every change to it.
const FORMAT: u64 = 1;

/// The state of a [`Service`](crate::Service) that outlives a restart. It holds all that was sent
/// about people, their images included, but not the API key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) state: Value,
    /// The images by their digests.
    pub(crate) images: BTreeMap<String, Image>,
}

/// The content of an image, in base64 when it is text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Image(#[serde(with = "base64_text")] pub(crate) Bytes);

/// The refusal to restore a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The snapshot was made by another version of the sandbox.
    #[error("it was written in format {found}, and this sandbox reads format {FORMAT}")]
    OtherFormat {
        /// The format, as far as the snapshot states one.
        found: String,
    },
    /// The snapshot belongs to another partner.
    #[error("it is the state of a sandbox for another partner id")]
    OtherPartner,
    /// The snapshot is damaged.
    #[error("it is damaged: {reason}")]
    Damaged {
        /// The problem, without any of the content.
        reason: String,
    },
}

impl RestoreError {
    /// Creates an error for unreadable JSON. The content may be personal, so only the place is
    /// named.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        let reason = match (error.line(), error.column()) {
            (0, _) => "a value has not the form that it should have".to_owned(),
            (line, column) => format!("it can't be read beyond line {line}, column {column}"),
        };
        Self::Damaged { reason }
    }
}

/// The state, borrowed from a service.
#[derive(Serialize)]
struct Kept<'a, J> {
    format: u64,
    partner_id: &'a str,
    latest: Timestamp,
    results_made: u64,
    /// The number of forgotten jobs before those that are here.
    forgotten: usize,
    jobs: &'a J,
    users: &'a Users,
    callbacks: &'a Callbacks,
    callback_rules: &'a CallbackRules,
    rules: &'a Rules,
    smile_links: &'a SmileLinks,
    consents: &'a Consents,
}

#[derive(Deserialize)]
struct Given {
    latest: Timestamp,
    results_made: u64,
    forgotten: usize,
    jobs: Vec<Job>,
    users: Users,
    callbacks: Callbacks,
    callback_rules: CallbackRules,
    rules: Rules,
    smile_links: SmileLinks,
    consents: Consents,
}

/// Takes a snapshot of the state.
pub(crate) fn snapshot(state: &State) -> Snapshot {
    let images = images(state).map(|(digest, bytes)| (digest.to_owned(), Image(bytes.clone()))).collect();
    Snapshot { state: serde_json::to_value(kept(state, &state.jobs)).unwrap_or_default(), images }
}

/// Restores a snapshot. Nothing is changed if that fails.
pub(crate) fn restore(state: &mut State, snapshot: Snapshot) -> Result<(), RestoreError> {
    check_format(&snapshot.state)?;
    let partner_id = snapshot.state.get("partner_id").and_then(Value::as_str);
    if partner_id != Some(state.signer.partner_id().as_str()) {
        return Err(RestoreError::OtherPartner);
    }
    let mut given: Given =
        serde_json::from_value(snapshot.state).map_err(|error| RestoreError::unreadable(&error))?;
    fill_images(&mut given.jobs, &snapshot.images)?;
    state.latest = given.latest;
    state.results_made = given.results_made;
    state.jobs = Jobs::resumed(given.forgotten, given.jobs);
    state.users = given.users;
    state.callbacks = given.callbacks;
    state.callbacks.resume();
    state.callback_rules = given.callback_rules;
    state.rules.resume(given.rules);
    state.smile_links = given.smile_links;
    state.consents = given.consents;
    state.changes += 1;
    Ok(())
}

/// The state as JSON, without the images, and with these texts in place of the jobs.
pub(crate) fn state_json(state: &State, jobs: &[String]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&kept(state, &jobs))
}

/// All images that the state names, by their digests; some more than once.
pub(crate) fn images(state: &State) -> impl Iterator<Item = (&str, &Bytes)> {
    state.jobs.iter().flat_map(Job::images)
}

fn kept<'a, J>(state: &'a State, jobs: &'a J) -> Kept<'a, J> {
    Kept {
        format: FORMAT,
        partner_id: state.signer.partner_id().as_str(),
        latest: state.latest,
        results_made: state.results_made,
        forgotten: state.jobs.positions().start,
        jobs,
        users: &state.users,
        callbacks: &state.callbacks,
        callback_rules: &state.callback_rules,
        rules: &state.rules,
        smile_links: &state.smile_links,
        consents: &state.consents,
    }
}

fn fill_images(jobs: &mut [Job], images: &BTreeMap<String, Image>) -> Result<(), RestoreError> {
    for image in jobs.iter_mut().flat_map(|job| &mut job.submission.images) {
        if image.digest() == digest(b"") {
            continue;
        }
        let content = images.get(image.digest()).filter(|content| digest(&content.0) == image.digest());
        let damaged =
            || RestoreError::Damaged { reason: format!("the image {} is not there", image.digest()) };
        image.bytes = content.ok_or_else(damaged)?.0.clone();
    }
    Ok(())
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("images", &self.images.len()).finish_non_exhaustive()
    }
}

/// Refuses a state of another format than this version's.
pub(crate) fn check_format(state: &Value) -> Result<(), RestoreError> {
    match state.get("format").and_then(Value::as_u64) {
        Some(FORMAT) => Ok(()),
        other => {
            let found = other.map_or("none".to_owned(), |format| format.to_string());
            Err(RestoreError::OtherFormat { found })
        }
    }
}
