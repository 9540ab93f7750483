//! Catalogue of facts about the service, each with its source and certainty.
//!
//! What its codes mean, which documents and ID types it takes and where, what their numbers look
//! like, which steps a job has. The tables are written down in `catalog/*.toml` and generated from
//! there.
//!
//! Smile ID publishes only a part of its facts, and changes them without notice. So what isn't here
//! is not an error: a lookup returns `None`, and the value goes to the service as it is. Nor is a
//! code that isn't here ever an approval. For ID types, the service can be asked: see
//! [`IdTypeCatalogue::from_services`].
//!
//! ```
//! use smile_core::catalogue::{IdTypeCatalogue, NumberCheck, IdTypeProduct, document, normalise_country};
//!
//! let country = normalise_country(" ghana ").expect("Ghana is in the catalogue");
//! let card = IdTypeCatalogue::built_in().find(country, "GHANA_CARD").expect("and so is its card");
//! assert_eq!(card.normalise("gha-000000000-0"), "GHA-000000000-0");
//! assert_eq!(card.check_number("GHA-00000000-0"), NumberCheck::CertainlyWrong);
//! assert_eq!(card.required_fields(IdTypeProduct::BiometricKyc).collect::<Vec<_>>(), ["id_number"]);
//!
//! // Is there a back to be photographed?
//! assert!(document(country, "IDENTITY_CARD").is_some_and(|document| document.has_back()));
//! ```

use crate::JobType;

mod action;
mod bank;
mod country;
mod document;
mod finding;
mod generated;
mod id_type;
mod id_type_catalogue;
pub(crate) mod job_type;
mod nearest;
mod next_step;
mod number;
mod rows;
mod web_product;
mod webhook_reason;
pub(crate) mod webhook_status;
pub(crate) mod webhook_words;

pub use action::{action, actions};
pub use bank::{BankCode, banks, normalise_bank_code};
pub use country::{countries, country, normalise_country};
pub use document::{Document, document, documents_of};
pub use finding::Finding;
pub use id_type::{IdType, id_types};
pub use id_type_catalogue::IdTypeCatalogue;
pub(crate) use nearest::nearest;
pub use next_step::NextStep;
pub use number::NumberCheck;
pub use rows::{
    Action, ApiCodeKind, ApiCodeRow, Bank, Category, Certainty, Continent, Country, DocumentKind,
    IdTypeProduct, IdTypeRow, NumberFormat, ResultCodeRow, WebProduct, WebhookReason,
};
pub use web_product::{web_product, web_products};
pub use webhook_reason::{webhook_reason, webhook_reasons};

/// Meaning of a result code for a job of this type; `None` if that isn't known.
///
/// The job type matters, as one code has different meanings for different products:
///
/// ```
/// use smile_core::JobType;
/// use smile_core::catalogue::result_code;
///
/// let biometric_kyc = result_code("0811", JobType::BIOMETRIC_KYC).expect("0811 is in the catalogue");
/// let document = result_code("0811", JobType::DOCUMENT_VERIFICATION).expect("for documents as well");
/// assert_ne!(biometric_kyc.meaning, document.meaning);
/// assert!(result_code("0811", JobType::UPDATE_PHOTO).is_none());
/// ```
pub fn result_code(code: &str, job_type: JobType) -> Option<&'static ResultCodeRow> {
    let rows = generated::result_codes::RESULT_CODES;
    let first = rows.partition_point(|row| row.code < code);
    rows[first..].iter().take_while(|row| row.code == code).find(|row| row.job_types.contains(&job_type))
}

/// All result codes, in order of code, then of job type. A code has a row for each of its meanings.
pub fn result_codes() -> &'static [ResultCodeRow] {
    generated::result_codes::RESULT_CODES
}

