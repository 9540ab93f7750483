//! The catalogue as its users see it, against what is known of the service, written down here a
//! second time by hand.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use smile_core::JobType;
use smile_core::catalogue::{
    BankCode, Category, Certainty, Continent, IdType, IdTypeCatalogue, IdTypeProduct, NumberCheck, action,
    actions, banks, countries, country, document, documents_of, id_types, normalise_bank_code,
    normalise_country, result_code, web_product, web_products,
};

/// Expectation of an ID type: whether there is a photo, the fields that Enhanced KYC or Business
/// Verification requires, the test number, a number that is right, and one that isn't (both empty
/// if no format is known).
type Expected<'a> = (&'a str, &'a str, Option<bool>, &'a [&'a str], Option<&'a str>, &'a str, &'a str);

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);
const NUMBER: &[&str] = &["id_number"];

const ID_TYPES: &[Expected<'static>] = &[
    ("CI", "NATIONAL_ID_NO_PHOTO", NO, NUMBER, None, "C0012345678", "CI0123456789"),
    ("CI", "RESIDENT_ID_NO_PHOTO", NO, NUMBER, None, "00123456789", "0012345678"),
    ("ET", "NATIONAL_ID", YES, &["openid_state"], None, "", ""),
    ("GH", "DRIVERS_LICENSE", YES, NUMBER, Some("B0000000"), "ABC-010190-12345", "B000"),
    ("GH", "GHANA_CARD", YES, NUMBER, Some("GHA-000000000-0"), "GHA7123456785", "GHA-00000000-0"),
    ("GH", "GHANA_CARD_NO_PHOTO", NO, NUMBER, Some("GHA-000000000-0"), "GHA-712345678-5", "712345678-5"),
    ("GH", "NATIONAL_ID", None, NUMBER, None, "GHA-A12345678-5", "GHA7123456785"),
    ("GH", "NEW_VOTER_ID", YES, NUMBER, Some("0000000000"), "123456789012", "123456789"),
    ("GH", "PASSPORT", YES, NUMBER, Some("G0000000"), "G123456789", "1234567"),
    ("GH", "SSNIT", YES, NUMBER, Some("C000000000000"), "C12345678901234", "1000000000000"),
    ("GH", "VOTER_ID", YES, NUMBER, Some("0000000000"), "1234567890", "1234567890123"),
    ("KE", "ALIEN_CARD", YES, NUMBER, Some("000000"), "123456789", "12345"),
    ("KE", "BUSINESS_REGISTRATION", NO, &["id_number", "postal_address", "postal_code"], None, "", ""),
    ("KE", "DRIVERS_LICENSE", None, &["id_number", "citizenship"], Some("00000000"), "1", "1234567890"),
    ("KE", "KRA_PIN", NO, &["id_number", "citizenship"], Some("00000000"), "123456789", "A1"),
    ("KE", "NATIONAL_ID", YES, NUMBER, Some("00000000"), "12345678", "1234567890"),
    ("KE", "NATIONAL_ID_NO_PHOTO", NO, NUMBER, Some("00000000"), "12345678", "K12345678"),
    ("KE", "PASSPORT", YES, NUMBER, Some("A00000000"), "AK0123456", "A12345"),
    ("KE", "TAX_INFORMATION", NO, NUMBER, Some("A000000000A"), "a123456789Z", "B000000000A"),
    ("NG", "BANK_ACCOUNT", NO, &["id_number", "bank_code"], Some("0000000000"), "0123456789", "012345678"),
    ("NG", "BASIC_BUSINESS_REGISTRATION", NO, &["id_number", "business_type"], Some("0000000"), "", ""),
    ("NG", "BUSINESS_REGISTRATION", NO, &["id_number", "business_type"], Some("0000000"), "RC00123", "00000"),
    ("NG", "BVN", YES, NUMBER, Some("00000000000"), "22212345678", "2221234567"),
    ("NG", "BVN_MFA", YES, &["session_id"], Some("00000000000"), "22212345678", "222123456789"),
    (
        "NG",
        "DRIVERS_LICENSE",
        YES,
        &["id_number", "first_name", "last_name", "dob"],
        Some("ABC000000000"),
        "ABC 12345AA01",
        "AB1",
    ),
    ("NG", "NATIONAL_ID", None, NUMBER, None, "", ""),
    ("NG", "NIN", YES, NUMBER, Some("00000000000"), "12345678901", "1234567890A"),
    ("NG", "NIN_SLIP", YES, NUMBER, Some("00000000000"), "12345678901", "1234567890"),
    ("NG", "NIN_V2", YES, NUMBER, Some("00000000000"), "12345678901", "123456789012"),
    ("NG", "PHONE_NUMBER", NO, NUMBER, Some("00000000000"), "08012345678", "+2348012345678"),
    ("NG", "TAX_INFORMATION", NO, NUMBER, Some("00000000-0000"), "12345678-0001", "123456780001"),
    ("NG", "VOTER_ID", YES, NUMBER, Some("0000000000000000000"), "90F5 B12345678901234", "90F5B123"),
    ("NG", "V_NIN", YES, NUMBER, Some("0000000000000000"), "AB1234567890123C", "AB1234567890123"),
    ("UG", "NATIONAL_ID_NO_PHOTO", NO, NUMBER, Some("00000000000000"), "CM123456789ABC", "CM123456789AB"),
    ("ZA", "BUSINESS_REGISTRATION", NO, NUMBER, None, "2020/123456/07", "2020/12345/07"),
    ("ZA", "NATIONAL_ID", YES, NUMBER, Some("0000000000000"), "1234567890123", "123456789012"),
    ("ZA", "NATIONAL_ID_NO_PHOTO", NO, NUMBER, Some("0000000000000"), "1234567890123", "12345678901234"),
    ("ZA", "PHONE_NUMBER", NO, NUMBER, Some("0000000000"), "0821234567", "+27821234567"),
    ("ZA", "REFUGEE_ID", None, NUMBER, None, "PTAZAF123456789", "PT123456789"),
    (
        "ZM",
        "BANK_ACCOUNT",
        NO,
        &["id_number", "bank_code"],
        Some("0000000000000"),
        "1234567890123",
        "123456789012",
    ),
    ("ZM", "TPIN", NO, NUMBER, Some("0000000000"), "1001234567", "100123456"),
    ("ZW", "NATIONAL_ID_NO_PHOTO", NO, NUMBER, None, "63123456A78", "63-123456-A-78"),
];

