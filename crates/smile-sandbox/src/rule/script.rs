//! Stages of a script: the results that a rule gives.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::result::spelling_variant::SpellingVariant;

/// One scripted result of a job: its code, its time, and its spelling.
///
/// A result code or an [`Outcome`] converts into a stage, which is enough in most cases:
///
/// ```
/// use smile_sandbox::{SpellingVariant, Outcome, ScriptStage};
/// use std::time::Duration;
///
/// let first = ScriptStage::from("0812");
/// let second = ScriptStage::from(Outcome::ReviewerRejected)
///     .with_delay(Duration::from_secs(60))
///     .with_action("Human_Review_Compare", "Unable To Determine")
///     .with_missing_field("ConfidenceValue")
///     .with_spelling_variant(SpellingVariant::RealBooleans);
/// # let _ = (first, second);
/// ```
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[must_use]
pub struct ScriptStage {
    pub(crate) verdict: Scripted,
    pub(crate) after: Duration,
    pub(crate) sends_callback: bool,
    is_final: Option<bool>,
    text: Option<String>,
    actions: BTreeMap<String, String>,
    fields: Map<String, Value>,
    renamed: BTreeMap<String, String>,
    missing: Vec<String>,
    pub(crate) spelling_variants: Vec<SpellingVariant>,
}

/// The source of a stage's result.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Scripted {
    /// The result without the rule.
    AsItComes,
    Code(String),
    Named(Outcome),
}

impl ScriptStage {
    /// Creates a stage with the result that would come without the rule, for rules that change its
    /// spelling or time. Only the first stage can be that; a later one repeats the first's result.
    pub fn as_it_comes() -> Self {
        Self::new(Scripted::AsItComes)
    }

    pub(crate) fn new(verdict: Scripted) -> Self {
        Self {
            verdict,
            after: Duration::ZERO,
            sends_callback: true,
            is_final: None,
            text: None,
            actions: BTreeMap::new(),
            fields: Map::new(),
            renamed: BTreeMap::new(),
            missing: Vec::new(),
            spelling_variants: Vec::new(),
        }
    }

    /// Sets the time since the stage before, or for the first stage since the zip or the request;
    /// none by default. A check that is answered at once can't wait: its first stage comes with the
    /// answer.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    /// Sets the result's claim to be final, whatever its code means.
    pub fn with_is_final(mut self, is_final: bool) -> Self {
        self.is_final = Some(is_final);
        self
    }

    /// Sets `ResultText`.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sends no callback for the stage: only the job status has the result.
    pub fn without_callback(mut self) -> Self {
        self.sends_callback = false;
        self
    }

    /// Sets an action to this value, known or not.
    pub fn with_action(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.actions.insert(name.into(), value.into());
        self
    }

    /// Sets a field of the entry, whether usual or new.
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Renames a field of the entry, such as `SecondaryIDNumber` to `Secondary_ID_Number`.
    pub fn with_renamed_field(mut self, name: impl Into<String>, other: impl Into<String>) -> Self {
        self.renamed.insert(name.into(), other.into());
        self
    }

    /// Leaves out a field of the entry; `Actions.Liveness_Check` is one of the actions.
    pub fn with_missing_field(mut self, name: impl Into<String>) -> Self {
        self.missing.push(name.into());
        self
    }

    /// Adds a spelling variant, applied last.
    pub fn with_spelling_variant(mut self, spelling_variant: SpellingVariant) -> Self {
        self.spelling_variants.push(spelling_variant);
        self
    }

    /// True if the product has a code for the stage. An explicit code fits every product.
    pub(crate) fn fits(&self, product: Product) -> bool {
        match &self.verdict {
            Scripted::Named(outcome) => product.code_of(outcome).is_some(),
            Scripted::AsItComes | Scripted::Code(_) => true,
        }
    }

    /// The stage's own claim to be final or not, if any.
    pub(crate) fn says_final(&self) -> Option<bool> {
        self.is_final
    }

    /// Applies the stage's changes to an entry.
    pub(crate) fn write(&self, entry: &mut Map<String, Value>) {
        if let Some(Value::Object(actions)) = entry.get_mut("Actions") {
            actions.extend(self.actions.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
        }
        if let Some(text) = &self.text {
            entry.insert("ResultText".into(), text.as_str().into());
        }
        if let Some(is_final) = self.is_final {
            entry.insert("IsFinalResult".into(), is_final.to_string().into());
        }
        entry.extend(self.fields.clone());
        for name in &self.missing {
            match name.strip_prefix("Actions.").zip(entry.get_mut("Actions").and_then(Value::as_object_mut)) {
                Some((action, actions)) => drop(actions.shift_remove(action)),
                None => drop(entry.shift_remove(name)),
            }
        }
        for (name, other) in &self.renamed {
            if let Some(value) = entry.shift_remove(name) {
                entry.insert(other.clone(), value);
            }
        }
        self.spelling_variants.iter().for_each(|spelling_variant| spelling_variant.apply(entry));
    }
}

/// A result code, known or not. Its meaning is looked up in the catalogue.
impl From<&str> for ScriptStage {
    fn from(code: &str) -> Self {
        Self::from(code.to_owned())
    }
}

/// A result code, known or not.
impl From<String> for ScriptStage {
    fn from(code: String) -> Self {
        Self::new(Scripted::Code(code))
    }
}

impl From<Outcome> for ScriptStage {
    fn from(outcome: Outcome) -> Self {
        Self::new(Scripted::Named(outcome))
    }
}

/// Shows only the number of fields: their values may be personal.
impl fmt::Debug for ScriptStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptStage")
            .field("verdict", &self.verdict)
            .field("after", &self.after)
            .field("sends_callback", &self.sends_callback)
            .field("is_final", &self.is_final)
            .field("actions", &self.actions)
            .field("fields", &self.fields.len())
            .field("missing", &self.missing)
            .field("spelling_variants", &self.spelling_variants)
            .finish_non_exhaustive()
    }
}
