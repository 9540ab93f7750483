//! The content of webhooks and answers of the v3 API, product by product.

use std::borrow::Cow;

use crate::result::{Personal, Record, view};

view! {
    /// A document's, or the authority's, record of the person (`id_fields`).
    IdRecord {
        country "country" "The country that issued the ID",
        id_type "id_type" "The kind of ID",
        id_number "id_number" "The number on the ID",
        full_name "full_name" "The whole name",
        first_name "first_name" "The first name",
        last_name "last_name" "The last name",
        gender "gender" "The gender, as it is written there",
        address "address" "The address",
    }
}

impl<'a> IdRecord<'a> {
    /// The date of birth (`date_of_birth`), if it is a day of the calendar.
    pub fn date_of_birth(&self) -> Option<Personal<crate::Date>> {
        self.0.date("date_of_birth")
    }

    /// The day on which the ID was issued (`issuance_date`), if it is a day of the calendar.
    pub fn issuance_date(&self) -> Option<Personal<crate::Date>> {
        self.0.date("issuance_date")
    }

    /// The day on which the ID expires (`expiration_date`), if it is a day of the calendar.
    pub fn expiration_date(&self) -> Option<Personal<crate::Date>> {
        self.0.date("expiration_date")
    }
}

view! {
    /// The partner's information about the person, as it came back (`user_provided_info`).
    UserProvidedInfo {
        given_names "given_names" "The given names",
        last_name "last_name" "The last name",
        email "email" "The e-mail address",
        phone_number "phone_number" "The phone number",
    }
}

/// The result of a one-time AML check, or of a monitoring.
#[derive(Clone, Copy, Debug)]
pub struct AmlScreening<'a>(pub(crate) Record<'a>);

impl<'a> AmlScreening<'a> {
    /// The number of people found (`no_of_persons_found`).
    pub fn no_of_persons_found(&self) -> Option<u64> {
        self.0.plain("no_of_persons_found")?.parse().ok()
    }

    /// True if names had to match strictly (`strict_match`).
    pub fn strict_match(&self) -> Option<bool> {
        self.0.flag("strict_match")
    }

    /// The people (`people`).
    pub fn people(&self) -> Vec<ScreenedPerson<'a>> {
        self.0.children("people").map(ScreenedPerson).collect()
    }
}

view! {
    /// Somebody on a list.
    ScreenedPerson {
        name "name" "The name",
    }
}

impl<'a> ScreenedPerson<'a> {
    /// The reference for news about this person (`ref`), if a monitoring gives it.
    pub fn reference(&self) -> Option<Cow<'a, str>> {
        self.0.plain("ref").or_else(|| self.0.plain("reference"))
    }

    /// Other names (`aliases`).
    pub fn aliases(&self) -> Vec<Personal<Cow<'a, str>>> {
        self.0.texts("aliases")
    }

    /// Addresses (`addresses`).
    pub fn addresses(&self) -> Vec<Personal<Cow<'a, str>>> {
        self.0.texts("addresses")
    }

    /// Dates of birth, as the lists write them (`dates_of_birth`).
    pub fn dates_of_birth(&self) -> Vec<Personal<Cow<'a, str>>> {
        self.0.texts("dates_of_birth")
    }

    /// Nationalities (`nationalities`).
    pub fn nationalities(&self) -> Vec<Personal<Cow<'a, str>>> {
        self.0.texts("nationalities")
    }

    /// People close to them (`associations`).
    pub fn associations(&self) -> Vec<Record<'a>> {
        self.0.children("associations").collect()
    }

    /// The actions of authorities against the person (`enforcement_actions`).
    pub fn enforcement_actions(&self) -> Vec<Record<'a>> {
        self.0.children("enforcement_actions").collect()
    }

    /// The sanctions on them (`sanctions`).
    pub fn sanctions(&self) -> Vec<Record<'a>> {
        self.0.children("sanctions").collect()
    }

    /// The level of exposure of a politically exposed person (`pep.pep_level`).
    pub fn pep_level(&self) -> Option<u64> {
        self.0.child("pep")?.plain("pep_level")?.parse().ok()
    }

    /// The offices of a politically exposed person (`pep.political_positions`).
    pub fn political_positions(&self) -> Vec<Personal<Cow<'a, str>>> {
        self.0.child("pep").map(|pep| pep.texts("political_positions")).unwrap_or_default()
    }

    /// The number of press articles about the person, by kind (`news_summary`).
    pub fn news_summary(&self) -> Vec<NewsCount<'a>> {
        self.0.children("news_summary").map(NewsCount).collect()
    }
}

/// The number of press articles about a person, of one kind.
#[derive(Clone, Copy, Debug)]
pub struct NewsCount<'a>(Record<'a>);

impl<'a> NewsCount<'a> {
    /// The kind (`news_category`).
    pub fn category(&self) -> Option<Personal<Cow<'a, str>>> {
        self.0.text("news_category")
    }

    /// The kind for people (`news_category_label`).
    pub fn label(&self) -> Option<Personal<Cow<'a, str>>> {
        self.0.text("news_category_label")
    }

    /// The number of articles (`number_of_articles`).
    pub fn number_of_articles(&self) -> Option<u64> {
        self.0.plain("number_of_articles")?.parse().ok()
    }
}

view! {
    /// A document beside the first, such as the visa in a passport (`additional_documents`).
    AdditionalDocument {
        full_name "full_name" "The whole name",
        id_number "id_number" "The number on it",
        issued_at "issued_at" "Where it was issued",
        conditions "conditions" "The conditions on it",
        no_of_entries "no_of_entries" "How many entries it allows: `single`, `multiple` or `other`",
        document_primary_id "document_primary_id" "The number of the document that it belongs to",
        image_link "image_link" "A link to its picture, which is a credential and expires: fetch it soon",
    }
}

impl<'a> AdditionalDocument<'a> {
    /// The day on which the document was issued, or its validity begins (`issuance_date`), if it is
    /// a day of the calendar.
    pub fn issuance_date(&self) -> Option<Personal<crate::Date>> {
        self.0.date("issuance_date")
    }

    /// The day on which the document expires (`expiry.expiry_date`), if it is a day of the
    /// calendar.
    pub fn expiry_date(&self) -> Option<Personal<crate::Date>> {
        self.0.child("expiry")?.date("expiry_date")
    }

    /// The months for which the document is valid (`expiry.expiry_period_in_months`).
    pub fn expiry_period_in_months(&self) -> Option<u32> {
        self.0.child("expiry")?.plain("expiry_period_in_months")?.parse().ok()
    }
}