/// ID types whose formats only partners give.
const NOT_FROM_SMILE_ID: &[(&str, &str)] = &[
    ("CI", "NATIONAL_ID_NO_PHOTO"),
    ("CI", "RESIDENT_ID_NO_PHOTO"),
    ("GH", "GHANA_CARD_NO_PHOTO"),
    ("ZA", "REFUGEE_ID"),
    ("ZM", "BANK_ACCOUNT"),
    ("ZW", "NATIONAL_ID_NO_PHOTO"),
];

const LEGACY: &[(&str, &str)] = &[
    ("GH", "DRIVERS_LICENSE"),
    ("GH", "NATIONAL_ID"),
    ("GH", "NEW_VOTER_ID"),
    ("GH", "SSNIT"),
    ("KE", "DRIVERS_LICENSE"),
    ("NG", "DRIVERS_LICENSE"),
    ("NG", "NATIONAL_ID"),
    ("NG", "NIN"),
];

fn find(country: &str, id_type: &str) -> IdType {
    IdTypeCatalogue::built_in().find(country, id_type).unwrap()
}

fn required(id_type: &IdType, product: IdTypeProduct) -> Vec<&str> {
    id_type.required_fields(product).collect()
}

#[test]
fn every_id_type_is_as_expected() {
    let catalogue = IdTypeCatalogue::built_in();
    let names: Vec<_> = catalogue.iter().map(|it| (it.country().to_owned(), it.name().to_owned())).collect();
    let expected: Vec<_> = ID_TYPES.iter().map(|row| (row.0.to_owned(), row.1.to_owned())).collect();
    assert_eq!(names, expected);
    for &(country, name, photo, fields, test_number, right, wrong) in ID_TYPES {
        let id_type = find(country, name);
        let what = format!("{country} {name}");
        assert_eq!((id_type.country(), id_type.name()), (country, name));
        assert_eq!(id_type.returns_photo(), photo, "{what}");
        assert_eq!(id_type.test_number(), test_number, "{what}");
        assert_eq!(id_type.is_legacy(), LEGACY.contains(&(country, name)), "{what}");
        let is_business = name.contains("BUSINESS") || (country, name) == ("NG", "TAX_INFORMATION");
        let product =
            if is_business { IdTypeProduct::BusinessVerification } else { IdTypeProduct::EnhancedKyc };
        assert!(id_type.products().contains(&product), "{what}");
        assert_eq!(required(&id_type, product), fields, "{what}");

        if right.is_empty() {
            assert_eq!(id_type.check_number("00000000000"), NumberCheck::Unknown, "{what}");
            continue;
        }
        for number in test_number.into_iter().chain([right]) {
            assert_eq!(id_type.check_number(number), NumberCheck::Right, "{what}: {number}");
            assert_eq!(id_type.normalise(number), number, "{what}");
        }
        let is_certain = !NOT_FROM_SMILE_ID.contains(&(country, name));
        let refused = if is_certain { NumberCheck::CertainlyWrong } else { NumberCheck::LikelyWrong };
        for number in [wrong, "", " ", "?", "名"] {
            assert_eq!(id_type.check_number(number), refused, "{what}: {number:?}");
        }
    }
}

