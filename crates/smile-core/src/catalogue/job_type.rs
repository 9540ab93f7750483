//! Types of jobs.

use std::fmt;

/// Type of a job, as the API numbers it in `job_type` (Smile ID: "Job types").
///
/// It travels as a number; it is read from a number or a string of digits. A number that isn't
/// named here is kept as it is.
///
/// ```
/// use smile_core::JobType;
///
/// assert_eq!(JobType::BIOMETRIC_KYC.number(), 1);
/// assert_eq!(JobType::BIOMETRIC_KYC.to_string(), "Biometric KYC (job type 1)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobType(u16);

impl JobType {
    /// Type 1: compares a selfie with the photo that an ID authority, or an ID card, has of the
    /// person. Enrols the user.
    pub const BIOMETRIC_KYC: Self = Self(1);
    /// Type 2: compares a selfie with the one on file for an enrolled user.
    pub const SMARTSELFIE_AUTHENTICATION: Self = Self(2);
    /// Type 4: enrols a new user with a selfie, without any ID.
    pub const SMARTSELFIE_REGISTRATION: Self = Self(4);
    /// Type 5: looks up an ID number at an ID authority: Enhanced KYC, and Basic KYC.
    pub const ENHANCED_KYC: Self = Self(5);
    /// Type 6: checks a photo of an ID document, and compares it with a selfie.
    pub const DOCUMENT_VERIFICATION: Self = Self(6);
    /// Type 7: looks up a company in a registry.
    pub const BUSINESS_VERIFICATION: Self = Self(7);
    /// Type 8: replaces the selfie on file of an enrolled user.
    pub const UPDATE_PHOTO: Self = Self(8);
    /// Type 9: compares a document with the ID authority's record.
    pub const COMPARE_USER_INFO: Self = Self(9);
    /// Type 10: searches watch lists for a person.
    pub const AML: Self = Self(10);
    /// Type 11: Document Verification, with the ID authority asked as well.
    pub const ENHANCED_DOCUMENT_VERIFICATION: Self = Self(11);

    /// The job type of this number, named here or not.
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Smile ID's name for the product, if it has one here.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "Biometric KYC",
            2 => "SmartSelfie Authentication",
            4 => "SmartSelfie Registration",
            5 => "Enhanced KYC",
            6 => "Document Verification",
            7 => "Business Verification",
            8 => "Update Photo",
            9 => "Compare User Info",
            10 => "AML Check",
            11 => "Enhanced Document Verification",
            _ => return None,
        })
    }

    /// True if liveness frames count for the job type (Smile ID: "Actions").
    pub(crate) const fn looks_at_liveness(self) -> bool {
        matches!(self.0, 1 | 2 | 4 | 6 | 11)
    }

    /// True if the job is about a document: types 6 and 11.
    pub(crate) const fn is_document(self) -> bool {
        matches!(self, Self::DOCUMENT_VERIFICATION | Self::ENHANCED_DOCUMENT_VERIFICATION)
    }
}

impl fmt::Display for JobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (job type {})", self.0),
            None => write!(f, "job type {}", self.0),
        }
    }
}

impl fmt::Debug for JobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobType({})", self.0)
    }
}

impl serde::Serialize for JobType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for JobType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u16::deserialize(deserializer).map(Self)
    }
}
