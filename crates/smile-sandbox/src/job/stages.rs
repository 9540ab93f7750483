//! Results that are still to come: what a rule has for a job, stage by stage.
//!
//! Every stage is written when the job is carried out, so that nothing that happens in between can change it. What is
//! left for its moment is its number, its signature, and what follows from it.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};
use smile_core::{JobType, Timestamp};

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::fields::whole_number;
use crate::job::events::JobEventKind;
use crate::job::jobs::JobResult;
use crate::result::oddity::Oddity;
use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::rule::matcher::Submitted;
use crate::rule::rules::{Moment, Response as Scripting};
use crate::rule::script::{ScriptStage, Scripted};
use crate::service::Service;
use crate::v1::checks::{Check, is_success};

/// A result that is ready but for its number and its signature.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Staged {
    /// How long after the one before.
    pub(crate) after: Duration,
    pub(crate) entry: Map<String, Value>,
    pub(crate) is_success: bool,
    /// Whether the user is enrolled by it.
    pub(crate) enrols: bool,
    pub(crate) review: Reviewing,
    pub(crate) sends_callback: bool,
    /// Whether a human gave it, and not the machine.
    pub(crate) by_human: bool,
    pub(crate) oddities: Vec<Oddity>,
    /// What follows in a callback of its own.
    pub(crate) follow_up: Option<Map<String, Value>>,
}

/// Who looks at a job once a result is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Reviewing {
    Nobody,
    /// Whoever is told to, if anybody.
    ByHand,
    /// The reviewer that the sandbox was set up with.
    Automatic,
}

/// What was asked of one stage of a check.
pub(crate) struct Asked {
    /// The result code; `None` if it is left to the check.
    pub(crate) code: Option<String>,
    stage: ScriptStage,
}

impl Asked {
    /// The stage, with the entry that the check has for its code.
    pub(crate) fn staged(&self, code: &str, job_type: JobType, mut entry: Map<String, Value>) -> Staged {
        self.stage.write(&mut entry);
        Staged {
            after: self.stage.after,
            entry,
            is_success: is_success(code, job_type),
            enrols: false,
            review: Reviewing::Nobody,
            sends_callback: self.stage.sends_callback,
            by_human: false,
            oddities: self.stage.oddities.clone(),
            follow_up: None,
        }
    }
}

impl Service {
    /// What the rules say of a check, or else `sandbox_result` 0, 1 or 2, for which these are the codes; at least one.
    ///
    /// # Errors
    /// If its job id is another job's, or if a rule refuses it.
    pub(crate) fn asked(
        &mut self,
        now: Timestamp,
        check: Check<'_>,
        results: [&str; 3],
    ) -> Result<Vec<Asked>, Refusal> {
        if self.is_taken(check) {
            return Err(ApiError::JOB_EXISTS.into());
        }
        let sandbox_result = check.partner_params.get("sandbox_result").and_then(whole_number);
        let result = sandbox_result.and_then(|asked| results.get(usize::try_from(asked).ok()?));
        let otherwise = result.map(|&code| code.to_owned());
        let Some(product) = Product::of(check.endpoint, check.job_type) else { return Ok(Vec::new()) };
        let job = submitted(check, product);
        self.refused(now, Moment::Submission, &job)?;
        let stages = match self.rules.take(now, Moment::Run, &job) {
            Some(Scripting::Stages(stages)) => stages,
            _ => vec![ScriptStage::as_it_comes()],
        };
        let asked = stages.into_iter().map(|stage| {
            let code = match &stage.verdict {
                Scripted::AsItComes => otherwise.clone(),
                Scripted::Code(code) => Some(code.clone()),
                Scripted::Named(outcome) => self.code_of(*outcome, product),
            };
            Asked { code, stage }
        });
        Ok(asked.collect())
    }

    /// The code of an outcome. Some depend on how the sandbox was set up.
    fn code_of(&self, outcome: Outcome, product: Product) -> Option<String> {
        let code = match (outcome, product) {
            (Outcome::IdNotFound, Product::BasicKyc) => self.settings.basic_kyc_not_found.as_str(),
            (Outcome::Approved, Product::Aml) => self.settings.aml_not_found.as_str(),
            _ => outcome.code(product)?,
        };
        Some(code.to_owned())
    }

