//! Exit statuses.

use std::process::ExitCode;

/// The exit statuses. Scripts branch on them, so a number keeps its meaning for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success; with a verdict, the person may be let in.
    Done = 0,
    /// A failure of the network, a file, or the service. The state of the job is known.
    Failed = 1,
    /// An invalid command line or input. Nothing was sent.
    Usage = 2,
    /// A negative answer.
    No = 3,
    /// A result that is still open.
    Open = 4,
    /// An unknown result.
    Unknown = 5,
    /// An unknown state: the service may have the job or not; or its answer couldn't be printed.
    OutcomeUnknown = 6,
    /// An interruption by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    pub(crate) const fn status(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}

/// The end of `--help`.
pub(crate) const HELP: &str = "\
Exit statuses:
  0    done; where there is a verdict: the person may be let in
  1    failed: the network, a file, or the service's refusal
  2    the command line or the input is wrong; nothing was sent
  3    no: rejected, a number that is wrong, a callback that can't be trusted, something to mend
  4    not settled: provisional, no result yet, on a watch list, a number that is likely wrong, or
       one that is right while nobody has compared the record with the person
  5    can't be told: the job couldn't be done, or what came of it isn't known to this version
  6    the service may have the job or not, or its answer couldn't be printed: resume, or ask for its
       status; don't submit again
  130  interrupted by Ctrl-C

Environment variables:
  SMILE_PARTNER_ID   the partner id, as --partner-id
  SMILE_API_KEY      the API key of the environment, unless --api-key-file or --api-key-stdin gives it
  SMILE_ENVIRONMENT  sandbox, production or a base URL, as --environment
  NO_COLOR           no colours, even on a terminal";
