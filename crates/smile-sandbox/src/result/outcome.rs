//! Outcomes by name, so that one word asks for the same thing of every product.

use crate::result::product::Product;
use crate::result::verdict::Review;

/// How a job, or a stage of one, comes out. Which code says it depends on the product; not every product has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The person, document or number is right; nobody is listed. 0810, 0820, 0840, 1012, 1020, and for AML the code
    /// of [`Builder::aml_not_found_code`](crate::Builder::aml_not_found_code).
    Approved,
    /// Faces that differ, no such ID, no match, or somebody on a watch list. 0811, 0821, 0841, 1013, 1022, 1030.
    Rejected,
    /// A reviewer has yet to look. 0812, 0822, 0842, for documents 0815.
    Provisional,
    /// It may be a spoof, and a reviewer has yet to look. 0814, 0824, 0844.
    SpoofSuspected,
    /// It may be a spoof, under the strict setting. 0816 of Biometric KYC, 0846.
    SpoofPending,
    /// The machine calls it a spoof. 0813, 0823, 0843.
    SpoofRejected,
    /// The machine can't tell whether the faces are the same. 0815, 0825.
    CompareUnsure,
    /// There is no face on the selfie. 0911, 0921, 0941.
    NoFace,
    /// The image is too poor. 0912, 0922, 0942, for documents 0812.
    PoorImage,
    /// The document is of a kind that isn't supported. 0816 of documents.
    DocumentUnsupported,
    /// Approved, though the document has expired. 0817.
    DocumentExpired,
    /// Only some of what was compared is right. 1021.
    PartialMatch,
    /// The ID authority knows of no such number. 1013, for phones 1023, for Basic KYC the code of
    /// [`Builder::basic_kyc_not_found_code`](crate::Builder::basic_kyc_not_found_code).
    IdNotFound,
    /// The number has not the form of its type. 1014.
    IdMalformed,
    /// The ID authority does not answer. 1015.
    IssuerUnavailable,
    /// The product is not activated. 1016.
    NotActivated,
    /// The reviewer approves: 1210, 1220, 1240; for documents 0810 in other words.
    ReviewerApproved,
    /// The reviewer rejects: 1211, 1221, 1241; for documents 0811.
    ReviewerRejected,
    /// The reviewer finds a spoof: 1212, 1222, 1242; for documents 0811.
    ReviewerFoundSpoof,
    /// The reviewer can't tell whether the person is live: 1213.
    ReviewerUnsure,
    /// The reviewer finds the ID card wanting: 1214; for documents 0811.
    ReviewerFailedCard,
}

impl Outcome {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::Approved,
            Self::Rejected,
            Self::Provisional,
            Self::SpoofSuspected,
            Self::SpoofPending,
            Self::SpoofRejected,
            Self::CompareUnsure,
            Self::NoFace,
            Self::PoorImage,
            Self::DocumentUnsupported,
            Self::DocumentExpired,
            Self::PartialMatch,
            Self::IdNotFound,
            Self::IdMalformed,
            Self::IssuerUnavailable,
            Self::NotActivated,
            Self::ReviewerApproved,
            Self::ReviewerRejected,
            Self::ReviewerFoundSpoof,
            Self::ReviewerUnsure,
            Self::ReviewerFailedCard,
        ]
        .into_iter()
    }

    /// The result code with which a product says this, unless the sandbox was set up with another; `None` if it has none.
    pub fn code(self, product: Product) -> Option<&'static str> {
        // In this order: Biometric KYC, authentication, registration, documents, lookups, comparisons, AML. The codes of
        // job types 8 and 9, which are not published, are those of 2 and 1; our choice.
        let [biometric, authentication, registration, document, lookup, comparison, aml] = match self {
            Self::Approved => ["0810", "0820", "0840", "0810", "1012", "1020", "1031"],
            Self::Rejected => ["0811", "0821", "0841", "0811", "1013", "1022", "1030"],
            Self::Provisional => ["0812", "0822", "0842", "0815", "", "", ""],
            Self::SpoofSuspected => ["0814", "0824", "0844", "0814", "", "", ""],
            Self::SpoofPending => ["0816", "", "0846", "", "", "", ""],
            Self::SpoofRejected => ["0813", "0823", "0843", "", "", "", ""],
            Self::CompareUnsure => ["0815", "0825", "", "", "", "", ""],
            Self::NoFace => ["0911", "0921", "0941", "", "", "", ""],
            Self::PoorImage => ["0912", "0922", "0942", "0812", "", "", ""],
            Self::DocumentUnsupported => ["", "", "", "0816", "", "", ""],
            Self::DocumentExpired => ["", "", "", "0817", "", "", ""],
            Self::PartialMatch => ["", "", "", "", "", "1021", ""],
            Self::IdNotFound if product == Product::Phone => return Some("1023"),
            Self::IdNotFound => ["1013", "", "", "", "1013", "1013", ""],
            Self::IdMalformed => ["1014", "", "", "", "1014", "", ""],
            Self::IssuerUnavailable => ["1015", "", "", "", "1015", "1015", ""],
            Self::NotActivated => ["1016", "", "", "", "1016", "", ""],
            Self::ReviewerApproved => ["1210", "1220", "1240", "0810", "", "", ""],
            Self::ReviewerRejected => ["1211", "1221", "1241", "0811", "", "", ""],
            Self::ReviewerFoundSpoof => ["1212", "1222", "1242", "0811", "", "", ""],
            Self::ReviewerUnsure => ["1213", "", "", "", "", "", ""],
            Self::ReviewerFailedCard => ["1214", "", "", "0811", "", "", ""],
        };
        let code = match product {
            Product::BiometricKyc | Product::CompareUserInfo => biometric,
            Product::SmartSelfieAuthentication | Product::UpdatePhoto => authentication,
            Product::SmartSelfieRegistration => registration,
            // This one asks an ID authority as well.
            Product::EnhancedDocumentVerification if document.is_empty() && !lookup.is_empty() => lookup,
            Product::DocumentVerification | Product::EnhancedDocumentVerification => document,
            Product::BusinessVerification if self == Self::NotActivated => "",
            Product::EnhancedKyc | Product::BusinessVerification => lookup,
            Product::BasicKyc if comparison.is_empty() => lookup,
            Product::BasicKyc | Product::Address | Product::Phone => comparison,
            Product::Aml => aml,
        };
        (!code.is_empty()).then_some(code)
    }

    /// The reviewer's decision that it is, if it is one.
    pub(crate) fn review(self) -> Option<Review> {
        Some(match self {
            Self::ReviewerApproved => Review::Approve,
            Self::ReviewerRejected => Review::Reject,
            Self::ReviewerFoundSpoof => Review::SpoofDetected,
            Self::ReviewerUnsure => Review::LivenessUnsure,
            Self::ReviewerFailedCard => Review::IdCardCheckFailed,
            _ => return None,
        })
    }
}