#[test]
fn basic_kyc_asks_for_more_in_nigeria() {
    assert_eq!(
        required(&find("NG", "BVN"), IdTypeProduct::BasicKyc),
        ["id_number", "first_name", "last_name"]
    );
    assert_eq!(
        required(&find("NG", "BVN_MFA"), IdTypeProduct::BasicKyc),
        ["session_id", "first_name", "last_name"]
    );
    assert_eq!(required(&find("NG", "BVN"), IdTypeProduct::EnhancedKyc), ["id_number"]);
    assert_eq!(required(&find("NG", "NIN_V2"), IdTypeProduct::BasicKyc), ["id_number"]);
}

#[test]
fn a_number_of_zeros_of_a_nigerian_business_has_seven_of_them() {
    // Seven zeros, or one to eight letters and digits that are not all zeros.
    let registration = find("NG", "BUSINESS_REGISTRATION");
    for (number, expected) in [
        ("0", false),
        ("000000", false),
        ("0000000", true),
        ("00000000", false),
        ("00000001", true),
        ("1", true),
        ("bn123456", true),
        ("0A", true),
        ("000000001", false),
        ("123456789", false),
        ("BN-1234", false),
    ] {
        assert_eq!(registration.check_number(number) == NumberCheck::Right, expected, "{number}");
    }
}

#[test]
fn the_loosest_of_the_formats_of_nigerian_voters_holds() {
    let voter_id = find("NG", "VOTER_ID");
    assert_eq!(voter_id.check_number(&"0".repeat(29)), NumberCheck::Right);
    assert_eq!(voter_id.check_number(&"0".repeat(30)), NumberCheck::CertainlyWrong);
    // Its format admits spaces, so that they stay.
    assert_eq!(voter_id.normalise(" 90F5 B123 4567 "), "90F5 B123 4567");
}

