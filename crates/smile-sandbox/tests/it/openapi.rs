//! A check of admin exchanges against the API's description, with the parts of JSON Schema that it
//! uses.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The description, and the operations that have succeeded so far.
pub(crate) struct Description {
    document: Value,
    seen: BTreeSet<String>,
}

impl Description {
    pub(crate) fn new(document: Value) -> Self {
        assert_eq!(document["openapi"], "3.1.0");
        Self { document, seen: BTreeSet::new() }
    }

    /// The operations that have not succeeded yet.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let mut all = BTreeSet::new();
        for (_, item) in self.document["paths"].as_object().unwrap() {
            let operations = item.as_object().unwrap().values();
            all.extend(
                operations.filter_map(|operation| Some(operation.get("operationId")?.as_str()?.to_owned())),
            );
        }
        all.difference(&self.seen).cloned().collect()
    }

    /// Checks an exchange: the status, the content type and the body of the answer must be as
    /// described, and, after a success, so must the body of the request.
    pub(crate) fn check(&mut self, request: (&str, &str, &Value), answer: (u16, &str, &[u8])) {
        let ((method, path, sent), (status, content_type, received)) = (request, answer);
        let Some(operation) = self.operation(method, path).cloned() else {
            assert!(
                matches!(status, 404 | 405),
                "{method} {path} is not described, and answered with {status}"
            );
            return;
        };
        let described = self.resolve(&operation["responses"][status.to_string()]);
        assert!(described.is_object(), "{method} {path}: {status} is not described");
        let content = &described["content"][content_type];
        assert!(content.is_object(), "{method} {path}: {content_type} is not described");
        if content_type == "application/json" {
            let body: Value = serde_json::from_slice(received).unwrap();
            self.valid(&content["schema"], &body, &format!("answer to {method} {path}"));
        }
        if status != 200 {
            return;
        }
        match operation.get("requestBody") {
            Some(body) if !sent.is_null() => {
                self.valid(&body["content"]["application/json"]["schema"], sent, &format!("{method} {path}"));
            }
            Some(body) => assert_eq!(body["required"], false, "{method} {path} wants a body"),
            None => assert!(sent.is_null(), "{method} {path} takes no body"),
        }
        self.seen.insert(operation["operationId"].as_str().unwrap().to_owned());
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap();
        let is_like = |template: &str| {
            let (mut parts, mut segments) = (template.split('/'), path.split('/'));
            parts.clone().count() == segments.clone().count()
                && parts.all(|part| {
                    segments.next().is_some_and(|segment| part.starts_with('{') || part == segment)
                })
        };
        let paths = self.document["paths"].as_object().unwrap();
        let (_, item) = paths.iter().find(|(template, _)| is_like(template))?;
        item.get(method.to_lowercase())
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let found = self.document.pointer(reference.strip_prefix('#').unwrap());
                found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
            }
            None => value,
        }
    }

    fn valid(&self, schema: &Value, value: &Value, place: &str) {
        if let Err(problem) = self.problem(schema, value, place) {
            panic!("{problem}: {value:#}");
        }
    }

    fn problem(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        let empty = Map::new();
        for (keyword, rule) in schema.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "description" | "default" => true,
                "type" => match rule {
                    Value::Array(types) => types.iter().any(|kind| is_of(kind, value)),
                    kind => is_of(kind, value),
                },
                "enum" => rule.as_array().unwrap().contains(value),
                "format" => value.is_null() || has_format(rule, value.as_str().unwrap()),
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
                "oneOf" => {
                    let choices = rule.as_array().unwrap().iter();
                    choices.filter(|choice| self.problem(choice, value, place).is_ok()).count() == 1
                }
                "items" => {
                    for item in value.as_array().unwrap() {
                        self.problem(rule, item, &format!("{place}[]"))?;
                    }
                    true
                }
                "properties" => {
                    let fields = value.as_object().unwrap_or(&empty);
                    for (name, rule) in rule.as_object().unwrap() {
                        if let Some(field) = fields.get(name) {
                            self.problem(rule, field, &format!("{place}.{name}"))?;
                        }
                    }
                    true
                }
                "required" => {
                    let names = rule.as_array().unwrap();
                    names.iter().all(|name| value.get(name.as_str().unwrap()).is_some())
                }
                "additionalProperties" => {
                    assert_eq!(*rule, json!(false));
                    let names = value.as_object().unwrap_or(&empty).keys();
                    names.into_iter().all(|name| schema["properties"].get(name).is_some())
                }
                other => panic!("{other} is not known to this test"),
            };
            if !holds {
                return Err(format!("{place} breaks {keyword}"));
            }
        }
        Ok(())
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}

fn has_format(format: &Value, text: &str) -> bool {
    match format.as_str().unwrap() {
        "date-time" => smile_core::Timestamp::parse(text).is_some(),
        other => panic!("{other} is not known to this test"),
    }
}
