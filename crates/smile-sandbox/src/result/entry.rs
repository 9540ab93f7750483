//! Result entries in the job status, its history and callbacks: the one place that writes them.

use serde_json::{Map, Value, json};
use smile_core::catalogue::Finding as Found;

use crate::result::actions::{Circumstances, actions};
use crate::result::authority::verified;
use crate::result::company;
use crate::result::comparison::{self, Match, agree};
use crate::result::finding::Finding;
use crate::result::persona::{NOT_AVAILABLE, Persona, replace_with_custom};
use crate::result::product::Product;
use crate::result::table::found;
use crate::result::verdict::{Verdict, known_text, text};

/// The expiry date of an expired document.
pub(crate) const EXPIRED: &str = "2020-01-31";

/// The subject of an entry: a job, and an ID or business.
pub(crate) struct Subject<'a> {
    pub(crate) product: Product,
    pub(crate) smile_job_id: &'a str,
    /// The partner's parameters, as they are echoed.
    pub(crate) partner_params: Map<String, Value>,
    pub(crate) country: &'a str,
    pub(crate) id_type: &'a str,
    pub(crate) id_number: &'a str,
    /// True if the person is the one that `partner_params` describe.
    pub(crate) is_custom: bool,
}

impl Subject<'_> {
    /// The person that the ID belongs to.
    fn persona(&self) -> Persona {
        if self.is_custom { Persona::custom(&self.partner_params) } else { Persona::standard() }
    }

    fn add_id(&self, entry: &mut Map<String, Value>) {
        entry.insert("Country".into(), self.country.into());
        entry.insert("IDType".into(), self.id_type.into());
        entry.insert("IDNumber".into(), self.id_number.into());
    }
}

/// The entry of a job with images, in which faces are compared.
pub(crate) fn faces(
    subject: &Subject<'_>,
    verdict: &Verdict,
    circumstances: Circumstances,
    personal_info: bool,
) -> Map<String, Value> {
    if found(&verdict.code, subject.product) == Some(Found::IdFound) {
        // A looked-up number alone has no face: the lookup's half of the job writes this entry.
        return lookup(subject, &verdict.code, personal_info, true);
    }
    let product = subject.product;
    let is_document = product.is_document();
    let returns_personal_info =
        personal_info && (circumstances.looks_up || is_document) && is_known(verdict.finding);
    let circumstances = Circumstances { returns_personal_info, ..circumstances };
    let mut entry = Map::new();
    entry.insert("Actions".into(), actions(product, verdict.finding, circumstances).into());
    if !is_document {
        entry.insert("ConfidenceValue".into(), if verdict.is_approval() { "99.99" } else { "0" }.into());
    }
    entry.insert("PartnerParams".into(), subject.partner_params.clone().into());
    entry.insert("ResultCode".into(), verdict.code.as_str().into());
    entry.insert("ResultText".into(), verdict.text.into());
    entry.insert("ResultType".into(), if is_document { "Document Verification" } else { "SAIA" }.into());
    entry.insert("SmileJobID".into(), subject.smile_job_id.into());
    if !is_document {
        entry.insert("Source".into(), "WebAPI".into());
    }
    // Entries of documents leave these two out in production, unless another result is to come.
    if !is_document || !verdict.is_final {
        entry.insert("IsFinalResult".into(), verdict.is_final.to_string().into());
        entry.insert("IsMachineResult".into(), (!verdict.is_by_human()).to_string().into());
    }
    if returns_personal_info {
        subject.add_id(&mut entry);
        add_person(&mut entry, subject);
        if verdict.finding == Finding::Expired {
            entry.insert("ExpirationDate".into(), EXPIRED.into());
        }
    }
    entry
}

/// True if the person's data is known with this finding.
fn is_known(finding: Finding) -> bool {
    matches!(
        finding,
        Finding::Approved
            | Finding::Expired
            | Finding::Rejected
            | Finding::NotGenuine
            | Finding::CompareUnsure
            | Finding::SpoofSuspected
            | Finding::SpoofPending
            | Finding::SpoofRejected
            | Finding::Reviewed(_)
    )
}