#[test]
fn what_can_be_mended_is_mended_and_nothing_else() {
    for (country, id_type, number, expected) in [
        ("NG", "BVN", "\t22212345678\n", "22212345678"),
        ("NG", "BVN", "222 1234 5678", "22212345678"),
        ("NG", "BVN", "222\u{a0}1234\u{2009}5678", "22212345678"),
        ("NG", "BVN", "222-1234-5678", "222-1234-5678"),
        ("NG", "BVN", " 222 1234 ", "222 1234"),
        ("NG", "BVN", "２2212345678", "２2212345678"),
        ("NG", "V_NIN", "ab12 3456 7890 123c", "ab1234567890123c"),
        ("KE", "PASSPORT", "ak0123456", "AK0123456"),
        ("KE", "PASSPORT", "ak 0123456", "AK0123456"),
        ("KE", "TAX_INFORMATION", "a123456789z", "a123456789z"),
        ("GH", "GHANA_CARD", "GHA-712345678-5", "GHA-712345678-5"),
        ("GH", "GHANA_CARD", "GHA7123456785", "GHA7123456785"),
        ("GH", "GHANA_CARD", "gha-712345678-5", "GHA-712345678-5"),
        ("GH", "GHANA_CARD", "gha 712345678 5", "GHA7123456785"),
        ("GH", "GHANA_CARD", "GHA-7123456785", "GHA7123456785"),
        ("GH", "GHANA_CARD", "GHA–712345678–5", "GHA7123456785"),
        ("GH", "GHANA_CARD", "GHA - 712345678 - 5", "GHA-712345678-5"),
        ("GH", "GHANA_CARD", "712345678-5", "712345678-5"),
        ("ET", "NATIONAL_ID", " ab 1 ", "ab 1"),
        ("UG", "NATIONAL_ID_NO_PHOTO", "cm123456789abc", "cm123456789abc"),
    ] {
        assert_eq!(find(country, id_type).normalise(number), expected, "{country} {id_type} {number:?}");
    }
}

fn all_catalogues() -> Vec<IdTypeCatalogue> {
    vec![IdTypeCatalogue::built_in(), from_services(services())]
}

/// Numbers that are nearly right, as people write them.
fn numbers() -> impl Strategy<Value = String> {
    let alphabet: Vec<char> = "0123456789ABCGHRXabcghr -/–\u{a0}\t２é".chars().collect();
    let noise = prop::collection::vec(select(alphabet.clone()), 0..24).prop_map(String::from_iter);
    let right: Vec<&str> = ID_TYPES.iter().flat_map(|row| [row.4.unwrap_or(row.5), row.5]).collect();
    let edited =
        (select(right), prop::collection::vec((any::<prop::sample::Index>(), select(alphabet)), 0..4))
            .prop_map(|(number, edits)| {
                let mut chars: Vec<char> = number.to_ascii_lowercase().chars().collect();
                for (at, c) in edits {
                    chars.insert(at.index(chars.len() + 1), c);
                }
                chars.into_iter().collect()
            });
    prop_oneof![noise, edited, any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_number_is_mended_once_and_its_digits_stay(number in numbers()) {
        let digits = |text: &str| text.chars().filter(|c| c.is_numeric()).collect::<String>();
        for id_type in all_catalogues().iter().flat_map(IdTypeCatalogue::iter) {
            let mended = id_type.normalise(&number);
            prop_assert_eq!(&id_type.normalise(&mended), &mended);
            prop_assert_eq!(digits(&mended), digits(&number));
            prop_assert_eq!(id_type.check_number(&mended), id_type.check_number(&number));
            let shown = format!("{id_type:?}");
            prop_assert!(mended.len() < 5 || !shown.contains(&*mended));
        }
    }

    #[test]
    fn any_names_are_looked_up(a in any::<String>(), b in any::<String>()) {
        for catalogue in all_catalogues() {
            let _ = (catalogue.find(&a, &b), catalogue.of_country(&a).count());
        }
        let _ = (country(&a), documents_of(&a).len(), document(&a, &b), banks(&a), web_product(&a), action(&a));
        let _ = normalise_bank_code("NG", &a);
        if let Some(code) = normalise_country(&a) {
            prop_assert_eq!(normalise_country(code), Some(code));
        }
    }

    #[test]
    fn any_answer_of_the_service_is_read(pattern in any::<String>(), name in "[A-Z]{1,3}", number in any::<String>()) {
        let details = json!({ "label": name, "id_number_regex": pattern, "test_data": number });
        let services = json!({ "hosted_web": { "basic_kyc": { "NG": { "id_types": { name.as_str(): details } } } } });
        let id_type = from_services(services).find("NG", &name).unwrap();
        let _ = (id_type.check_number(&number), id_type.normalise(&number));
    }

    #[test]
    fn any_json_for_an_answer_is_read(edits in prop::collection::vec(
        (any::<prop::sample::Index>(), select(vec![json!(null), json!(1), json!("x"), json!([1, "a"]), json!({ "a": {} })])),
        1..4,
    )) {
        let mut services = services();
        for (at, new) in edits {
            let mut pointers = Vec::new();
            paths(&services, String::new(), &mut pointers);
            if let Some(place) = services.pointer_mut(&pointers[at.index(pointers.len())]) {
                *place = new;
            }
        }
        let catalogue = from_services(services);
        prop_assert!(catalogue.iter().count() >= ID_TYPES.len());
        for id_type in catalogue.iter() {
            let _ = (id_type.check_number("0"), id_type.required_fields(IdTypeProduct::BasicKyc).count());
        }
    }
}

/// Paths of the values in a JSON value, below its top.
fn paths(value: &Value, at: String, all: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        for (key, value) in object {
            let at = format!("{at}/{key}");
            all.push(at.clone());
            paths(value, at, all);
        }
    }
}

