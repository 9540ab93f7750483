//! Stored progress of a job or a check, from which another process can go on.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::flow::LastSend;
use crate::flow::Progress;
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::Step;
use crate::partner::api::Api;
use crate::{Partner, Problem, ProblemKind};

/// Stored progress of a job or a check. It serialises with serde;
/// [`JobFlow::resume`](crate::JobFlow::resume) goes on from a job's.
///
/// It holds the ids, how far it has come, and what was sent last and when. There is no key, image,
/// ID number or upload address in it: after a crash the job itself is given again, and the service
/// gives a new address. The user id in it may be personal.
///
/// **Store it under a lock or lease**: two processes that go on from copies of one checkpoint at
/// the same moment may both submit. How long a lease must be says
/// [`FlowSettings::lease`](super::FlowSettings::lease).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    version: u32,
    pub(crate) base_url: String,
    pub(crate) partner_id: String,
    #[serde(skip_serializing_if = "Api::is_v1")]
    api: Api,
    #[serde(flatten)]
    pub(crate) key: Option<JobKey>,
    /// The step of a check that is a single exchange; a job has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<Step>,
    pub(crate) smile_job_id: Option<String>,
    #[serde(rename = "reach")]
    pub(crate) progress: Progress,
    #[serde(rename = "submission", skip_serializing_if = "Option::is_none")]
    pub(crate) submission_id: Option<SubmissionId>,
    pub(crate) denials: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_send: Option<LastSend>,
}

impl Checkpoint {
    const VERSION: u32 = 2;

    /// Checkpoint of a job.
    pub(crate) fn of_job(partner: &Partner, key: JobKey, progress: Progress) -> Self {
        Self {
            version: Self::VERSION,
            base_url: partner.environment().base_url().to_owned(),
            partner_id: partner.id().as_str().to_owned(),
            api: partner.api(),
            key: Some(key),
            check: None,
            smile_job_id: None,
            progress,
            submission_id: None,
            denials: 0,
            last_send: None,
        }
    }

    /// Checkpoint of a check that is a single exchange; some have no ids.
    #[allow(dead_code)] // The checks' own flow comes to use it.
    pub(crate) fn of_check(partner: &Partner, step: Step, key: Option<JobKey>, progress: Progress) -> Self {
        let placeholder = JobKey {
            user_id: crate::UserId::new(""),
            job_id: crate::JobId::new(""),
            job_type: crate::JobType::from_number(0),
        };
        Self { key, check: Some(step), ..Self::of_job(partner, placeholder, progress) }
    }

    /// Key of the job or check at the service; some checks have no ids.
    pub fn key(&self) -> Option<&JobKey> {
        self.key.as_ref()
    }

    /// Step of the check, if this is of a single exchange; `None` for a job.
    pub fn check(&self) -> Option<Step> {
        self.check
    }

    /// Progress that the job or check has certainly, or possibly, made.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Smile ID's own id of the job, if it is known.
    pub fn smile_job_id(&self) -> Option<&str> {
        self.smile_job_id.as_deref()
    }

    /// Submission that the result must name to be the verdict on this one. It is known from the
    /// first request on.
    pub fn submission_id(&self) -> Option<&SubmissionId> {
        self.submission_id.as_ref()
    }

    /// Number of answers in a row that the service has no zip, after the last send was over. Two
    /// are needed before one is sent again; they may come from two processes.
    pub fn denials(&self) -> u32 {
        self.denials
    }

    /// The last request that changes something, as long as it may be on its way.
    pub fn last_send(&self) -> Option<&LastSend> {
        self.last_send.as_ref()
    }

    /// Problems that keep this partner from going on from the checkpoint: the version alone, if
    /// that isn't known, because then nothing else can be relied on.
    pub(crate) fn problems(
        &self,
        partner: &Partner,
        key: Option<&JobKey>,
        check: Option<Step>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, field: &str, rule: &str| {
            if !holds {
                problems.push(Problem::new(format!("checkpoint.{field}"), ProblemKind::Conflict, rule));
            }
        };
        if self.version != Self::VERSION {
            let rule = if self.version == 1 {
                "must be 2: version 1 has nothing to tell this submission's result by. Ask for the job's status, and don't \
                 submit it again before"
            } else {
                "must be 2, which is all that this version of the SDK knows"
            };
            must(false, "version", rule);
            return problems;
        }
        match (self.check, check) {
            (Some(_), None) => {
                must(false, "check", "must be absent: this is a check's checkpoint, not a job's");
            }
            (None, Some(_)) => {
                must(false, "check", "must be there: this is a job's checkpoint, not a check's");
            }
            (own, other) => must(own == other, "check", "must be the same check's"),
        }
        must(self.partner_id == partner.id().as_str(), "partner_id", "must be this partner's");
        let is_here = self.base_url == partner.environment().base_url();
        must(is_here, "base_url", "must be of the environment that it was begun in");
        let rule = "must be the API that the job was begun on: set it with `Partner::with_api`";
        must(check.is_some() || self.api == partner.api(), "api", rule);
        let (own, other) = (self.key.as_ref(), key);
        must(own.map(|key| &key.user_id) == other.map(|key| &key.user_id), "user_id", "must be the job's");
        must(own.map(|key| &key.job_id) == other.map(|key| &key.job_id), "job_id", "must be the job's");
        must(own.map(|key| key.job_type) == other.map(|key| key.job_type), "job_type", "must be the job's");
        problems
    }
}

