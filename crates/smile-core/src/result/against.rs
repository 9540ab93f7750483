//! Search of a body for anything against the person, under any spelling and at any depth: one rule
//! for the results of v1, the answers around them, and the webhooks of v3.
//!
//! Only a body that says nothing of the kind can be an approval. What is found here never rejects
//! anybody either: it makes the verdict unknown, and somebody looks at it.

use serde_json::{Map, Value};

use crate::catalogue::webhook_words::{is_bad_word, normalised};
use crate::wire::fields::Fields;
use crate::wire::tolerant::Object as _;

/// Fields with the person's and the partner's own words, and those of the document or the
/// authority: free text that names like these may come up in.
const NOT_THE_SERVICES_WORDS: [&str; 8] = [
    "consent",
    "fulldata",
    "idfields",
    "imagelinks",
    "metadata",
    "partnerparams",
    "userdetails",
    "userprovidedinfo",
];

/// Lists and objects that are empty if nothing was found.
const FINDINGS: [&str; 15] = [
    "adversemedia",
    "enforcementactions",
    "fraudsources",
    "fraudriskindicatorgroups",
    "hits",
    "matches",
    "newssummary",
    "pep",
    "peps",
    "people",
    "persons",
    "personsfound",
    "riskindicatorgroups",
    "sanctions",
    "suspectusers",
];

/// Score above which none counts as low. No bound between low and medium is published; the one high
/// score that is documented is 92. More than half of the scale is never taken for low.
const MAX_LOW_SCORE: f64 = 50.0;

/// Words that count as a value alone: there is a person called Block, and a street.
fn is_name_or_address(key: &str) -> bool {
    key.contains("name") || key.contains("address")
}

/// True if anything in the body speaks against the person. `judged_apart` are fields that the
/// caller judges by itself, in small letters: the steps of a v1 result; and in the status of a job
/// the newest result, and those of other jobs.
pub(crate) fn speaks_against(fields: &Fields, judged_apart: &[&str]) -> bool {
    let is_passed_over = |key: &str| NOT_THE_SERVICES_WORDS.contains(&key) || judged_apart.contains(&key);
    let (short, long) = fields.parts();
    let in_long = |name: &str| {
        let key = normalised(name);
        if is_passed_over(&key) {
            return false;
        }
        match fields.long_text(name) {
            // A photo, say. One in the place of a finding is none that can be read.
            Some(_) => is_finding(&key) || key.ends_with("risklevel") || key.ends_with("score"),
            // What is long and reads as nothing can't be read.
            None => fields.exact(name).is_none_or(|value| value.is_null() || field_speaks(&key, value, None)),
        }
    };
    let in_short = |(name, value): (&String, &Value)| {
        let key = normalised(name);
        !is_passed_over(&key) && field_speaks(&key, value, Some(short))
    };
    // What was lost may have been any word; what became null, any number.
    let in_damaged = |(name, is_lost): (&str, bool)| {
        is_lost || is_weighty(&normalised(name)) || fields.exact(name).is_none_or(has_weighty_name)
    };
    let damaged = fields.damaged(|name| is_passed_over(&normalised(name)));
    short.iter().any(in_short) || long.into_iter().any(in_long) || { damaged }.any(in_damaged)
}

/// True for a field whose value decides, and not its name alone.
fn is_weighty(key: &str) -> bool {
    is_finding(key)
        || is_fraud_flag(key)
        || ["risklevel", "riskscore", "fraudscore"].iter().any(|end| key.ends_with(end))
}

fn has_weighty_name(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.iter().any(|(name, value)| is_weighty(&normalised(name)) || has_weighty_name(value))
        }
        Value::Array(list) => list.iter().any(has_weighty_name),
        _ => false,
    }
}

fn object_speaks(object: &Map<String, Value>) -> bool {
    object.iter().any(|(name, value)| field_speaks(&normalised(name), value, Some(object)))
}

fn field_speaks(key: &str, value: &Value, beside: Option<&Map<String, Value>>) -> bool {
    if is_finding(key) || is_fraud_flag(key) {
        return says_something(value);
    }
    if key.ends_with("risklevel") {
        return !value.is_null() && !is_low(value);
    }
    if key.ends_with("riskscore") || key.ends_with("fraudscore") {
        let is_harmless = value.is_null() || is_low_score(value) && beside.is_some_and(says_low);
        return !is_harmless;
    }
    match value {
        Value::Object(object) => object_speaks(object),
        Value::Array(list) => list.iter().any(|item| field_speaks("", item, None)),
        Value::String(text) if key == "message" => {
            let text = text.to_ascii_lowercase();
            ["failed", "error", "potential match"].iter().any(|word| text.contains(word))
        }
        Value::String(text) => !is_name_or_address(key) && is_bad_word(text),
        _ => false,
    }
}

fn is_finding(key: &str) -> bool {
    let is_count = ["noof", "numberof"].iter().any(|how_many| key.starts_with(how_many))
        && ["person", "people", "match", "hit"].iter().any(|what| key.contains(what));
    is_count || FINDINGS.contains(&key)
}

fn is_fraud_flag(key: &str) -> bool {
    let is_about_fraud = key.contains("fraud") || key.contains("spoof");
    key == "isfraud"
        || is_about_fraud && ["detected", "found", "suspected"].iter().any(|word| key.ends_with(word))
        || key.starts_with("isfraudulent")
}

/// True for anything but null, no, zero and emptiness, however deep.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !["", "0", "false"].iter().any(|no| text.trim().eq_ignore_ascii_case(no)),
        Value::Array(list) => list.iter().any(says_something),
        Value::Object(object) => object.values().any(says_something),
    }
}

fn is_low(value: &Value) -> bool {
    value.as_str().is_some_and(|word| word.eq_ignore_ascii_case("low"))
}

fn is_low_score(value: &Value) -> bool {
    let score = match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    score.is_some_and(|score| (0.0..MAX_LOW_SCORE).contains(&score))
}

/// True if a level stands beside a score, and says low.
fn says_low(object: &Map<String, Value>) -> bool {
    let mut levels = object.iter().filter(|(name, _)| normalised(name).ends_with("risklevel")).peekable();
    levels.peek().is_some() && levels.all(|(_, value)| is_low(value))
}
