//! What a callback says, by name, and with which code each product says it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::UnknownName;
use super::product::Product;
use super::webhook;

macro_rules! outcomes {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// What a callback says. Which of these a product has: [`Product::outcomes`].
        ///
        /// Its text is the name in kebab case: `reviewer-approved`, a result code such as `0811`, or a status of the
        /// v3 webhook and its reason, such as `block-spoof-detected`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Outcome {
            $(#[doc = $doc] $variant,)*
            /// A result code, four digits; see [`Outcome::code`].
            Code(Cow<'static, str>),
            /// v3: `attention`, for this reason; see [`Outcome::attention`].
            Attention(Cow<'static, str>),
            /// v3: `block`, for this reason; see [`Outcome::block`].
            Block(Cow<'static, str>),
            /// v3: `error`, for this reason; see [`Outcome::error`].
            Error(Cow<'static, str>),
        }

        const NAMED: &[(Outcome, &str)] = &[$((Outcome::$variant, $name),)*];

        impl Outcome {
            /// What it says, in a sentence.
            pub fn description(&self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                    Self::Code(_) => "This result code.",
                    Self::Attention(_) => "v3: something has to be looked at, for this reason.",
                    Self::Block(_) => "v3: the person is not to be let in, for this reason.",
                    Self::Error(_) => "v3: it could not be done, for this reason.",
                }
            }
        }
    };
}

outcomes! {
    Approved "approved" "Approved by the machine, and final.",
    ReviewerApproved "reviewer-approved" "Approved by a human, and final.",
    Provisional "provisional" "Undecided: a human will look at it.",
    CompareUnsure "compare-unsure"
        "The machine can't tell whether the faces are the same: a human will look at it.",
    PartialMatch "partial-match" "Some of what was said of the person is what the authority has.",
    SpoofSuspected "spoof-suspected" "A spoof is suspected: a human will look at it.",
    SpoofPending "spoof-pending" "The same under the strict setting, which blocks the user until then.",
    ReviewerUnsure "reviewer-unsure" "A human can't tell whether a live person was in front of the camera.",
    DocumentExpired "document-expired" "The document is good, and has expired.",
    Rejected "rejected"
        "Rejected by the machine, and final; of what is compared in words, that nothing matches.",
    ReviewerRejected "reviewer-rejected" "Rejected by a human, and final.",
    SpoofRejected "spoof-rejected" "The machine has found a spoof.",
    SpoofRejectedStrict "spoof-rejected-strict"
        "A spoof is suspected, which the strict setting turns into refusal.",
    ReviewerFoundSpoof "reviewer-found-spoof" "A human has found a spoof.",
    ReviewerFailedCard "reviewer-failed-card" "A human has refused the image of the ID card.",
    DocumentNotVerified "document-not-verified" "The machine holds the document for not genuine.",
    DocumentUnsupported "document-unsupported" "This kind of document isn't supported.",
    NoFace "no-face" "There is no face in the selfie.",
    PoorImage "poor-image" "The selfie, or the photo of the document, is too poor to be judged.",
    SelfieUnusable "selfie-unusable" "The selfie can't be used.",
    IdInfo "id-info"
        "The ID authority knows the number, and this is what it has. It says nothing about a face.",
    IdNotFound "id-not-found" "The ID authority, or the registry, doesn't know the number.",
    IdMalformed "id-malformed" "The number has not the form of its ID type.",
    IssuerUnavailable "issuer-unavailable" "The ID authority doesn't answer.",
    NotActivated "not-activated" "The account may not use this ID type.",
    ZipCorrupt "zip-corrupt" "The zip that was uploaded can't be read.",
    Listed "listed" "The name is on a watch list.",
    NotListed "not-listed" "The name is on no watch list.",
    Clear "clear" "v3: nothing speaks against the person.",
    Unknown "unknown"
        "A code, or under v3 a status, that nobody knows. A sound receiver approves nobody for it.",
}

impl Outcome {
    /// A result code of the catalogue, four digits: [`Product::result_codes`] has those of a product.
    pub fn code(code: impl Into<Cow<'static, str>>) -> Self {
        Self::Code(code.into())
    }

    /// v3: `attention`, for a documented reason such as `document_expired`.
    pub fn attention(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Attention(reason.into())
    }

    /// v3: `block`, for a documented reason such as `spoof_detected`.
    pub fn block(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Block(reason.into())
    }

    /// v3: `error`, for a documented reason such as `service_unavailable`.
    pub fn error(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Error(reason.into())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = |f: &mut fmt::Formatter<'_>, status: &str, reason: &str| {
            write!(f, "{status}-{}", reason.replace('_', "-"))
        };
        match self {
            Self::Code(code) => f.write_str(code),
            Self::Attention(of) => reason(f, "attention", of),
            Self::Block(of) => reason(f, "block", of),
            Self::Error(of) => reason(f, "error", of),
            named => {
                let found = NAMED.iter().find(|(outcome, _)| outcome == named);
                f.write_str(found.map_or("", |(_, name)| name))
            }
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        if name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Code(name.to_owned().into()));
        }
        let named = NAMED.iter().find(|(_, other)| *other == name).map(|(outcome, _)| outcome.clone());
        let reasons = webhook::all_outcomes();
        let found = named.or_else(|| reasons.clone().find(|outcome| outcome.to_string() == name));
        found.ok_or_else(|| {
            let names = NAMED.iter().map(|(_, name)| (*name).to_owned());
            let known = names.chain(["a result code".to_owned()]).chain(reasons.map(|one| one.to_string()));
            UnknownName::new("outcome", name, known)
        })
    }
}