/// Written form; all of it may be missing from a version that isn't known.
#[derive(Deserialize)]
struct Wire {
    version: u32,
    #[serde(default)]
    base_url: String,
    #[serde(default)]
    partner_id: String,
    #[serde(default)]
    api: Api,
    #[serde(flatten)]
    key: Option<JobKey>,
    #[serde(default)]
    check: Option<Step>,
    #[serde(default)]
    smile_job_id: Option<String>,
    #[serde(rename = "reach")]
    progress: Option<Progress>,
    #[serde(default)]
    submission: Option<SubmissionId>,
    #[serde(default)]
    denials: u32,
    #[serde(default)]
    last_send: Option<LastSend>,
}

/// Version of the written form, alone.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl<'de> Deserialize<'de> for Checkpoint {
    /// Reads a version that isn't known as well, so that it can be refused by its name.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        // The parser's own words could repeat what is in it.
        let unreadable = |_| D::Error::custom("a checkpoint makes no sense");
        let value = serde_json::Value::deserialize(deserializer)?;
        let Version { version } = Version::deserialize(&value).map_err(unreadable)?;
        let wire = match Wire::deserialize(&value) {
            Ok(wire) => wire,
            Err(error) if version == Self::VERSION => return Err(unreadable(error)),
            Err(_) => Wire {
                version,
                base_url: String::new(),
                partner_id: String::new(),
                api: Api::default(),
                key: None,
                check: None,
                smile_job_id: None,
                progress: None,
                submission: None,
                denials: 0,
                last_send: None,
            },
        };
        if wire.version == Self::VERSION
            && (wire.progress.is_none() || (wire.key.is_none() && wire.check.is_none()))
        {
            return Err(D::Error::custom("a checkpoint lacks its ids or `reach`"));
        }
        Ok(Self {
            version: wire.version,
            base_url: wire.base_url,
            partner_id: wire.partner_id,
            api: wire.api,
            key: wire.key,
            check: wire.check,
            smile_job_id: wire.smile_job_id,
            // What isn't known may be the most.
            progress: wire.progress.unwrap_or(Progress::MaybeUploaded),
            submission_id: wire.submission,
            denials: wire.denials,
            last_send: wire.last_send,
        })
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("key", &self.key)
            .field("check", &self.check)
            .field("smile_job_id", &self.smile_job_id)
            .field("progress", &self.progress)
            .field("denials", &self.denials)
            .field("last_send", &self.last_send)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, JobId, JobType, UserId};

    fn partner() -> Partner {
        Partner::new("001", "key", Environment::Sandbox).unwrap()
    }

    fn key() -> JobKey {
        JobKey { user_id: UserId::new("u"), job_id: JobId::new("j"), job_type: JobType::ENHANCED_KYC }
    }

    fn fields(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|problem| problem.field.as_str()).collect()
    }

    fn through_text(checkpoint: &Checkpoint) -> Checkpoint {
        serde_json::from_str(&serde_json::to_string(checkpoint).unwrap()).unwrap()
    }

    #[test]
    fn a_checks_checkpoint_is_not_a_jobs_nor_the_other_way_round() {
        let job = Checkpoint::of_job(&partner(), key(), Progress::Nothing);
        let check = Checkpoint::of_check(&partner(), Step::EnhancedKyc, Some(key()), Progress::MaybeUploaded);
        let (job, check) = (through_text(&job), through_text(&check));
        let (same, other) = (Some(Step::EnhancedKyc), Some(Step::BasicKyc));
        assert_eq!(fields(&job.problems(&partner(), Some(&key()), None)), [""; 0]);
        assert_eq!(fields(&check.problems(&partner(), Some(&key()), same)), [""; 0]);
        assert_eq!(fields(&job.problems(&partner(), Some(&key()), same)), ["checkpoint.check"]);
        assert_eq!(fields(&check.problems(&partner(), Some(&key()), None)), ["checkpoint.check"]);
        assert_eq!(fields(&check.problems(&partner(), Some(&key()), other)), ["checkpoint.check"]);
    }

    #[test]
    fn a_check_without_ids_has_a_checkpoint_too() {
        let check =
            Checkpoint::of_check(&partner(), Step::AddressVerification, None, Progress::MaybeUploaded);
        let check = through_text(&check);
        assert_eq!(check.key(), None);
        assert_eq!(check.check(), Some(Step::AddressVerification));
        assert!(check.problems(&partner(), None, Some(Step::AddressVerification)).is_empty());
    }

    #[test]
    fn another_version_is_refused_by_name_and_nothing_else_is_said() {
        let first = r#"{"version":1,"base_url":"x","partner_id":"9","user_id":"u","job_id":"j","job_type":1,
            "smile_job_id":null,"reach":"opened"}"#;
        for text in [first, r#"{"version":3,"reach":{"so":"far"}}"#, r#"{"version":0}"#] {
            let checkpoint: Checkpoint = serde_json::from_str(text).unwrap();
            let problems = checkpoint.problems(&partner(), Some(&key()), None);
            assert_eq!(fields(&problems), ["checkpoint.version"], "{text}");
            assert_eq!(through_text(&checkpoint), checkpoint);
        }
    }

    #[test]
    fn what_makes_no_sense_is_not_repeated() {
        for text in [
            r#"{"version":2,"user_id":"secret-user","reach":"secret"}"#,
            r#"{"version":2,"base_url":"https://x/v1","partner_id":"1"}"#,
            r#"{"version":"secret"}"#,
            r#"{"version":2,"base_url":"","partner_id":"","check":"secret","reach":"nothing"}"#,
        ] {
            let error = serde_json::from_str::<Checkpoint>(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