    /// Refuses what a rule wants refused.
    pub(crate) fn refused(&mut self, now: Timestamp, at: Moment, job: &Submitted<'_>) -> Result<(), Refusal> {
        match self.rules.take(now, at, job) {
            Some(Scripting::Refusal(code)) => Err(Refusal::scripted(code)),
            _ => Ok(()),
        }
    }

    /// Lets the stages of a job begin; those that are due come out at once.
    pub(crate) fn play(&mut self, now: Timestamp, position: usize, stages: Vec<Staged>) {
        let job = self.jobs.at_mut(position);
        job.stage_due = stages.first().map(|first| now + first.after);
        job.staged = stages.into();
        job.review_due = None;
        self.jobs.reschedule(position);
        while self.jobs.at(position).stage_due.is_some_and(|due| due <= now) {
            self.run_stage(position);
        }
    }

    /// Lets the next stage of a job come out, at the moment that it is due.
    pub(crate) fn run_stage(&mut self, position: usize) {
        let job = self.jobs.at_mut(position);
        let Some((due, stage)) = job.stage_due.zip(job.staged.pop_front()) else { return };
        job.stage_due = job.staged.front().map(|next| due + next.after);
        job.review_due = match (stage.review, self.settings.automatic_review) {
            (Reviewing::Nobody, _) => None,
            (Reviewing::Automatic, Some(_)) => Some(due + self.settings.review_delay),
            (Reviewing::ByHand | Reviewing::Automatic, _) => Some(Timestamp::MAX),
        };
        self.jobs.reschedule(position);
        self.file(due, position, stage);
    }

    /// Records a result, enrols the user if it does that, and sends the callback.
    pub(crate) fn file(&mut self, now: Timestamp, position: usize, stage: Staged) {
        self.changes += 1;
        let number = self.results_made;
        self.results_made += 1;
        let job = self.jobs.at_mut(position);
        if stage.enrols {
            self.users.enrol(&job.user_id, &job.job_id);
        }
        let result_code = match stage.entry.get("ResultCode") {
            Some(Value::String(code)) => code.clone(),
            other => other.map(Value::to_string).unwrap_or_default(),
        };
        job.note(now, JobEventKind::Decided { result_code, by_human: stage.by_human });
        let (entry, oddities) = (stage.entry.clone(), stage.oddities);
        job.results.push(JobResult { number, entry, is_success: stage.is_success, oddities });
        let is_told = job.endpoint.sends_callbacks();
        self.jobs.weigh(position);
        for entry in Some(stage.entry).into_iter().chain(stage.follow_up) {
            if is_told && stage.sends_callback {
                self.send(now, position, entry);
            }
        }
    }

    /// Lets the stages of a check begin, and gives the answer: the signed entry of the first, or that it will be sent.
    pub(crate) fn conclude(
        &mut self,
        now: Timestamp,
        position: usize,
        mut stages: Vec<Staged>,
    ) -> Response<Bytes> {
        let job = self.jobs.at_mut(position);
        job.note(now, JobEventKind::CheckRequested);
        if job.endpoint.is_async() {
            self.play(now, position, stages);
            return ok(&json!({"success": true}));
        }
        // What is in the answer can't come later.
        if let Some(first) = stages.first_mut() {
            first.after = Duration::ZERO;
        }
        let entry = stages.first().map(|first| first.entry.clone()).unwrap_or_default();
        self.play(now, position, stages);
        ok(&self.signed(now, entry).into())
    }
}

/// What the rules are told of a check.
fn submitted(check: Check<'_>, product: Product) -> Submitted<'_> {
    let text = |name: &str| check.body.get(name).and_then(Value::as_str);
    let listed = check.body.get("countries").and_then(Value::as_array);
    let countries = listed.into_iter().flatten().filter_map(Value::as_str).chain(text("country")).collect();
    let (job_id, user_id) = (check.job_id, check.user_id);
    Submitted { job_id, user_id, product, countries, id_type: text("id_type") }
}
