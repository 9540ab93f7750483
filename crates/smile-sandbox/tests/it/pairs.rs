//! Results of jobs beside those that are built for a receiver's tests: the same code writes both.

use serde_json::{Value, json};
use smile_sandbox::signed_callback::signed_callback;
use smile_sandbox::{Matcher, Outcome, Product, UserState};

use crate::client::{
    CALLBACK_URL, Client, JPEG, address_body, aml_body, builder, business_body, confirmed, id_body, merged,
    phone_body, prep_body, without, zip_with,
};
use zip::CompressionMethod::Stored;

/// The job type as the product's callbacks have it.
fn params(product: Product) -> Value {
    let params = json!({"user_id": "user", "job_id": "job"});
    let Some(job_type) = product.job_type() else { return params };
    let number = job_type.number();
    let is_text = matches!(number, 1 | 2 | 4 | 8 | 9);
    let job_type = if is_text { json!(number.to_string()) } else { json!(number) };
    merged(&params, &json!({"job_type": job_type}))
}

/// A zip with everything that a job of the product brings. A card comes with documents, and if the
/// code says so it is missing.
fn zip(product: Product, code: &str, number: &str) -> Vec<u8> {
    let is_document =
        matches!(product, Product::DocumentVerification | Product::EnhancedDocumentVerification);
    let (id_type, number) = if is_document { ("PASSPORT", "A00000000") } else { ("BVN", number) };
    let mut images = vec![(0, "selfie.jpg"), (4, "liveness_1.jpg")];
    if is_document || code == "1214" {
        images.push((1, "card.jpg"));
    }
    let row = |(kind, name): &(u8, &str)| json!({"image_type_id": kind, "image": "", "file_name": name});
    let rows: Vec<_> = images.iter().map(row).collect();
    let id_info = json!({"country": "NG", "id_type": id_type, "id_number": number, "entered": "true"});
    let files: Vec<_> = images.iter().map(|(_, name)| (*name, JPEG, Stored)).collect();
    zip_with(&json!({"images": rows, "id_info": id_info}), &files)
}

/// The callback of a job of this product with this outcome; for AML, which has none, the answer.
fn driven(product: Product, outcome: &Outcome, code: &str) -> Value {
    let mut client = Client::new();
    client.service.set_user("user", UserState::Enrolled);
    client.service.when(Matcher::product(product)).respond([outcome.clone()]);
    let params = params(product);
    let own = json!({"partner_params": params});
    let names = json!({"first_name": "Joe", "last_name": "Leo"});
    let id = json!({"id_type": "BVN"});
    match product {
        Product::EnhancedKyc => {
            let body = merged(&id_body("00000000000", &own), &id);
            client.check_async("/v1/async_id_verification", &body)
        }
        Product::BasicKyc => {
            let person = merged(&names, &json!({"dob": "2000-09-20", "gender": "M"}));
            let body = merged(&merged(&id_body("00000000000", &own), &id), &person);
            client.check_async("/v2/verify_async", &body)
        }
        Product::BusinessVerification => {
            client.check_async("/v1/async_business_verification", &business_body("0000000", &own))
        }
        Product::Aml => client.check("/v1/aml", &aml_body("Joe Doe Leo", &json!({}))),
        Product::Address => {
            let body = address_body("0000000000", &merged(&own, &json!({"address": "1 Sandbox Close"})));
            assert_eq!(client.post_header_signed("/v2/async-verify-address", &body).0, 200);
            confirmed(&client.deliver().remove(0))
        }
        Product::Phone => {
            let body = phone_body("00000000000", &merged(&own, &json!({"match_fields": names})));
            assert_eq!(client.post_header_signed("/v2/async-verify-phone", &body).0, 200);
            confirmed(&client.deliver().remove(0))
        }
        _ => {
            let prep = merged(&prep_body(&params), &json!({"allow_new_enroll": "true"}));
            client.run(&prep, &zip(product, code, "00000000000"));
            confirmed(&client.deliver().remove(0))
        }
    }
}

fn made(product: Product, outcome: &Outcome) -> Value {
    let callback = signed_callback(product, outcome.clone()).with_partner("001", crate::client::KEY);
    confirmed(&callback.with_job_id("job").with_user_id("user").build().unwrap().json())
}

#[test]
fn a_job_and_the_builder_of_callbacks_write_every_result_alike() {
    let mut pairs = 0;
    for product in Product::of_jobs() {
        let codes = product.result_codes().map(|row| Outcome::code(row.code));
        for outcome in product.outcomes().into_iter().chain(codes) {
            let code = product.code_of(&outcome).unwrap();
            let (driven, made) = (driven(product, &outcome, code), made(product, &outcome));
            assert_eq!(driven, made, "{product} {outcome}");
            assert_eq!(driven["ResultCode"], code, "{product} {outcome}");
            pairs += 1;
        }
    }
    assert!(pairs > 200, "only {pairs}");
}

/// No rule applies to the half of a job that looks the number up; its result follows from the
/// number.
#[test]
fn the_lookup_of_an_old_account_and_the_builder_of_callbacks_write_it_alike() {
    for (number, outcome) in [
        ("00000000000", Outcome::IdInfo),
        ("00000000001", Outcome::IdNotFound),
        ("00000000002", Outcome::IdMalformed),
        ("00000000003", Outcome::IssuerUnavailable),
    ] {
        let mut client =
            Client::with(builder().with_legacy_two_callbacks(true).with_callback_url(CALLBACK_URL));
        let product = Product::IdInformation;
        client.run(&prep_body(&params(product)), &zip(Product::BiometricKyc, "", number));
        let entries = client.deliver();
        let lookup = entries.iter().find(|entry| entry["ResultType"] == "ID Verification").unwrap();
        let made = made(product, &outcome);
        assert_eq!(without(&confirmed(lookup), "IDNumber"), without(&made, "IDNumber"), "{outcome}");
    }
}
