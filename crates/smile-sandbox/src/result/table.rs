//! The codes of each product's outcomes, and their catalogue rows: the one table that rules,
//! scenarios, jobs and signed callbacks use.

use smile_core::JobType;
use smile_core::catalogue::{self, Finding as Found, ResultCodeRow};

use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::result::reasons::{CLEAR, Decided, REASONS, UNKNOWN};

/// A code that the catalogue has for no job type.
pub(crate) const UNKNOWN_CODE: &str = "9999";

impl Product {
    /// The outcomes that have a name, the best first.
    ///
    /// [`Outcome::Approved`] and [`Outcome::Rejected`] also stand for a product's equivalents:
    /// `clear` and the first `block` of the v3 webhook, `not-listed` and `listed`, `id-not-found`.
    /// Beside them, [`Outcome::code`] gives every code of [`Product::result_codes`], and
    /// [`Outcome::attention`], [`Outcome::block`] and [`Outcome::error`] every documented reason of
    /// the v3 webhook.
    pub fn outcomes(self) -> Vec<Outcome> {
        if self.is_v3() {
            let own =
                REASONS.iter().filter(|reason| reason.products.contains(&self)).map(Outcome::for_reason);
            return [Outcome::Clear].into_iter().chain(own).chain([Outcome::Unknown]).collect();
        }
        codes(self).iter().map(|(outcome, _)| outcome.clone()).chain([Outcome::Unknown]).collect()
    }

    /// The result codes that the catalogue has for the product; none for the v3 webhook.
    pub fn result_codes(self) -> impl Iterator<Item = &'static ResultCodeRow> {
        let job_type = match self {
            Self::Address | Self::Phone => Some(JobType::ENHANCED_KYC),
            _ => self.job_type(),
        };
        let is_of_type = move |row: &&ResultCodeRow| job_type.is_some_and(|of| row.job_types.contains(&of));
        catalogue::result_codes().iter().filter(is_of_type).filter(move |row| says(self, row))
    }

    /// The result code of an outcome, unless the sandbox was set up with another; `None` if the
    /// product has none, as with all of the v3 webhook.
    pub fn code_of(self, outcome: &Outcome) -> Option<&'static str> {
        let own = |outcome: &Outcome| match outcome {
            _ if self.is_v3() => None,
            Outcome::Unknown => Some(UNKNOWN_CODE),
            Outcome::Code(code) => self.result_codes().find(|row| row.code == code).map(|row| row.code),
            named => codes(self).iter().find(|(other, _)| other == named).map(|(_, code)| *code),
        };
        own(outcome).or_else(|| own(&stand_in(self, outcome)?))
    }

    /// True if a result of the product can have this code: by the catalogue, for it or a product
    /// with the same codes, or as the code of an outcome.
    #[cfg(any(feature = "scenario", test))]
    pub(crate) fn has_code(self, code: &str) -> bool {
        let related = match self {
            Self::UpdatePhoto => Self::SmartSelfieAuthentication,
            Self::CompareUserInfo => Self::BiometricKyc,
            _ => self,
        };
        let is_listed = |product: Self| product.result_codes().any(|row| row.code == code);
        is_listed(self) || is_listed(related) || codes(self).iter().any(|(_, other)| *other == code)
    }
}

/// The outcome that a product has for an approval, or a rejection.
fn stand_in(product: Product, asked: &Outcome) -> Option<Outcome> {
    product.outcomes().into_iter().find(|said| match asked {
        Outcome::Approved => matches!(said, Outcome::Clear | Outcome::NotListed),
        Outcome::Rejected => matches!(said, Outcome::Block(_) | Outcome::IdNotFound | Outcome::Listed),
        _ => false,
    })
}

/// The status of an outcome. Any product of the v3 webhook may have any documented reason: the list
/// is not closed.
pub(crate) fn decided(product: Product, outcome: &Outcome) -> Option<Decided> {
    let own = |outcome: &Outcome| match outcome {
        Outcome::Clear => Some(CLEAR),
        Outcome::Unknown => Some(UNKNOWN),
        other => {
            REASONS.iter().find(|reason| Outcome::for_reason(reason) == *other).map(|reason| reason.decided)
        }
    };
    own(outcome).or_else(|| own(&stand_in(product, outcome)?))
}

