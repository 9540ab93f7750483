use serde_json::json;

use super::row::{credited, source_of};
use super::*;
use crate::scratch::Scratch;

const ANSWER: &str = include_str!("../../testdata/services.json");
const TABLE: &str = include_str!("../../testdata/id_types.toml");
const BANK_TABLE: &str = include_str!("../../testdata/banks.toml");
const REAL_TABLE: &str = include_str!("../../../crates/smile-core/catalog/id_types.toml");
const REAL_BANKS: &str = include_str!("../../../crates/smile-core/catalog/banks.toml");
const REAL_COUNTRIES: &str = include_str!("../../../crates/smile-core/catalog/countries.toml");

/// A catalogue with these tables and an answer beside it, and what the tables are afterwards.
fn compare_all(
    table: &str,
    banks: &str,
    answer: &str,
    write: bool,
) -> (Result<Report, String>, String, String) {
    let scratch = Scratch::new();
    scratch.write(ID_TYPES, table);
    scratch.write(BANKS, banks);
    scratch.write(COUNTRIES, REAL_COUNTRIES);
    scratch.write("services.json", answer);
    let report = diff(scratch.path(), &scratch.path().join("services.json"), write);
    (report, scratch.read(ID_TYPES), scratch.read(BANKS))
}

fn compare(table: &str, answer: &str, write: bool) -> (Result<Report, String>, String) {
    let (report, written, banks) = compare_all(table, BANK_TABLE, answer, write);
    assert_eq!(banks, BANK_TABLE);
    (report, written)
}

/// Checks that the written tables are fit for codegen, and say the same as the answer.
fn written(table: &str, banks: &str, answer: &str) -> (Report, String, String) {
    let (report, table, banks) = compare_all(table, banks, answer, true);
    let countries = tables::countries(REAL_COUNTRIES).unwrap();
    id_types::id_types_rs(&table, &countries).unwrap();
    tables::banks(&banks, &countries).unwrap();
    let (again, table_again, banks_again) = compare_all(&table, &banks, answer, true);
    assert_eq!(again.unwrap().differences, [""; 0]);
    assert_eq!((&table_again, &banks_again), (&table, &banks));
    (report.unwrap(), table, banks)
}

/// A row, and an answer that says the same.
const ROW: &str = r#"[[id_type]]
country = "GH"
id_type = "SSNIT"
label = "SSNIT"
products = ["basic_kyc", "enhanced_kyc"]
required_fields = ["id_number"]
basic_kyc_extra_fields = ["dob"]
format = '^C\d{3}$'
format_certainty = "third_party"
test_number = "C000"
photo = "yes"
status = "current"
source = "format: a partner; somebody; test number: docs"
certainty = "inferred"
"#;

fn same() -> Value {
    let details = json!({ "label": "SSNIT", "test_data": "C000", "id_number_regex": r"^C\d{3}$" });
    let list = json!({ "GH": { "name": "Ghana", "id_types": { "SSNIT": details } } });
    json!({
        "id_types": { "GH": { "SSNIT": ["country", "id_number"] } },
        "hosted_web": { "basic_kyc": list, "enhanced_kyc": list },
    })
}

fn differences(table: &str, answer: &Value) -> Vec<String> {
    let (report, after) = compare(table, &answer.to_string(), false);
    assert_eq!(after, table, "nothing is written without being asked");
    report.unwrap().differences
}

#[test]
fn what_is_new_gone_and_changed_is_said_row_by_row() {
    let (report, table) = compare(TABLE, ANSWER, false);
    let report = report.unwrap();
    assert_eq!(
        report.differences,
        [
            "changed  GH PASSPORT: basic_kyc takes it no longer; required fields are id_number, dob, not id_number; \
             label is \"Ghana Passport\", not \"Passport\"; format `^[A-Z][0-9]{8}$`, in any case is new; \
             test number is G00000000, not G0000000",
            "new      GH TIN: \"Tax Number\"; basic_kyc, enhanced_kyc; required id_number; \
             format `^[CP]\\d{10}$`, in any case; test number C0000000000",
            "back     NG DRIVERS_LICENSE",
            "gone     KE ALIEN_CARD",
        ]
    );
    assert_eq!(
        report.remarks,
        [
            "NG DRIVERS_LICENSE: the format `^(?=.*[0-9])[A-Z0-9]{6}$` can't be used; it is left out",
            "NG DRIVERS_LICENSE: does this still hold? no longer on the list",
        ]
    );
    assert_eq!(table, TABLE, "nothing is written without being asked");
}

