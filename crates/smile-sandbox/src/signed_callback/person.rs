//! Who the callbacks are about: the sandbox's test person, with IDs of zeros. Nobody real.

use serde_json::{Map, Value, json};

use super::Product;
use crate::result::persona::{NOT_AVAILABLE, Persona};

/// When a document expired that has.
pub(super) const EXPIRED: &str = "2020-01-31";

/// The ID that was looked up, or photographed.
pub(super) fn add_id(entry: &mut Map<String, Value>, product: Product) {
    let (id_type, number) = match product {
        Product::DocumentVerification | Product::EnhancedDocumentVerification => ("PASSPORT", "A00000000"),
        Product::BusinessVerification => ("BUSINESS_REGISTRATION", "0000000"),
        _ => ("BVN", "00000000000"),
    };
    entry.insert("Country".into(), "NG".into());
    entry.insert("IDType".into(), id_type.into());
    entry.insert("IDNumber".into(), number.into());
}

/// What the authority, or the document, says of the person. What it doesn't say is written as the service writes it.
pub(super) fn add_person(entry: &mut Map<String, Value>, product: Product) {
    let persona = Persona::standard();
    entry.insert("FullName".into(), persona.full_name().into());
    entry.insert("FirstName".into(), persona.first_name.as_str().into());
    let middle = if product.is_document() { "OtherName" } else { "MiddleName" };
    entry.insert(middle.into(), persona.middle_name.as_str().into());
    entry.insert("LastName".into(), persona.last_name.as_str().into());
    entry.insert("DOB".into(), persona.date_of_birth.as_str().into());
    entry.insert("Gender".into(), persona.gender.as_str().into());
    entry.insert("ExpirationDate".into(), "NaN-NaN-NaN".into());
    for absent in ["Address", "PhoneNumber", "PhoneNumber2", "IssuanceDate"] {
        entry.insert(absent.into(), NOT_AVAILABLE.into());
    }
    // The two spellings are the service's own.
    let secondary = if product.is_document() { "SecondaryIDNumber" } else { "Secondary_ID_Number" };
    entry.insert(secondary.into(), NOT_AVAILABLE.into());
    if product == Product::DocumentVerification {
        add_image_links(entry);
        return;
    }
    entry.insert("Photo".into(), NOT_AVAILABLE.into());
    entry.insert("FullData".into(), json!({"stateOfOrigin": "Sandbox State"}));
    entry.insert("KYCReceipt".into(), "https://receipts.example.com/kyc/0".into());
    if product == Product::EnhancedDocumentVerification {
        add_image_links(entry);
        entry.insert("IDStatus".into(), "VALID".into());
        entry.insert("IsAlive".into(), "true".into());
    } else {
        entry.insert("Document".into(), NOT_AVAILABLE.into());
        entry.insert("IDNumberPreviouslyRegistered".into(), false.into());
        entry.insert("UserIDsOfPreviousRegistrants".into(), json!([]));
    }
}

fn add_image_links(entry: &mut Map<String, Value>) {
    let link = |name: &str| format!("https://images.example.com/{name}.jpg");
    let names = ["selfie_image", "id_card_image", "id_card_back"];
    let links: Map<String, Value> = names.iter().map(|&name| (name.to_owned(), link(name).into())).collect();
    entry.insert("ImageLinks".into(), links.into());
}

/// Base64 of this many characters, up to the next multiple of four: it begins as a JPEG does, and shows nothing.
pub(super) fn photo(characters: usize) -> String {
    const START: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/";
    let length = characters.div_ceil(4) * 4;
    let mut photo = String::with_capacity(length);
    photo.push_str(&START[..length.min(START.len())]);
    photo.extend(std::iter::repeat_n('A', length - photo.len()));
    photo
}
