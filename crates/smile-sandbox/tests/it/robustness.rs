//! Nothing that is sent makes it panic, and everything gets an answer in the endpoint's own form.

use serde_json::{Value, json};
use zip::CompressionMethod::{Deflated, Stored};

use crate::client::{Client, JPEG, full_zip, merged, params, prep_body, status_body, zip_with};

/// As random as it needs to be, and the same every time.
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
    for body in [prep_body(&params("job", 1)), status_body(&params("job", 1), &json!({}))] {
        for key in body.as_object().unwrap().keys() {
            for value in &odd {
                for path in ["/v1/upload", "/v1/job_status"] {
                    let (status, answer) = Client::new().post(path, &merged(&body, &json!({key: value})));
                    assert!(status == 200 || status == 400, "{answer}");
                }
            }
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