// The answer of the services endpoint.

fn from_services(services: Value) -> IdTypeCatalogue {
    IdTypeCatalogue::from_services(services.as_object().unwrap_or(&Map::new()))
}

fn services() -> Value {
    let base = json!(["country", "id_type", "id_number", "user_id", "job_id"]);
    json!({
        "bank_codes": [{ "name": "A Bank", "nip_code": "000001", "code": "001" }],
        "id_types": {
            "GH": { "DRIVERS_LICENSE": base, "NATIONAL_ID": base, "NEW": ["country", "new_field", "day", "month", "year"] },
            "NG": { "BVN": ["country", "id_type", "id_number", "user_id", "job_id", "dob"], "BANK_ACCOUNT": base },
        },
        "hosted_web": {
            "basic_kyc": {
                "GH": { "name": "Ghana", "id_types": {
                    "DRIVERS_LICENSE": { "label": "Licence", "required_fields": base, "test_data": "B0000009", "id_number_regex": "^[A-Z0-9]{6,10}$/i" },
                    "NATIONAL_ID": { "label": "National ID", "required_fields": base, "test_data": "", "id_number_regex": "^GHA-[A-Z0-9]{9}-[A-Z0-9]{1}$/i" },
                } },
                "NG": { "name": "Nigeria", "id_types": {
                    "BVN": { "label": "BVN", "required_fields": ["id_number", "gender"], "id_number_regex": "^[0-9]{12}$" },
                    "BANK_ACCOUNT": { "label": "Bank Account", "required_fields": base, "id_number_regex": "^[0-9]{10}$" },
                    "DRIVERS_LICENSE": { "label": "Licence", "id_number_regex": "^(?=.*[0-9])[A-Z0-9]{6}$" },
                } },
            },
            "enhanced_document_verification": { "GH": { "name": "Ghana", "id_types": { "NEW": { "label": "Brand-New" } } } },
            "doc_verification": { "GH": { "name": "Ghana", "id_types": { "HEALTH_CARD": { "label": "Health Card" } } } },
        },
    })
}

#[test]
fn a_pattern_with_slashes_is_read_without_regard_to_case() {
    let licence = from_services(services()).find("GH", "DRIVERS_LICENSE").unwrap();
    assert_eq!(licence.label(), "Licence");
    assert_eq!(licence.test_number(), Some("B0000009"));
    assert_eq!(licence.check_number("b0000000"), NumberCheck::Right);
    // What is known here is right as well.
    assert_eq!(licence.check_number("ABC-01-010190-12"), NumberCheck::Right);
    assert_eq!(licence.check_number("B0000"), NumberCheck::CertainlyWrong);
}

#[test]
fn test_data_that_is_missing_or_empty_is_what_is_known_here() {
    let catalogue = from_services(services());
    assert_eq!(catalogue.find("GH", "NATIONAL_ID").unwrap().test_number(), None);
    assert_eq!(catalogue.find("NG", "BANK_ACCOUNT").unwrap().test_number(), Some("0000000000"));
}

