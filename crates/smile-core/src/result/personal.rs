//! Record of the person by the ID authority, or from the document.

use std::borrow::Cow;

use base64::Engine as _;
use serde_json::{Map, Value};

use super::record::view;
use super::{Date, Personal, Record};
use crate::job::image::decode_base64;

view! {
    /// Record of the person by the ID authority, or from the document (Smile ID: "Enhanced KYC",
    /// "Document Verification").
    PersonalInfo {
        full_name "FullName" "The whole name",
        first_name "FirstName" "The first name",
        middle_name "MiddleName" "The middle name",
        last_name "LastName" "The last name",
        other_name "OtherName" "Another name, as some authorities call the middle one",
        gender "Gender" "The gender, as the authority writes it",
        address "Address" "The address",
        phone_number "PhoneNumber" "The phone number",
        phone_number2 "PhoneNumber2" "A second phone number",
        country "Country" "The country that issued the ID",
        id_type "IDType" "The kind of ID",
        id_number "IDNumber" "The number on the ID",
        secondary_id_number "SecondaryIDNumber" "A second number on the ID",
        id_status "IDStatus" "Whether the authority holds the ID for valid, in its own words",
        kyc_receipt "KYCReceipt" "A link to the receipt of this check",
    }
}

impl<'a> PersonalInfo<'a> {
    /// The date of birth (`DOB`), if it is a day of the calendar.
    pub fn dob(&self) -> Option<Personal<Date>> {
        self.0.date("DOB")
    }

    /// Day of issue of the ID (`IssuanceDate`), if it is a day of the calendar.
    pub fn issuance_date(&self) -> Option<Personal<Date>> {
        self.0.date("IssuanceDate")
    }

    /// Day of expiry of the ID (`ExpirationDate`), if it is a day of the calendar.
    pub fn expiration_date(&self) -> Option<Personal<Date>> {
        self.0.date("ExpirationDate")
    }

    /// The authority's photo of the person (`Photo`), decoded: the bytes of an image file.
    pub fn photo(&self) -> Option<Personal<Vec<u8>>> {
        self.image("Photo")
    }

    /// The photo of the document (`Document`), decoded: the bytes of an image file.
    pub fn document(&self) -> Option<Personal<Vec<u8>>> {
        self.image("Document")
    }

    /// True if the authority has the person for alive (`IsAlive`).
    pub fn is_alive(&self) -> Option<bool> {
        self.0.flag("IsAlive")
    }

    /// True if another of the partner's users has this ID number (`IDNumberPreviouslyRegistered`).
    pub fn id_number_previously_registered(&self) -> Option<bool> {
        self.0.flag("IDNumberPreviouslyRegistered")
    }

    /// Users who have this ID number (`UserIDsOfPreviousRegistrants`).
    pub fn user_ids_of_previous_registrants(&self) -> Vec<Personal<Cow<'a, str>>> {
        self.0.texts("UserIDsOfPreviousRegistrants")
    }

    /// All that the authority gave, in its own words (`FullData`).
    pub fn full_data(&self) -> Option<Personal<&'a Map<String, Value>>> {
        self.0.child("FullData").map(Record::as_json)
    }

    fn image(&self, key: &str) -> Option<Personal<Vec<u8>>> {
        let text = self.0.plain(key)?;
        let text = text.as_ref();
        // Most come without line breaks, and then in one pass.
        let strict = base64::engine::general_purpose::STANDARD.decode(text).ok();
        strict.or_else(|| decode_base64(text).ok()).filter(|bytes| !bytes.is_empty()).map(Personal::new)
    }
}

/// Finding of Smile Secure about the user (`Antifraud`).
#[derive(Clone, Copy, Debug)]
pub struct Antifraud<'a>(pub(super) Record<'a>);

impl<'a> Antifraud<'a> {
    /// True if fraud was found (`summary.fraud_detected`).
    pub fn fraud_detected(&self) -> Option<bool> {
        self.0.child("summary")?.flag("fraud_detected")
    }

    /// Sources of the fraud finding (`summary.fraud_sources`).
    pub fn fraud_sources(&self) -> Vec<Cow<'a, str>> {
        let sources =
            self.0.child("summary").map(|summary| summary.texts("fraud_sources")).unwrap_or_default();
        sources.into_iter().map(Personal::expose).collect()
    }

    /// Smile Secure's own result code (`smile_secure.ResultCode`).
    pub fn result_code(&self) -> Option<Cow<'a, str>> {
        self.0.child("smile_secure")?.plain("ResultCode")
    }

    /// Users that look like the same person, with the reasons (`smile_secure.SuspectUsers`).
    pub fn suspect_users(&self) -> Vec<SuspectUser<'a>> {
        let users = self.0.child("smile_secure").map(|secure| secure.children("SuspectUsers"));
        users.into_iter().flatten().map(SuspectUser).collect()
    }
}

/// User that looks like the same person.
#[derive(Clone, Copy, Debug)]
pub struct SuspectUser<'a>(Record<'a>);

impl<'a> SuspectUser<'a> {
    /// The partner's user.
    pub fn user_id(&self) -> Option<Personal<Cow<'a, str>>> {
        self.0.text("user_id")
    }

    /// Reasons of the finding.
    pub fn reasons(&self) -> Vec<Cow<'a, str>> {
        self.0.texts("reasons").into_iter().map(Personal::expose).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::result::{Personal, ResultEntry};

    #[test]
    fn an_enhanced_kyc_result_is_read_whatever_its_spelling() {
        let entry = ResultEntry::from_json(json!({
            "FullName": "Joe Doe Leo", "DOB": "2000-09-20", "ExpirationDate": "NaN-NaN-NaN", "Photo": "/9j/4A==",
            "Document": "Not Available", "Secondary_ID_Number": "7", "IsAlive": "true", "Country": "NG",
            "UserIDsOfPreviousRegistrants": ["a", "b"], "IDNumberPreviouslyRegistered": true,
            "FullData": { "stateOfOrigin": "Lagos" },
            "Antifraud": {
                "summary": { "fraud_detected": true, "fraud_sources": ["smile_secure"] },
                "smile_secure": { "ResultCode": "1400", "SuspectUsers": [{ "user_id": "x", "reasons": ["same face"] }] },
            },
        }))
        .unwrap();
        let info = entry.personal_info();
        assert_eq!(info.full_name().unwrap().expose(), "Joe Doe Leo");
        assert_eq!(info.dob().unwrap().expose().to_string(), "2000-09-20");
        assert_eq!(info.expiration_date(), None);
        assert_eq!(info.photo().unwrap().expose(), [0xFF, 0xD8, 0xFF, 0xE0]);
        assert_eq!(info.document(), None);
        assert_eq!(info.secondary_id_number().unwrap().expose(), "7");
        assert_eq!((info.is_alive(), info.id_number_previously_registered()), (Some(true), Some(true)));
        let users: Vec<_> =
            info.user_ids_of_previous_registrants().into_iter().map(Personal::expose).collect();
        assert_eq!(users, ["a", "b"]);
        assert_eq!(info.full_data().unwrap().expose()["stateOfOrigin"], "Lagos");
        let antifraud = entry.antifraud().unwrap();
        assert_eq!(
            (antifraud.fraud_detected(), antifraud.fraud_sources()),
            (Some(true), vec!["smile_secure".into()])
        );
        assert_eq!(antifraud.suspect_users()[0].reasons(), ["same face"]);
        assert!(!format!("{info:?} {antifraud:?} {:?}", antifraud.suspect_users()).contains("Joe"));
    }
}
