//! Rows of the generated tables, one type for each kind of fact.

use super::webhook_status::WebhookStatus;
use super::{Finding, NextStep};
use crate::JobType;

/// Certainty of a row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Certainty {
    /// Smile ID's own documentation or SDKs say so.
    Confirmed,
    /// Partners say so, in code or notes that follow the documentation.
    ThirdParty,
    /// Nobody says so; it follows from what is known.
    Inferred,
    /// Somebody says so, or the code is known to exist, but its meaning could not be checked.
    Unconfirmed,
}

/// One meaning of a result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResultCodeRow {
    /// Code as in `ResultCode`, four digits.
    pub code: &'static str,
    /// Job types for which the code means this, ascending.
    pub job_types: &'static [JobType],
    /// Text as in `ResultText`, as far as it is known. The service varies it: compare the code, not
    /// the text.
    pub text: &'static str,
    /// Meaning: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// Category of the result.
    pub category: Category,
    /// Finding of the code.
    pub finding: Finding,
    /// True if this is final: false exactly for [`Category::Provisional`],
    /// [`Category::SuspectedSpoof`] and [`Category::Inconclusive`]. A reviewer's verdict may follow
    /// these, in a callback of its own.
    pub is_final: bool,
    /// Value of `job_success` that the job status has beside this code. If the result isn't final,
    /// no source says so, and the value is our reading.
    pub job_success: bool,
    /// Next step, as long as nothing else in the result makes the verdict more cautious than the
    /// code.
    pub next_step: NextStep,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

/// One code of the API itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiCodeRow {
    /// Code as in `code`, four digits.
    pub code: &'static str,
    /// Kind of answer that the code stands in.
    pub kind: ApiCodeKind,
    /// The service's own words, if they are known.
    pub text: Option<&'static str>,
    /// Meaning: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// Remedy: a phrase in lower case, without a full stop.
    pub remedy: &'static str,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

impl ApiCodeRow {
    /// True for a refusal. 2202 and 2302 are successes, and 2314 is the status of a job without a
    /// zip.
    pub fn is_refusal(&self) -> bool {
        !matches!(self.kind, ApiCodeKind::Accepted | ApiCodeKind::Found | ApiCodeKind::NoZip)
    }
}

/// Kind of an answer, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiCodeKind {
    /// A job was accepted: 2202.
    Accepted,
    /// A job's status was found: 2302.
    Found,
    /// The job has no zip yet: 2314.
    NoZip,
    /// A job with this id exists already: 2215.
    JobExists,
    /// The signature was refused, or the account may not do this: 2205 and 2405.
    Unauthorized,
    /// Something broke inside the service: 2201, 2301 and 2401.
    SystemError,
    /// Any other no.
    Refused,
}

/// One reason of a v3 webhook beside one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookReason {
    /// Reason as in `reason`, as the service has it.
    pub reason: &'static str,
    /// Status beside which the reason stands.
    pub status: WebhookStatus,
    /// Meaning: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// Next step. Our reading: the documentation gives none.
    pub next_step: NextStep,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty that the reason stands beside the status.
    pub certainty: Certainty,
}

/// Category of a result. The first five are Smile ID's ("Biometric KYC"), the others ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The person is who they say they are, as far as this product looks.
    Approved,
    /// Approved for now; a human will review it. Not an approval yet.
    Provisional,
    /// A spoof is suspected; a human will review it.
    SuspectedSpoof,
    /// Neither approved nor rejected: the check leaves it open.
    Inconclusive,
    /// Not approved, for good. Another attempt is another job.
    Rejected,
    /// No verdict on the person, because the job could not be carried out.
    Error,
    /// The name is on a list of the AML check. No verdict on the person: it may be somebody else's
    /// name as well.
    Listed,
    /// The name is on no list of the AML check. No approval: nobody has looked at who the person
    /// is.
    NotListed,
}

/// A step of a job: a key of [`Actions`](crate::Actions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// The key, as the service has it.
    pub key: &'static str,
    /// The job types whose results have it, ascending.
    pub job_types: &'static [JobType],
    /// Values of the action, in the service's words. Another value is not an error.
    pub values: &'static [&'static str],
    /// Certainty of the values, apart from the row.
    pub values_certainty: Certainty,
    /// Meaning: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

