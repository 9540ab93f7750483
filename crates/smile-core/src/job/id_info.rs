//! The partner's facts about a person's ID.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::wire::timestamp::is_calendar_date;

/// `id_info`: the ID of the person, and the person's own words about themselves.
///
/// Everything in here is personal, so `Debug` shows only which fields are set.
///
/// ```
/// use smile_core::IdInfo;
///
/// let id_info = IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo");
/// ```
#[derive(Clone, Default, Serialize)]
pub struct IdInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dob: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bank_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) citizenship: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) openid_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) consent_information: Option<Value>,
    // The service wants the words "true" and "false" here, not booleans (Smile ID: "Biometric
    // KYC").
    #[serde(serialize_with = "as_word")]
    pub(crate) entered: bool,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

impl IdInfo {
    /// ID that the ID authority is asked about; `entered` is true.
    ///
    /// `country` is the ISO 3166-1 code of two capital letters; `id_type` is the API's name for the
    /// kind of ID, such as `BVN` or `NATIONAL_ID`; `id_number` is the number on it.
    pub fn new(country: impl Into<String>, id_type: impl Into<String>, id_number: impl Into<String>) -> Self {
        Self {
            country: Some(country.into()),
            id_type: Some(id_type.into()),
            id_number: Some(id_number.into()),
            entered: true,
            ..Self::default()
        }
    }

    /// Country of a document; no authority is asked, so `entered` is false.
    pub fn for_document(country: impl Into<String>) -> Self {
        Self { country: Some(country.into()), ..Self::default() }
    }

    /// Sets `entered`: true if the ID authority should be asked about this ID.
    #[must_use]
    pub fn with_entered(mut self, entered: bool) -> Self {
        self.entered = entered;
        self
    }

    /// Sets the person's date of birth, as `YYYY-MM-DD`.
    ///
    /// An empty text stands for none. A date whose year comes first, with other or no separators,
    /// with one digit for month or day, or with blanks around it, is put into this form:
    /// `2001/2/3`, `2001.02.03`, `20010203`. So is a moment at midnight that names no time zone:
    /// `2001-02-03T00:00:00`. Any other form could be read in two ways, such as `02/03/2001`. It is
    /// refused when the job runs; or sent as it is, with a warning, if
    /// [judgement is left to the service](crate::Partner::without_id_type_checks). Dates before
    /// 1900 and in the future are refused.
    #[must_use]
    pub fn with_dob(mut self, dob: impl Into<String>) -> Self {
        let dob = dob.into();
        self.dob = (!dob.trim().is_empty()).then(|| normalised_date(&dob).unwrap_or(dob));
        self
    }

    /// Sets the consent as the service's own structure; see Smile ID: "Consent information".
    #[must_use]
    pub fn with_consent_information(mut self, consent: impl Into<Value>) -> Self {
        self.consent_information = Some(consent.into());
        self
    }

    /// Sets a field that has no method here. It is sent as it is.
    #[must_use]
    pub fn with_field(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// The fields that have a method here, by the API's names.
    pub(crate) fn fields(&self) -> [(&'static str, Option<&str>); 13] {
        [
            ("country", self.country.as_deref()),
            ("id_type", self.id_type.as_deref()),
            ("id_number", self.id_number.as_deref()),
            ("first_name", self.first_name.as_deref()),
            ("middle_name", self.middle_name.as_deref()),
            ("last_name", self.last_name.as_deref()),
            ("dob", self.dob.as_deref()),
            ("gender", self.gender.as_deref()),
            ("phone_number", self.phone_number.as_deref()),
            ("bank_code", self.bank_code.as_deref()),
            ("citizenship", self.citizenship.as_deref()),
            ("session_id", self.session_id.as_deref()),
            ("openid_state", self.openid_state.as_deref()),
        ]
    }
}

macro_rules! setters {
    ($($setter:ident $field:ident: $doc:literal,)*) => {
        impl IdInfo {
            $(#[doc = $doc] #[must_use]
            pub fn $setter(mut self, $field: impl Into<String>) -> Self {
                self.$field = Some($field.into());
                self
            })*
        }
    };
}

setters! {
    with_country country: "The country that issued the ID: two capital letters, ISO 3166-1.",
    with_id_type id_type: "The kind of ID, by the API's name: `BVN`, `NATIONAL_ID`, `PASSPORT`, …",
    with_id_number id_number: "The number on the ID.",
    with_first_name first_name: "The first name the person gave.",
    with_middle_name middle_name: "The middle name the person gave.",
    with_last_name last_name: "The last name the person gave.",
    with_gender gender: "The gender the person gave: `M` or `F`.",
    with_phone_number phone_number: "The phone number the person gave.",
    with_bank_code bank_code: "The bank's code, for the ID type `BANK_ACCOUNT`. Leading zeros matter.",
    with_citizenship citizenship: "The citizenship the person gave.",
    with_session_id session_id: "The session of a consent given by one-time password, for the ID type `BVN_MFA`.",
    with_openid_state openid_state: "The state of an OpenID consent, for the ID type `NATIONAL_ID` of Ethiopia.",
}

/// Reads the API's names. `entered` may be a boolean or a word; without it, it is true if there is
/// a number, as with [`IdInfo::new`]. `null` stands for what isn't there. A date is read as by
/// [`IdInfo::with_dob`].
impl<'de> serde::Deserialize<'de> for IdInfo {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        let mut given = Map::deserialize(deserializer)?;
        given.retain(|_, value| !value.is_null());
        // The value is left out on purpose: it is a person's.
        let not_text = |field: &str| D::Error::custom(format_args!("`{field}` must be text"));
        let mut text = |field: &str| match given.shift_remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(not_text(field)),
        };
        let mut id_info = Self {
            country: text("country")?,
            id_type: text("id_type")?,
            id_number: text("id_number")?,
            first_name: text("first_name")?,
            middle_name: text("middle_name")?,
            last_name: text("last_name")?,
            gender: text("gender")?,
            phone_number: text("phone_number")?,
            bank_code: text("bank_code")?,
            citizenship: text("citizenship")?,
            session_id: text("session_id")?,
            openid_state: text("openid_state")?,
            ..Self::default()
        };
        if let Some(dob) = text("dob")? {
            id_info = id_info.with_dob(dob);
        }
        id_info.consent_information = given.shift_remove("consent_information");
        id_info.entered = match given.shift_remove("entered") {
            None => id_info.id_number.is_some(),
            Some(Value::Bool(entered)) => entered,
            Some(Value::String(word)) if word == "true" => true,
            Some(Value::String(word)) if word == "false" => false,
            Some(_) => return Err(D::Error::custom("`entered` must be true or false")),
        };
        id_info.extra = given;
        Ok(id_info)
    }
}

