//! What outlives a restart, taken from a service and given to another.
//!
//! That is the jobs with their images, users, sessions of consent, Smile Links, rules and how often they were used,
//! callbacks that are still due, rules about callbacks, and what is counted. It is not the API key, nor anything made from
//! it, nor the requests, the attempts to deliver callbacks, faults, and what https needs.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use smile_core::Timestamp;

use crate::callback::disturbance::CallbackRules;
use crate::callback::queue::Callbacks;
use crate::job::jobs::{Job, Jobs};
use crate::rule::rules::Rules;
use crate::service::Service;
use crate::state::users::Users;
use crate::v1::consent::Consents;
use crate::v1::smile_links::SmileLinks;

/// The format of what is written here; another one with every change to it.
const FORMAT: u64 = 1;

/// What outlives a restart of a [`Service`]. It holds all that was sent about people, their images included, but not the
/// API key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) state: Value,
    /// The images by their digests.
    pub(crate) images: BTreeMap<String, Image>,
}

/// The content of an image, in base64 where it is text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Image(#[serde(with = "base64")] pub(crate) Bytes);

/// Why a service can't go on from a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It was made by another version of the sandbox.
    #[error("it was written in format {found}, and this sandbox reads format {FORMAT}")]
    OtherFormat {
        /// The format, as far as it says one.
        found: String,
    },
    /// It is another partner's.
    #[error("it is the state of a sandbox for another partner id")]
    OtherPartner,
    /// It is damaged.
    #[error("it is damaged: {reason}")]
    Damaged {
        /// What is wrong, without any of its content.
        reason: String,
    },
}

impl RestoreError {
    /// Where JSON can't be read. What is there may be about people, so only the place is said.
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
    /// How many jobs were forgotten before those that are here.
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

impl Service {
    /// What outlives a restart, as it is now.
    ///
    /// ```
    /// use smile_sandbox::{Sandbox, Snapshot, UserState};
    ///
    /// let mut service = Sandbox::builder().into_service()?;
    /// service.set_user("ada", UserState::Enrolled);
    /// let json = serde_json::to_string(&service.snapshot())?;
    ///
    /// let mut next = Sandbox::builder().into_service()?;
    /// next.restore(serde_json::from_str(&json)?)?;
    /// assert_eq!(next.user("ada"), UserState::Enrolled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        let images = self.images().map(|(digest, bytes)| (digest.to_owned(), Image(bytes.clone()))).collect();
        Snapshot { state: serde_json::to_value(self.kept(&self.jobs)).unwrap_or_default(), images }
    }

    /// Goes on from a snapshot, in place of all that has happened so far. The settings stay, and so do the rules of a
    /// scenario; one that is the same as in the snapshot keeps count of how often it was used.
    ///
    /// # Errors
    /// If the snapshot is of another version or partner, or damaged. Nothing is changed then.
    pub fn restore(&mut self, snapshot: Snapshot) -> Result<(), RestoreError> {
        check_format(&snapshot.state)?;
        let partner_id = snapshot.state.get("partner_id").and_then(Value::as_str);
        if partner_id != Some(self.signer.partner_id().as_str()) {
            return Err(RestoreError::OtherPartner);
        }
        let mut given: Given =
            serde_json::from_value(snapshot.state).map_err(|error| RestoreError::unreadable(&error))?;
        fill_images(&mut given.jobs, &snapshot.images)?;
        self.latest = given.latest;
        self.results_made = given.results_made;
        self.jobs = Jobs::resumed(given.forgotten, given.jobs);
        self.users = given.users;
        self.callbacks = given.callbacks;
        self.callbacks.resume();
        self.callback_rules = given.callback_rules;
        self.rules.resume(given.rules);
        self.smile_links = given.smile_links;
        self.consents = given.consents;
        self.changes += 1;
        Ok(())
    }

    /// The state as JSON, without the images, and with these in the place of the jobs.
    pub(crate) fn state_json(&self, jobs: &[String]) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.kept(&jobs))
    }

    /// All images that the state names, by their digests; some more than once.
    pub(crate) fn images(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.jobs.iter().flat_map(Job::images)
    }

    fn kept<'a, J>(&'a self, jobs: &'a J) -> Kept<'a, J> {
        Kept {
            format: FORMAT,
            partner_id: self.signer.partner_id().as_str(),
            latest: self.latest,
            results_made: self.results_made,
            forgotten: self.jobs.positions().start,
            jobs,
            users: &self.users,
            callbacks: &self.callbacks,
            callback_rules: &self.callback_rules,
            rules: &self.rules,
            smile_links: &self.smile_links,
            consents: &self.consents,
        }
    }
}

impl Job {
    /// Its images, by their digests.
    pub(crate) fn images(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        let images = self.submission.images.iter().filter(|image| !image.bytes.is_empty());
        images.map(|image| (image.digest.as_str(), &image.bytes))
    }
}

fn fill_images(jobs: &mut [Job], images: &BTreeMap<String, Image>) -> Result<(), RestoreError> {
    for image in jobs.iter_mut().flat_map(|job| &mut job.submission.images) {
        if image.digest == digest(b"") {
            continue;
        }
        let content = images.get(&image.digest).filter(|content| digest(&content.0) == image.digest);
        let damaged = || RestoreError::Damaged { reason: format!("the image {} is not there", image.digest) };
        image.bytes = content.ok_or_else(damaged)?.0.clone();
    }
    Ok(())
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("images", &self.images.len()).finish_non_exhaustive()
    }
}

/// Whether it is written as this version does.
pub(crate) fn check_format(state: &Value) -> Result<(), RestoreError> {
    match state.get("format").and_then(Value::as_u64) {
        Some(FORMAT) => Ok(()),
        other => {
            let found = other.map_or("none".to_owned(), |format| format.to_string());
            Err(RestoreError::OtherFormat { found })
        }
    }
}

/// SHA-256 in hex: the name under which an image is kept.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes as base64.
pub(crate) mod base64 {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes::from).map_err(|_| de::Error::custom("no base64"))
    }
}

/// The images of a job, without their content.
pub(crate) mod listed {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::job::record::ImageRecord;

    #[derive(Serialize, Deserialize)]
    struct Listed {
        image_type_id: u8,
        file_name: String,
        digest: String,
    }

    pub(crate) fn serialize<S: Serializer>(images: &[ImageRecord], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(images.iter().map(|image| Listed {
            image_type_id: image.image_type_id,
            file_name: image.file_name.clone(),
            digest: image.digest.clone(),
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ImageRecord>, D::Error> {
        let listed = Vec::<Listed>::deserialize(deserializer)?;
        let record = |Listed { image_type_id, file_name, digest }| ImageRecord {
            image_type_id,
            file_name,
            bytes: Bytes::new(),
            digest,
        };
        Ok(listed.into_iter().map(record).collect())
    }
}
