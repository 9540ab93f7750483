//! The business behind every registration number. All of it is made up, and text, as in real
//! answers.

use serde_json::{Value, json};

pub(crate) fn information(country: &str, number: &str, business_type: Option<&str>) -> Value {
    let company_type = match business_type {
        Some("bn") => "BUSINESS_NAME",
        Some("it") => "INCORPORATED_TRUSTEES",
        _ => "PRIVATE_COMPANY_LIMITED_BY_SHARES",
    };
    json!({
        "company_type": company_type,
        "country": country,
        "address": "1 Sandbox Close",
        "registration_number": number,
        "search_number": number,
        "authorized_shared_capital": "1000000",
        "industry": "Software",
        "tax_id": "00000000-0000",
        "registration_date": "2000-09-20T00:00:00.000+00:00",
        "phone": "00000000000",
        "legal_name": "LEO DOE SANDBOX LIMITED",
        "state": "N/A",
        "email": "business@example.com",
        "status": "ACTIVE",
    })
}

pub(crate) fn fiduciaries() -> Value {
    json!([{
        "name": "DOE TRUSTEES LIMITED",
        "fiduciary_type": "SECRETARY_COMPANY",
        "address": "2 Sandbox Close",
        "registration_number": "000000",
        "status": "N/A",
    }])
}

pub(crate) fn beneficial_owners() -> Value {
    json!([
        {
            "shareholdings": "60%",
            "address": "1 Sandbox Close",
            "gender": "Male",
            "nationality": "Nigerian",
            "registration_number": "N/A",
            "name": "Joe Doe Leo",
            "shareholder_type": "Individual",
            "phone_number": "00000000000",
        },
        {
            "shareholdings": "40%",
            "address": "2 Sandbox Close",
            "gender": "Not Applicable",
            "nationality": "Not Applicable",
            "registration_number": "000000",
            "name": "DOE HOLDINGS LIMITED",
            "shareholder_type": "Company",
            "phone_number": "N/A",
        },
    ])
}

pub(crate) fn proprietors() -> Value {
    json!([{
        "shareholdings": "100%",
        "address": "1 Sandbox Close",
        "gender": "Male",
        "nationality": "Nigerian",
        "name": "Joe Doe Leo",
        "date_of_birth": "2000-09-20",
        "occupation": "Proprietor",
        "phone_number": "00000000000",
        "id_type": "N/A",
        "id_number": "N/A",
    }])
}

pub(crate) fn directors() -> Value {
    json!([{
        "shareholdings": "60%",
        "id_number": "0000000000000",
        "address": "1 Sandbox Close",
        "occupation": "Director",
        "gender": "Male",
        "nationality": "Nigerian",
        "date_of_birth": "2000-09-20",
        "name": "Joe Doe Leo",
        "id_type": "N/A",
        "phone_number": "00000000000",
    }])
}

pub(crate) fn documents() -> Value {
    json!({"search_certificate": ""})
}
