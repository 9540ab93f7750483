//! The rows of the generated tables: what is written down of each fact.

use super::webhook_status::WebhookStatus;
use super::{Finding, NextStep};
use crate::JobType;

/// How sure a row of the catalogue is.
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
    /// `ResultCode`, four digits.
    pub code: &'static str,
    /// The job types for which the code means this, ascending.
    pub job_types: &'static [JobType],
    /// `ResultText`, as far as it is known. The service varies it: compare the code, not the text.
    pub text: &'static str,
    /// What it means: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// What it comes to.
    pub category: Category,
    /// The finding that it says.
    pub finding: Finding,
    /// Whether this is the last word: false exactly for [`Category::Provisional`], [`Category::SuspectedSpoof`] and
    /// [`Category::Inconclusive`]. A reviewer's verdict may follow these, in a callback of its own.
    pub is_final: bool,
    /// What the job status says in `job_success` beside this code. Where the result isn't final, no source says so,
    /// and the value is our reading.
    pub job_success: bool,
    /// What to do next, as long as nothing else in the result makes the verdict more cautious than the code.
    pub next_step: NextStep,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}

/// One code of the API itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiCodeRow {
    /// `code`, four digits.
    pub code: &'static str,
    /// The sort of answer that it stands in.
    pub kind: ApiCodeKind,
    /// The service's own words, where they are known.
    pub text: Option<&'static str>,
    /// What it means: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// What to do about it: a phrase in lower case, without a full stop.
    pub remedy: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}

impl ApiCodeRow {
    /// Says no to what was asked. 2202 and 2302 are successes, and 2314 is how the status of a job without a zip looks.
    pub fn is_refusal(&self) -> bool {
        !matches!(self.kind, ApiCodeKind::Accepted | ApiCodeKind::Found | ApiCodeKind::NoZip)
    }
}

/// A sort of answer, told by its code.
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
    /// `reason`, as the service has it.
    pub reason: &'static str,
    /// The status beside which it stands.
    pub status: WebhookStatus,
    /// What it means: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// What to do next. Our reading: the documentation gives none.
    pub next_step: NextStep,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure it is that the reason stands beside the status.
    pub certainty: Certainty,
}

/// What a result comes to. The first five are Smile ID's ("Biometric KYC"), the others ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The person is who they say they are, as far as this product looks.
    Approved,
    /// Approved for now; a human will review it. Not an approval yet.
    Provisional,
    /// A spoof is suspected; a human will review it.
    SuspectedSpoof,
    /// Neither approved nor rejected: what was looked at does not settle it.
    Inconclusive,
    /// Not approved, for good. Another attempt is another job.
    Rejected,
    /// No verdict on the person, because the job could not be carried out.
    Error,
    /// The name is on a list of the AML check. No verdict on the person: it may be somebody else's name as well.
    Listed,
    /// The name is on no list of the AML check. No approval: nobody has looked at who the person is.
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
    /// What may stand there, in the service's words. Another value is not an error.
    pub values: &'static [&'static str],
    /// How sure the values are, apart from the row.
    pub values_certainty: Certainty,
    /// What it means: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}

/// A bank whose accounts can be looked up, with the ID type `BANK_ACCOUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bank {
    /// Two capital letters, ISO 3166-1.
    pub country: &'static str,
    /// What goes into `bank_code`. Leading zeros matter.
    pub code: &'static str,
    /// The bank's name.
    pub name: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}

/// A country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// Two capital letters, ISO 3166-1.
    pub code: &'static str,
    /// The service's own English name.
    pub name: &'static str,
    /// The continent, as the service has it.
    pub continent: Continent,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
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

/// What countries have in common in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentKind {
    /// The service's code, which goes into `id_type`; empty for what is not listed.
    pub code: &'static str,
    /// The service's name for it.
    pub name: &'static str,
    /// What counts as one, in the service's words.
    pub examples: &'static [&'static str],
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}

/// What is written down here about an ID type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdTypeRow {
    /// Two capital letters, ISO 3166-1.
    pub country: &'static str,
    /// The API's name, which goes into `id_type`.
    pub name: &'static str,
    /// The service's name for people.
    pub label: &'static str,
    /// The products that are known to take it.
    pub products: &'static [IdTypeProduct],
    /// What `id_info` must have, beside `country` and `id_type`.
    pub required_fields: &'static [&'static str],
    /// What Basic KYC asks for in addition.
    pub basic_kyc_extra_fields: &'static [&'static str],
    /// What its numbers look like. A number is right if it fits any; none, if it isn't known.
    pub formats: &'static [NumberFormat],
    /// Whether a number is the same with and without its hyphens.
    pub hyphens_optional: bool,
    /// What the sandbox knows as a success.
    pub test_number: Option<&'static str>,
    /// Whether the ID authority returns a photo.
    pub returns_photo: Option<bool>,
    /// Whether it is superseded, or no longer on the service's newest list.
    pub is_legacy: bool,
    /// Anything else: a phrase in lower case, without a full stop.
    pub note: Option<&'static str>,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}

/// What the numbers of an ID type look like, according to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberFormat {
    /// A regular expression, without look-around. It is anchored where it says so.
    pub regex: &'static str,
    /// Whether capital and small letters are alike to it.
    pub ignore_case: bool,
    /// Where it comes from.
    pub source: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
}

/// A product that takes an ID type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IdTypeProduct {
    /// What the person says about themselves against what the ID authority says: yes or no.
    BasicKyc,
    /// What the ID authority knows of the person.
    EnhancedKyc,
    /// A selfie against the ID authority's photo.
    BiometricKyc,
    /// An earlier name of Biometric KYC.
    EkycSmartSelfie,
    /// A photo of a document, with the ID authority asked as well.
    EnhancedDocumentVerification,
    /// What the registry knows of a business.
    BusinessVerification,
}

impl IdTypeProduct {
    /// All of them.
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

/// A product that a web token can be asked for (Smile ID: "Web token").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebProduct {
    /// What goes into `product`.
    pub name: &'static str,
    /// The type of the job that follows.
    pub job_type: JobType,
    /// Anything else: a phrase in lower case, without a full stop.
    pub note: Option<&'static str>,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}
