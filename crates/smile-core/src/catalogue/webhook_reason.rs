//! The reasons of v3 webhooks.

use super::generated::webhook_reasons::WEBHOOK_REASONS;
use super::rows::WebhookReason;
use super::webhook_status::WebhookStatus;

/// Meaning of a reason of a v3 webhook beside a status; `None` if that isn't known.
///
/// ```
/// use smile_core::WebhookStatus;
/// use smile_core::catalogue::{NextStep, webhook_reason};
///
/// let row = webhook_reason(WebhookStatus::Error, "service_unavailable").expect("it is in the catalogue");
/// assert_eq!(row.next_step, NextStep::RetryLater);
/// assert!(webhook_reason(WebhookStatus::Clear, "service_unavailable").is_none());
/// ```
pub fn webhook_reason(status: WebhookStatus, reason: &str) -> Option<&'static WebhookReason> {
    let first = WEBHOOK_REASONS.partition_point(|row| row.reason < reason);
    WEBHOOK_REASONS[first..].iter().take_while(|row| row.reason == reason).find(|row| row.status == status)
}

/// All reasons, in order. One that stands beside several statuses has a row for each.
pub fn webhook_reasons() -> &'static [WebhookReason] {
    WEBHOOK_REASONS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::NextStep;

    #[test]
    fn every_reason_is_found_beside_its_status_and_no_other() {
        use WebhookStatus::{Attention, Block, Clear, Error, Unknown};
        for row in webhook_reasons() {
            for status in [Clear, Attention, Block, Error, Unknown] {
                let is_own = webhook_reasons()
                    .iter()
                    .any(|other| other.reason == row.reason && other.status == status);
                let found = webhook_reason(status, row.reason);
                assert_eq!(found.is_some(), is_own, "{status:?} {}", row.reason);
                assert!(found.is_none_or(|found| found.status == status && found.reason == row.reason));
            }
        }
    }

    #[test]
    fn no_reason_lets_anybody_in() {
        for row in webhook_reasons() {
            assert!(
                !matches!(
                    row.next_step,
                    NextStep::Accept | NextStep::CompareTheRecord | NextStep::AwaitReview
                ),
                "{row:?}"
            );
        }
    }
}
