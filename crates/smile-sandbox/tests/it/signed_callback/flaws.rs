//! Flaws: each breaks what it says, and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use smile_core::{ApiKey, Decision, PartnerId, SignatureError, Signer, Timestamp};
use smile_sandbox::signed_callback::{
    ExpectedRefusal, Flaw, Outcome, Product, SignedCallback, signed_callback,
};

use super::{NOW, callback, confirm, signer, stamp, verdict};

/// An outcome that lets nobody in.
fn refusal(product: Product) -> Outcome {
    let approves = |one: &Outcome| {
        matches!(one, Outcome::Approved | Outcome::ReviewerApproved | Outcome::Clear | Outcome::NotListed)
    };
    product.outcomes().into_iter().find(|one| !approves(one)).unwrap()
}

fn broken(product: Product, flaw: Flaw) -> SignedCallback {
    signed_callback(product, refusal(product)).with_signing_time(NOW).with_flaw(flaw).build().unwrap()
}

/// A receiver that follows [`ExpectedRefusal`], written for these tests alone.
fn refuse(product: Product, callback: &SignedCallback, now: Timestamp) -> ExpectedRefusal {
    let json = match read(product, callback.body()) {
        Ok(json) => json,
        Err(reason) => return reason,
    };
    let header = |name: &str| callback.headers().get_all(name).iter().count();
    if header("response-signature") > 1 || header("response-timestamp") > 1 {
        return ExpectedRefusal::Duplicated;
    }
    let in_body = ["signature", "timestamp"].iter().any(|name| json.get(*name).is_some());
    if in_body && header("response-signature") + header("response-timestamp") > 0 {
        return ExpectedRefusal::CarriersDisagree;
    }
    match confirm(product, callback) {
        Err(SignatureError::Missing) => return ExpectedRefusal::MissingSignature,
        Err(SignatureError::Malformed) => return ExpectedRefusal::MalformedSignature,
        Err(_) => return ExpectedRefusal::WrongSignature,
        Ok(()) => {}
    }
    let (timestamp, _) = stamp(product, callback).unwrap();
    match Timestamp::parse(&timestamp) {
        None => return ExpectedRefusal::UnreadableTimestamp,
        Some(moment) if now.since(moment).as_secs() > 600 => return ExpectedRefusal::TooOld,
        Some(moment) if moment.since(now).as_secs() > 600 => return ExpectedRefusal::FromTheFuture,
        Some(_) => {}
    }
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let is_result = |name: &String| plain(name) == plain(result_field(product));
    let results = json.as_object().unwrap().keys().filter(|name| is_result(name)).count();
    if results > 1 { ExpectedRefusal::Contradiction } else { ExpectedRefusal::Nothing }
}

/// Parses the JSON strictly.
fn read(product: Product, body: &[u8]) -> Result<Value, ExpectedRefusal> {
    if body.len() > 2_000_000 {
        return Err(ExpectedRefusal::TooLarge);
    }
    if body.is_empty() {
        return Err(ExpectedRefusal::Empty);
    }
    let text = std::str::from_utf8(body).map_err(|_| ExpectedRefusal::NotUtf8)?;
    let json: Value = serde_json::from_str(text).map_err(|error| match error {
        error if error.is_eof() => ExpectedRefusal::Truncated,
        error if error.to_string().starts_with("recursion limit") => ExpectedRefusal::TooDeep,
        _ => ExpectedRefusal::NotJson,
    })?;
    let written = |name: &str| text.matches(&format!("\"{name}\":")).count();
    match json {
        Value::Object(_)
            if [result_field(product), "signature", "timestamp"].iter().any(|name| written(name) > 1) =>
        {
            Err(ExpectedRefusal::Duplicated)
        }
        Value::Object(_) => Ok(json),
        _ => Err(ExpectedRefusal::NotAnObject),
    }
}

fn result_field(product: Product) -> &'static str {
    if product.is_v3() { "status" } else { "ResultCode" }
}

#[test]
fn every_flaw_of_every_product_is_refused_for_what_it_says() {
    for &product in Product::all() {
        let right = callback(product, product.outcomes()[0].clone());
        assert_eq!(refuse(product, &right, NOW), ExpectedRefusal::Nothing);
        for &flaw in Flaw::all() {
            let broken = broken(product, flaw);
            assert_eq!(refuse(product, &broken, NOW), flaw.refused_for(), "{product} {flaw}");
        }
    }
}