/// Adds the person's data from the authority or the document. Missing values get the service's
/// placeholders.
fn add_person(entry: &mut Map<String, Value>, subject: &Subject<'_>) {
    let product = subject.product;
    let persona = subject.persona();
    entry.insert("FullName".into(), persona.full_name().into());
    if product.is_document() {
        entry.insert("FirstName".into(), persona.first_name.as_str().into());
        entry.insert("OtherName".into(), persona.middle_name.as_str().into());
        entry.insert("LastName".into(), persona.last_name.as_str().into());
        entry.insert("IssuanceDate".into(), NOT_AVAILABLE.into());
    }
    entry.insert("DOB".into(), persona.date_of_birth.as_str().into());
    entry.insert("Gender".into(), persona.gender.as_str().into());
    entry.insert("ExpirationDate".into(), "NaN-NaN-NaN".into());
    for absent in ["Address", "PhoneNumber", "PhoneNumber2"] {
        entry.insert(absent.into(), NOT_AVAILABLE.into());
    }
    // The two spellings are the service's own.
    let secondary = if product.is_document() { "SecondaryIDNumber" } else { "Secondary_ID_Number" };
    entry.insert(secondary.into(), NOT_AVAILABLE.into());
    if product.is_document() {
        add_image_links(entry);
    }
    if product != Product::DocumentVerification {
        entry.insert("Photo".into(), NOT_AVAILABLE.into());
        entry.insert("FullData".into(), json!({"stateOfOrigin": "Sandbox State"}));
        entry.insert("KYCReceipt".into(), "https://receipts.example.com/kyc/0".into());
    }
    if product == Product::EnhancedDocumentVerification {
        entry.insert("IDStatus".into(), "VALID".into());
        entry.insert("IsAlive".into(), "true".into());
    } else if !product.is_document() {
        entry.insert("Document".into(), NOT_AVAILABLE.into());
        entry.insert("IDNumberPreviouslyRegistered".into(), false.into());
        entry.insert("UserIDsOfPreviousRegistrants".into(), json!([]));
    }
    if subject.is_custom {
        replace_with_custom(entry, &subject.partner_params);
    }
}

/// Adds image links that lead nowhere. Working links are in the job status.
fn add_image_links(entry: &mut Map<String, Value>) {
    let link = |name: &str| format!("https://images.example.com/{name}.jpg");
    let names = ["selfie_image", "id_card_image", "id_card_back"];
    let links: Map<String, Value> = names.iter().map(|&name| (name.to_owned(), link(name).into())).collect();
    entry.insert("ImageLinks".into(), links.into());
}

/// The first fields of every check's entry.
fn check(subject: &Subject<'_>, result_type: &str, code: &str, actions: Value) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("JSONVersion".into(), "1.0.0".into());
    entry.insert("SmileJobID".into(), subject.smile_job_id.into());
    entry.insert("PartnerParams".into(), subject.partner_params.clone().into());
    entry.insert("ResultType".into(), result_type.into());
    entry.insert("ResultText".into(), text(code, subject.product).into());
    entry.insert("ResultCode".into(), code.into());
    // The service says so of every check, also of those without a final answer.
    entry.insert("IsFinalResult".into(), "true".into());
    entry.insert("Actions".into(), actions);
    entry
}

/// The entry of an ID lookup: the authority's data, and for missing data the service's
/// placeholders, if wanted. Those fields differ between authorities; one set for all is our choice.
pub(crate) fn lookup(
    subject: &Subject<'_>,
    code: &str,
    personal_info: bool,
    placeholders: bool,
) -> Map<String, Value> {
    let found = found(code, subject.product);
    let is_returned = found == Some(Found::IdFound) && personal_info;
    let returned = if is_returned { "Returned" } else { "Not Returned" };
    let actions = json!({"Verify_ID_Number": verified(found), "Return_Personal_Info": returned});
    let mut entry = check(subject, "ID Verification", code, actions);
    subject.add_id(&mut entry);
    if !is_returned {
        return entry;
    }
    let persona = subject.persona();
    entry.insert("FullName".into(), persona.full_name().into());
    entry.insert("FirstName".into(), persona.first_name.as_str().into());
    entry.insert("MiddleName".into(), persona.middle_name.as_str().into());
    entry.insert("LastName".into(), persona.last_name.as_str().into());
    entry.insert("DOB".into(), persona.date_of_birth.as_str().into());
    entry.insert("Gender".into(), persona.gender.as_str().into());
    if placeholders {
        entry.insert("ExpirationDate".into(), "NaN-NaN-NaN".into());
        for absent in [
            "IssuanceDate",
            "Address",
            "PhoneNumber",
            "PhoneNumber2",
            "Photo",
            "Document",
            "Secondary_ID_Number",
        ] {
            entry.insert(absent.into(), NOT_AVAILABLE.into());
        }
    }
    if subject.is_custom {
        replace_with_custom(&mut entry, &subject.partner_params);
    }
    entry
}