/// Meaning of a code of the API itself, from `code` of a response; `None` if that isn't known.
///
/// ```
/// use smile_core::catalogue::api_code;
///
/// let row = api_code("2210").expect("2210 is in the catalogue");
/// assert_eq!(row.text, Some("No enrolled user found"));
/// ```
pub fn api_code(code: &str) -> Option<&'static ApiCodeRow> {
    let rows = generated::api_codes::API_CODES;
    rows.binary_search_by_key(&code, |row| row.code).ok().map(|at| &rows[at])
}

/// All codes of the API itself, in order. Most are refusals; 2202 and 2302 are successes.
pub fn api_codes() -> &'static [ApiCodeRow] {
    generated::api_codes::API_CODES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_what_it_means_for_its_job_type() {
        let face = result_code("0811", JobType::BIOMETRIC_KYC).unwrap();
        let document = result_code("0811", JobType::DOCUMENT_VERIFICATION).unwrap();
        assert_eq!(face.text, "Failed Enroll Machine Judgement - FAIL - Compare Rejected");
        assert_eq!(document.text, "Unable to Verify Document");

        let face = result_code("0812", JobType::BIOMETRIC_KYC).unwrap();
        let document = result_code("0812", JobType::ENHANCED_DOCUMENT_VERIFICATION).unwrap();
        assert_eq!((face.category, face.is_final), (Category::Provisional, false));
        assert_eq!((document.category, document.is_final), (Category::Rejected, true));
    }

    #[test]
    fn an_id_number_alone_never_approves_a_face() {
        assert_eq!(result_code("1012", JobType::from_number(5)).unwrap().category, Category::Approved);
        assert_eq!(result_code("1012", JobType::BIOMETRIC_KYC).unwrap().category, Category::Inconclusive);
    }

    #[test]
    fn every_row_is_found_under_each_of_its_job_types_and_no_other() {
        for row in result_codes() {
            for job_type in (0..=20).map(JobType::from_number) {
                let found = result_code(row.code, job_type);
                assert_eq!(found == Some(row), row.job_types.contains(&job_type), "{row:?} {job_type}");
            }
        }
        for row in api_codes() {
            assert_eq!(api_code(row.code), Some(row));
        }
    }

    #[test]
    fn what_is_not_in_the_tables_is_not_found() {
        for code in ["", "0", "0000", "0810 ", "810", "08100", "9999", "０８１０"] {
            assert_eq!(result_code(code, JobType::BIOMETRIC_KYC), None, "{code:?}");
            assert_eq!(api_code(code), None, "{code:?}");
        }
        assert_eq!(result_code("0810", JobType::from_number(u16::MAX)), None);
    }

    // The lookups rest on it.
    #[test]
    fn the_tables_are_sorted_and_without_repeats() {
        assert!(result_codes().is_sorted_by_key(|row| (row.code, row.job_types)));
        assert!(result_codes().iter().all(|row| row.job_types.is_sorted() && !row.job_types.is_empty()));
        assert!(api_codes().is_sorted_by(|a, b| a.code < b.code));
    }

    // Of a number that is on record nobody knows who holds it.
    #[test]
    fn only_an_approval_that_is_not_of_a_number_alone_lets_anybody_in() {
        for row in result_codes() {
            let expected = row.category == Category::Approved && row.code != "1012";
            assert_eq!(row.next_step == NextStep::Accept, expected, "{row:?}");
        }
    }

    #[test]
    fn only_what_is_final_and_a_success_is_an_approval() {
        for row in result_codes() {
            match row.category {
                Category::Approved => assert!(row.is_final && row.job_success, "{row:?}"),
                Category::Rejected | Category::Error => assert!(row.is_final && !row.job_success, "{row:?}"),
                Category::Provisional | Category::SuspectedSpoof | Category::Inconclusive => {
                    assert!(!row.is_final, "{row:?}");
                }
                Category::Listed | Category::NotListed => {
                    assert!(row.is_final && row.job_success, "{row:?}");
                    assert_eq!(row.job_types, [JobType::from_number(10)]);
                }
            }
        }
    }
}
