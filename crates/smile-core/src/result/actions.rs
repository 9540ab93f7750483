//! Actions of a job: the results of its steps.

use serde_json::{Map, Value};

use crate::catalogue;
use crate::wire::tolerant;

/// Steps of a job with the result of each (Smile ID: "Actions"), in the order in which they came.
///
/// ```
/// # let entry = smile_core::ResultEntry::from_json(serde_json::json!({ "Actions": { "Liveness_Check": "Passed" } })).unwrap();
/// use smile_core::ActionValue;
///
/// assert_eq!(entry.actions().get("Liveness_Check"), ActionValue::Passed);
/// // A step that isn't there wasn't part of the job.
/// assert_eq!(entry.actions().get("Document_Check"), ActionValue::NotApplicable);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Actions(Vec<(String, ActionValue)>);

impl Actions {
    pub(crate) fn from_json(object: &Map<String, Value>) -> Self {
        let read = |(name, value): (&String, &Value)| (name.clone(), ActionValue::from_json(value));
        Self(object.iter().map(read).collect())
    }

    /// Result of this step. A step that isn't there is [`ActionValue::NotApplicable`], as in the
    /// mobile SDKs.
    pub fn get(&self, name: &str) -> ActionValue {
        let found = self.0.iter().find(|(other, _)| tolerant::same_name(other, name));
        found.map_or(ActionValue::NotApplicable, |(_, value)| value.clone())
    }

    /// All steps, by the service's names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ActionValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl std::fmt::Debug for Actions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A name that nobody knows may be anything, and there may be any number of them.
        let known = |(name, value): &'_ (String, ActionValue)| {
            catalogue::action(name).map(|action| (action.key, value.clone()))
        };
        let mut steps = f.debug_map();
        steps.entries(self.0.iter().filter_map(known));
        let others = self.0.iter().filter(|(name, _)| catalogue::action(name).is_none()).count();
        if others > 0 {
            steps.entry(&"…", &others);
        }
        steps.finish()
    }
}

macro_rules! action_values {
    ($($variant:ident $text:literal $doc:literal,)*) => {
        /// Result of a step of a job.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ActionValue {
            $(#[doc = $doc] $variant,)*
            /// Value that isn't in the documented list.
            Unknown(UnknownValue),
        }

        impl ActionValue {
            const KNOWN: &[(Self, &str)] = &[$((Self::$variant, $text),)*];

            /// The service's word for the value.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown(value) => &value.0,
                }
            }
        }
    };
}

action_values! {
    Passed "Passed" "The check was passed.",
    Completed "Completed" "The comparison was made and the two are alike.",
    Approved "Approved" "The step was approved.",
    Verified "Verified" "Found at the ID authority.",
    ProvisionallyApproved "Provisionally Approved" "Approved until a human has reviewed it.",
    Returned "Returned" "The information is in the result.",
    NotReturned "Not Returned" "The information is not in the result.",
    Failed "Failed" "The check was not passed.",
    Rejected "Rejected" "The step was rejected.",
    UnderReview "Under Review" "A human is looking at it.",
    UnableToDetermine "Unable To Determine" "Neither the machine nor the reviewer could tell.",
    NotApplicable "Not Applicable" "Not part of this job.",
    NotVerified "Not Verified" "Not found at the ID authority.",
    NotDone "Not Done" "Not done, because an earlier step failed.",
    IssuerUnavailable "Issuer Unavailable" "The ID authority didn't answer.",
    IdAuthorityPhotoNotAvailable "ID Authority Photo Not Available" "The ID authority has no photo to compare with.",
    SentToHumanReview "Sent to Human Review" "A human will look at it.",
    ExactMatch "Exact Match" "What the person said is what the ID authority has.",
    PartialMatch "Partial Match" "What the person said is part of what the ID authority has, or the other way round.",
    Transposed "Transposed" "What the person said is what the ID authority has, in another order.",
    NoMatch "No Match" "What the person said is not what the ID authority has.",
    NotProvided "Not Provided" "Nothing was said that could be compared.",
    Listed "Listed" "The name is on a watch list.",
    NotListed "Not Listed" "The name is on no watch list.",
}

impl ActionValue {
    pub(super) fn from_json(value: &Value) -> Self {
        let text = match value {
            // As good as not there.
            Value::Null => return Self::NotApplicable,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let known = Self::KNOWN.iter().find(|(_, known)| tolerant::same_name(known, &text));
        known.map_or_else(|| Self::Unknown(UnknownValue(text)), |(value, _)| value.clone())
    }

    /// True for a no: failed, rejected, not verified, no match.
    pub fn is_negative(&self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::NotVerified | Self::NoMatch)
    }

    /// True if somebody is still to decide.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::UnderReview | Self::SentToHumanReview | Self::ProvisionallyApproved)
    }
}

/// A value that isn't in the documented list; [`ActionValue::as_str`] reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownValue(String);

impl std::fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It is not known what it is, so it may be anything.
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_shows_only_steps_and_values_that_are_known() {
        let steps = json!({ "Liveness_Check": "Passed", "jane@example.com": "Failed", "DOB": "jane" });
        let shown = format!("{:?}", Actions::from_json(steps.as_object().unwrap()));
        assert_eq!(shown, r#"{"Liveness_Check": Passed, "DOB": Unknown(…), "…": 1}"#);
    }

    #[test]
    fn every_value_is_read_in_any_casing_and_unknown_ones_are_kept() {
        for (value, text) in ActionValue::KNOWN {
            assert_eq!(ActionValue::from_json(&json!(text)), *value);
            assert_eq!(ActionValue::from_json(&json!(text.to_uppercase())), *value);
            assert_eq!(value.as_str(), *text);
        }
        for (json, text) in [(json!("Kind of"), "Kind of"), (json!(1), "1"), (json!(""), "")] {
            let value = ActionValue::from_json(&json);
            assert_eq!(value.as_str(), text);
            assert!(matches!(value, ActionValue::Unknown(_)));
        }
    }
}
