//! The sandbox as a whole: its state, news of changes, reset, and users.

use bytes::Bytes;
use http::Response;
use serde_json::json;

use crate::admin::ask::Ask;
use crate::admin::error::{AdminError, ok};
use crate::admin::input::Query;
use crate::job::record::Stage;
use crate::state::State;
use crate::state::users::UserState;

const USER_STATES: [(&str, UserState); 6] = [
    ("unknown", UserState::Unknown),
    ("enrolled", UserState::Enrolled),
    ("without_photo", UserState::WithoutPhoto),
    ("disabled", UserState::Disabled),
    ("deleted", UserState::Deleted),
    ("must_reenrol", UserState::MustReenrol),
];

/// The longest wait for the answer to `changes`, in seconds; 25 by default.
pub(super) fn seconds_to_wait(query: &Query) -> Result<u64, AdminError> {
    match query.number("wait")?.unwrap_or(25) {
        wait @ 0..=60 => Ok(wait),
        _ => Err(AdminError::invalid("wait must be from 0 to 60 seconds")),
    }
}

pub(super) fn admin_status(state: &mut State, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let under_review = state.jobs.iter().filter(|job| job.stage() == Stage::UnderReview).count();
    ok(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "partner_id": state.signer.partner_id().as_str(),
        "change": state.news(),
        "jobs": state.jobs.len(),
        "under_review": under_review,
        "requests": state.requests.len(),
        "callbacks": state.callbacks.records().len(),
    }))
}

/// The number of the newest change. The server delays this call until there is news.
pub(super) fn admin_changes(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    ask.query().number("after")?;
    seconds_to_wait(&ask.query())?;
    ok(&json!({"change": state.news()}))
}

pub(super) fn admin_reset(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    ask.input()?.end()?;
    state.reset();
    admin_status(state, ask)
}

pub(super) fn admin_users(state: &mut State, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let users = state.users.all().map(|(user_id, state)| {
        let state = USER_STATES.iter().find(|(_, listed)| *listed == state).map(|(name, _)| *name);
        json!({"user_id": user_id, "state": state})
    });
    ok(&json!({"users": users.collect::<Vec<_>>()}))
}

pub(super) fn admin_set_user(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let mut input = ask.input()?;
    let user_id = input.text("user_id")?;
    let user = input.required_choice("state", &USER_STATES)?;
    input.end()?;
    state.users.set(&user_id, user);
    admin_users(state, ask)
}
