//! The API that a partner's jobs go over.

use serde::{Deserialize, Serialize};

/// The API that a partner's jobs go over: one word in a program, and everything else stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Api {
    /// v1: requests are signed, images go in a zip, and the job's status has the whole result.
    #[default]
    V1,
    /// v3: requests carry a token, images go along with the submission, and the whole result comes
    /// by webhook alone.
    V3,
}

impl Api {
    pub(crate) fn is_v1(&self) -> bool {
        *self == Self::V1
    }
}