/// The catalogue row of a product's code; for codes of related products only, that product's row.
pub(crate) fn row(code: &str, product: Product) -> Option<&'static ResultCodeRow> {
    let related = match product {
        Product::UpdatePhoto => JobType::SMARTSELFIE_AUTHENTICATION,
        Product::EnhancedDocumentVerification => JobType::DOCUMENT_VERIFICATION,
        _ if product.is_uploaded() => JobType::BIOMETRIC_KYC,
        _ => JobType::ENHANCED_KYC,
    };
    [product.counted_as(), related, JobType::BIOMETRIC_KYC]
        .into_iter()
        .find_map(|job_type| catalogue::result_code(code, job_type))
}

/// The catalogue's finding for a code of this product; `None` for unknown codes.
pub(crate) fn found(code: &str, product: Product) -> Option<Found> {
    row(code, product).map(|row| row.finding)
}

/// True if this one of several products with the same job type has the code.
fn says(product: Product, row: &ResultCodeRow) -> bool {
    use Found::{ExactMatch, IdFound, IdNotFound, IssuerUnavailable, NoMatch, PartialMatch, RecordNotFound};
    let found = row.finding;
    match product {
        // The half of a job that looks up a number has the codes of that lookup, and none of the
        // faces.
        Product::EnhancedKyc | Product::IdInformation => {
            catalogue::result_code(row.code, JobType::ENHANCED_KYC)
                .is_some_and(|row| !row.finding.is_of_comparison())
        }
        Product::BasicKyc => found != IdFound,
        Product::Address => {
            matches!(found, IdNotFound | IssuerUnavailable | ExactMatch | PartialMatch | NoMatch)
        }
        Product::Phone => {
            matches!(found, RecordNotFound | IssuerUnavailable | ExactMatch | PartialMatch | NoMatch)
        }
        _ => true,
    }
}

/// The outcomes of a v1 product, each with its code.
pub(crate) fn codes(product: Product) -> &'static [(Outcome, &'static str)] {
    match product {
        // The codes of job types 8 and 9, which are not published, are those of 2 and 1; our
        // choice.
        Product::BiometricKyc | Product::CompareUserInfo => BIOMETRIC_KYC,
        Product::SmartSelfieAuthentication | Product::UpdatePhoto => AUTHENTICATION,
        Product::SmartSelfieRegistration => REGISTRATION,
        Product::EnhancedKyc => ENHANCED_KYC,
        Product::DocumentVerification => DOCUMENT,
        Product::BusinessVerification => BUSINESS,
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

// 0812 is taken: for a document it is the final "unusable image". 0815, of the same family of
// codes, is the one that says "provisional" and has no other meaning for documents. That documents
// have 0814 as well is our choice, too.
const DOCUMENT: &[(Outcome, &str)] = &[
    (Outcome::Approved, "0810"),
    (Outcome::ReviewerApproved, "0810"),
    (Outcome::Provisional, "0815"),
    (Outcome::SpoofSuspected, "0814"),
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
    (Outcome::Provisional, "0815"),
    (Outcome::SpoofSuspected, "0814"),
    (Outcome::Rejected, "0811"),
    (Outcome::ReviewerRejected, "0811"),
    (Outcome::ReviewerFoundSpoof, "0811"),
    (Outcome::ReviewerFailedCard, "0811"),
    (Outcome::PoorImage, "0812"),
    (Outcome::DocumentUnsupported, "0816"),
    (Outcome::SelfieUnusable, "0001"),
    // An ID authority is asked as well. Except for 1014 the codes are our choice.
    (Outcome::IdNotFound, "1013"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::IssuerUnavailable, "1015"),
    (Outcome::NotActivated, "1016"),
    (Outcome::ZipCorrupt, "0903"),
];

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

// A registry can do without the others; their use by the sandbox's registry is our choice.
const BUSINESS: &[(Outcome, &str)] = &[
    (Outcome::Approved, "1012"),
    (Outcome::IdNotFound, "1013"),
    (Outcome::IdMalformed, "1014"),
    (Outcome::IssuerUnavailable, "1015"),
];

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

#[cfg(test)]
mod tests {
    use smile_core::catalogue::result_codes;

    use super::*;

    #[test]
    fn every_row_of_the_catalogue_belongs_to_a_product() {
        for row in result_codes() {
            for job_type in row.job_types {
                let mut products = Product::of_jobs().filter(|product| product.job_type() == Some(*job_type));
                assert!(products.any(|product| product.has_code(row.code)), "{} of {job_type}", row.code);
            }
        }
    }

    #[test]
    fn products_that_share_a_job_type_do_not_share_codes() {
        assert!(Product::EnhancedKyc.has_code("1012") && !Product::BasicKyc.has_code("1012"));
        assert!(Product::BasicKyc.has_code("1020") && !Product::EnhancedKyc.has_code("1020"));
        assert!(!Product::SmartSelfieRegistration.has_code("0810"));
    }
}
