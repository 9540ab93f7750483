//! Requests of any content: none makes the service panic, and each gets an answer in the endpoint's
//! own form.

use http::Method;
use serde_json::{Value, json};
use zip::CompressionMethod::{Deflated, Stored};

use crate::checks::all_posts;
use crate::client::{
    Client, JPEG, full_zip, header_signed, merged, params, prep_body, status_body, zip_with,
};

/// A generator of random numbers with a fixed sequence.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn any_zip_comes_to_some_result() {
    let info = json!({"images": [{"image_type_id": 0, "file_name": "s"}]});
    let zips =
        [full_zip("0"), zip_with(&info, &[("s", JPEG, Deflated)]), zip_with(&info, &[("s", JPEG, Stored)])];
    let mut dice = Dice(1);
    let mut client = Client::new();
    let prep = prep_body(&params("job", 4));
    let url = client.upload_url(&prep);
    for zip in &zips {
        for round in 0..zip.len() {
            let mut damaged = zip.clone();
            damaged[round] = dice.roll(256) as u8;
            match dice.roll(3) {
                0 => damaged.truncate(dice.roll(zip.len())),
                1 => damaged.rotate_left(dice.roll(zip.len())),
                _ => {}
            }
            assert_eq!(client.put(&url, &damaged).status(), 200);
            client.deliver();
            assert_eq!(client.status(&prep["partner_params"], &json!({}))["job_complete"], true);
        }
    }
}

#[test]
fn any_json_gets_an_answer() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{fffd}"),
        json!("a".repeat(1_000)),
        json!([]),
        json!([[{}]]),
        json!({}),
        json!({"job_id": "x", "user_id": "y", "job_type": 1e9}),
    ];
    for (_, path, body) in all_posts() {
        let bodies = [body.clone(), prep_body(&params("job", 1)), status_body(&params("job", 1), &json!({}))];
        for body in bodies {
            for key in body.as_object().unwrap().keys() {
                for value in &odd {
                    let body = merged(&body, &json!({key: value}));
                    let response = Client::new().send(header_signed(Method::POST, path, &body));
                    assert!(matches!(response.status().as_u16(), 200 | 400), "{path} {body}");
                    assert!(serde_json::from_slice::<Value>(response.body()).is_ok());
                }
            }
        }
    }
}

#[test]
fn any_bytes_get_an_answer_from_every_endpoint() {
    let mut dice = Dice(3);
    let mut steps = vec![("/v1/totp_consent/mode", json!({})), ("/v1/totp_consent/otp", json!({}))];
    steps.extend(all_posts().into_iter().map(|(_, path, body)| (path, body)));
    for (path, body) in steps {
        let mut client = Client::new();
        for round in 0..150 {
            let mut bytes = body.to_string().into_bytes();
            if round % 3 == 0 {
                bytes = (0..dice.roll(200)).map(|_| dice.roll(256) as u8).collect();
            }
            for _ in 0..dice.roll(3) {
                let at = dice.roll(bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = dice.roll(256) as u8;
                }
            }
            let mut request = header_signed(Method::POST, path, &json!(null));
            *request.body_mut() = bytes.into();
            *request.method_mut() = [Method::POST, Method::GET, Method::PUT][dice.roll(6).min(2)].clone();
            let response = client.send(request);
            assert!(serde_json::from_slice::<Value>(response.body()).is_ok(), "{path}");
            client.deliver();
        }
        client.status(&params("job", 1), &json!({"history": true, "image_links": true}));
    }
}

#[test]
fn any_header_and_query_get_an_answer() {
    let mut dice = Dice(4);
    for path in ["/v1/smile_links", "/v1/smile_links/x", "/v2/async-verify-address", "/v1/services"] {
        for _ in 0..100 {
            let text: String = (0..dice.roll(40)).map(|_| char::from(b'!' + dice.roll(90) as u8)).collect();
            let query = text.replace(['#', '"', '<', '>', '`', '{', '}', '\\', '^', '|'], "%");
            let request = http::Request::builder()
                .method([Method::GET, Method::POST, Method::PUT][dice.roll(3)].clone())
                .uri(format!("{path}?partner_id=001&timestamp={query}&signature={query}"))
                .header("smileid-timestamp", &text);
            let response = Client::new().send(request.body(bytes::Bytes::new()).unwrap());
            assert!(serde_json::from_slice::<Value>(response.body()).is_ok());
        }
    }
}

#[test]
fn any_text_for_a_body_and_any_path_get_an_answer() {
    let mut dice = Dice(2);
    let whole = prep_body(&params("job", 1)).to_string();
    for _ in 0..300 {
        let mut bytes = whole.clone().into_bytes();
        let at = dice.roll(bytes.len());
        bytes[at] = dice.roll(256) as u8;
        bytes.truncate(bytes.len() - dice.roll(2) * dice.roll(bytes.len()));
        let request = http::Request::post("/v1/upload").body(bytes.into()).unwrap();
        let response = Client::new().send(request);
        assert!(serde_json::from_slice::<Value>(response.body()).is_ok());
    }
    for path in ["/", "/%", "/v1/upload/%2e%2e", "/videos/a/b/c?X-Amz-Date=%", "/images/a/b/c", "/?", "//"] {
        for method in [http::Method::GET, http::Method::POST, http::Method::PUT, http::Method::DELETE] {
            let request =
                http::Request::builder().method(method).uri(path).body(bytes::Bytes::new()).unwrap();
            assert!(Client::new().send(request).status().is_client_error(), "{path}");
        }
    }
}

#[test]
fn odd_rows_and_ids_in_the_info_come_to_some_result() {
    for info in [
        json!({"images": [null, 1, "a", [], {}, {"image_type_id": {}}, {"image_type_id": -1}]}),
        json!({"images": [{"image_type_id": 1_000_000, "file_name": 7}, {"image_type_id": 0, "file_name": {}}]}),
        json!({"images": [{"image_type_id": 256, "file_name": "s"}]}),
        json!({"images": [{"image_type_id": 0, "file_name": "s"}], "id_info": [1]}),
        json!({"images": [{"image_type_id": 0, "file_name": "s"}], "id_info": {"id_number": 5, "entered": []}}),
        json!({"images": [{"image_type_id": 0, "file_name": "info.json"}]}),
    ] {
        for job_type in [1, 4, 6, 9, 11] {
            let zip = zip_with(&info, &[("s", JPEG, Stored)]);
            let status = Client::new().run(&prep_body(&params("job", job_type)), &zip);
            assert_eq!(status["job_complete"], true);
        }
    }
}
