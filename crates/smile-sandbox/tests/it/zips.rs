use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smile_sandbox::SampleImage;
use zip::CompressionMethod::{Deflated, Stored};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::client::{Client, JPEG, full_zip, merged, params, prep_body, zip_of, zip_with};

/// Runs a job with this zip, and returns the result's code and text.
fn result_of(job_type: u16, zip: &[u8]) -> (String, String) {
    let mut client = Client::new();
    let status = client.run(&prep_body(&params("job", job_type)), zip);
    assert_eq!((&status["job_complete"], &status["code"]), (&json!(true), &json!("2302")));
    let text = |name: &str| status["result"][name].as_str().unwrap().to_owned();
    (text("ResultCode"), text("ResultText"))
}

fn selfie_info() -> Value {
    json!({"images": [{"image_type_id": 0, "image": "", "file_name": "selfie.jpg"}]})
}

#[test]
fn stored_deflated_and_mixed_zips_are_read() {
    for (first, second) in [(Stored, Stored), (Deflated, Deflated), (Deflated, Stored)] {
        let info = selfie_info().to_string();
        let zip = zip_of(&[("info.json", info.as_bytes(), first), ("selfie.jpg", JPEG, second)]);
        assert_eq!(result_of(4, &zip).0, "0840");
    }
}

#[test]
fn the_order_of_entries_does_not_matter_and_neither_do_strangers() {
    let info = selfie_info().to_string();
    let zip = zip_of(&[
        ("security_info.json", b"{}", Stored),
        ("base64imgString", b"9k=", Deflated),
        ("selfie.jpg", JPEG, Stored),
        ("info.json", info.as_bytes(), Deflated),
    ]);
    assert_eq!(result_of(4, &zip).0, "0840");
}

#[test]
fn entries_with_data_descriptors_are_read() {
    let mut stream = ZipWriter::new_stream(Vec::new());
    for (name, content) in [("info.json", selfie_info().to_string().as_bytes()), ("selfie.jpg", JPEG)] {
        stream.start_file(name, SimpleFileOptions::default().compression_method(Deflated)).unwrap();
        stream.write_all(content).unwrap();
    }
    let zip = stream.finish().unwrap().into_inner();
    assert!(zip.windows(4).any(|window| window == b"PK\x07\x08"));
    assert_eq!(result_of(4, &zip).0, "0840");
}

/// The central directory's last entry of a repeated name is the one that counts.
#[test]
fn repeated_names_are_read_from_the_central_directory() {
    // Written under a name of the same length, and renamed afterwards in both places.
    let info = selfie_info().to_string();
    let mut zip = zip_of(&[
        ("selfie.jpg", b"the first, no image", Stored),
        ("SELFIE.jpg", JPEG, Stored),
        ("info.json", info.as_bytes(), Stored),
    ]);
    for at in 0..zip.len() - 10 {
        if &zip[at..at + 10] == b"SELFIE.jpg" {
            zip[at..at + 6].copy_from_slice(b"selfie");
        }
    }
    assert_eq!(result_of(4, &zip).0, "0840");
}

#[test]
fn types_are_numbers_or_digits_and_base64_is_in_the_list_itself() {
    let base64 = STANDARD.encode(JPEG);
    for row in [
        json!({"image_type_id": 2, "image": base64, "file_name": ""}),
        json!({"image_type_id": "2", "image": base64}),
        json!({"image_type_id": 2, "image": format!("{}\n{}\n", &base64[..8], &base64[8..])}),
    ] {
        assert_eq!(result_of(4, &zip_with(&json!({"images": [row]}), &[])).0, "0840");
    }
    let android = json!({"images": [{"image_type_id": "0", "file_name": "selfie.jpg"}], "unknown": [1]});
    assert_eq!(result_of(4, &zip_with(&android, &[("selfie.jpg", JPEG, Stored)])).0, "0840");
}

#[test]
fn an_id_number_may_be_a_number() {
    for (number, code) in
        [(json!(10_000_000_000_u64), "0810"), (json!(10_000_000_001_u64), "1013"), (json!(1.5), "2213")]
    {
        let id_info = json!({"country": "NG", "id_type": "BVN", "id_number": number});
        let zip =
            zip_with(&merged(&selfie_info(), &json!({"id_info": id_info})), &[("selfie.jpg", JPEG, Stored)]);
        assert_eq!(result_of(1, &zip).0, code, "{number}");
    }
}

