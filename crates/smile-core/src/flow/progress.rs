//! Progress of a job or a check at the service.

/// Progress that a job has certainly, or possibly, made at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// The service knows nothing of the job.
    Nothing,
    /// The service may have opened the job; it has no images and bills nothing.
    MaybeOpened,
    /// The service has opened the job; it has no images and bills nothing.
    Opened,
    /// The service may have the images, and may be working on the job.
    MaybeUploaded,
    /// The service has the images and works on the job.
    Uploaded,
}

impl Progress {
    /// Progress that is possible if the checkpoint is an old one: the job or check may have been
    /// finished since. Only what was never begun under it is known not to be there.
    pub(crate) fn of_outdated(self) -> Self {
        if self == Self::Nothing { self } else { self.max(Self::MaybeUploaded) }
    }

    /// Advice to whoever gets an error. `has_question` tells whether the service can be asked about
    /// the job: the v3 API can't, before it has given the job an id.
    pub(crate) fn advice(self, has_question: bool) -> &'static str {
        match self {
            Self::MaybeUploaded if !has_question => {
                "the service may have the job, and can't be asked about it: wait for its webhook, don't submit it again"
            }
            Self::Nothing => "nothing was submitted",
            Self::MaybeOpened => {
                "the job may be open at the service, without images: resume it from its checkpoint, or submit it again with \
                 `with_retry(true)`"
            }
            Self::Opened => {
                "the job is open at the service, without images: resume it from its checkpoint, or submit it again with \
                 `with_retry(true)`"
            }
            Self::MaybeUploaded => {
                "the service may have the job: resume it from its checkpoint or ask for its status, don't submit it again"
            }
            Self::Uploaded => {
                "the service has the job: wait for its callback or ask for its status, don't submit it again"
            }
        }
    }
}