#[test]
fn a_flaw_breaks_nothing_but_what_it_says() {
    for &product in Product::all() {
        let right = callback(product, refusal(product));
        let (timestamp, signature) = stamp(product, &right).unwrap();
        for &flaw in Flaw::all() {
            let broken = broken(product, flaw);
            assert_ne!(broken, right, "{product} {flaw}");
            match flaw.refused_for() {
                // Only the pair is wrong: the rest is unchanged.
                ExpectedRefusal::WrongSignature
                | ExpectedRefusal::MalformedSignature
                | ExpectedRefusal::TooOld => {
                    let without = |callback: &SignedCallback| {
                        let mut json = callback.json();
                        let fields = json.as_object_mut().unwrap();
                        fields.retain(|name, _| name != "signature" && name != "timestamp");
                        json
                    };
                    assert_eq!(without(&broken), without(&right), "{product} {flaw}");
                }
                // The pair is right; only the rest is wrong.
                ExpectedRefusal::Nothing => {
                    let pair = stamp(product, &broken).unwrap();
                    assert_eq!(pair, (timestamp.clone(), signature.clone()), "{product} {flaw}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_tampered_body_says_the_opposite_under_the_same_signature() {
    let tampered = |product, outcome| {
        signed_callback(product, outcome)
            .with_signing_time(NOW)
            .with_flaw(Flaw::TamperedBody)
            .build()
            .unwrap()
    };
    let product = Product::BiometricKyc;
    let forged = tampered(product, Outcome::Rejected);
    assert_eq!(stamp(product, &forged), stamp(product, &callback(product, Outcome::Rejected)));
    assert!(verdict(product, &forged).is_approved());
    assert_eq!(verdict(product, &tampered(product, Outcome::Approved)).decision(), Decision::Rejected);
    let webhook = Product::V3BiometricKyc;
    assert_eq!(tampered(webhook, Outcome::block("spoof_detected")).json()["status"], "clear");
    assert_eq!(tampered(webhook, Outcome::Clear).json()["status"], "block");
}

#[test]
fn the_other_partner_is_one_that_could_have_signed_it() {
    let forged = broken(Product::BiometricKyc, Flaw::OtherPartner);
    let (timestamp, signature) = stamp(Product::BiometricKyc, &forged).unwrap();
    let other = Signer::new(PartnerId::new("9001").unwrap(), &ApiKey::new("sandbox-api-key").unwrap());
    assert_eq!(other.confirm(&timestamp, &signature), Ok(()));
}

#[test]
fn each_spelling_of_a_signature_is_the_right_one_in_disguise() {
    use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE};
    let lenient = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let right =
        STANDARD.decode(stamp(Product::Aml, &callback(Product::Aml, Outcome::Listed)).unwrap().1).unwrap();
    let spelled = |flaw| stamp(Product::Aml, &broken(Product::Aml, flaw)).unwrap();
    assert_eq!(STANDARD_NO_PAD.decode(spelled(Flaw::UnpaddedSignature).1).unwrap(), right);
    assert_eq!(lenient.decode(spelled(Flaw::NonCanonicalSignature).1).unwrap(), right);
    assert_eq!(STANDARD.decode(spelled(Flaw::SpacedSignature).1.replace(' ', "")).unwrap(), right);
    assert_eq!(STANDARD.decode(spelled(Flaw::ShortSignature).1).unwrap(), right[..31]);
    assert_eq!(STANDARD.decode(spelled(Flaw::LongSignature).1).unwrap()[..32], right);
    let hex: String = right.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(spelled(Flaw::HexSignature).1, hex);
    // The signature is of another millisecond, as not every one looks different in the other
    // alphabet.
    let (timestamp, signature) = spelled(Flaw::UrlSafeSignature);
    let standard = STANDARD.encode(URL_SAFE.decode(&signature).unwrap());
    assert_ne!(standard, signature);
    assert_eq!(signer().confirm(&timestamp, &standard), Ok(()));
}

#[test]
fn whatever_the_moment_the_url_safe_spelling_differs() {
    for millis in 0..200 {
        let at = Timestamp::from_unix_millis(NOW.unix_millis() + millis);
        let builder = signed_callback(Product::Aml, Outcome::Listed)
            .with_signing_time(at)
            .with_flaw(Flaw::UrlSafeSignature);
        let (_, signature) = stamp(Product::Aml, &builder.build().unwrap()).unwrap();
        assert!(signature.contains(['-', '_']), "{millis}");
    }
}

#[test]
fn duplicates_pass_a_receiver_that_reads_one_of_them() {
    for &product in Product::all() {
        for flaw in [
            Flaw::DuplicatedSignature,
            Flaw::DuplicatedTimestamp,
            Flaw::DuplicatedResult,
            Flaw::RespelledResult,
            Flaw::CarriersDisagree,
            Flaw::TwoMoments,
        ] {
            assert_eq!(confirm(product, &broken(product, flaw)), Ok(()), "{product} {flaw}");
        }
    }
}

#[test]
fn the_other_carrier_has_a_pair_of_its_own() {
    let (v1, v3) = (Product::BiometricKyc, Product::V3BiometricKyc);
    for (flaw, outcome) in [(Flaw::CarriersDisagree, Err(SignatureError::Wrong)), (Flaw::TwoMoments, Ok(()))]
    {
        let in_headers = broken(v1, flaw);
        let header = |name: &str| in_headers.headers()[name].to_str().unwrap();
        assert_eq!(signer().confirm(header("response-timestamp"), header("response-signature")), outcome);
        let in_body = broken(v3, flaw).json();
        let field = |name: &str| in_body[name].as_str().unwrap();
        assert_eq!(signer().confirm(field("timestamp"), field("signature")), outcome);
    }
}

#[test]
fn a_duplicated_result_approves_whom_the_other_refuses() {
    let text = |flaw| String::from_utf8(broken(Product::BiometricKyc, flaw).body().to_vec()).unwrap();
    let duplicated = text(Flaw::DuplicatedResult);
    assert!(duplicated.starts_with(r#"{"ResultCode":"0810","#), "{duplicated}");
    assert!(duplicated.contains(r#""ResultCode":"0812""#));
    let respelled = text(Flaw::RespelledResult);
    assert!(respelled.contains(r#""result_code":"0810""#) && respelled.contains(r#""ResultCode":"0812""#));
}

#[test]
fn another_job_is_all_that_differs() {
    for &product in Product::all() {
        let (right, other) = (callback(product, refusal(product)), broken(product, Flaw::OtherJob));
        let mended = String::from_utf8(other.body().to_vec()).unwrap().replace("-of-somebody-else", "");
        assert_eq!(mended.as_bytes(), right.body(), "{product}");
    }
}