#[test]
fn the_fields_that_the_service_requires_are_the_product_s_or_else_the_type_s() {
    let catalogue = from_services(services());
    let bvn = catalogue.find("NG", "BVN").unwrap();
    assert_eq!(required(&bvn, IdTypeProduct::BasicKyc), ["id_number", "gender", "first_name", "last_name"]);
    assert_eq!(required(&bvn, IdTypeProduct::BiometricKyc), ["id_number", "dob"]);
    assert_eq!(
        required(&catalogue.find("NG", "NIN_V2").unwrap(), IdTypeProduct::BiometricKyc),
        ["id_number"]
    );
}

#[test]
fn what_the_service_names_anew_is_there_and_what_it_does_not_name_stays() {
    let catalogue = from_services(services());
    assert_eq!(catalogue.iter().count(), ID_TYPES.len() + 1);
    assert!(catalogue.find("GH", "HEALTH_CARD").is_none(), "a document is not an ID type");
    let new = catalogue.find("GH", "NEW").unwrap();
    assert_eq!((new.label(), new.row()), ("Brand-New", None));
    assert_eq!(new.products(), [IdTypeProduct::EnhancedDocumentVerification]);
    assert_eq!(required(&new, IdTypeProduct::EnhancedKyc), ["new_field"]);
    assert_eq!(new.check_number("1"), NumberCheck::Unknown);
    assert_eq!((new.returns_photo(), new.test_number(), new.is_legacy()), (None, None, false));
    let names: Vec<_> = catalogue.of_country("GH").map(|id_type| id_type.name().to_owned()).collect();
    assert!(names.is_sorted() && names.contains(&"NEW".to_owned()) && names.contains(&"PASSPORT".to_owned()));
}

#[test]
fn a_format_of_the_service_that_cannot_be_used_makes_the_format_unknown() {
    let licence = from_services(services()).find("NG", "DRIVERS_LICENSE").unwrap();
    assert_eq!(licence.check_number("A"), NumberCheck::Unknown);
    assert_eq!(licence.normalise(" a b "), "a b");
}

#[test]
fn an_answer_without_sense_is_what_is_built_in() {
    for services in [
        json!({}),
        json!({ "id_types": [], "hosted_web": 1 }),
        json!({ "id_types": { "NG": [] }, "hosted_web": { "basic_kyc": { "NG": { "id_types": 7 } } } }),
        json!({ "id_types": { "NG": { "BVN": "id_number" } }, "hosted_web": { "basic_kyc": { "NG": { "id_types": { "BVN": [] } } } } }),
    ] {
        let catalogue = from_services(services.clone());
        assert_eq!(catalogue.iter().count(), ID_TYPES.len(), "{services}");
        let bvn = catalogue.find("NG", "BVN").unwrap();
        assert_eq!(required(&bvn, IdTypeProduct::EnhancedKyc), ["id_number"], "{services}");
        assert_eq!(bvn.check_number("0"), NumberCheck::CertainlyWrong, "{services}");
    }
}

#[test]
fn catalogues_and_id_types_are_cheap_to_hand_around() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug + 'static>(value: &T) -> T {
        value.clone()
    }
    for catalogue in all_catalogues() {
        let again = check(&catalogue);
        check(&again.iter().next().unwrap());
        assert!(format!("{again:?}").contains("IdType(NG BVN)"));
    }
    assert_eq!(size_of::<IdTypeCatalogue>(), 2 * size_of::<usize>());
}

// The other tables.

