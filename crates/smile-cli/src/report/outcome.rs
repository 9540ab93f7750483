//! The state of a job, and the command that asks for it again.

use serde_json::Value;
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

/// The command that asks for this job, to copy.
pub(crate) fn follow_up(command: &str, user_id: Option<&str>, key: &JobKey) -> String {
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
