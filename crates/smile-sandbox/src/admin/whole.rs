//! The sandbox as a whole: how it is, what changed, starting over; and its users.

use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::input::Query;
use super::{AdminError, Ask, ok};
use crate::job::record::Stage;
use crate::service::Service;
use crate::state::users::UserState;

const USER_STATES: [(&str, UserState); 6] = [
    ("unknown", UserState::Unknown),
    ("enrolled", UserState::Enrolled),
    ("without_photo", UserState::WithoutPhoto),
    ("disabled", UserState::Disabled),
    ("deleted", UserState::Deleted),
    ("must_reenrol", UserState::MustReenrol),
];

/// How long the answer to `changes` may wait; 25 s unless it is asked otherwise.
pub(super) fn seconds_to_wait(query: &Query) -> Result<u64, AdminError> {
    match query.number("wait")?.unwrap_or(25) {
        wait @ 0..=60 => Ok(wait),
        _ => Err(AdminError::invalid("wait must be from 0 to 60 seconds")),
    }
}

impl Service {
    pub(super) fn admin_status(&mut self, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        let under_review = self.jobs.iter().filter(|job| job.stage() == Stage::UnderReview).count();
        ok(&json!({
            "version": env!("CARGO_PKG_VERSION"),
            "partner_id": self.signer.partner_id().as_str(),
            "change": self.news(),
            "jobs": self.jobs.len(),
            "under_review": under_review,
            "requests": self.requests().len(),
            "callbacks": self.callbacks.records().len(),
        }))
    }

    /// The number of the newest change. The server waits, before it asks for this, until there is news.
    pub(super) fn admin_changes(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        ask.query().number("after")?;
        seconds_to_wait(&ask.query())?;
        ok(&json!({"change": self.news()}))
    }

    pub(super) fn admin_reset(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        ask.input()?.end()?;
        self.reset();
        self.admin_status(ask)
    }

    pub(super) fn admin_users(&mut self, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        let users = self.users.all().map(|(user_id, state)| {
            let state = USER_STATES.iter().find(|(_, listed)| *listed == state).map(|(name, _)| *name);
            json!({"user_id": user_id, "state": state})
        });
        ok(&json!({"users": users.collect::<Vec<_>>()}))
    }

    pub(super) fn admin_set_user(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        let mut input = ask.input()?;
        let user_id = input.text("user_id")?;
        let state = input.required_choice("state", &USER_STATES)?;
        input.end()?;
        self.set_user(&user_id, state);
        self.admin_users(ask)
    }
}
