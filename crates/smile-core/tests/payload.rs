//! Content of an upload: the zip of the PUT request that a job makes, read back with a reader of
//! zips.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

mod support;

use std::io::{Cursor, Read as _};
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};
use smile_core::{
    Flow, FlowSettings, IdInfo, Image, ImageEncoding, ImageType, Job, JobFlow, JobId, JobType, Next,
    PartnerParams, UserId,
};
use support::{JPEG, PNG, SMALL_BASE64, SMALL_JPEG, SMALL_UNPADDED, START, answer, params, partner};
use zip::{CompressionMethod, ZipArchive};

/// Answer to prep upload: odd spacing, order, numbers and keys, all of which must come back as they
/// are.
const PREPARED: &str = concat!(
    r#"{ "upload_url" : "https://bucket.s3.example/selfie.zip?X-Amz-Signature=a%2Fb","#,
    "\n",
    r#""ref_id":"r","smile_job_id":"0000000007","camera_config":"null","code":2202, "#,
    r#""zeta":1.50, "alpha":[1, 2],"Zeta":"other","é":"\u00e9","n":12345678901234567890123}"#
);

struct Entry {
    name: String,
    data: Vec<u8>,
}

/// The body of the PUT of this job. A file on disk holds a JPEG with its own path's last word in
/// it.
fn uploaded(job: Job) -> Bytes {
    let mut flow = JobFlow::new(partner(), job, FlowSettings::default(), 7).unwrap();
    for _ in 0..100 {
        match flow.next(START) {
            Next::Read(path) => flow.file_read(START, Ok(on_disk(&path))),
            Next::Send { request, .. } if request.method() == "PUT" => return request.into_body(),
            Next::Send { .. } => flow.receive(START, answer(200, PREPARED)),
            other => panic!("{other:?} before the upload: {flow:?}"),
        }
    }
    panic!("no upload");
}

fn on_disk(path: &Path) -> Vec<u8> {
    let last = path.to_str().unwrap().rsplit(['/', '\\']).next().unwrap();
    // Its letters alone and in capitals, so that what is found of a path in the zip is not from
    // here.
    let letters: String = last.to_uppercase().chars().filter(|c| c.is_alphanumeric()).collect();
    [JPEG, letters.as_bytes()].concat()
}

fn entries(zip: &Bytes) -> Vec<Entry> {
    let mut archive = ZipArchive::new(Cursor::new(&zip[..])).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            assert_eq!(file.compression(), CompressionMethod::Stored);
            let date = file.last_modified().unwrap();
            assert_eq!((date.year(), date.month(), date.day()), (1980, 1, 1));
            assert_eq!((date.hour(), date.minute(), date.second()), (0, 0, 0));
            assert!(file.is_file());
            let mut data = Vec::new();
            file.read_to_end(&mut data).unwrap();
            Entry { name: file.name().to_owned(), data }
        })
        .collect()
}