#[test]
fn a_png_is_an_image_too() {
    let png = SampleImage::selfie().png();
    assert_eq!(result_of(4, &zip_with(&selfie_info(), &[("selfie.jpg", &png, Stored)])).0, "0840");
}

#[test]
fn a_selfie_that_is_not_there_or_no_image_is_unusable() {
    let unusable = ("0001".to_owned(), "Selfie image unusable".to_owned());
    let rows = |row: Value| json!({"images": [row]});
    for zip in [
        zip_with(&selfie_info(), &[]),
        zip_with(&selfie_info(), &[("selfie.jpg", b"", Stored)]),
        zip_with(&selfie_info(), &[("selfie.jpg", b"GIF89a", Stored)]),
        zip_with(&selfie_info(), &[("dir/selfie.jpg", JPEG, Stored)]),
        zip_with(&json!({"images": []}), &[("selfie.jpg", JPEG, Stored)]),
        zip_with(&rows(json!({"image_type_id": 2, "image": "no base64!"})), &[]),
        zip_with(&rows(json!({"image_type_id": 0, "image": STANDARD.encode(JPEG)})), &[]),
        zip_with(
            &rows(json!({"image_type_id": 99, "file_name": "selfie.jpg"})),
            &[("selfie.jpg", JPEG, Stored)],
        ),
        zip_with(&rows(json!("selfie.jpg")), &[("selfie.jpg", JPEG, Stored)]),
        zip_with(&json!({"images": [{"image_type_id": 4, "file_name": "a"}]}), &[("a", JPEG, Stored)]),
    ] {
        assert_eq!(result_of(4, &zip), unusable);
    }
}

/// Two official SDKs list liveness frames and the back of a card, and leave them out of the zip.
#[test]
fn an_image_that_is_listed_has_to_be_in_the_zip() {
    for (image_type_id, text) in [
        (0, "Selfie image unusable"),
        (4, "Liveness image unusable"),
        (1, "ID Card image unusable"),
        (5, "ID Card image unusable"),
    ] {
        let info = json!({"images": [
            {"image_type_id": 0, "file_name": "selfie.jpg"},
            {"image_type_id": image_type_id, "image": "/home/me/frame.jpg", "file_name": "lost.jpg"},
        ]});
        let without = zip_with(&info, &[("selfie.jpg", JPEG, Stored)]);
        assert_eq!(result_of(4, &without), ("0001".to_owned(), text.to_owned()));
        let cut =
            zip_with(&info, &[("selfie.jpg", JPEG, Stored), ("lost.jpg", &JPEG[..JPEG.len() - 2], Stored)]);
        assert_eq!(result_of(4, &cut), ("0001".to_owned(), text.to_owned()));
        let with = zip_with(&info, &[("selfie.jpg", JPEG, Stored), ("lost.jpg", JPEG, Stored)]);
        assert_eq!(result_of(4, &with).0, "0840");
    }
}

#[test]
fn a_document_job_needs_its_document() {
    let info = merged(&selfie_info(), &json!({"id_info": {"country": "NG", "id_type": "PASSPORT"}}));
    let zip = zip_with(&info, &[("selfie.jpg", JPEG, Stored)]);
    for job_type in [6, 11] {
        assert_eq!(result_of(job_type, &zip), ("0001".to_owned(), "ID Card image unusable".to_owned()));
    }
}

#[test]
fn a_document_job_may_use_the_selfie_on_file() {
    let info = json!({
        "images": [{"image_type_id": 1, "file_name": "card.jpg"}],
        "id_info": {"country": "NG", "id_type": "PASSPORT"},
    });
    let zip = zip_with(&info, &[("card.jpg", JPEG, Stored)]);
    for job_type in [6, 11] {
        assert_eq!(result_of(job_type, &zip).1, "Selfie image unusable");
        let mut client = Client::new();
        client.service.set_user("user", smile_sandbox::UserState::Enrolled);
        let prep = merged(&prep_body(&params("job", job_type)), &json!({"use_enrolled_image": true}));
        assert_eq!(client.run(&prep, &zip)["result"]["ResultCode"], "0810");
    }
}

