//! What a callback is to say, once it is known that the product can say it.

use serde_json::{Map, Value};
use smile_core::Timestamp;
use smile_core::catalogue::{self, Category, ResultCodeRow};

use super::outcome::{UNKNOWN_CODE, codes};
use super::webhook::{self, Decided};
use super::{Ids, Outcome, Product, checks, faces};

/// What is said, in the terms of the API that says it.
pub(super) enum Told {
    /// v1: a result code.
    Result(Resulting),
    /// v3: a status and a reason.
    Webhook(Decided),
}

/// A result code, and what it means for the product.
pub(super) struct Resulting {
    pub(super) code: String,
    /// What was asked for: two outcomes can have one code.
    pub(super) outcome: Outcome,
    /// `None` for a code that isn't known.
    pub(super) row: Option<&'static ResultCodeRow>,
}

impl Told {
    /// What this outcome comes to, if the product has it.
    pub(super) fn find(product: Product, outcome: &Outcome) -> Option<Self> {
        let stand_in = || product.outcomes().into_iter().find(|other| stands_for(other, outcome));
        Self::find_exactly(product, outcome).or_else(|| Self::find_exactly(product, &stand_in()?))
    }

    fn find_exactly(product: Product, outcome: &Outcome) -> Option<Self> {
        if product.is_v3() {
            return webhook::decided(outcome).map(Self::Webhook);
        }
        let code = match outcome {
            Outcome::Unknown => UNKNOWN_CODE,
            Outcome::Code(code) => product.result_codes().find(|row| row.code == code)?.code,
            named => codes(product).iter().find(|(other, _)| other == named)?.1,
        };
        Some(Self::Result(told_of(product, outcome.clone(), code)))
    }

    /// What somebody who can't sign would have it say instead: an approval, or else the best there is; of an approval,
    /// a refusal.
    pub(super) fn forged(&self, product: Product) -> Self {
        let told = match self {
            Self::Webhook(decided) => return Self::Webhook(decided.opposite()),
            Self::Result(told) => told,
        };
        let others = codes(product).iter().filter(|(_, code)| *code != told.code);
        let others: Vec<_> = others.map(|(outcome, code)| told_of(product, outcome.clone(), code)).collect();
        let is = |told: &Resulting, category| told.row.is_some_and(|row| row.category == category);
        let is_best = codes(product).first().is_some_and(|(_, code)| *code == told.code);
        let refusal = others.iter().position(|other| is(other, Category::Rejected));
        let at = refusal.filter(|_| is_best || is(told, Category::Approved)).unwrap_or(0);
        let forged = others.into_iter().nth(at);
        Self::Result(forged.unwrap_or_else(|| told_of(product, Outcome::Unknown, UNKNOWN_CODE)))
    }

    /// The body, without timestamp and signature.
    pub(super) fn fields(&self, product: Product, ids: &Ids, at: Timestamp) -> Map<String, Value> {
        match self {
            Self::Webhook(decided) => webhook::body(product, ids, *decided, at),
            Self::Result(told) => match product {
                // Of a Biometric KYC too, this is said by the half that is about the number alone.
                Product::BiometricKyc if told.code == "1012" => checks::entry(product, ids, told),
                Product::BiometricKyc
                | Product::SmartSelfieAuthentication
                | Product::SmartSelfieRegistration
                | Product::UpdatePhoto
                | Product::DocumentVerification
                | Product::EnhancedDocumentVerification => faces::entry(product, ids, told),
                _ => checks::entry(product, ids, told),
            },
        }
    }

    /// The result code, or the status.
    pub(super) fn result(&self) -> &str {
        match self {
            Self::Webhook(decided) => decided.status(),
            Self::Result(told) => &told.code,
        }
    }
}

/// Whether a product that says this means by it what others mean by an approval, or by a rejection.
fn stands_for(said: &Outcome, asked: &Outcome) -> bool {
    match asked {
        Outcome::Approved => matches!(said, Outcome::Clear | Outcome::NotListed),
        Outcome::Rejected => matches!(said, Outcome::Block(_) | Outcome::IdNotFound | Outcome::Listed),
        _ => false,
    }
}

fn told_of(product: Product, outcome: Outcome, code: &str) -> Resulting {
    let row = product.catalogued().and_then(|job_type| catalogue::result_code(code, job_type));
    Resulting { code: code.to_owned(), outcome, row }
}

impl Resulting {
    /// `ResultText`.
    pub(super) fn text(&self) -> &'static str {
        match (&self.outcome, self.code.as_str()) {
            // One code, four texts.
            (Outcome::SelfieUnusable, "0001") => "Selfie image unusable",
            (Outcome::ReviewerApproved, "0810") => "Document Verified After Human Review",
            _ => self.row.map_or("Something New", |row| row.text),
        }
    }

    pub(super) fn is_final(&self) -> bool {
        self.row.is_none_or(|row| row.is_final)
    }
}