impl fmt::Debug for IdInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.fields().into_iter().filter_map(|(name, value)| value.map(|_| name));
        f.debug_set().entries(set).finish()
    }
}

/// The date as `YYYY-MM-DD`, if its form can be read in one way only.
fn normalised_date(text: &str) -> Option<String> {
    let text = text.trim();
    let date =
        ["T00:00:00", " 00:00:00"].iter().find_map(|midnight| text.strip_suffix(midnight)).unwrap_or(text);
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = match date.find(['-', '/', '.']) {
        Some(at) => date.split(char::from(date.as_bytes()[at])).collect(),
        None if date.len() == 8 && is_number(&date) => vec![&date[..4], &date[4..6], &date[6..]],
        None => return None,
    };
    let [year, month, day] = parts[..] else { return None };
    let fits = year.len() == 4 && month.len() <= 2 && day.len() <= 2;
    if !fits || !parts.iter().all(is_number) {
        return None;
    }
    let date = format!("{year}-{month:0>2}-{day:0>2}");
    is_calendar_date(&date).then_some(date)
}

fn as_word<S: serde::Serializer>(entered: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *entered { "true" } else { "false" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<IdInfo, String> {
        serde_json::from_value(value).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        let written = IdInfo::new("NG", "BVN", "00000000000")
            .with_first_name("Joe")
            .with_dob("2000-09-20")
            .with_consent_information(serde_json::json!({ "consented": true }))
            .with_field("branch", 7);
        let value = serde_json::to_value(&written).unwrap();
        assert_eq!(serde_json::to_value(read(value.clone()).unwrap()).unwrap(), value);
    }

    #[test]
    fn what_is_left_out_when_read_is_as_the_constructors_have_it() {
        let of = |value| read(value).unwrap();
        assert!(of(serde_json::json!({ "country": "NG", "id_type": "BVN", "id_number": "1" })).entered);
        assert!(!of(serde_json::json!({ "country": "NG", "id_number": null })).entered);
        assert!(!of(serde_json::json!({ "id_number": "1", "entered": false })).entered);
        assert_eq!(of(serde_json::json!({ "dob": "2001/2/3" })).dob.as_deref(), Some("2001-02-03"));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_shown() {
        let number = read(serde_json::json!({ "id_number": 22_222_222_222_u64 })).unwrap_err();
        assert!(number.starts_with("`id_number` must be text") && !number.contains("222"), "{number}");
        let entered = read(serde_json::json!({ "entered": "yes, says Jane" })).unwrap_err();
        assert!(entered.starts_with("`entered` must be") && !entered.contains("Jane"), "{entered}");
    }

    #[test]
    fn entered_goes_out_as_a_word_and_extra_fields_as_they_are() {
        let id_info = IdInfo::new("NG", "BVN", "00000000000").with_dob("2000-09-20").with_field("branch", 7);
        assert_eq!(
            serde_json::to_string(&id_info).unwrap(),
            r#"{"country":"NG","id_type":"BVN","id_number":"00000000000","dob":"2000-09-20","entered":"true","branch":7}"#
        );
        assert_eq!(serde_json::to_string(&IdInfo::default()).unwrap(), r#"{"entered":"false"}"#);
    }

    #[test]
    fn a_date_of_birth_with_one_reading_is_put_into_the_service_s_form() {
        let dob = |text: &str| IdInfo::default().with_dob(text).dob;
        for text in [
            "2001-02-03",
            " 2001-02-03\n",
            "2001-2-3",
            "2001/02/03",
            "2001.2.03",
            "20010203",
            "2001-02-03T00:00:00",
            "2001-02-03 00:00:00",
        ] {
            assert_eq!(dob(text).as_deref(), Some("2001-02-03"), "{text:?}");
        }
        for text in [
            "02/03/2001",
            "2001-02/03",
            "2001-02-30",
            "2001-13-01",
            "01-2-3",
            "2001-02",
            "2001-02-03-04",
            "2001-002-03",
            "20010230",
            "0203200",
            "2001-02-03T00:00:00Z",
            "2001-02-03T12:00:00",
            "２００１-02-03",
            "+001-02-03",
            "3 Feb 2001",
            "-",
            "2001--3",
        ] {
            assert_eq!(dob(text).as_deref(), Some(text), "{text:?}");
        }
    }

    #[test]
    fn an_empty_date_of_birth_is_none() {
        for text in ["", "  ", "\n"] {
            assert!(IdInfo::default().with_dob("2001-02-03").with_dob(text).dob.is_none());
        }
    }

    #[test]
    fn debug_names_fields_and_shows_no_value() {
        assert_eq!(
            format!("{:?}", IdInfo::new("NG", "BVN", "22222222222").with_field("x", "secret")),
            r#"{"country", "id_type", "id_number"}"#
        );
    }
}