/// A code that the catalogue has for no job type.
pub(super) const UNKNOWN_CODE: &str = "9999";

/// The named outcomes of a v1 product.
pub(super) fn outcomes(product: Product) -> Vec<Outcome> {
    codes(product).iter().map(|(outcome, _)| outcome.clone()).chain([Outcome::Unknown]).collect()
}

/// The outcomes of a v1 product, each with its code.
pub(super) fn codes(product: Product) -> &'static [(Outcome, &'static str)] {
    match product {
        Product::BiometricKyc => BIOMETRIC_KYC,
        Product::SmartSelfieAuthentication => AUTHENTICATION,
        Product::SmartSelfieRegistration => REGISTRATION,
        Product::EnhancedKyc => ENHANCED_KYC,
        Product::DocumentVerification => DOCUMENT,
        Product::BusinessVerification => BUSINESS,
        Product::UpdatePhoto => UPDATE_PHOTO,
        Product::Aml => AML,
        Product::EnhancedDocumentVerification => ENHANCED_DOCUMENT,
        Product::BasicKyc => BASIC_KYC,
        Product::Address => ADDRESS,
        Product::Phone => PHONE,
        Product::IdInformation => ID_INFORMATION,
        _ => &[],
    }
}

const BIOMETRIC_KYC: &[(Outcome, &str)] = &[
    (Outcome::Approved, "0810"),
    (Outcome::ReviewerApproved, "1210"),
    (Outcome::Provisional, "0812"),
    (Outcome::CompareUnsure, "0815"),
    (Outcome::SpoofSuspected, "0814"),
    (Outcome::SpoofPending, "0816"),
    (Outcome::ReviewerUnsure, "1213"),
    (Outcome::Rejected, "0811"),
    (Outcome::ReviewerRejected, "1211"),
    (Outcome::SpoofRejected, "0813"),
    (Outcome::SpoofRejectedStrict, "0907"),
    (Outcome::ReviewerFoundSpoof, "1212"),
    (Outcome::ReviewerFailedCard, "1214"),
    (Outcome::NoFace, "0911"),
    (Outcome::PoorImage, "0912"),
    (Outcome::SelfieUnusable, "0001"),
    (Outcome::IdNotFound, "1013"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::IssuerUnavailable, "1015"),
    (Outcome::NotActivated, "1016"),
    (Outcome::ZipCorrupt, "0903"),
];

const AUTHENTICATION: &[(Outcome, &str)] = &[
    (Outcome::Approved, "0820"),
    (Outcome::ReviewerApproved, "1220"),
    (Outcome::Provisional, "0822"),
    (Outcome::CompareUnsure, "0825"),
    (Outcome::SpoofSuspected, "0824"),
    (Outcome::Rejected, "0821"),
    (Outcome::ReviewerRejected, "1221"),
    (Outcome::SpoofRejected, "0823"),
    (Outcome::SpoofRejectedStrict, "0907"),
    (Outcome::ReviewerFoundSpoof, "1222"),
    (Outcome::NoFace, "0921"),
    (Outcome::PoorImage, "0922"),
    (Outcome::SelfieUnusable, "0001"),
    (Outcome::ZipCorrupt, "0903"),
];