/// A bank whose accounts can be looked up, with the ID type `BANK_ACCOUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bank {
    /// Country: two capital letters, ISO 3166-1.
    pub country: &'static str,
    /// Value for `bank_code`. Leading zeros matter.
    pub code: &'static str,
    /// The bank's name.
    pub name: &'static str,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

/// A country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// Code: two capital letters, ISO 3166-1.
    pub code: &'static str,
    /// The service's own English name.
    pub name: &'static str,
    /// The continent, as the service has it.
    pub continent: Continent,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

/// A continent.
// Exhaustive: no other is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Continent {
    Africa,
    Asia,
    Europe,
    NorthAmerica,
    Oceania,
    SouthAmerica,
}

/// Properties of a document that are the same in all countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentKind {
    /// The service's code, which goes into `id_type`; empty for what is not listed.
    pub code: &'static str,
    /// The service's name for the document.
    pub name: &'static str,
    /// Examples of such documents, in the service's words.
    pub examples: &'static [&'static str],
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

/// Built-in facts about an ID type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdTypeRow {
    /// Country: two capital letters, ISO 3166-1.
    pub country: &'static str,
    /// The API's name, which goes into `id_type`.
    pub name: &'static str,
    /// The service's name for people.
    pub label: &'static str,
    /// Products that are known to take the ID type.
    pub products: &'static [IdTypeProduct],
    /// Fields that `id_info` must have, beside `country` and `id_type`.
    pub required_fields: &'static [&'static str],
    /// Fields that Basic KYC asks for in addition.
    pub basic_kyc_extra_fields: &'static [&'static str],
    /// Formats of the numbers. A number is right if it fits any; none, if it isn't known.
    pub formats: &'static [NumberFormat],
    /// True if a number is the same with and without its hyphens.
    pub hyphens_optional: bool,
    /// Number that the service's sandbox finds.
    pub test_number: Option<&'static str>,
    /// True if the ID authority returns a photo.
    pub returns_photo: Option<bool>,
    /// True if the ID type is superseded, or no longer on the service's newest list.
    pub is_legacy: bool,
    /// Anything else: a phrase in lower case, without a full stop.
    pub note: Option<&'static str>,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}

/// Format of the numbers of an ID type, according to one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberFormat {
    /// Regular expression, without look-around. It is anchored if it says so.
    pub regex: &'static str,
    /// True if the format ignores the case of letters.
    pub ignore_case: bool,
    /// Source of the format.
    pub source: &'static str,
    /// Certainty of the format.
    pub certainty: Certainty,
}

/// A product that takes an ID type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IdTypeProduct {
    /// Comparison of the person's own words with the ID authority's record: yes or no.
    BasicKyc,
    /// The ID authority's record of the person.
    EnhancedKyc,
    /// A selfie against the ID authority's photo.
    BiometricKyc,
    /// An earlier name of Biometric KYC.
    EkycSmartSelfie,
    /// A photo of a document, with the ID authority asked as well.
    EnhancedDocumentVerification,
    /// The registry's record of a business.
    BusinessVerification,
}

impl IdTypeProduct {
    /// All products.
    pub(super) const ALL: [Self; 6] = [
        Self::BiometricKyc,
        Self::EnhancedKyc,
        Self::BasicKyc,
        Self::EkycSmartSelfie,
        Self::EnhancedDocumentVerification,
        Self::BusinessVerification,
    ];

    /// The API's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BasicKyc => "basic_kyc",
            Self::EnhancedKyc => "enhanced_kyc",
            Self::BiometricKyc => "biometric_kyc",
            Self::EkycSmartSelfie => "ekyc_smartselfie",
            Self::EnhancedDocumentVerification => "enhanced_document_verification",
            Self::BusinessVerification => "business_verification",
        }
    }
}

/// Product that a web token can be requested for (Smile ID: "Web token").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebProduct {
    /// Value for `product`.
    pub name: &'static str,
    /// The type of the job that follows.
    pub job_type: JobType,
    /// Anything else: a phrase in lower case, without a full stop.
    pub note: Option<&'static str>,
    /// Source of the row.
    pub source: &'static str,
    /// Certainty of the row.
    pub certainty: Certainty,
}
