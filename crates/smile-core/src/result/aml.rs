//! People found on watch lists (Smile ID: "AML Check").

use std::borrow::Cow;

use serde_json::Value;

use super::record::view;
use super::{Personal, Record};
use crate::wire::tolerant;

/// People found on sanctions lists, among the politically exposed, or in adverse media.
#[derive(Clone, Copy, Debug)]
pub struct AmlInfo<'a>(pub(super) Record<'a>);

impl<'a> AmlInfo<'a> {
    /// True if the name is on a list, by the action `Listed`. The consequence for the person is the
    /// partner's own rule.
    pub fn is_listed(&self) -> Option<bool> {
        let said = self.0.child("Actions")?.plain("Listed")?;
        [("Listed", true), ("Not Listed", false)]
            .into_iter()
            .find(|(word, _)| tolerant::same_name(word, &said))
            .map(|(_, is)| is)
    }

    /// Number of people found (`no_of_persons_found`).
    pub fn no_of_persons_found(&self) -> Option<u64> {
        let value = self.0.raw("no_of_persons_found")?.expose();
        value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// The people (`people`).
    pub fn people(&self) -> Vec<AmlPerson<'a>> {
        self.0.children("people").map(AmlPerson).collect()
    }

    /// True if names had to match strictly (`StrictMatch`).
    pub fn strict_match(&self) -> Option<bool> {
        self.0.flag("StrictMatch")
    }
}

view! {
    /// Person on a list.
    AmlPerson {
        name "name" "The name",
    }
}

impl<'a> AmlPerson<'a> {
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

    /// People close to the person (`associations`).
    pub fn associations(&self) -> Vec<Association<'a>> {
        self.0.children("associations").map(Association).collect()
    }

    /// Reports of the press about the person (`adverse_media`).
    pub fn adverse_media(&self) -> Vec<AdverseMedia<'a>> {
        self.0.children("adverse_media").map(AdverseMedia).collect()
    }

    /// Political offices of the person (`pep`), if they are politically exposed.
    pub fn pep(&self) -> Option<Pep<'a>> {
        self.0.child("pep").map(Pep)
    }

    /// Sanctions on the person (`sanctions`).
    pub fn sanctions(&self) -> Vec<Sanction<'a>> {
        self.0.children("sanctions").map(Sanction).collect()
    }
}

view! {
    /// Person close to somebody on a list.
    Association {
        name "name" "The name",
        association_type "association_type" "What kind of association it is",
        relationship "relationship" "How they are related",
    }
}

view! {
    /// Report in the press.
    AdverseMedia {
        title "title" "The title",
        publisher "publisher" "Who published it",
        date_published "date_published" "When",
        source_link "source_link" "Where",
    }
}

/// Political offices of a person.
#[derive(Clone, Copy, Debug)]
pub struct Pep<'a>(Record<'a>);

impl<'a> Pep<'a> {
    /// Level of exposure (`pep_level`), from a number or digits.
    pub fn pep_level(&self) -> Option<u64> {
        let value = self.0.raw("pep_level")?.expose();
        value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// The offices (`political_positions`).
    pub fn political_positions(&self) -> Vec<PoliticalPosition<'a>> {
        self.0.children("political_positions").map(PoliticalPosition).collect()
    }

    /// Sources of the exposure (`sources`).
    pub fn sources(&self) -> Vec<PepSource<'a>> {
        self.0.children("sources").map(PepSource).collect()
    }
}

view! {
    /// Political office. One that is still held has no end.
    PoliticalPosition {
        position "position" "The office",
        country "country" "The country",
        from "from" "Since when",
        to "to" "Until when",
    }
}

view! {
    /// Source of a fact about a person.
    PepSource {
        source_name "source_name" "Its name",
        source_link "source_link" "Its link",
    }
}

view! {
    /// Sanction on a person.
    Sanction {
        date_of_birth "date_of_birth" "The date of birth that the list has",
        nationality "nationality" "The nationality that the list has",
    }
}

impl<'a> Sanction<'a> {
    /// The name of the list (`source_details.source_name`).
    pub fn source_name(&self) -> Option<Cow<'a, str>> {
        self.0.child("source_details")?.plain("source_name")
    }

    /// The kind of list (`source_details.source_type`).
    pub fn source_type(&self) -> Option<Cow<'a, str>> {
        self.0.child("source_details")?.plain("source_type")
    }

    /// Day of the listing, as the list writes it (`source_details.listed_date`).
    pub fn listed_date(&self) -> Option<Personal<Cow<'a, str>>> {
        self.0.child("source_details")?.text("listed_date")
    }

    /// Links to the list (`source_details.source_link`).
    pub fn source_links(&self) -> Vec<Cow<'a, str>> {
        let links =
            self.0.child("source_details").map(|details| details.texts("source_link")).unwrap_or_default();
        links.into_iter().map(Personal::expose).collect()
    }

    /// The list's own record (`source_details`), as it came.
    pub fn source_details(&self) -> Option<Personal<&'a Value>> {
        self.0.raw("source_details")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::result::{Personal, ResultEntry};

    #[test]
    fn a_person_on_every_list() {
        let entry = ResultEntry::from_json(json!({
            "no_of_persons_found": 1, "StrictMatch": "true", "Actions": { "Listed": "Listed" },
            "people": [{
                "name": "Drawn Person", "aliases": ["D. Person"], "dates_of_birth": ["1960-01-01", "N/A"],
                "associations": [{ "association_type": "family", "name": "Other Person", "relationship": "sister" }],
                "adverse_media": [{ "title": "A headline", "publisher": "A paper", "date_published": "2020-01-01" }],
                "pep": { "pep_level": "1", "political_positions": [{ "position": "Minister", "from": "2010", "to": null }],
                         "sources": [{ "source_name": "A register" }] },
                "sanctions": [{ "nationality": "XX", "source_details": {
                    "source_name": "A list", "source_link": ["https://example.com"], "listed_date": "2011" } }],
            }],
        }))
        .unwrap();
        let aml = entry.aml();
        assert_eq!((aml.no_of_persons_found(), aml.strict_match()), (Some(1), Some(true)));
        assert_eq!(aml.is_listed(), Some(true));
        let people = aml.people();
        let person = people[0];
        assert_eq!(person.name().unwrap().expose(), "Drawn Person");
        assert_eq!(
            person.dates_of_birth().into_iter().map(Personal::expose).collect::<Vec<_>>(),
            ["1960-01-01"]
        );
        assert_eq!(person.associations()[0].relationship().unwrap().expose(), "sister");
        assert_eq!(person.adverse_media()[0].publisher().unwrap().expose(), "A paper");
        let pep = person.pep().unwrap();
        assert_eq!((pep.pep_level(), pep.political_positions()[0].to()), (Some(1), None));
        assert_eq!(pep.sources()[0].source_name().unwrap().expose(), "A register");
        let sanction = person.sanctions()[0];
        assert_eq!(
            (sanction.source_name(), sanction.source_links()),
            (Some("A list".into()), vec!["https://example.com".into()])
        );
        assert!(!format!("{aml:?} {people:?} {pep:?} {sanction:?}").contains("Person\""));
        assert!(!format!("{aml:?} {people:?}").contains("Drawn"));
    }
}