const REGISTRATION: &[(Outcome, &str)] = &[
    (Outcome::Approved, "0840"),
    (Outcome::ReviewerApproved, "1240"),
    (Outcome::Provisional, "0842"),
    (Outcome::SpoofSuspected, "0844"),
    (Outcome::SpoofPending, "0846"),
    (Outcome::Rejected, "0841"),
    (Outcome::ReviewerRejected, "1241"),
    (Outcome::SpoofRejected, "0843"),
    (Outcome::SpoofRejectedStrict, "0907"),
    (Outcome::ReviewerFoundSpoof, "1242"),
    (Outcome::NoFace, "0941"),
    (Outcome::PoorImage, "0942"),
    (Outcome::SelfieUnusable, "0001"),
    (Outcome::ZipCorrupt, "0903"),
];

// No code is published with which a document would be provisional.
const DOCUMENT: &[(Outcome, &str)] = &[
    (Outcome::Approved, "0810"),
    (Outcome::ReviewerApproved, "0810"),
    (Outcome::DocumentExpired, "0817"),
    (Outcome::Rejected, "0811"),
    (Outcome::ReviewerRejected, "0811"),
    (Outcome::ReviewerFoundSpoof, "0811"),
    (Outcome::ReviewerFailedCard, "0811"),
    (Outcome::DocumentNotVerified, "0813"),
    (Outcome::PoorImage, "0812"),
    (Outcome::DocumentUnsupported, "0816"),
    (Outcome::SelfieUnusable, "0001"),
    (Outcome::ZipCorrupt, "0903"),
];

const ENHANCED_DOCUMENT: &[(Outcome, &str)] = &[
    (Outcome::Approved, "0810"),
    (Outcome::ReviewerApproved, "0810"),
    (Outcome::Rejected, "0811"),
    (Outcome::ReviewerRejected, "0811"),
    (Outcome::ReviewerFoundSpoof, "0811"),
    (Outcome::ReviewerFailedCard, "0811"),
    (Outcome::PoorImage, "0812"),
    (Outcome::DocumentUnsupported, "0816"),
    (Outcome::SelfieUnusable, "0001"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::ZipCorrupt, "0903"),
];

const UPDATE_PHOTO: &[(Outcome, &str)] = &[(Outcome::SelfieUnusable, "0001"), (Outcome::ZipCorrupt, "0903")];

const ENHANCED_KYC: &[(Outcome, &str)] = &[
    (Outcome::Approved, "1012"),
    (Outcome::IdNotFound, "1013"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::IssuerUnavailable, "1015"),
    (Outcome::NotActivated, "1016"),
];

const ID_INFORMATION: &[(Outcome, &str)] = &[
    (Outcome::IdInfo, "1012"),
    (Outcome::IdNotFound, "1013"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::IssuerUnavailable, "1015"),
    (Outcome::NotActivated, "1016"),
];

const BUSINESS: &[(Outcome, &str)] = &[(Outcome::Approved, "1012"), (Outcome::IdNotFound, "1013")];

const BASIC_KYC: &[(Outcome, &str)] = &[
    (Outcome::Approved, "1020"),
    (Outcome::PartialMatch, "1021"),
    (Outcome::Rejected, "1022"),
    (Outcome::IdNotFound, "1023"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::IssuerUnavailable, "1015"),
    (Outcome::NotActivated, "1016"),
];

const ADDRESS: &[(Outcome, &str)] = &[
    (Outcome::Approved, "1020"),
    (Outcome::PartialMatch, "1021"),
    (Outcome::Rejected, "1022"),
    (Outcome::IdNotFound, "1013"),
    (Outcome::IssuerUnavailable, "1015"),
];

const PHONE: &[(Outcome, &str)] = &[
    (Outcome::Approved, "1020"),
    (Outcome::PartialMatch, "1021"),
    (Outcome::Rejected, "1022"),
    (Outcome::IdNotFound, "1023"),
    (Outcome::IssuerUnavailable, "1015"),
];

const AML: &[(Outcome, &str)] = &[(Outcome::NotListed, "1031"), (Outcome::Listed, "1030")];