#[test]
fn what_is_written_keeps_everything_else() {
    let (_, written, banks) = written(TABLE, BANK_TABLE, ANSWER);
    let expected = TABLE
        .replace("label = \"Passport\" # as printed", "label = \"Ghana Passport\" # as printed")
        .replace("[\n  \"basic_kyc\",\n  \"enhanced_kyc\",\n]", "[\n  \"enhanced_kyc\",\n]")
        .replace(
            "required_fields = [\"id_number\"] # changes",
            "required_fields = [\"id_number\", \"dob\"] # changes",
        )
        .replace(
            "format = '^[A-Z]{1,2}[0-9]{6,7}$'\nformat_certainty = \"third_party\"\n",
            "format = '^[A-Z][0-9]{8}$'\nignore_case = true\nformat_certainty = \"confirmed\"\nalternatives = [\n  \
             { format = '^[A-Z]{1,2}[0-9]{6,7}$', source = \"somebody\", certainty = \"third_party\" },\n]\n",
        )
        .replace("\"G0000000\"", "\"G00000000\"")
        .replace(
            "source = \"somebody\"\n",
            "source = \"somebody; label, products, required fields, format, test number: services endpoint\"\n",
        )
        .replace("status = \"current\" # goes", "status = \"legacy\" # goes")
        .replace("source = \"who goes\"", "source = \"who goes; status: services endpoint\"")
        .replace("status = \"legacy\" # returns", "status = \"current\" # returns")
        .replace("source = \"who returns\"", "source = \"who returns; status: services endpoint\"")
        + r#"
[[id_type]]
country = "GH"
id_type = "TIN"
label = "Tax Number"
products = ["basic_kyc", "enhanced_kyc"]
required_fields = ["id_number"]
format = '^[CP]\d{10}$'
ignore_case = true
format_certainty = "confirmed"
test_number = "C0000000000"
photo = "unknown"
status = "current"
source = "services endpoint"
certainty = "confirmed"
"#;
    assert_eq!(written, expected);
    assert_eq!(banks, BANK_TABLE);
}

#[test]
fn a_product_that_newly_takes_an_id_type_or_no_longer_does_is_a_change() {
    assert_eq!(differences(ROW, &same()), [""; 0]);
    let mut answer = same();
    let hosted = answer["hosted_web"].as_object_mut().unwrap();
    let list = hosted.remove("enhanced_kyc").unwrap();
    hosted.insert("biometric_kyc".into(), list.clone());
    assert_eq!(
        differences(ROW, &answer),
        ["changed  GH SSNIT: biometric_kyc takes it now"],
        "what has no list isn't gone from it"
    );
    answer["hosted_web"]["enhanced_kyc"] = json!({ "GH": { "id_types": {} } });
    assert_eq!(differences(ROW, &answer), ["changed  GH SSNIT: biometric_kyc takes it now"]);

    answer["hosted_web"]["enhanced_kyc"] = list;
    let of_country = &mut answer["hosted_web"]["basic_kyc"]["GH"]["id_types"];
    *of_country = json!({ "NATIONAL_ID": { "label": "National ID" } });
    let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
    assert_eq!(
        report.differences[1..],
        ["changed  GH SSNIT: biometric_kyc takes it now; basic_kyc takes it no longer"]
    );
    let expected = ROW
        .replace("[\"basic_kyc\", \"enhanced_kyc\"]", "[\"biometric_kyc\", \"enhanced_kyc\"]")
        .replace("test number: docs", "test number: docs; products: services endpoint");
    assert!(table.starts_with(&expected), "{table}");
}

#[test]
fn an_id_type_that_only_id_types_lists_keeps_its_products() {
    let mut answer = same();
    for product in ["basic_kyc", "enhanced_kyc"] {
        answer["hosted_web"][product]["GH"]["id_types"] = json!({ "SSNIT_2": {} });
    }
    let differences = differences(ROW, &answer);
    assert_eq!(differences, ["new      GH SSNIT_2: basic_kyc, enhanced_kyc"]);
}

