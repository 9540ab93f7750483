//! Where a job stands, written down so that another process can go on.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{JobKey, Reach};

/// Where a job stands. It serialises with serde; [`JobFlow::resume`](super::JobFlow::resume) goes on from it.
///
/// It holds the ids and how far the job has come, and no key, image, ID number or upload address: after a crash the
/// job itself is given again, and the service gives a new address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u8,
    pub(crate) base_url: String,
    pub(crate) partner_id: String,
    #[serde(flatten)]
    pub(crate) key: JobKey,
    pub(crate) smile_job_id: Option<String>,
    pub(crate) reach: Reach,
}

impl Checkpoint {
    const VERSION: u8 = 1;

    pub(crate) fn new(base_url: &str, partner_id: &str, key: JobKey, reach: Reach) -> Self {
        Self {
            version: Self::VERSION,
            base_url: base_url.to_owned(),
            partner_id: partner_id.to_owned(),
            key,
            smile_job_id: None,
            reach,
        }
    }

    /// What names the job.
    pub fn key(&self) -> &JobKey {
        &self.key
    }

    /// How far the job has certainly, or possibly, come.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Smile ID's own id of the job, where it is known.
    pub fn smile_job_id(&self) -> Option<&str> {
        self.smile_job_id.as_deref()
    }

    pub(crate) fn is_known_version(&self) -> bool {
        self.version == Self::VERSION
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("key", &self.key)
            .field("smile_job_id", &self.smile_job_id)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}