#[test]
fn every_row_is_found_and_says_where_it_is_from() {
    for row in id_types() {
        assert_eq!(find(row.country, row.name).row(), Some(row));
        assert!(country(row.country).is_some());
        assert!(!row.source.is_empty() && row.formats.iter().all(|format| !format.source.is_empty()));
    }
    for row in countries() {
        assert_eq!(country(row.code), Some(row));
        assert_eq!(normalise_country(row.code), Some(row.code));
        assert_eq!(normalise_country(row.name), Some(row.code));
        assert_eq!(normalise_country(&format!(" {} ", row.code.to_lowercase())), Some(row.code));
        assert_eq!(normalise_country(&row.name.to_uppercase()), Some(row.code));
        for bank in banks(row.code) {
            assert_eq!(bank.country, row.code);
            assert_eq!(normalise_bank_code(row.code, bank.code), BankCode::Known(bank));
        }
        let documents = documents_of(row.code);
        assert!(documents.len() > 0);
        for found in documents {
            assert_eq!(
                (found.country(), document(row.code, found.code()).unwrap().code()),
                (row.code, found.code())
            );
            assert!(!found.kind().source.is_empty());
            assert_eq!(found.enhanced_docv(), found.enhanced_docv_source().is_some());
        }
    }
    for row in web_products() {
        assert_eq!(web_product(row.name), Some(row));
    }
    for row in actions() {
        assert_eq!(action(row.key), Some(row));
        assert!(!row.values.is_empty() && row.job_types.is_sorted() && !row.source.is_empty());
    }
}

#[test]
fn what_is_not_in_the_tables_is_not_found() {
    for name in ["", " ", "X", "NGA", "ng", "BVN ", "名", "\0"] {
        assert!(country(name).is_none() && documents_of(name).len() == 0 && banks(name).is_empty(), "{name}");
        assert!(document(name, "PASSPORT").is_none() && document("NG", &format!("{name}?")).is_none());
        assert!(web_product(name).is_none() && action(name).is_none());
        assert!(IdTypeCatalogue::built_in().find(name, "BVN").is_none());
        assert!(IdTypeCatalogue::built_in().find("NG", name).is_none());
    }
    for name in ["", " ", "X", "NGA", "Atlantis", "名", "N G", "Niger ia"] {
        assert_eq!(normalise_country(name), None, "{name}");
    }
}