#[test]
fn the_fields_that_the_product_needs_are_required() {
    let with_id = |id_info: Value| {
        let info = json!({
            "images": [
                {"image_type_id": 0, "file_name": "selfie.jpg"},
                {"image_type_id": 1, "file_name": "selfie.jpg"},
            ],
            "id_info": id_info,
        });
        zip_with(&info, &[("selfie.jpg", JPEG, Stored)])
    };
    let without_card = |id_info: Value| {
        zip_with(&merged(&selfie_info(), &json!({"id_info": id_info})), &[("selfie.jpg", JPEG, Stored)])
    };
    let id = json!({"country": "NG", "id_type": "BVN", "id_number": "0"});
    for (job_type, zip, expected) in [
        (1, without_card(id.clone()), "0810"),
        (1, without_card(json!({"country": "NG", "id_type": "BVN"})), "2213"),
        (1, without_card(Value::Null), "2213"),
        (1, with_id(Value::Null), "0810"),
        (1, with_id(json!({"entered": "true", "country": "NG"})), "2213"),
        (1, with_id(json!({"entered": true, "country": "NG"})), "2213"),
        (1, with_id(json!({"entered": "false", "country": "NG"})), "0810"),
        (4, without_card(Value::Null), "0840"),
        (6, with_id(json!({"country": "NG"})), "0810"),
        (6, with_id(json!({})), "2213"),
        (11, with_id(json!({"country": "NG"})), "2213"),
        (11, with_id(json!({"country": "NG", "id_type": "PASSPORT"})), "0810"),
    ] {
        assert_eq!(result_of(job_type, &zip).0, expected, "job type {job_type}");
    }
}

#[test]
fn an_unreadable_zip_is_corrupt() {
    let good = full_zip("00000000000");
    let mut damaged = good.clone();
    let at = good.windows(JPEG.len()).position(|window| window == JPEG).unwrap();
    damaged[at + 5] ^= 0xff;
    for zip in [&b""[..], b"PK", b"not a zip", &good[..good.len() / 2], &damaged] {
        assert_eq!(result_of(1, zip), ("0903".to_owned(), "Zip Corrupt".to_owned()));
    }
}

#[test]
fn an_info_that_is_missing_or_malformed_is_invalid_json() {
    let invalid = ("2203".to_owned(), "Invalid JSON".to_owned());
    assert_eq!(result_of(4, &zip_of(&[("selfie.jpg", JPEG, Stored)])), invalid);
    for info in ["", "{", "[]", "{}", r#"{"images": {}}"#, r#"{"images": "selfie.jpg"}"#] {
        let zip = zip_of(&[("info.json", info.as_bytes(), Stored), ("selfie.jpg", JPEG, Stored)]);
        assert_eq!(result_of(4, &zip), invalid, "{info}");
    }
}

#[test]
fn bombs_are_refused() {
    let many: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    let entries: Vec<_> = many.iter().map(|name| (name.as_str(), &b""[..], Stored)).collect();
    assert_eq!(result_of(4, &zip_of(&entries)).0, "0903");

    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = SimpleFileOptions::default().compression_method(Deflated);
    writer.start_file("info.json", deflated).unwrap();
    let block = vec![b' '; 1024 * 1024];
    for _ in 0..129 {
        writer.write_all(&block).unwrap();
    }
    let zip = writer.finish().unwrap().into_inner();
    assert!(zip.len() < 1024 * 1024);
    assert_eq!(result_of(4, &zip).0, "0903");
}

#[test]
fn the_content_of_the_zip_can_be_inspected() {
    let mut client = Client::new();
    client.run(&prep_body(&params("job", 1)), &full_zip("00000000000"));
    let job = client.service.job("job").unwrap();
    let types: Vec<_> =
        job.images.iter().map(|image| (image.image_type_id, image.file_name.as_str())).collect();
    assert_eq!(types, [(0, "selfie.jpg"), (4, "liveness_1.jpg"), (1, "card.jpg"), (5, "back.jpg")]);
    assert!(job.images.iter().all(|image| image.bytes == JPEG && image.is_usable()));
    assert_eq!(job.info.unwrap()["id_info"]["id_type"], "BVN");
}
