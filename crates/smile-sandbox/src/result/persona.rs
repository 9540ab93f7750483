//! The person behind every ID of the sandbox, and the custom test data that may replace the person.

use serde_json::{Map, Value};

/// The placeholder for data that an authority doesn't give.
pub(crate) const NOT_AVAILABLE: &str = "Not Available";

/// The keys of personal data that custom test data may replace.
const CUSTOMISABLE: &[&str] = &[
    "Address",
    "Country",
    "DOB",
    "Document",
    "ExpirationDate",
    "FirstName",
    "FullName",
    "Gender",
    "IDNumber",
    "IDType",
    "IssuanceDate",
    "LastName",
    "MiddleName",
    "OtherName",
    "PhoneNumber",
    "PhoneNumber2",
    "Photo",
    "SecondaryIDNumber",
    "Secondary_ID_Number",
];

/// The person that an ID belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Persona {
    pub(crate) first_name: String,
    pub(crate) middle_name: String,
    pub(crate) last_name: String,
    pub(crate) date_of_birth: String,
    pub(crate) gender: String,
    pub(crate) phone_number: String,
}

impl Persona {
    /// Joe Doe Leo, born on 2000-09-20. The gender and the telephone number are our choice.
    pub(crate) fn standard() -> Self {
        Self {
            first_name: "Joe".to_owned(),
            middle_name: "Doe".to_owned(),
            last_name: "Leo".to_owned(),
            date_of_birth: "2000-09-20".to_owned(),
            gender: "M".to_owned(),
            phone_number: "00000000000".to_owned(),
        }
    }

    /// The standard person, with the values of the custom test data.
    pub(crate) fn custom(params: &Map<String, Value>) -> Self {
        let mut persona = Self::standard();
        let params = with_split_name(params);
        for (key, value) in [
            ("FirstName", &mut persona.first_name),
            ("MiddleName", &mut persona.middle_name),
            ("LastName", &mut persona.last_name),
            ("DOB", &mut persona.date_of_birth),
            ("Gender", &mut persona.gender),
            ("PhoneNumber", &mut persona.phone_number),
        ] {
            if let Some(custom) = params.get(key).and_then(Value::as_str) {
                custom.clone_into(value);
            }
        }
        persona
    }

    pub(crate) fn full_name(&self) -> String {
        self.names().join(" ")
    }

    /// The words of the name, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let names = [&self.first_name, &self.middle_name, &self.last_name];
        names.into_iter().flat_map(|name| name.split_whitespace()).collect()
    }
}

/// `partner_params` as they are echoed when they hold custom test data: a full name has been split.
pub(crate) fn with_split_name(params: &Map<String, Value>) -> Map<String, Value> {
    let mut params = params.clone();
    if let Some(name) = params.get("FullName").and_then(Value::as_str) {
        let (first, last) = name.rsplit_once(' ').unwrap_or((name, ""));
        let (first, last) = (Value::from(first), Value::from(last));
        params.insert("FirstName".into(), first);
        params.insert("MiddleName".into(), "".into());
        params.insert("LastName".into(), last);
    }
    params
}

/// Replaces the personal data in an entry by custom test data.
pub(crate) fn replace_with_custom(entry: &mut Map<String, Value>, params: &Map<String, Value>) {
    for &key in CUSTOMISABLE {
        if let Some(custom) = params.get(key) {
            entry.insert(key.into(), custom.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_full_name_is_split_at_its_last_space() {
        for (name, first, last) in [
            ("Nelson Mandela", "Nelson", "Mandela"),
            ("Ngozi Ada Eze", "Ngozi Ada", "Eze"),
            ("Pele", "Pele", ""),
            ("", "", ""),
        ] {
            let params = json!({"FullName": name});
            let split = with_split_name(params.as_object().unwrap());
            assert_eq!((&split["FirstName"], &split["LastName"]), (&json!(first), &json!(last)));
            assert_eq!(split["MiddleName"], "");
            assert_eq!(Persona::custom(&split).full_name(), name);
        }
    }

    #[test]
    fn uncustomised_fields_stay_standard() {
        let params = json!({"DOB": "1918-07-18", "Gender": 7});
        let persona = Persona::custom(params.as_object().unwrap());
        assert_eq!(persona, Persona { date_of_birth: "1918-07-18".to_owned(), ..Persona::standard() });
    }
}