/// The entry of a business verification. Basic registrations and tax records have only
/// `company_information`.
pub(crate) fn business(subject: &Subject<'_>, code: &str, business_type: Option<&str>) -> Map<String, Value> {
    let found = found(code, subject.product);
    let is_found = found == Some(Found::IdFound);
    let returned = if is_found { "Returned" } else { "Not Returned" };
    let actions = json!({"Verify_Business": verified(found), "Return_Business_Info": returned});
    let mut entry = check(subject, "Business Verification", code, actions);
    subject.add_id(&mut entry);
    if is_found {
        let information = company::information(subject.country, subject.id_number, business_type);
        entry.insert("company_information".into(), information);
    }
    if is_found && subject.id_type == "BUSINESS_REGISTRATION" {
        entry.insert("fiduciaries".into(), company::fiduciaries());
        entry.insert("beneficial_owners".into(), company::beneficial_owners());
        entry.insert("proprietors".into(), company::proprietors());
        entry.insert("directors".into(), company::directors());
        entry.insert("documents".into(), company::documents());
    }
    // Means that there is a result, not that there is such a business; our choice.
    entry.insert("success".into(), true.into());
    entry
}

/// The entry of a Basic KYC.
pub(crate) fn basic_kyc(
    subject: &Subject<'_>,
    code: &str,
    mut fields: [(&'static str, Match); 4],
) -> Map<String, Value> {
    let found = found(code, subject.product);
    agree(&mut fields, found);
    let actions = comparison::actions("ID_Verification", found, &fields);
    let mut entry = check(subject, "ID Verification", code, actions);
    subject.add_id(&mut entry);
    entry
}

/// The entry of a phone verification, with the phone number in place of an ID number. Its body is
/// our choice.
pub(crate) fn phone(
    subject: &Subject<'_>,
    code: &str,
    mut fields: [(&'static str, Match); 4],
) -> Map<String, Value> {
    let found = found(code, subject.product);
    agree(&mut fields, found);
    let actions = comparison::actions("Verify_Phone_Number", found, &fields);
    let mut entry = check(subject, "Phone Verification", code, actions);
    entry.insert("Country".into(), subject.country.into());
    entry.insert("PhoneNumber".into(), subject.id_number.into());
    entry
}

/// The entry of an address verification. Its body is our choice.
pub(crate) fn address(
    subject: &Subject<'_>,
    code: &str,
    address: &str,
    number_field: &str,
    names: Match,
) -> Map<String, Value> {
    let (place, names) = match (found(code, subject.product), names) {
        (Some(Found::ExactMatch), Match::NotProvided) => ("Exact Match", Match::NotProvided),
        (Some(Found::ExactMatch), _) => ("Exact Match", Match::Exact),
        (Some(Found::PartialMatch), Match::Transposed) => ("Exact Match", Match::Transposed),
        (Some(Found::PartialMatch), _) => ("Exact Match", Match::Partial),
        (Some(Found::NoMatch), names) => ("No Match", names),
        (Some(Found::IssuerUnavailable), _) => ("Issuer Unavailable", Match::NotProvided),
        _ => ("Not Verified", Match::NotProvided),
    };
    let actions = json!({"Verify_Address": place, "Names": names.as_str()});
    let mut entry = check(subject, "Address Verification", code, actions);
    entry.insert("Country".into(), subject.country.into());
    entry.insert("Address".into(), address.into());
    entry.insert(number_field.into(), subject.id_number.into());
    entry
}

/// The entry of an AML check.
pub(crate) fn aml(
    subject: &Subject<'_>,
    code: &str,
    is_strict: bool,
    people: Vec<Value>,
) -> Map<String, Value> {
    let listed = if people.is_empty() { "Not Listed" } else { "Listed" };
    let own_text = if people.is_empty() { "Not found on list" } else { "Found on list" };
    let mut entry = Map::new();
    entry.insert("Actions".into(), json!({"Listed": listed}));
    entry.insert("PartnerParams".into(), subject.partner_params.clone().into());
    entry.insert("ResultCode".into(), code.into());
    entry.insert("ResultText".into(), known_text(code, subject.product).unwrap_or(own_text).into());
    entry.insert("SmileJobID".into(), subject.smile_job_id.into());
    entry.insert("StrictMatch".into(), is_strict.into());
    entry.insert("no_of_persons_found".into(), people.len().into());
    entry.insert("people".into(), people.into());
    entry
}
