//! A verdict: a finding, with its code and text.

use crate::http::answers::known_api_text;
use crate::result::codes::{Family, code, finding_of};
use crate::result::finding::{Finding, Review, ReviewError};
use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::result::table::row;

/// A finding, with its code and text.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) finding: Finding,
    pub(crate) code: String,
    pub(crate) text: &'static str,
    pub(crate) is_final: bool,
    pub(crate) is_success: bool,
}

impl Verdict {
    /// The machine's verdict.
    pub(crate) fn of_machine(finding: Finding, product: Product) -> Self {
        Self::new(finding, product).expect("every finding of the machine has a code for every product")
    }

    /// A human's verdict, if there is a code for the decision.
    pub(crate) fn of_human(review: Review, product: Product) -> Result<Self, ReviewError> {
        Self::new(Finding::Reviewed(review), product).ok_or(ReviewError::NotForThisJobType)
    }

    /// The verdict behind a code.
    pub(crate) fn of_code(code: &str, product: Product) -> Self {
        Self::with_code(finding_of(code, product), code, product)
    }

    /// The verdict of a named outcome, if the product has it. Outcomes with the same code differ in
    /// their findings.
    pub(crate) fn of_outcome(outcome: &Outcome, product: Product) -> Option<Self> {
        let code = product.code_of(outcome)?;
        if !product.is_uploaded() {
            return Some(Self::of_code(code, product));
        }
        match (outcome, outcome.review()) {
            (_, Some(review)) => Self::of_human(review, product).ok(),
            (Outcome::SelfieUnusable, None) => Self::new(Finding::SelfieUnusable, product),
            _ => Some(Self::of_code(code, product)),
        }
    }

    /// True if a human has yet to review the job.
    pub(crate) fn awaits_review(&self) -> bool {
        matches!(
            self.finding,
            Finding::Provisional | Finding::CompareUnsure | Finding::SpoofSuspected | Finding::SpoofPending
        )
    }

    /// True if the person passed, so that the user is enrolled now.
    pub(crate) fn is_approval(&self) -> bool {
        matches!(self.finding, Finding::Approved | Finding::Expired | Finding::Reviewed(Review::Approve))
    }

    /// True if a human gave the verdict.
    pub(crate) fn is_by_human(&self) -> bool {
        matches!(self.finding, Finding::Reviewed(_))
    }

    fn new(finding: Finding, product: Product) -> Option<Self> {
        let code = code(finding, Family::of(product))?;
        let mut verdict = Self::with_code(finding, code, product);
        verdict.text = match finding {
            Finding::SelfieUnusable => "Selfie image unusable",
            Finding::DocumentUnusable => "ID Card image unusable",
            Finding::Reviewed(Review::Approve) if code == "0810" => "Document Verified After Human Review",
            _ => verdict.text,
        };
        Some(verdict)
    }

    fn with_code(finding: Finding, code: &str, product: Product) -> Self {
        let row = row(code, product);
        Self {
            finding,
            code: code.to_owned(),
            text: text(code, product),
            is_final: row.is_none_or(|row| row.is_final),
            is_success: row.is_some_and(|row| row.job_success),
        }
    }
}

/// The text of a code. Unknown codes have one, too.
pub(crate) fn text(code: &str, product: Product) -> &'static str {
    known_text(code, product).unwrap_or("Something New")
}

/// The text of a code; `None` for unknown codes.
pub(crate) fn known_text(code: &str, product: Product) -> Option<&'static str> {
    row(code, product).map(|row| row.text).or_else(|| known_api_text(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: [Finding; 14] = [
        Finding::Approved,
        Finding::Rejected,
        Finding::Provisional,
        Finding::SpoofSuspected,
        Finding::SpoofRejected,
        Finding::SelfieUnusable,
        Finding::DocumentUnusable,
        Finding::ZipCorrupt,
        Finding::InfoInvalid,
        Finding::ParameterMissing,
        Finding::IdNotFound,
        Finding::IdMalformed,
        Finding::AuthorityUnavailable,
        Finding::Unknown,
    ];

    #[test]
    fn every_finding_of_the_machine_has_a_code_for_every_product() {
        for product in Product::of_jobs().filter(|product| product.is_uploaded()) {
            for finding in MACHINE {
                let verdict = Verdict::new(finding, product).unwrap();
                assert_ne!(verdict.text, "Something New", "{} of {product}", verdict.code);
                assert_eq!(verdict.is_success, verdict.is_approval() || verdict.awaits_review());
                assert_eq!(verdict.is_final, !verdict.awaits_review());
            }
        }
    }

    #[test]
    fn a_code_means_what_the_catalogue_says() {
        let spoof = Verdict::of_code("0814", Product::BiometricKyc);
        assert!(spoof.awaits_review() && !spoof.is_final);
        let unknown = Verdict::of_code("9999", Product::BiometricKyc);
        assert!(!unknown.is_success && !unknown.is_approval() && !unknown.awaits_review());
    }

    #[test]
    fn an_expired_document_is_approved_and_a_spoof_that_blocks_is_not() {
        let expired = Verdict::of_outcome(&Outcome::DocumentExpired, Product::DocumentVerification).unwrap();
        assert!(expired.is_approval() && expired.is_success);
        let pending = Verdict::of_outcome(&Outcome::SpoofPending, Product::BiometricKyc).unwrap();
        assert!(pending.awaits_review() && !pending.is_success && !pending.is_approval());
    }
}
