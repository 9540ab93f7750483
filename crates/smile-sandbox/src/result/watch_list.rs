//! The two people on the sandbox's watch lists. Both are made up, and have every field of a real
//! answer.

use serde_json::{Value, json};

/// The criteria of a search.
pub(crate) struct Search<'a> {
    /// The name and its aliases.
    pub(crate) names: &'a [&'a str],
    pub(crate) birth_year: Option<u64>,
    pub(crate) countries: &'a [&'a str],
    pub(crate) is_strict: bool,
}

struct Listed {
    names: [&'static str; 2],
    birth_year: u64,
    country: &'static str,
}

const LISTED: [Listed; 2] = [
    Listed { names: ["Mallory Listed", "M. Listed"], birth_year: 1970, country: "NG" },
    Listed { names: ["Trudy Listed", "T. Listed"], birth_year: 1984, country: "KE" },
];

/// The people found. A strict search needs the same name or alias, in any order of its words, and
/// the year and a country as well; otherwise one word of the name is enough.
pub(crate) fn search(search: &Search<'_>) -> Vec<Value> {
    LISTED.iter().filter(|listed| listed.matches(search)).map(Listed::person).collect()
}

/// A person of this name, for a test that needs its own.
pub(crate) fn person_named(name: &str) -> Value {
    person(name, "M. Listed", 1970, "NG")
}

impl Listed {
    fn matches(&self, search: &Search<'_>) -> bool {
        let words = |name: &str| -> Vec<String> {
            let mut words: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
            words.sort();
            words
        };
        let mut pairs =
            search.names.iter().flat_map(|name| self.names.iter().map(|own| (words(name), words(own))));
        if !search.is_strict {
            return pairs.any(|(name, own)| name.iter().any(|word| own.contains(word)));
        }
        pairs.any(|(name, own)| name == own)
            && search.birth_year.is_none_or(|year| year == self.birth_year)
            && search.countries.contains(&self.country)
    }

    fn person(&self) -> Value {
        person(self.names[0], self.names[1], self.birth_year, self.country)
    }
}

fn person(name: &str, alias: &str, birth_year: u64, country: &str) -> Value {
    let date_of_birth = format!("{birth_year}-09-20");
    json!({
        "name": name,
        "aliases": [alias],
        "addresses": ["1 Sandbox Close"],
        "dates_of_birth": [date_of_birth],
        "nationalities": [country],
        "associations": [
            {"association_type": "Family", "name": "Somebody Doe", "relationship": "Sibling"},
        ],
        "adverse_media": [{
            "date_published": "2020-01-31",
            "publisher": "The Sandbox Times",
            "source_link": "https://news.example.com/somebody",
            "title": "Somebody was in the news",
        }],
        "pep": {
            "pep_level": 1,
            "political_positions": [
                {"country": country, "from": "2010-01-01", "position": "Minister of Tests", "to": "2014-12-31"},
                {"country": country, "from": "2015-01-01", "position": "Member of Parliament", "to": null},
            ],
            "sources": [{"source_link": "https://peps.example.com/somebody", "source_name": "Sandbox PEPs"}],
        },
        "sanctions": [{
            "date_of_birth": date_of_birth,
            "nationality": country,
            "source_details": {
                "listed_date": "2019-12-31",
                "source_link": ["https://sanctions.example.com/somebody"],
                "source_name": "Sandbox Sanctions List",
                "source_type": "SANCTION",
            },
        }],
    })
}
