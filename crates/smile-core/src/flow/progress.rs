//! How far a job or a check has come at the service.

/// How far a job has certainly, or possibly, come at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// The service knows nothing of it.
    Nothing,
    /// It may have opened the job; it has no images and bills nothing.
    MaybeOpened,
    /// It has opened the job; it has no images and bills nothing.
    Opened,
    /// It may have the images, and may be working on the job.
    MaybeUploaded,
    /// It has the images and works on the job.
    Uploaded,
}

impl Progress {
    /// How far something may have come whose checkpoint says this: the checkpoint may be an old one, and the job or check may
    /// have been finished since. Only what was never begun under it is known not to be there.
    pub(crate) fn of_outdated(self) -> Self {
        if self == Self::Nothing { self } else { self.max(Self::MaybeUploaded) }
    }

    pub(crate) fn advice(self) -> &'static str {
        match self {
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
