//! Next step after a result.

use std::fmt;

/// Next step after a verdict. It follows from the meaning of the code; the partner's own rules come
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextStep {
    /// Let the person in.
    Accept,
    /// The number is known: compare the record with what the person, or the company, says.
    CompareTheRecord,
    /// Wait: it is being reviewed or is only half done, and the final result comes by callback.
    AwaitReview,
    /// Wait for the webhook: the word of the status says too little to act on. For a product that
    /// answers at once, ask that.
    AwaitWebhook,
    /// Ask for new images and submit another job.
    AskForNewImages,
    /// This kind of document isn't supported: ask for another kind and submit another job.
    AskForAnotherDocument,
    /// The images and the number are in order as far as is known: submit another job later.
    RetryLater,
    /// Ask for the ID number again and submit another job.
    #[serde(alias = "fix_the_number")] // Its name in histories of earlier builds.
    CorrectIdNumber,
    /// Smile ID must change something about the account.
    CallSupport,
    /// Don't let the person in.
    Decline,
    /// Somebody should look at the result.
    #[serde(alias = "look_by_hand")] // Its name in histories of earlier builds.
    ManualReview,
    /// A step that a newer version of the SDK has stored, and that this one doesn't know: somebody
    /// should look at the result.
    #[serde(other)]
    Unrecognised,
}

impl NextStep {
    /// The stable name, in snake case: for logs, metrics and databases.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::CompareTheRecord => "compare_the_record",
            Self::AwaitReview => "await_review",
            Self::AwaitWebhook => "await_webhook",
            Self::AskForNewImages => "ask_for_new_images",
            Self::AskForAnotherDocument => "ask_for_another_document",
            Self::RetryLater => "retry_later",
            Self::CorrectIdNumber => "correct_id_number",
            Self::CallSupport => "call_support",
            Self::Decline => "decline",
            Self::ManualReview => "manual_review",
            Self::Unrecognised => "unrecognised",
        }
    }
}

impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accept",
            Self::CompareTheRecord => "compare the record with what was said",
            Self::AwaitReview => "wait for the review",
            Self::AwaitWebhook => "wait for the webhook",
            Self::AskForNewImages => "ask for new images",
            Self::AskForAnotherDocument => "ask for another kind of document",
            Self::RetryLater => "try again later",
            Self::CorrectIdNumber => "ask for the ID number again",
            Self::CallSupport => "call Smile ID's support",
            Self::Decline => "decline",
            Self::ManualReview => "have somebody look at it",
            Self::Unrecognised => "have somebody look at it: the step is not known to this version",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_earlier_builds_stored_are_still_read() {
        for (stored, step) in
            [("fix_the_number", NextStep::CorrectIdNumber), ("look_by_hand", NextStep::ManualReview)]
        {
            assert_eq!(serde_json::from_value::<NextStep>(stored.into()).ok(), Some(step), "{stored}");
        }
    }
}
