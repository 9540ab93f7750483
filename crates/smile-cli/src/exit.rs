//! How the program ends.

use std::process::ExitCode;

/// The exit statuses. Scripts branch on them, so a number keeps its meaning for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; and where there is a verdict, the person may be let in.
    Done = 0,
    /// It failed: the network, a file, or the service's refusal. Nothing is in doubt.
    Failed = 1,
    /// The command line or the input is wrong. Nothing was sent.
    Usage = 2,
    /// The answer is no.
    No = 3,
    /// Not settled.
    Open = 4,
    /// It can't be told.
    Unknown = 5,
    /// The service may have the job or not; or it has, and its answer couldn't be printed.
    OutcomeUnknown = 6,
    /// Ctrl-C.
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
