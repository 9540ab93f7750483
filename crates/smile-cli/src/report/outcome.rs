//! The state of a job, and the command that asks for it again.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;
use smile_core::v1::Verification;
use smile_core::{JobKey, JobOutcome, JobStatus};

use super::output::{Report, Tone};
use super::text::shell_command;
use super::verdict;
use crate::exit::Exit;

/// Describes the status of a job.
pub(crate) fn describe_status(report: &mut Report, status: &JobStatus, show_personal: bool) -> Exit {
    report.set("job_complete", status.job_complete);
    if let Some(verdict) = status.verdict() {
        verdict::describe(report, &verdict);
        if let Some(entry) = status.entry() {
            verdict::describe_entry(report, entry, show_personal);
        }
        return verdict::exit_of(&verdict);
    }
    report.set("verdict", Value::Null).set("has_images", status.has_zip());
    if status.has_zip() == Some(false) {
        report.toned("verdict", "none: the service has no such job, or not its images yet", Tone::Careful);
        report.row("next", "if it was never uploaded, submit it, with --retry if it was opened");
    } else {
        report.toned("verdict", "none yet: the service works on it", Tone::Careful);
        report.row("next", "wait for its callback, or ask again; don't submit it again");
    }
    Exit::Open
}

/// Describes the outcome of a job.
pub(crate) fn describe_outcome(report: &mut Report, outcome: &JobOutcome, show_personal: bool) -> Exit {
    match outcome {
        JobOutcome::Complete { status, .. } => {
            report.set("submitted", true);
            describe_status(report, status, show_personal)
        }
        JobOutcome::Submitted { submission, .. } => {
            report.toned("submitted", "the result comes by callback", Tone::Good).set("submitted", true);
            if let Some(id) = &submission.smile_job_id {
                report.row("Smile's job", id.as_str()).set("smile_job_id", id.as_str());
            }
            Exit::Done
        }
        JobOutcome::Unfinished { polls, last, .. } => {
            report.set("submitted", true).set("job_complete", false).set("verdict", Value::Null);
            report.set("has_images", last.as_ref().and_then(|status| status.has_zip()));
            report.toned("verdict", format!("none yet, after {polls} looks"), Tone::Careful);
            if last.as_ref().and_then(|status| status.has_zip()) == Some(false) {
                report.row("careful", "the service has no such job, or not its images yet");
            }
            report.row("next", "wait for its callback, or ask again; don't submit it again");
            Exit::Open
        }
        _ => {
            report.toned("verdict", "none that this program understands", Tone::Careful);
            Exit::Unknown
        }
    }
}

/// The ids of a job or a check, and the wish for personal data.
pub(crate) struct Named {
    pub(crate) job_id: String,
    /// The user's id, if it was created here: an id of the partner's own may be personal.
    pub(crate) new_user_id: Option<String>,
    pub(crate) show_personal: bool,
}

/// The successful end of a submission.
pub(crate) enum Ended<'a> {
    /// A job, up to the end of the wait.
    Job(&'a JobOutcome),
    /// A check that was answered at once.
    Answered(&'a Verification),
    /// A check whose result comes by callback.
    TakenOn,
}

impl Ended<'_> {
    /// True if nothing is left to ask the service for.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self, Self::Job(JobOutcome::Unfinished { .. }))
    }
}

/// The whole report of a job or a check, with its exit status.
pub(crate) fn result_of(
    ended: &Ended<'_>,
    named: &Named,
    checkpoint: Option<&Path>,
    warnings: Vec<Value>,
) -> (Report, Exit) {
    let mut report = Report::new();
    let exit = match ended {
        Ended::Job(outcome) => describe_outcome(&mut report, outcome, named.show_personal),
        Ended::Answered(found) => {
            verdict::describe(&mut report, &found.verdict);
            verdict::describe_entry(&mut report, &found.entry, named.show_personal);
            verdict::exit_of(&found.verdict)
        }
        Ended::TakenOn => {
            report.toned("taken on", "the result comes by callback", Tone::Good).set("submitted", true);
            Exit::Done
        }
    };
    if let Some(user_id) = &named.new_user_id {
        report.row("user_id", user_id.as_str()).set("user_id", user_id.as_str());
    }
    report.row("job_id", named.job_id.as_str()).set("job_id", named.job_id.as_str());
    if let Ended::Job(outcome) = ended
        && outcome.verdict().is_none()
    {
        report.row("ask", follow_up("status", named.new_user_id.as_deref(), &outcome.submission().key));
    }
    report.set("warnings", warnings);
    if let (false, Some(path)) = (ended.is_over(), checkpoint) {
        report.set("checkpoint", path.display().to_string()).row("or go on", go_on_command(path));
    }
    (report, exit)
}

/// The command that continues from a checkpoint.
pub(crate) fn go_on_command(path: &Path) -> String {
    let is_like_a_flag = path.as_os_str().as_encoded_bytes().starts_with(b"-");
    let words: [&OsStr; 2] = ["smile".as_ref(), "resume".as_ref()];
    let end_of_flags = is_like_a_flag.then_some("--".as_ref());
    shell_command(words.into_iter().chain(end_of_flags).chain([path.as_os_str()]))
}

/// The command that asks for this job, to copy.
fn follow_up(command: &str, user_id: Option<&str>, key: &JobKey) -> String {
    let mut words = vec!["smile".to_owned(), command.to_owned()];
    let job_type = key.job_type.number().to_string();
    for (flag, value) in [
        ("--user-id", user_id.unwrap_or("USER_ID")),
        ("--job-id", key.job_id.as_str()),
        ("--job-type", &job_type),
    ] {
        // By itself, such a value would be taken for a flag.
        if value.starts_with('-') {
            words.push(format!("{flag}={value}"));
        } else {
            words.extend([flag.to_owned(), value.to_owned()]);
        }
    }
    shell_command(words)
}

#[cfg(test)]
mod tests {
    use smile_core::{JobId, JobType, UserId};

    use super::*;

    fn key(job_id: &str) -> JobKey {
        JobKey { user_id: UserId::new("u"), job_id: JobId::new(job_id), job_type: JobType::BIOMETRIC_KYC }
    }

    #[test]
    fn a_command_to_copy_runs_nothing_else() {
        let command = follow_up("status", None, &key("a b; rm x"));
        assert_eq!(command, "smile status --user-id USER_ID --job-id 'a b; rm x' --job-type 1");
        let command = follow_up("status", Some("$(rm x)"), &key("--json"));
        assert_eq!(command, "smile status --user-id '$(rm x)' --job-id=--json --job-type 1");
    }
}