#[test]
fn products_are_written_in_order_and_as_the_others_are() {
    let broken = "[\n  # All of them.\n  \"biometric_kyc\", # the elder\n  \"enhanced_kyc\",\n]";
    for (products, takes, drops, expected) in [
        ("[]", &["basic_kyc"][..], &[][..], "[\"basic_kyc\"]"),
        ("[\"b\"]", &["a", "c"], &[], "[\"a\", \"b\", \"c\"]"),
        ("[\"a\", \"b\"]", &[], &["a"], "[\"b\"]"),
        ("[\"a\", \"b\"]", &["c"], &["b", "a"], "[\"c\"]"),
        ("[\n  \"a\", \"c\",\n]", &["b", "d"], &[], "[\n  \"a\", \"b\", \"c\", \"d\",\n]"),
        (
            broken,
            &["basic_kyc", "x"],
            &[],
            "[\n  # All of them.\n  \"basic_kyc\",\n  \"biometric_kyc\", # the elder\n  \"enhanced_kyc\",\n  \"x\",\n]",
        ),
        (broken, &[], &["enhanced_kyc"], "[\n  # All of them.\n  \"biometric_kyc\", # the elder\n]"),
        (broken, &[], &["biometric_kyc"], "[\n  # All of them. # the elder\n  \"enhanced_kyc\",\n]"),
    ] {
        let mut document: DocumentMut = format!("products = {products}\n").parse().unwrap();
        let changes = Changes {
            is_back: false,
            label: None,
            takes: takes.to_vec(),
            drops: drops.to_vec(),
            required_fields: None,
            formats: Vec::new(),
            test_number: None,
        };
        changes.write_products(document["products"].as_array_mut().unwrap());
        assert_eq!(document.to_string(), format!("products = {expected}\n"));
    }
}

#[test]
fn a_legacy_row_that_is_listed_again_is_back_with_its_other_changes() {
    let legacy = ROW.replace("status = \"current\"", "status = \"legacy\"\nnote = \"superseded\"");
    let mut answer = same();
    answer["hosted_web"]["basic_kyc"]["GH"]["id_types"]["SSNIT"]["label"] = "S".into();
    answer["hosted_web"]["enhanced_kyc"]["GH"]["id_types"]["SSNIT"]["label"] = "S".into();
    let (report, table, _) = written(&legacy, BANK_TABLE, &answer.to_string());
    assert_eq!(report.differences, ["back     GH SSNIT: label is \"S\", not \"SSNIT\""]);
    assert!(report.remarks.contains(&"GH SSNIT: does this still hold? superseded".into()));
    let expected = legacy
        .replace("label = \"SSNIT\"", "label = \"S\"")
        .replace("\"legacy\"", "\"current\"")
        .replace("test number: docs", "test number: docs; label, status: services endpoint");
    assert_eq!(table, expected);
    // And what isn't listed again isn't.
    assert_eq!(differences(&legacy, &json!({ "id_types": {}, "hosted_web": {} })), [""; 0]);
}

#[test]
fn a_label_that_is_written_says_nothing_of_the_rest_of_the_row() {
    let mut answer = same();
    for product in ["basic_kyc", "enhanced_kyc"] {
        answer["hosted_web"][product]["GH"]["id_types"]["SSNIT"]["label"] = "Social Security".into();
    }
    let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
    assert_eq!(report.differences, ["changed  GH SSNIT: label is \"Social Security\", not \"SSNIT\""]);
    let expected = ROW
        .replace("label = \"SSNIT\"", "label = \"Social Security\"")
        .replace("test number: docs", "test number: docs; label: services endpoint");
    assert_eq!(table, expected);
}

#[test]
fn a_format_that_is_written_is_confirmed_and_nothing_else_is() {
    let mut answer = same();
    for product in ["basic_kyc", "enhanced_kyc"] {
        answer["hosted_web"][product]["GH"]["id_types"]["SSNIT"]["id_number_regex"] = r"^C\d{3,4}$".into();
    }
    let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
    assert_eq!(report.differences, [r"changed  GH SSNIT: format `^C\d{3,4}$` is new"]);
    let expected = ROW
        .replace(
            "format = '^C\\d{3}$'\nformat_certainty = \"third_party\"\n",
            "format = '^C\\d{3,4}$'\nformat_certainty = \"confirmed\"\nalternatives = [\n  \
             { format = '^C\\d{3}$', source = \"a partner\", certainty = \"third_party\" },\n]\n",
        )
        .replace(
            "format: a partner; somebody; test number: docs",
            "somebody; test number: docs; format: services endpoint",
        );
    assert_eq!(table, expected);
}

