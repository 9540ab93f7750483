//! Users and their enrolment.

use std::collections::BTreeMap;

/// The state of a user id in the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UserState {
    /// Unknown: the id is free.
    #[serde(skip_deserializing)]
    Unknown,
    /// Enrolled, with a selfie on file.
    Enrolled,
    /// Enrolled, but without a photo on file: jobs that compare with it are refused with 2216.
    WithoutPhoto,
    /// Disabled: jobs are refused with 2207.
    Disabled,
    /// Deleted: jobs are refused with 2208.
    Deleted,
    /// Due to enrol again before anything else: other jobs are refused with 2211.
    MustReenrol,
}

/// All users that are not unknown.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Users(BTreeMap<String, User>);

#[derive(serde::Serialize, serde::Deserialize)]
struct User {
    state: UserState,
    /// The job that enrolled the user; a repetition of that job is not a second enrolment.
    enrolled_by: Option<String>,
}

impl Users {
    pub(crate) fn set(&mut self, user_id: &str, state: UserState) {
        self.0.insert(user_id.to_owned(), User { state, enrolled_by: None });
    }

    pub(crate) fn enrol(&mut self, user_id: &str, job_id: &str) {
        let enrolled_by = Some(job_id.to_owned());
        self.0.insert(user_id.to_owned(), User { state: UserState::Enrolled, enrolled_by });
    }

    pub(crate) fn state(&self, user_id: &str) -> UserState {
        self.0.get(user_id).map_or(UserState::Unknown, |user| user.state)
    }

    /// All users, in the order of their ids.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, UserState)> {
        self.0.iter().map(|(user_id, user)| (user_id.as_str(), user.state))
    }

    /// True if another job than this one has enrolled the user.
    pub(crate) fn is_enrolled_by_another(&self, user_id: &str, job_id: &str) -> bool {
        self.0.get(user_id).is_some_and(|user| {
            user.state == UserState::Enrolled && user.enrolled_by.as_deref() != Some(job_id)
        })
    }
}
