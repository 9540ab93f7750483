//! The entries of what is looked up or compared in words: numbers, companies, addresses, phones, names.

use serde_json::{Map, Value, json};

use super::person::{add_id, add_person};
use super::told::Resulting;
use super::{Ids, Product};
use crate::result::authority::verified;
use crate::result::company;
use crate::result::comparison::{Match, actions};
use crate::result::watch_list;

/// The entry, without timestamp and signature.
pub(super) fn entry(product: Product, ids: &Ids, told: &Resulting) -> Map<String, Value> {
    let code = told.code.as_str();
    let is_found = code == "1012";
    let returned = if is_found { "Returned" } else { "Not Returned" };
    match product {
        Product::BusinessVerification => {
            let steps = json!({"Verify_Business": verified(code), "Return_Business_Info": returned});
            let mut entry = base(product, ids, told, "Business Verification", steps);
            add_id(&mut entry, product);
            if is_found {
                add_business(&mut entry);
            }
            entry.insert("success".into(), true.into());
            entry
        }
        Product::BasicKyc => {
            let fields = [
                ("Names", field(code)),
                ("DOB", of_second_field(code)),
                ("Gender", of_second_field(code)),
                ("Phone_Number", Match::NotProvided),
            ];
            let steps = actions("ID_Verification", code, &fields);
            let mut entry = base(product, ids, told, "ID Verification", steps);
            add_id(&mut entry, product);
            entry
        }
        Product::Address => address(ids, told),
        Product::Phone => {
            let fields = [
                ("First_Name", field(code)),
                ("Last_Name", of_second_field(code)),
                ("Other_Name", Match::NotProvided),
                ("ID_Number", Match::NotProvided),
            ];
            let steps = actions("Verify_Phone_Number", code, &fields);
            let mut entry = base(product, ids, told, "Phone Verification", steps);
            entry.insert("Country".into(), "NG".into());
            entry.insert("PhoneNumber".into(), "00000000000".into());
            entry
        }
        Product::Aml => aml(product, ids, told),
        _ => {
            let steps = json!({"Verify_ID_Number": verified(code), "Return_Personal_Info": returned});
            let mut entry = base(product, ids, told, "ID Verification", steps);
            add_id(&mut entry, product);
            if is_found {
                add_person(&mut entry, product);
            }
            entry
        }
    }
}

fn base(product: Product, ids: &Ids, told: &Resulting, kind: &str, steps: Value) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("JSONVersion".into(), "1.0.0".into());
    entry.insert("SmileJobID".into(), ids.smile_job_id.as_str().into());
    entry.insert("PartnerParams".into(), ids.partner_params(product).into());
    entry.insert("ResultType".into(), kind.into());
    entry.insert("ResultText".into(), told.text().into());
    entry.insert("ResultCode".into(), told.code.as_str().into());
    // So says the service of every check, also of those that settle nothing.
    entry.insert("IsFinalResult".into(), "true".into());
    entry.insert("Actions".into(), steps);
    entry
}

fn field(code: &str) -> Match {
    match code {
        "1020" => Match::Exact,
        "1021" => Match::Partial,
        _ => Match::No,
    }
}

/// In a partial match it is the first field that agrees in part only.
fn of_second_field(code: &str) -> Match {
    match code {
        "1020" | "1021" => Match::Exact,
        _ => Match::No,
    }
}

/// As the sandbox itself answers: the body of the real one isn't published.
fn address(ids: &Ids, told: &Resulting) -> Map<String, Value> {
    let (place, names) = match told.code.as_str() {
        "1020" => ("Exact Match", Match::Exact),
        "1021" => ("Exact Match", Match::Partial),
        "1022" => ("No Match", Match::No),
        "1015" => ("Issuer Unavailable", Match::NotProvided),
        _ => ("Not Verified", Match::NotProvided),
    };
    let steps = json!({"Verify_Address": place, "Names": names.as_str()});
    let mut entry = base(Product::Address, ids, told, "Address Verification", steps);
    entry.insert("Country".into(), "NG".into());
    entry.insert("Address".into(), "1 Sandbox Close".into());
    entry.insert("UtilityNumber".into(), "0000000000".into());
    entry
}

fn add_business(entry: &mut Map<String, Value>) {
    entry.insert("company_information".into(), company::information("NG", "0000000", None));
    entry.insert("fiduciaries".into(), company::fiduciaries());
    entry.insert("beneficial_owners".into(), company::beneficial_owners());
    entry.insert("proprietors".into(), company::proprietors());
    entry.insert("directors".into(), company::directors());
    entry.insert("documents".into(), company::documents());
}

fn aml(product: Product, ids: &Ids, told: &Resulting) -> Map<String, Value> {
    let is_listed = told.code == "1030";
    let people: Vec<Value> =
        is_listed.then(|| watch_list::person_named("Mallory Listed")).into_iter().collect();
    let mut entry = Map::new();
    let listed = if is_listed { "Listed" } else { "Not Listed" };
    entry.insert("Actions".into(), json!({"Listed": listed}));
    entry.insert("PartnerParams".into(), ids.partner_params(product).into());
    entry.insert("ResultCode".into(), told.code.as_str().into());
    entry.insert("ResultText".into(), told.text().into());
    entry.insert("SmileJobID".into(), ids.smile_job_id.as_str().into());
    entry.insert("StrictMatch".into(), true.into());
    entry.insert("no_of_persons_found".into(), people.len().into());
    entry.insert("people".into(), people.into());
    entry
}