#[test]
fn a_source_names_the_facts_that_are_the_service_s() {
    for (source, facts, expected) in [
        ("docs", &["label"][..], "docs; label: services endpoint"),
        ("docs: tables", &["test number", "label"], "docs: tables; label, test number: services endpoint"),
        ("docs; label: services endpoint", &["status"], "docs; label, status: services endpoint"),
        ("docs; label: services endpoint", &["label"], "docs; label: services endpoint"),
        ("format, label: a; docs", &["label"], "format: a; docs; label: services endpoint"),
        ("services endpoint", &["label", "format"], "services endpoint"),
        ("services endpoint; label: from the API's name", &["label"], "services endpoint"),
        ("services endpoint; photo: docs", &["label"], "services endpoint; photo: docs"),
    ] {
        assert_eq!(credited(source, facts), expected);
        assert_eq!(credited(expected, facts), expected);
    }
    for (source, expected) in [
        ("a; b", "a; b"),
        ("format: a; b", "a"),
        ("a: b; label: services endpoint; test number: c", "a: b"),
        ("a; format, label: services endpoint", "services endpoint"),
        ("label: services endpoint", "label: services endpoint"),
    ] {
        assert_eq!(source_of(source, "format"), expected);
    }
}

#[test]
fn a_new_id_type_without_a_label_has_no_label_of_the_service_s() {
    let answer = json!({ "id_types": { "GH": { "SSNIT": ["id_number"], "TIN": ["id_number"] } } });
    let (report, table, _) = written(ROW, BANK_TABLE, &answer.to_string());
    assert_eq!(report.differences, ["new      GH TIN: required id_number"]);
    let new = table.strip_prefix(ROW).unwrap();
    assert!(new.contains("label = \"TIN\"\nproducts = []\n"), "{new}");
    assert!(new.contains("photo = \"unknown\"\n"), "{new}");
    assert!(new.contains("source = \"services endpoint; label: from the API's name\"\n"), "{new}");
    // Which is mended when it has one.
    let mut answer = answer;
    answer["hosted_web"] =
        json!({ "basic_kyc": { "GH": { "id_types": { "TIN": { "label": "Tax Number" }, "SSNIT": {} } } } });
    let (_, table, _) = written(&table, BANK_TABLE, &answer.to_string());
    let new = table.strip_prefix(ROW).unwrap();
    assert!(new.contains("label = \"Tax Number\"\nproducts = [\"basic_kyc\"]\n"), "{new}");
    assert!(new.contains("source = \"services endpoint\"\n"), "{new}");
}

#[test]
fn banks_that_are_new_gone_or_renamed_are_said_and_written() {
    let mut answer = same();
    answer["bank_codes"] = json!([
        { "name": "Bank C", "nip_code": "000020", "code": "020" },
        { "name": "A Bank", "nip_code": "000001", "code": "001" },
        { "name": "N Bank", "nip_code": "000015", "code": "015" },
        { "name": "Last Bank", "nip_code": "000900", "code": " 900 " },
        { "name": "First Bank", "nip_code": "000000", "code": "000" },
        { "name": "Bank without a code", "nip_code": "000001", "code": null },
    ]);
    let (report, table, banks) = written(ROW, BANK_TABLE, &answer.to_string());
    assert_eq!(
        report.differences,
        [
            "new      NG bank 000: \"First Bank\"",
            "new      NG bank 015: \"N Bank\"",
            "renamed  NG bank 020: name is \"Bank C\", not \"C Bank\"",
            "new      NG bank 900: \"Last Bank\"",
            "gone     NG bank 010: \"B Bank\"",
        ]
    );
    assert_eq!(report.remarks.len(), 1);
    assert!(report.remarks[0].contains("Bank without a code"), "{}", report.remarks[0]);
    assert_eq!(table, ROW);
    assert_eq!(
        banks,
        r#"# Small as well.

bank = [
  { country = "NG", code = "000", name = "First Bank", source = "services endpoint", certainty = "confirmed" },
  { country = "NG", code = "001", name = "A Bank", source = "somebody", certainty = "unconfirmed" },
  # Two of one group.
  { country = "NG", code = "015", name = "N Bank", source = "services endpoint", certainty = "confirmed" }, # the elder
  { country = "NG", code = "020", name = "Bank C", source = "somebody; name: services endpoint", certainty = "unconfirmed" },
  { country = "NG", code = "900", name = "Last Bank", source = "services endpoint", certainty = "confirmed" },
  { country = "KE", code = "01", name = "Bank of Kenya", source = "somebody", certainty = "inferred" },
]
"#
    );
}