#[test]
fn countries_are_known_by_the_names_in_use() {
    for (name, code) in [
        ("Nigeria", "NG"),
        ("  SOUTH africa\n", "ZA"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d'Ivoire", "CI"),
        ("CÔTE D'IVOIRE", "CI"),
        ("Ivory Coast", "CI"),
        ("Tanzania", "TZ"),
        ("Tanzania, United Republic of", "TZ"),
        ("Niger", "NE"),
        ("Congo", "CG"),
        ("DR Congo", "CD"),
        ("gb", "GB"),
        ("uk", "GB"),
        ("Türkiye", "TR"),
    ] {
        assert_eq!(normalise_country(name), Some(code), "{name}");
    }
    assert_eq!(countries().len(), 226);
    assert_eq!(country("GH").unwrap().continent, Continent::Africa);
    assert_eq!(country("CY").unwrap().continent, Continent::Asia);
}

#[test]
fn documents_are_the_service_s() {
    assert_eq!(countries().iter().map(|row| documents_of(row.code).len()).sum::<usize>(), 1578);
    let with_back =
        countries().iter().flat_map(|row| documents_of(row.code)).filter(|it| it.has_back()).count();
    assert_eq!(with_back, 984);
    let kenya: Vec<_> = documents_of("KE").map(|it| (it.code(), it.has_back(), it.enhanced_docv())).collect();
    for expected in [
        ("PASSPORT", false, true),
        ("IDENTITY_CARD", true, true),
        ("RESIDENT_ID", true, true),
        ("ALIEN_CARD", false, false),
        ("", true, false),
    ] {
        assert!(kenya.contains(&expected), "{expected:?} in {kenya:?}");
    }
    let enhanced: Vec<_> = countries()
        .iter()
        .flat_map(|row| documents_of(row.code))
        .filter(|it| it.enhanced_docv())
        .map(|it| (it.country(), it.code(), it.name()))
        .collect();
    assert_eq!(
        enhanced,
        [
            ("GH", "PASSPORT", "Passport"),
            ("GH", "SOCIAL_ID", "Social ID"),
            ("GH", "VOTER_ID", "Voter's ID"),
            ("KE", "IDENTITY_CARD", "Identity Card"),
            ("KE", "PASSPORT", "Passport"),
            ("KE", "RESIDENT_ID", "Resident ID"),
            ("NG", "DRIVERS_LICENSE", "Driver's License"),
            ("NG", "VOTER_ID", "Voter's ID"),
            ("ZA", "IDENTITY_CARD", "Identity Card"),
            ("ZA", "IDENTITY_CARD", "Green Book"),
        ]
    );
    assert_eq!(
        document("ZA", "IDENTITY_CARD").unwrap().enhanced_docv_source().unwrap().1,
        Certainty::ThirdParty
    );
    let card = document("GH", "IDENTITY_CARD").unwrap();
    assert_eq!(card.examples()[..2], ["Ghana Card", "Ecowas ID"]);
    assert_eq!(document("NG", "").unwrap().examples(), ["My document is not listed"]);
}

#[test]
fn of_two_documents_with_one_code_the_card_is_found() {
    for country in ["ZA", "SS"] {
        let card = document(country, "IDENTITY_CARD").unwrap();
        assert_eq!((card.name(), card.has_back()), ("Identity Card", true));
        let book = documents_of(country).find(|document| document.name() == "Green Book").unwrap();
        assert_eq!((book.code(), book.has_back()), ("IDENTITY_CARD", false));
    }
}

#[test]
fn zeros_that_a_bank_code_has_lost_are_found_again() {
    let codes: Vec<&str> = banks("NG").iter().map(|bank| bank.code).collect();
    for code in ["011", "044", "058", "214"] {
        assert!(codes.contains(&code), "{code}");
    }
    for (code, expected) in [("44", "044"), (" 58 ", "058"), ("11", "011")] {
        assert!(
            matches!(normalise_bank_code("NG", code), BankCode::ZerosLost(bank) if bank.code == expected),
            "{code}"
        );
    }
    for code in ["", "0", "000", "4", "0044", "14", "abc", "４４"] {
        assert_eq!(normalise_bank_code("NG", code), BankCode::Unknown, "{code}");
    }
    assert_eq!(normalise_bank_code("ZM", "44"), BankCode::Unknown);
}

#[test]
fn web_products_lead_to_job_types() {
    let products: Vec<_> = web_products().iter().map(|row| (row.name, row.job_type.number())).collect();
    assert_eq!(
        products,
        [
            ("authentication", 2),
            ("basic_kyc", 5),
            ("biometric_kyc", 1),
            ("doc_verification", 6),
            ("e_signature", 12),
            ("ekyc_smartselfie", 1),
            ("enhanced_document_verification", 11),
            ("enhanced_kyc", 5),
            ("identity_verification", 5),
            ("smartselfie", 4),
        ]
    );
    for product in id_types().iter().flat_map(|row| row.products) {
        assert!(web_product(product.name()).is_some() || *product == IdTypeProduct::BusinessVerification);
    }
}

#[test]
fn actions_say_what_may_stand_there() {
    let compare = action("Selfie_To_ID_Authority_Compare").unwrap();
    assert_eq!(compare.job_types, [JobType::BIOMETRIC_KYC]);
    assert!(compare.values.contains(&"ID Authority Photo Not Available"));
    assert_eq!((compare.certainty, compare.values_certainty), (Certainty::Confirmed, Certainty::Inferred));
    assert_eq!(action("Listed").unwrap().values, ["Listed", "Not Listed"]);
    assert_eq!(actions().len(), 25);
}

#[test]
fn what_the_products_without_images_answer_is_known() {
    for (code, job_type, category) in [
        ("1012", 5, Category::Approved),
        ("1012", 7, Category::Approved),
        ("1012", 1, Category::Inconclusive),
        ("1013", 7, Category::Rejected),
        ("1014", 5, Category::Error),
        ("1015", 5, Category::Error),
        ("1016", 5, Category::Error),
        ("1020", 5, Category::Approved),
        ("1021", 5, Category::Inconclusive),
        ("1022", 5, Category::Rejected),
        ("1023", 5, Category::Rejected),
        ("1030", 10, Category::Listed),
        ("1031", 10, Category::NotListed),
    ] {
        let row = result_code(code, JobType::from_number(job_type)).unwrap();
        assert_eq!(row.category, category, "{code} for {job_type}");
    }
    assert!(result_code("1030", JobType::from_number(5)).is_none());
}
