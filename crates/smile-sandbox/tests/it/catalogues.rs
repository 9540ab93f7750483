//! Answers from the catalogue: services, products_config and valid_documents.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::client::{Client, merged, signed, without};

fn services(path: &str) -> Value {
    let response = Client::new().send(Request::get(path).body(Bytes::new()).unwrap());
    assert_eq!(response.status(), 200);
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn services_are_open_to_everybody() {
    let answer = services("/v1/services");
    for path in ["/services", "/v1/services?locale=en-GB", "/v2/services", "//v1//services/"] {
        assert_eq!(services(path), answer, "{path}");
    }
    assert_eq!(Client::new().post("/v1/services", &json!({})).0, 405);
}

#[test]
fn services_name_what_each_product_takes() {
    let answer = services("/v1/services");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&answer), ["bank_codes", "id_types", "hosted_web"]);
    let bank = &answer["bank_codes"][0];
    assert!(["name", "nip_code", "code"].iter().all(|name| bank[name].is_string()));
    let fields = &answer["id_types"]["NG"]["BANK_ACCOUNT"];
    assert_eq!(*fields, json!(["country", "id_type", "id_number", "bank_code", "user_id", "job_id"]));

    let hosted = &answer["hosted_web"];
    assert_eq!(
        keys(hosted),
        [
            "basic_kyc",
            "biometric_kyc",
            "enhanced_kyc",
            "ekyc_smartselfie",
            "enhanced_document_verification",
            "doc_verification"
        ]
    );
    let card = &hosted["enhanced_kyc"]["GH"]["id_types"]["GHANA_CARD"];
    assert_eq!(
        (&hosted["enhanced_kyc"]["GH"]["name"], &card["label"]),
        (&json!("Ghana"), &json!("Ghana Card"))
    );
    assert_eq!(card["test_data"], "GHA-000000000-0");
    let passport = &hosted["enhanced_kyc"]["GH"]["id_types"]["PASSPORT"];
    assert!(passport["id_number_regex"].as_str().unwrap().ends_with("$/i"));
    assert!(card["required_fields"].as_array().unwrap().contains(&json!("id_number")));
    assert!(hosted["biometric_kyc"]["NG"]["id_types"].get("BANK_ACCOUNT").is_none());
    let passport = &hosted["doc_verification"]["GH"]["id_types"]["PASSPORT"];
    assert_eq!(*passport, json!({"label": "Passport"}));
}

#[test]
fn the_catalogue_reads_what_the_services_say() {
    let answer = services("/v1/services");
    let read = smile_core::catalogue::IdTypeCatalogue::from_services(answer.as_object().unwrap());
    for known in smile_core::catalogue::IdTypeCatalogue::built_in().iter() {
        let again = read.find(known.country(), known.name()).unwrap();
        assert_eq!((again.label(), again.test_number()), (known.label(), known.test_number()), "{known:?}");
    }
}

#[test]
fn a_partner_has_activated_everything() {
    let mut client = Client::new();
    let (status, answer) = client.post("/v1/products_config", &signed(&json!({})));
    assert_eq!(status, 200);
    assert_eq!(answer["consentRequired"], json!({"NG": ["BVN_MFA", "BVN"]}));
    assert_eq!(answer["enterpriseId"], "000000000");
    for product in ["basic_kyc", "biometric_kyc", "enhanced_kyc", "doc_verification"] {
        let kenyan = answer["idSelection"][product]["KE"].as_array().unwrap();
        assert!(kenyan.contains(&json!("PASSPORT")), "{product}");
    }
}

#[test]
fn documents_are_listed_by_country() {
    let mut client = Client::new();
    let (status, answer) = client.post("/v1/valid_documents", &signed(&json!({})));
    assert_eq!(status, 200);
    let countries = answer["valid_documents"].as_array().unwrap();
    assert_eq!(countries.len(), 226);
    let rows: usize = countries.iter().map(|country| country["id_types"].as_array().unwrap().len()).sum();
    assert_eq!(rows, 1_578);
    let ghana = countries.iter().find(|country| country["country"]["code"] == "GH").unwrap();
    assert_eq!(ghana["country"], json!({"code": "GH", "name": "Ghana", "continent": "AFRICA"}));
    let others = ghana["id_types"].as_array().unwrap().last().unwrap();
    assert_eq!((&others["code"], &others["name"]), (&json!(""), &json!("Others")));
    assert!(others["has_back"].is_boolean() && others["example"].is_array());
}

#[test]
fn the_last_two_are_signed() {
    let mut client = Client::new();
    for path in ["/v1/products_config", "/v1/valid_documents"] {
        for name in ["partner_id", "signature", "timestamp"] {
            assert_eq!(client.refusal(path, &without(&signed(&json!({})), name)), "2413", "{path} {name}");
        }
        assert_eq!(client.refusal(path, &merged(&signed(&json!({})), &json!({"partner_id": "2"}))), "2405");
        assert_eq!(client.refusal(path, &json!([])), "2203");
    }
}
