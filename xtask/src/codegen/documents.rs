//! The table of documents. The TOML goes by document, the lookup by country: this turns it round.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::Spanned;

use super::rows::{Certainty, Faults, WRITES, header};
use super::tables::{Country, check_countries};

pub(super) const DOCUMENTS: &str = "crates/smile-core/catalog/documents.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Documents {
    document: Vec<Spanned<Document>>,
    enhanced: Vec<Spanned<Enhanced>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    code: String,
    name: String,
    examples: Vec<String>,
    #[serde(default)]
    with_back: Issuers,
    #[serde(default)]
    without_back: Issuers,
    source: String,
    certainty: Certainty,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Issuers {
    Word(String),
    Some(Vec<String>),
}

impl Default for Issuers {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl Issuers {
    fn of(&self, countries: &[Country]) -> Vec<String> {
        match self {
            // Checked to be "all".
            Self::Word(_) => countries.iter().map(|country| country.code.clone()).collect(),
            Self::Some(codes) => codes.clone(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enhanced {
    country: String,
    codes: Vec<String>,
    source: String,
    certainty: Certainty,
}

/// The most kinds that fit into a byte with the flags.
const MOST_KINDS: usize = 64;

/// The kinds of documents; and for each country a byte for each of its documents: four times the
/// place of the kind, and 1 for a back plus 2 for Enhanced Document Verification.
pub(super) fn documents_rs(toml: &str, countries: &[Country]) -> Result<String, String> {
    let Documents { mut document, enhanced } =
        toml::from_str(toml).map_err(|error| format!("{DOCUMENTS}: {error}"))?;
    let mut faults = Faults::new(DOCUMENTS, toml);
    // Every document of a country: country, code, name.
    let mut seen = Vec::new();
    for row in &document {
        let Document { code, name, examples, with_back, without_back, source, .. } = row.as_ref();
        faults.check_phrases(row, code, &[("name", name), ("source", source)]);
        for example in examples {
            faults.check_phrases(row, code, &[("examples", example)]);
        }
        for issuers in [with_back, without_back] {
            if matches!(issuers, Issuers::Word(word) if word != "all") {
                faults.add(row, code, "the countries are neither a list nor \"all\"");
            }
            let issuers = issuers.of(countries);
            check_countries(&mut faults, row, code, &issuers, countries);
            for country in issuers {
                let this = (country, code.as_str(), name.as_str());
                if seen.contains(&this) {
                    faults.add(row, code, &format!("{} has this document already", this.0));
                }
                seen.push(this);
            }
        }
    }
    let mut enhanced_seen = Vec::new();
    for row in &enhanced {
        let Enhanced { country, codes, source, .. } = row.as_ref();
        faults.check_phrases(row, country, &[("source", source)]);
        if enhanced_seen.contains(&country) {
            faults.add(row, country, "the country already has a row");
        }
        enhanced_seen.push(country);
        for code in codes {
            if !seen.iter().any(|(issuer, other, _)| issuer == country && other == code) {
                faults.add(row, country, &format!("there is no document `{code}` in this country"));
            }
        }
    }
    faults.none_or_all()?;
    if document.len() > MOST_KINDS {
        return Err(format!("{DOCUMENTS}: more than {MOST_KINDS} kinds don't fit into the generated table"));
    }

    // What is not listed has an empty code and comes last.
    document.sort_by(|a, b| {
        let key = |row: &Spanned<Document>| {
            let row = row.as_ref();
            // Of two documents with one code, that with a back comes first.
            (row.code.is_empty(), row.code.clone(), row.with_back.of(countries).is_empty(), row.name.clone())
        };
        (key(a), &a.as_ref().examples).cmp(&(key(b), &b.as_ref().examples))
    });
    let mut code = header("documents", "use crate::catalogue::rows::{Certainty, DocumentKind};");
    code.push_str("pub(in crate::catalogue) static KINDS: &[DocumentKind] = &[\n");
    for row in document.iter().map(Spanned::as_ref) {
        writeln!(
            code,
            "DocumentKind {{ code: {:?}, name: {:?}, examples: &{:?}, source: {:?}, \
             certainty: Certainty::{:?} }},",
            row.code, row.name, row.examples, row.source, row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str(
        "];\n\n// For each country, in order, its documents, a byte each: four times the place of the kind in \
         the\n// other table, and 1 for a back plus 2 for Enhanced Document Verification.\n\
         pub(in crate::catalogue) static DOCUMENTS: &[(&str, &[u8])] = &[\n",
    );
    for Country { code: country, .. } in countries {
        let mut bytes = String::new();
        for (at, row) in document.iter().map(Spanned::as_ref).enumerate() {
            for (issuers, flags) in [(&row.with_back, 1), (&row.without_back, 0)] {
                if !issuers.of(countries).contains(country) {
                    continue;
                }
                let is_enhanced = enhanced
                    .iter()
                    .map(Spanned::as_ref)
                    .any(|row_| row_.country == *country && row_.codes.contains(&row.code));
                let byte = 4 * at + flags + if is_enhanced { 2 } else { 0 };
                write!(bytes, "\\x{byte:02x}").expect(WRITES);
            }
        }
        if !bytes.is_empty() {
            writeln!(code, "({country:?}, b\"{bytes}\"),").expect(WRITES);
        }
    }
    code.push_str("];\n\n// Where the word on Enhanced Document Verification comes from, by country.\n");
    code.push_str("pub(in crate::catalogue) static ENHANCED: &[(&str, &str, Certainty)] = &[\n");
    let mut enhanced: Vec<Enhanced> = enhanced.into_iter().map(Spanned::into_inner).collect();
    enhanced.sort_by(|a, b| a.country.cmp(&b.country));
    for row in enhanced {
        writeln!(code, "({:?}, {:?}, Certainty::{:?}),", row.country, row.source, row.certainty)
            .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::tables;

    const TABLE: &str = r#"
[[document]]
code = "PASSPORT"
name = "Passport"
examples = ["Passports"]
with_back = ["GH"]
without_back = ["KE", "NG"]
source = "docs"
certainty = "confirmed"

[[document]]
code = ""
name = "Others"
examples = []
with_back = "all"
source = "docs"
certainty = "confirmed"

[[enhanced]]
country = "KE"
codes = ["PASSPORT"]
source = "docs"
certainty = "confirmed"
"#;

    fn generated(toml: &str) -> Result<String, String> {
        let countries: String = ["GH", "KE", "NG"]
            .map(|code| {
                format!("[[country]]\ncode = \"{code}\"\nname = \"{code}\"\ncontinent = \"africa\"\nsource = \"s\"\ncertainty = \"inferred\"\n")
            })
            .concat();
        documents_rs(toml, &tables::countries(&countries).unwrap())
    }

    #[test]
    fn the_table_is_turned_round() {
        let code = generated(TABLE).unwrap();
        // The kind is shifted by two bits; a back is 1, Enhanced Document Verification 2; what
        // isn't listed comes last.
        for row in [r#"("GH", b"\x01\x05")"#, r#"("KE", b"\x02\x05")"#, r#"("NG", b"\x00\x05")"#] {
            assert!(code.contains(row), "{code}");
        }
    }

    #[test]
    fn a_bad_row_is_refused_with_its_file_line_and_fault() {
        for (good, bad, line, expected) in [
            ("[\"GH\"]", "[\"XX\"]", 2, "`XX` is not in"),
            ("[\"GH\"]", "\"some\"", 2, "neither a list nor \"all\""),
            ("[\"GH\"]", "[\"KE\"]", 2, "KE has this document already"),
            ("[\"KE\", \"NG\"]", "[\"NG\", \"KE\"]", 2, "not in order"),
            ("codes = [\"PASSPORT\"]", "codes = [\"VISA\"]", 19, "no document `VISA`"),
        ] {
            let message = generated(&TABLE.replacen(good, bad, 1)).expect_err(bad);
            assert!(message.starts_with(&format!("{DOCUMENTS}:{line}: row `")), "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }
}
