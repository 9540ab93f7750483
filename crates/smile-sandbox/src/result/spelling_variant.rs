//! Spelling variants: known differences in how the service, its older stacks and its SDKs write the
//! same thing.

use serde_json::{Map, Number, Value};

/// A spelling variant of a result. It also applies to the job status around that result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SpellingVariant {
    /// Booleans as the strings `"true"` and `"false"`.
    StringBooleans,
    /// `IsFinalResult` and the like, which are usually strings, as booleans.
    RealBooleans,
    /// Numbers as strings of digits.
    NumbersAsStrings,
    /// `ResultCode`, `ConfidenceValue` and, in the job status, `code` as numbers, so that 0810
    /// is 810.
    CodesAsNumbers,
    /// Keys in snake case: `result_code` for `ResultCode`. Keys in `PartnerParams` are the
    /// partner's, and stay.
    SnakeCaseKeys,
}

/// The key whose content the partner sent, which is never rewritten.
const PARTNERS: &str = "PartnerParams";
const CODES: [&str; 3] = ["ResultCode", "ConfidenceValue", "code"];

impl SpellingVariant {
    pub(crate) fn apply(self, object: &mut Map<String, Value>) {
        match self {
            Self::StringBooleans => rewrite(object, &|_, value| match value {
                Value::Bool(flag) => Some(flag.to_string().into()),
                _ => None,
            }),
            Self::RealBooleans => rewrite(object, &|_, value| match value.as_str()? {
                "true" => Some(true.into()),
                "false" => Some(false.into()),
                _ => None,
            }),
            Self::NumbersAsStrings => {
                let mut of_partner = object.get_mut(PARTNERS).and_then(Value::as_object_mut);
                // `job_type` is the partner's, and yet it comes back in either form.
                if let Some(job_type) = of_partner.as_mut().and_then(|params| params.get_mut("job_type"))
                    && job_type.is_number()
                {
                    *job_type = job_type.to_string().into();
                }
                rewrite(object, &|_, value| value.is_number().then(|| value.to_string().into()));
            }
            Self::CodesAsNumbers => rewrite(object, &|key, value| {
                let text = value.as_str().filter(|_| CODES.contains(&key))?;
                text.parse::<u64>()
                    .map(Number::from)
                    .ok()
                    .or_else(|| Number::from_f64(text.parse().ok()?))
                    .map(Value::from)
            }),
            Self::SnakeCaseKeys => snake_case_keys(object),
        }
    }
}

/// Changes the values at every depth, except in the partner's parameters.
fn rewrite(object: &mut Map<String, Value>, change: &dyn Fn(&str, &Value) -> Option<Value>) {
    for (key, value) in object.iter_mut().filter(|(key, _)| *key != PARTNERS) {
        rewrite_value(key, value, change);
    }
}

fn rewrite_value(key: &str, value: &mut Value, change: &dyn Fn(&str, &Value) -> Option<Value>) {
    match value {
        Value::Object(object) => rewrite(object, change),
        Value::Array(values) => values.iter_mut().for_each(|value| rewrite_value(key, value, change)),
        other => {
            if let Some(changed) = change(key, other) {
                *other = changed;
            }
        }
    }
}

fn snake_case_keys(object: &mut Map<String, Value>) {
    let old = std::mem::take(object);
    for (key, mut value) in old {
        if key == "Actions"
            && let Value::Object(actions) = &mut value
        {
            snake_case_keys(actions);
        }
        object.insert(snake_case(&key), value);
    }
}

fn snake_case(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                let ends_capitals = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
                before != '_' && (!before.is_uppercase() || ends_capitals)
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn odd(spelling_variant: SpellingVariant, value: &Value) -> Value {
        let mut object = value.as_object().unwrap().clone();
        spelling_variant.apply(&mut object);
        object.into()
    }

    #[test]
    fn each_way_of_writing() {
        let plain = json!({
            "ResultCode": "0810", "ConfidenceValue": "99.99", "IsFinalResult": "true", "StrictMatch": true,
            "no_of_persons_found": 2, "people": [{"pep": {"pep_level": 1}}],
            "PartnerParams": {"job_type": 1, "flag": true, "number": 7},
        });
        let strings = odd(SpellingVariant::StringBooleans, &plain);
        assert_eq!(
            (&strings["StrictMatch"], &strings["PartnerParams"]["flag"]),
            (&json!("true"), &json!(true))
        );
        assert_eq!(odd(SpellingVariant::RealBooleans, &plain)["IsFinalResult"], true);
        let strings = odd(SpellingVariant::NumbersAsStrings, &plain);
        assert_eq!(
            (&strings["no_of_persons_found"], &strings["people"][0]["pep"]["pep_level"]),
            (&json!("2"), &json!("1"))
        );
        assert_eq!(strings["PartnerParams"], json!({"job_type": "1", "flag": true, "number": 7}));
        let numbers = odd(SpellingVariant::CodesAsNumbers, &plain);
        assert_eq!((&numbers["ResultCode"], &numbers["ConfidenceValue"]), (&json!(810), &json!(99.99)));
        let snake = odd(SpellingVariant::SnakeCaseKeys, &plain);
        assert_eq!(
            (&snake["result_code"], &snake["partner_params"]),
            (&json!("0810"), &plain["PartnerParams"])
        );
    }

    #[test]
    fn words_of_a_key_are_separated() {
        for (key, snake) in [
            ("ResultCode", "result_code"),
            ("SmileJobID", "smile_job_id"),
            ("IDNumber", "id_number"),
            ("DOB", "dob"),
            ("Selfie_To_ID_Card_Compare", "selfie_to_id_card_compare"),
            ("JSONVersion", "json_version"),
            ("PhoneNumber2", "phone_number2"),
            ("people", "people"),
        ] {
            assert_eq!(snake_case(key), snake);
        }
    }
}
