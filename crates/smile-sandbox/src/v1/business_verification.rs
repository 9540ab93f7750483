//! `POST /business_verification` and `/async_business_verification`: what a registry knows of a business.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::catalogue::Product;
use smile_core::{JobType, Timestamp};

use crate::fault::kinds::Endpoint;
use crate::http::answers::Refusal;
use crate::http::fields::{Fields, parse_object};
use crate::result::authority::verified;
use crate::result::company;
use crate::service::Service;
use crate::v1::authorisation::ID_API;
use crate::v1::checks;
use crate::v1::enhanced_kyc::add_id;
use crate::v1::id_request::IdRequest;

const ID_TYPES: [&str; 3] = ["BASIC_BUSINESS_REGISTRATION", "BUSINESS_REGISTRATION", "TAX_INFORMATION"];
/// Business name, company, incorporated trustees.
const BUSINESS_TYPES: [&str; 3] = ["bn", "co", "it"];

impl Service {
    pub(crate) fn business_verification(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        endpoint: Endpoint,
    ) -> Result<Response<Bytes>, Refusal> {
        self.verify_business(now, request, endpoint).map_err(Refusal::with_success)
    }

    fn verify_business(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        endpoint: Endpoint,
    ) -> Result<Response<Bytes>, Refusal> {
        let body = parse_object(request.body())?;
        // No source says that a token would do here.
        self.authorise(now, &body, &ID_API)?;
        let request = self.id_request(&body, None, endpoint, JobType::BUSINESS_VERIFICATION)?;
        if !ID_TYPES.contains(&request.id_type) {
            return Err(Refusal::worded(ID_API.missing, "Unsupported id type"));
        }
        let number = self.id_number(&request, Product::BusinessVerification)?;
        check_business_type(&request)?;
        let authority = self.ask_authority(&request, number.as_deref());
        // That a provisional result is a registry that does not answer is our choice.
        let asked = self.asked(now, request.check, ["1012", "1013", "1015"])?;

        let position = self.begin(request.check)?;
        let stages = asked.iter().map(|asked| {
            let code = asked.code.as_deref().unwrap_or(authority.code());
            let is_found = code == "1012";
            let returned = if is_found { "Returned" } else { "Not Returned" };
            let actions = json!({"Verify_Business": verified(code), "Return_Business_Info": returned});
            let job = self.jobs.at(position);
            let mut entry = checks::entry(job, "Business Verification", code, actions);
            add_id(&mut entry, &request, number.as_deref());
            if is_found {
                add_business(&mut entry, &request, number.as_deref().unwrap_or_default());
            }
            // It says that there is a result, not that there is such a business; our choice.
            entry.insert("success".into(), true.into());
            asked.staged(code, JobType::BUSINESS_VERIFICATION, entry)
        });
        let stages = stages.collect();
        Ok(self.conclude(now, position, stages))
    }
}

/// Nigeria's register of companies has to be told which kind of business to look for.
fn check_business_type(request: &IdRequest<'_>) -> Result<(), Refusal> {
    if request.country != "NG" || request.id_type == "TAX_INFORMATION" {
        return Ok(());
    }
    let business_type = Fields::new(request.check.body, ID_API.missing).text("business_type")?;
    if BUSINESS_TYPES.contains(&business_type) {
        Ok(())
    } else {
        Err(Refusal::worded(ID_API.missing, "Unsupported business type"))
    }
}

/// The business. Basic registrations and tax records have nothing but `company_information`.
fn add_business(entry: &mut Map<String, Value>, request: &IdRequest<'_>, number: &str) {
    let text = |name: &str| request.check.body.get(name).and_then(Value::as_str);
    let information = company::information(request.country, number, text("business_type"));
    entry.insert("company_information".into(), information);
    if request.id_type == "BUSINESS_REGISTRATION" {
        entry.insert("fiduciaries".into(), company::fiduciaries());
        entry.insert("beneficial_owners".into(), company::beneficial_owners());
        entry.insert("proprietors".into(), company::proprietors());
        entry.insert("directors".into(), company::directors());
        entry.insert("documents".into(), company::documents());
    }
}
