//! The content of a callback, once it is known that the product can have it.

use serde_json::{Map, Value};
use smile_core::Timestamp;
use smile_core::catalogue::{Category, Finding as Found};

use crate::result::actions::Circumstances;
use crate::result::comparison::Match;
use crate::result::entry::{self, Subject};
use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::result::reasons::Decided;
use crate::result::table::{codes, decided, found, row};
use crate::result::verdict::Verdict;
use crate::result::watch_list;
use crate::signed_callback::ids::Ids;
use crate::signed_callback::webhook;

/// The content in the terms of the API.
pub(super) enum CallbackContent {
    /// A v1 result code, with its meaning for the product.
    Result(Verdict),
    /// A v3 status, with its reason.
    Webhook(Decided),
}

impl CallbackContent {
    /// The content for this outcome, if the product has it.
    pub(super) fn find(product: Product, outcome: &Outcome) -> Option<Self> {
        if product.is_v3() {
            return decided(product, outcome).map(Self::Webhook);
        }
        Verdict::of_outcome(outcome, product).map(Self::Result)
    }

    /// The content that a forger would put in its place: an approval, or else the best there is;
    /// for an approval, a refusal.
    pub(super) fn forged(&self, product: Product) -> Self {
        let verdict = match self {
            Self::Webhook(decided) => return Self::Webhook(decided.opposite()),
            Self::Result(verdict) => verdict,
        };
        let others = codes(product).iter().filter(|(_, code)| *code != verdict.code);
        let others: Vec<Verdict> =
            others.filter_map(|(outcome, _)| Verdict::of_outcome(outcome, product)).collect();
        let is = |verdict: &Verdict, category| {
            row(&verdict.code, product).is_some_and(|row| row.category == category)
        };
        let is_best = codes(product).first().is_some_and(|(_, code)| *code == verdict.code);
        let refusal = others.iter().position(|other| is(other, Category::Rejected));
        let at = refusal.filter(|_| is_best || is(verdict, Category::Approved)).unwrap_or(0);
        let forged = others.into_iter().nth(at).or_else(|| Verdict::of_outcome(&Outcome::Unknown, product));
        Self::Result(forged.unwrap_or_else(|| verdict.clone()))
    }

    /// The body, without timestamp and signature.
    pub(super) fn fields(&self, product: Product, ids: &Ids, at: Timestamp) -> Map<String, Value> {
        match self {
            Self::Webhook(decided) => webhook::body(product, ids, *decided, at),
            Self::Result(verdict) => result(&subject(product, ids), verdict),
        }
    }

    /// The result code, or the status.
    pub(super) fn result(&self) -> &str {
        match self {
            Self::Webhook(decided) => decided.status,
            Self::Result(verdict) => &verdict.code,
        }
    }
}

/// The job that callbacks are about: of the sandbox's test person, with IDs of zeros. Nobody real.
fn subject(product: Product, ids: &Ids) -> Subject<'_> {
    let (id_type, id_number) = match product {
        Product::DocumentVerification | Product::EnhancedDocumentVerification => ("PASSPORT", "A00000000"),
        Product::BusinessVerification => ("BUSINESS_REGISTRATION", "0000000"),
        Product::Address => ("", "0000000000"),
        _ => ("BVN", "00000000000"),
    };
    Subject {
        product,
        smile_job_id: &ids.smile_job_id,
        partner_params: ids.partner_params(product),
        country: "NG",
        id_type,
        id_number,
        is_custom: false,
    }
}

/// The entry of a sandbox job that brought everything it could bring.
fn result(subject: &Subject<'_>, verdict: &Verdict) -> Map<String, Value> {
    let code = verdict.code.as_str();
    let not_provided = Match::NotProvided;
    match subject.product {
        Product::BusinessVerification => entry::business(subject, code, Some("co")),
        Product::BasicKyc => {
            let fields = [
                ("Names", Match::Exact),
                ("DOB", Match::Exact),
                ("Gender", Match::Exact),
                ("Phone_Number", not_provided),
            ];
            entry::basic_kyc(subject, code, fields)
        }
        Product::Phone => {
            let fields = [
                ("First_Name", Match::Exact),
                ("Last_Name", Match::Exact),
                ("Other_Name", not_provided),
                ("ID_Number", not_provided),
            ];
            entry::phone(subject, code, fields)
        }
        Product::Address => entry::address(subject, code, "1 Sandbox Close", "UtilityNumber", Match::Exact),
        Product::Aml => {
            let is_listed = found(code, Product::Aml) == Some(Found::Listed);
            let people = is_listed.then(|| watch_list::person_named("Joe Doe Leo")).into_iter().collect();
            entry::aml(subject, code, true, people)
        }
        Product::EnhancedKyc | Product::IdInformation => entry::lookup(subject, code, true, true),
        product => {
            let circumstances = Circumstances {
                looks_up: matches!(
                    product,
                    Product::BiometricKyc | Product::CompareUserInfo | Product::EnhancedDocumentVerification
                ),
                returns_personal_info: false,
                has_liveness: true,
                has_card: product.is_document() || found(code, product) == Some(Found::ReviewIdCardFailed),
                has_photo: true,
            };
            entry::faces(subject, verdict, circumstances, true)
        }
    }
}