fn info(entries: &[Entry]) -> Value {
    assert_eq!(entries[0].name, "info.json");
    serde_json::from_slice(&entries[0].data).unwrap()
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

fn image_type(id: u8) -> ImageType {
    ImageType::from_id(id).unwrap()
}

/// A job with all eight image types, from all three sources, and every field that has a method.
fn full_job() -> Job {
    let params = PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"))
        .with_param("branch", "Lagos")
        .with_param("attempt", 2);
    let id_info = IdInfo::new("NG", "BVN", "00000000000")
        .with_first_name("Ada")
        .with_middle_name("\"Zoë\"")
        .with_last_name("Obi")
        .with_dob("2000-02-29")
        .with_gender("F")
        .with_phone_number("0123456789")
        .with_bank_code("044")
        .with_citizenship("NG")
        .with_session_id("s")
        .with_openid_state("o")
        .with_consent_information(json!({ "consented": { "personal_details": true } }))
        .with_field("postal_code", "00100");
    Job::of_type(JobType::BIOMETRIC_KYC, params)
        .with_image(image_type(0), Image::path("/srv/marker-dir/selfie.jpg"))
        .with_image(image_type(1), Image::bytes(PNG).with_file_name("card.jpg"))
        .with_image(image_type(2), Image::bytes(JPEG).with_file_name("unused.jpg"))
        .with_image(image_type(3), Image::base64(format!("data:image/jpeg;base64,{SMALL_UNPADDED}")))
        .with_image(image_type(4), Image::base64(SMALL_BASE64))
        .with_image(image_type(5), Image::path("marker-dir/back.JPEG"))
        .with_image(image_type(6), Image::path("/srv/marker-dir/blink.jpg"))
        .with_image(image_type(7), Image::bytes(PNG))
        .with_id_info(id_info)
        .with_callback_url("https://bank.example/callback?a=1&b=\"2\"".replace('"', "%22"))
}

#[test]
fn golden_info_json_with_all_eight_image_types() {
    let zip = uploaded(full_job());
    let entries = entries(&zip);
    let expected = concat!(
        r#"{"package_information":{"apiVersion":{"buildNumber":0,"majorVersion":2,"minorVersion":0},"language":"rust"},"#,
        r#""misc_information":{"#,
        r#""signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=","timestamp":"2024-01-15T10:30:00.000Z","#,
        r#""retry":"false","#,
        r#""partner_params":{"user_id":"user-1","job_id":"job-1","job_type":1,"branch":"Lagos","attempt":2,"#,
        r#""sdk_submission":"8a1f4b0e4ec3aab47330dab25fc601eb"},"#,
        r#""file_name":"selfie.zip","smile_client_id":"001","#,
        r#""callback_url":"https://bank.example/callback?a=1&b=%222%22","#,
        r#""userData":{"isVerifiedProcess":false,"name":"","fbUserID":"","firstName":"","lastName":"","gender":"","#,
        r#""email":"","phone":"","countryCode":"+","countryName":""}},"#,
        r#""id_info":{"country":"NG","id_type":"BVN","id_number":"00000000000","first_name":"Ada","#,
        r#""middle_name":"\"Zoë\"","last_name":"Obi","dob":"2000-02-29","gender":"F","phone_number":"0123456789","#,
        r#""bank_code":"044","citizenship":"NG","session_id":"s","openid_state":"o","#,
        r#""consent_information":{"consented":{"personal_details":true}},"entered":"true","postal_code":"00100"},"#,
        r#""images":["#,
        r#"{"image_type_id":0,"image":"","file_name":"selfie.jpg"},"#,
        r#"{"image_type_id":1,"image":"","file_name":"card.png"},"#,
        r#"{"image_type_id":2,"image":"/9j/wAALCAKAAeABAREA/9oACAEBAAA/AGEgZHJhd24gZmFjZf/Z","file_name":""},"#,
        r#"{"image_type_id":3,"image":"/9j/wAALCAKAAeABAREA/9oACAEBAAA/AHj/2Q==","file_name":""},"#,
        r#"{"image_type_id":4,"image":"","file_name":"liveness.jpg"},"#,
        r#"{"image_type_id":5,"image":"","file_name":"back.jpeg"},"#,
        r#"{"image_type_id":6,"image":"/9j/wAALCAKAAeABAREA/9oACAEBAAA/AGEgZHJhd24gZmFjZf/ZQkxJTktKUEc=","file_name":""},"#,
        r#"{"image_type_id":7,"image":"iVBORw0KGgoAAAANSUhEUgAABkAAAAPwCAAAAABMle2pAAAADklEQVQgYSBkcmF3biBjYXJkIJqDg2sAAAAASUVORK5CYII=","file_name":""}],"#,
        r#""server_information":"#,
    );
    let text = std::str::from_utf8(&entries[0].data).unwrap();
    assert_eq!(text, format!("{expected}{PREPARED}}}"));
    assert_eq!(names(&entries), ["info.json", "selfie.jpg", "card.png", "liveness.jpg", "back.jpeg"]);
    assert_eq!(entries[1].data, on_disk(Path::new("selfie.jpg")));
    assert_eq!(entries[2].data, PNG);
    assert_eq!(entries[3].data, SMALL_JPEG, "base64 that travels as a file is decoded");
    assert_eq!(entries[4].data, on_disk(Path::new("back.JPEG")));
}

#[test]
fn types_0_1_4_5_are_files_and_2_3_6_7_are_base64_whatever_the_source() {
    let sources = [
        ("path", Image::path("/srv/marker-dir/it.jpg"), on_disk(Path::new("it.jpg"))),
        ("bytes", Image::bytes(JPEG), JPEG.to_vec()),
        ("base64", Image::base64(SMALL_UNPADDED), SMALL_JPEG.to_vec()),
    ];
    for (source, image, content) in sources {
        for id in 0..8 {
            let job = support::job().with_image(image_type(id), image.clone());
            let zip = uploaded(job);
            let entries = entries(&zip);
            let row = &info(&entries)["images"][1];
            assert_eq!(row["image_type_id"], json!(id));
            if matches!(id, 0 | 1 | 4 | 5) {
                assert_eq!(row["image"], json!(""), "{source}, type {id}");
                let name = row["file_name"].as_str().unwrap();
                let entry = entries.iter().find(|entry| entry.name == name).unwrap();
                assert_eq!(entry.data, content, "{source}, type {id}");
                assert_eq!(entries.len(), 3);
            } else {
                assert_eq!(row["file_name"], json!(""), "{source}, type {id}");
                assert_eq!(decoded(row["image"].as_str().unwrap()), content, "{source}, type {id}");
                assert_eq!(entries.len(), 2, "it is in info.json alone");
            }
        }
    }
}

/// Standard base64 with padding, by hand: the crate that core encodes with is no dependency of
/// these tests.
fn decoded(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert!(text.len().is_multiple_of(4), "it is padded: {text}");
    let mut bits = 0_u32;
    let mut bytes = Vec::new();
    for (at, letter) in text.trim_end_matches('=').bytes().enumerate() {
        bits = bits << 6 | u32::try_from(LETTERS.iter().position(|other| *other == letter).unwrap()).unwrap();
        if at % 4 > 0 {
            bytes.push((bits >> (6 - 2 * (at % 4))) as u8);
        }
    }
    bytes
}

#[test]
fn how_an_image_travels_can_be_turned_round() {
    let job = Job::biometric_kyc(
        params(),
        Image::base64(SMALL_UNPADDED).with_encoding(ImageEncoding::File),
        IdInfo::new("NG", "BVN", "00000000000"),
    )
    .with_id_card(Image::path("card.jpg").with_encoding(ImageEncoding::Base64))
    .with_id_card_back(Image::bytes(PNG).with_encoding(ImageEncoding::Base64))
    .with_return_job_status(true);
    let zip = uploaded(job);
    let entries = entries(&zip);
    assert_eq!(names(&entries), ["info.json", "selfie.jpg"]);
    assert_eq!(entries[1].data, SMALL_JPEG);
    let info = info(&entries);
    let types: Vec<_> = (0..3).map(|at| info["images"][at]["image_type_id"].as_u64().unwrap()).collect();
    assert_eq!(types, [0, 3, 7]);
    assert_eq!(decoded(info["images"][1]["image"].as_str().unwrap()), on_disk(Path::new("card.jpg")));
    assert_eq!(decoded(info["images"][2]["image"].as_str().unwrap()), PNG);
}

#[test]
fn base64_goes_out_in_the_plain_form_whatever_form_it_came_in() {
    let (start, rest) = SMALL_BASE64.split_at(20);
    for text in [
        SMALL_UNPADDED.to_owned(),
        format!("{start}\r\n{rest}\n"),
        format!(" data:image/jpeg;base64,{SMALL_UNPADDED}"),
    ] {
        let job = support::job().with_id_card(Image::base64(text.as_str()));
        let zip = uploaded(job);
        assert_eq!(info(&entries(&zip))["images"][1]["image"], json!(SMALL_BASE64), "{text:?}");
    }
}

#[test]
fn names_are_plain_and_unique_and_each_row_names_its_own_image() {
    let given = [
        "same.jpg",
        "same.jpg",
        "SAME.JPG",
        "info.json",
        "info.jpg",
        "security_info.json",
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/",
        "..",
        "",
        "自拍.jpg",
        "Zoë Obi.jpeg",
        "a\0b.jpg",
        "same-1.jpg",
        "\u{202e}gpj.exe",
    ];
    // Each image has its place in it, so that a mix-up shows.
    let content = |place: usize| [JPEG, &[u8::try_from(place).unwrap()]].concat();
    let frames =
        given.iter().enumerate().map(|(place, name)| Image::bytes(content(place)).with_file_name(*name));
    let job = support::job().with_liveness(frames);
    let zip = uploaded(job);
    let entries = entries(&zip);
    assert_eq!(entries.len(), given.len() + 2);

    let mut seen: Vec<String> = entries.iter().map(|entry| entry.name.to_lowercase()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), entries.len(), "unique in any casing: {:?}", names(&entries));
    for entry in &entries {
        let (stem, ending) = entry.name.rsplit_once('.').unwrap();
        assert!(!stem.is_empty() && ["json", "jpg", "jpeg"].contains(&ending), "{}", entry.name);
        assert!(
            stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
            "{}",
            entry.name
        );
    }
    let info = info(&entries);
    for place in 0..given.len() {
        let name = info["images"][place + 1]["file_name"].as_str().unwrap();
        let entry = entries.iter().find(|entry| entry.name == name).unwrap();
        assert_eq!(entry.data, content(place), "{:?} is {name}", given[place]);
    }
}

