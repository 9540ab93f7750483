//! The registry's record of a company (Smile ID: "Business Verification").

use std::borrow::Cow;

use super::record::view;
use super::{Date, Personal, Record};

/// The registry's record of a company and the people behind it. All of it is text, as the registry
/// writes it.
#[derive(Clone, Copy, Debug)]
pub struct BusinessInfo<'a>(pub(super) Record<'a>);

impl<'a> BusinessInfo<'a> {
    /// The company itself (`company_information`).
    pub fn company_information(&self) -> Option<CompanyInformation<'a>> {
        self.0.child("company_information").map(CompanyInformation)
    }

    /// People who act for the company (`fiduciaries`).
    pub fn fiduciaries(&self) -> Vec<Fiduciary<'a>> {
        self.0.children("fiduciaries").map(Fiduciary).collect()
    }

    /// Owners of the company (`beneficial_owners`).
    pub fn beneficial_owners(&self) -> Vec<BeneficialOwner<'a>> {
        self.0.children("beneficial_owners").map(BeneficialOwner).collect()
    }

    /// People who trade under the company's name (`proprietors`).
    pub fn proprietors(&self) -> Vec<Proprietor<'a>> {
        self.0.children("proprietors").map(Proprietor).collect()
    }

    /// Directors of the company (`directors`).
    pub fn directors(&self) -> Vec<Director<'a>> {
        self.0.children("directors").map(Director).collect()
    }

    /// The registry's certificate of this search (`documents.search_certificate`): a link, or
    /// base64.
    pub fn search_certificate(&self) -> Option<Personal<Cow<'a, str>>> {
        self.0.child("documents")?.text("search_certificate")
    }

    /// A link to the receipt of this check (`KYBReceipt`).
    pub fn kyb_receipt(&self) -> Option<Personal<Cow<'a, str>>> {
        self.0.text("KYBReceipt")
    }
}

view! {
    /// A company, as its registry has it.
    CompanyInformation {
        legal_name "legal_name" "Its name",
        company_type "company_type" "What kind of company it is",
        registration_number "registration_number" "Its number in the registry",
        search_number "search_number" "The number that was asked for",
        status "status" "Whether it is active, in the registry's words",
        industry "industry" "What it does",
        tax_id "tax_id" "Its tax number",
        authorized_shared_capital "authorized_shared_capital" "Its authorised share capital",
        country "country" "Its country",
        state "state" "Its state",
        address "address" "Its address",
        phone "phone" "Its phone number",
        email "email" "Its email address",
    }
}

impl CompanyInformation<'_> {
    /// Day of the registration (`registration_date`), if it is a day of the calendar.
    pub fn registration_date(&self) -> Option<Personal<Date>> {
        self.0.date("registration_date")
    }
}

view! {
    /// Person who acts for a company.
    Fiduciary {
        name "name" "The name",
        fiduciary_type "fiduciary_type" "In what capacity",
        address "address" "The address",
        registration_number "registration_number" "The number in the registry, if it is a company",
        status "status" "Whether it still holds, in the registry's words",
    }
}

view! {
    /// Owner of a company.
    BeneficialOwner {
        name "name" "The name",
        shareholder_type "shareholder_type" "A person or a company",
        shareholdings "shareholdings" "The share",
        registration_number "registration_number" "The number in the registry, if it is a company",
        nationality "nationality" "The nationality",
        gender "gender" "The gender",
        address "address" "The address",
        phone_number "phone_number" "The phone number",
    }
}

view! {
    /// Person who trades under a company's name.
    Proprietor {
        name "name" "The name",
        nationality "nationality" "The nationality",
        gender "gender" "The gender",
        address "address" "The address",
        phone_number "phone_number" "The phone number",
    }
}

view! {
    /// Director of a company.
    Director {
        name "name" "The name",
        id_type "id_type" "The kind of ID",
        id_number "id_number" "The number on the ID",
        shareholdings "shareholdings" "The share",
        occupation "occupation" "The occupation",
        nationality "nationality" "The nationality",
        gender "gender" "The gender",
        address "address" "The address",
        phone_number "phone_number" "The phone number",
    }
}

impl Director<'_> {
    /// The date of birth (`date_of_birth`), if it is a day of the calendar.
    pub fn date_of_birth(&self) -> Option<Personal<Date>> {
        self.0.date("date_of_birth")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::result::ResultEntry;

    #[test]
    fn a_company_and_the_people_behind_it() {
        let entry = ResultEntry::from_json(json!({
            "ResultCode": "1012",
            "company_information": { "legal_name": "Drawn Ltd", "registration_date": "2015-02-30", "status": "ACTIVE" },
            "directors": [{ "name": "A Director", "date_of_birth": "1970-01-02", "shareholdings": "N/A" }, 7],
            "beneficial_owners": [{ "name": "An Owner", "shareholdings": "50%" }],
            "fiduciaries": null,
            "documents": { "search_certificate": "https://example.com/certificate" },
        }))
        .unwrap();
        let business = entry.business();
        let company = business.company_information().unwrap();
        assert_eq!(company.legal_name().unwrap().expose(), "Drawn Ltd");
        assert_eq!(company.registration_date(), None, "there is no such day");
        assert_eq!(company.record().raw("registration_date").unwrap().expose(), "2015-02-30");
        let directors = business.directors();
        assert_eq!(directors.len(), 1);
        assert_eq!(directors[0].date_of_birth().unwrap().expose().to_string(), "1970-01-02");
        assert_eq!(directors[0].shareholdings(), None);
        assert_eq!(business.beneficial_owners()[0].shareholdings().unwrap().expose(), "50%");
        assert!(business.fiduciaries().is_empty());
        assert!(!format!("{business:?} {company:?} {directors:?}").contains("Drawn"));
    }
}