#[test]
fn an_answer_without_banks_says_nothing_of_them() {
    for none in [Value::Null, json!([]), json!([{ "name": "A Bank", "code": "" }])] {
        let mut answer = same();
        answer["bank_codes"] = none;
        assert_eq!(differences(ROW, &answer), [""; 0]);
    }
}

/// The service's answer if the service took everything in the table, and nothing that is legacy:
/// the lists of the hosted web integration by product, and all ID types with the requirements of
/// Basic KYC, if `of_basic_kyc`.
fn answer_of_the_real_tables(of_basic_kyc: bool) -> Value {
    let document: DocumentMut = REAL_TABLE.parse().unwrap();
    let (mut all, mut hosted_web) = (json!({}), json!({}));
    let tables = document["id_type"].as_array_of_tables().unwrap();
    for table in tables.iter().filter(|table| table["status"].as_str() == Some("current")) {
        let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default();
        let texts = |key: &str| {
            let texts = table.get(key).and_then(Item::as_array).into_iter().flatten();
            texts.map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (country, id_type) = (text("country"), text("id_type"));
        let fields = |is_basic_kyc: bool| {
            let extra = if is_basic_kyc { texts("basic_kyc_extra_fields") } else { Vec::new() };
            json!([vec!["country".into(), "job_id".into()], texts("required_fields"), extra].concat())
        };
        all[country][id_type] = fields(of_basic_kyc);
        for product in texts("products").iter().filter(|product| *product != "business_verification") {
            let flag = if table.get("ignore_case").is_some() { "/i" } else { "" };
            let mut details = json!({ "label": text("label"), "test_data": text("test_number") });
            details["required_fields"] = fields(product == "basic_kyc");
            if table.get("format").is_some() {
                details["id_number_regex"] = format!("{}{flag}", text("format")).into();
            }
            hosted_web[product][country]["id_types"][id_type] = details;
        }
    }
    let banks: DocumentMut = REAL_BANKS.parse().unwrap();
    let banks = banks["bank"].as_array().unwrap().iter().map(|bank| {
        let text = |key: &str| bank.as_inline_table().unwrap()[key].as_str().unwrap();
        json!({ "name": text("name"), "nip_code": "", "code": text("code") })
    });
    json!({ "bank_codes": banks.collect::<Vec<_>>(), "id_types": all, "hosted_web": hosted_web })
}

#[test]
fn whatever_part_of_an_answer_says_the_same_there_is_no_difference() {
    for whole in [answer_of_the_real_tables(false), answer_of_the_real_tables(true)] {
        let only = |keys: &[&str]| {
            let part = whole.as_object().unwrap().clone().into_iter();
            Value::from_iter(part.filter(|(key, _)| keys.contains(&key.as_str())))
        };
        let mut answers = vec![
            (whole.clone(), 0),
            (only(&["id_types", "hosted_web"]), 1),
            (only(&["id_types", "bank_codes"]), 1),
            (only(&["hosted_web", "bank_codes"]), 1),
            (only(&["id_types"]), 2),
            (only(&["hosted_web"]), 2),
        ];
        let mut empty = only(&["id_types", "bank_codes"]);
        empty["hosted_web"] = json!({});
        answers.push((empty, 1));
        let mut empty = only(&["hosted_web", "bank_codes"]);
        empty["id_types"] = json!({});
        answers.push((empty, 1));
        answers.push((json!({ "id_types": {}, "hosted_web": {}, "bank_codes": [] }), 3));
        for product in whole["hosted_web"].as_object().unwrap().keys() {
            let mut without = whole.clone();
            without["hosted_web"].as_object_mut().unwrap().remove(product);
            answers.push((without, 0));
            let mut alone = only(&["bank_codes"]);
            alone["hosted_web"][product] = whole["hosted_web"][product].clone();
            answers.push((alone, 1));
        }
        for (answer, remarks) in answers {
            let (report, table, banks) = compare_all(REAL_TABLE, REAL_BANKS, &answer.to_string(), true);
            let report = report.unwrap();
            assert_eq!(report.differences, [""; 0]);
            assert_eq!(report.remarks.len(), remarks, "{:?}", report.remarks);
            assert!(table == REAL_TABLE && banks == REAL_BANKS);
        }
    }
}

#[test]
fn what_a_missing_list_may_name_is_not_gone() {
    let mut answer = answer_of_the_real_tables(false);
    let remove = |value: &mut Value| value.as_object_mut().unwrap().remove("VOTER_ID").unwrap();
    remove(&mut answer["id_types"]["GH"]);
    for (_, section) in answer["hosted_web"].as_object_mut().unwrap() {
        if let Some(country) = section.get_mut("GH") {
            remove(&mut country["id_types"]);
        }
    }
    let compare = |answer: &Value| {
        let (report, ..) = compare_all(REAL_TABLE, REAL_BANKS, &answer.to_string(), false);
        report.unwrap()
    };
    assert_eq!(compare(&answer).differences, ["gone     GH VOTER_ID"]);
    answer["hosted_web"].as_object_mut().unwrap().remove("ekyc_smartselfie");
    let report = compare(&answer);
    assert_eq!(report.differences, [""; 0]);
    assert!(report.remarks[0].starts_with("GH VOTER_ID: not listed, but"), "{:?}", report.remarks);
}

#[test]
fn what_is_no_answer_is_refused_and_nothing_is_written() {
    for (answer, expected) in [
        ("", "EOF"),
        ("[]", "not an object"),
        ("{}", "neither `id_types` nor `hosted_web`"),
        (r#"{ "bank_codes": [] }"#, "neither `id_types` nor `hosted_web`"),
        (r#"{ "id_types": [] }"#, "id_types is not an object"),
        (r#"{ "id_types": {}, "hosted_web": null }"#, "hosted_web is not an object"),
        (r#"{ "id_types": { "GH": [] }, "hosted_web": {} }"#, "id_types.GH is not an object"),
        (r#"{ "id_types": { "GH": { "TIN": [1] } }, "hosted_web": {} }"#, "id_types.GH.TIN is not a list"),
        (
            r#"{ "id_types": {}, "hosted_web": { "basic_kyc": { "GH": {} } } }"#,
            "hosted_web.basic_kyc.GH.id_types is not an object",
        ),
        (
            r#"{ "id_types": {}, "hosted_web": { "basic_kyc": { "GH": { "id_types": { "TIN": { "label": 1 } } } } } }"#,
            "hosted_web.basic_kyc.GH.id_types.TIN.label is not a string",
        ),
        (r#"{ "id_types": {}, "bank_codes": {} }"#, "bank_codes is not a list"),
        (r#"{ "id_types": {}, "bank_codes": [1] }"#, "bank_codes[0] is not an object"),
        (
            r#"{ "id_types": {}, "bank_codes": [{ "name": "A Bank", "code": 1 }] }"#,
            "bank_codes[0].code is not a string",
        ),
    ] {
        let (report, table) = compare(TABLE, answer, true);
        let message = report.err().expect("it should be refused");
        assert!(message.contains("services.json: ") && message.contains(expected), "{message}");
        assert_eq!(table, TABLE);
    }
    let (report, _) = compare("[[id_type]]\n", ANSWER, false);
    assert!(report.err().expect("the table is no good").starts_with(ID_TYPES));
}

#[test]
fn a_product_or_country_that_nobody_knows_is_said_and_not_written() {
    for (known, unknown, expected) in [
        ("\"basic_kyc\"", "\"telepathy\"", "unknown variant `telepathy`"),
        ("\"GH\"", "\"GX\"", "`GX` is not in crates/smile-core/catalog/countries.toml"),
    ] {
        let answer = ANSWER.replace(known, unknown).replace("\"A Bank\"", "\"Bank A\"");
        let (report, _) = compare(TABLE, &answer, false);
        assert!(report.unwrap().differences.iter().any(|words| words.contains(unknown.trim_matches('"'))));
        let (report, table) = compare(TABLE, &answer, true);
        let message = report.err().expect("it should be refused");
        assert!(message.contains(expected), "{message}");
        assert_eq!(table, TABLE);
    }
}

#[test]
fn no_difference_leaves_the_file_alone_to_the_byte() {
    let table = TABLE.split("\n\n[[id_type]]\ncountry = \"KE\"").next().unwrap();
    let answer =
        r#"{ "id_types": { "GH": { "PASSPORT": ["country", "id_number", "user_id"] } }, "hosted_web": {} }"#;
    let (report, written) = compare(table, answer, true);
    assert_eq!(report.unwrap().differences, [""; 0]);
    assert_eq!(written, table);
}