#[test]
fn nothing_of_a_local_path_is_in_the_zip() {
    let paths = [
        "/srv/marker-dir/deep/a.jpg",
        "marker-dir/b.jpg",
        "./marker-dir/../marker-dir/c",
        "C:\\marker-dir\\d.jpg",
        "\\\\host\\marker-dir\\e.jpg",
        "marker-dir/..",
    ];
    for as_base64 in [false, true] {
        let frames = paths[..5].iter().map(|path| {
            let image = Image::path(path);
            if as_base64 { image.with_encoding(ImageEncoding::Base64) } else { image }
        });
        let zip = uploaded(support::job().with_liveness(frames).with_id_card(Image::path(paths[5])));
        for trace in ["marker", "srv", "deep", "host", "C:", "\\\\", "..", "./"] {
            // The address of the prep answer has none of these either.
            assert!(!contains(&zip, trace), "{trace}");
        }
    }
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn the_same_job_twice_is_the_same_bytes() {
    assert_eq!(uploaded(full_job()), uploaded(full_job()));
}

#[test]
fn the_zip_is_one_that_any_reader_takes() {
    let zip = uploaded(full_job());
    assert!(zip.starts_with(b"PK\x03\x04"));
    let end = &zip[zip.len() - 22..];
    assert!(end.starts_with(b"PK\x05\x06"), "nothing comes behind the end record, no comment either");
    assert_eq!(end[8..12], [5, 0, 5, 0], "five entries");
    // No data descriptors, no extra fields, no encryption: flags are zero, or only say that names
    // are UTF-8.
    assert_eq!((zip[6], zip[7] & !0x08), (0, 0));
    assert_eq!(zip[28..30], [0, 0]);
}

#[test]
fn server_information_is_the_answer_of_prep_upload_to_the_letter() {
    let zip = uploaded(support::job());
    let text = String::from_utf8(entries(&zip)[0].data.clone()).unwrap();
    let (_, server_information) = text.split_once(r#""server_information":"#).unwrap();
    assert_eq!(server_information, format!("{PREPARED}}}"));
}

#[test]
fn entered_is_a_word() {
    for (entered, word) in [(true, "true"), (false, "false")] {
        let id_info = IdInfo::new("NG", "BVN", "00000000000").with_entered(entered);
        let job = support::job().with_id_card(Image::bytes(JPEG)).with_id_info(id_info);
        let zip = uploaded(job);
        assert_eq!(info(&entries(&zip))["id_info"]["entered"], json!(word));
    }
}

#[test]
fn keys_of_the_partners_own_go_out_untouched_in_both_requests() {
    let own = json!({
        "zeta": "last key first", "text": "é \"quoted\" \u{2028} 😀 </script>", "number": 1.5, "big": u64::MAX,
        "negative": i64::MIN, "nothing": null, "flag": false, "nested": { "b": [1, { "a": [] }], "a": "" },
        "type of job": "not the job type", "": "empty key",
    });
    let mut params = PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"));
    for (key, value) in own.as_object().unwrap() {
        params = params.with_param(key, value.clone());
    }
    let job = Job::smartselfie_registration(params, Image::bytes(JPEG)).with_return_job_status(true);
    let expected = own.to_string().replacen('{', r#"{"user_id":"user-1","job_id":"job-1","job_type":4,"#, 1);

    let mut flow = JobFlow::new(partner(), job.clone(), FlowSettings::default(), 7).unwrap();
    let Next::Send { request, .. } = flow.next(START) else { panic!("prep") };
    // The SDK's own stands behind them.
    let id = flow.submission_id().unwrap();
    let expected = format!(r#"{},"sdk_submission":"{id}"}}"#, expected.strip_suffix('}').unwrap());
    let prep: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(prep["partner_params"].to_string(), expected);

    let zip = uploaded(job);
    assert_eq!(info(&entries(&zip))["misc_information"]["partner_params"].to_string(), expected);
}
