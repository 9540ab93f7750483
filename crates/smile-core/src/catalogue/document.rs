//! The documents that Document Verification takes.

use std::fmt;

use super::generated::documents::{DOCUMENTS, ENHANCED, KINDS};
use super::rows::{Certainty, DocumentKind};

/// The documents of a country, in order of their codes; none for a country that isn't known.
///
/// The last stands for whatever is not listed; its code is empty.
///
/// ```
/// use smile_core::catalogue::documents_of;
///
/// let codes: Vec<_> = documents_of("GH").map(|document| document.code()).collect();
/// assert!(codes.contains(&"VOTER_ID"));
/// assert_eq!(codes.last(), Some(&""));
/// ```
pub fn documents_of(country: &str) -> impl ExactSizeIterator<Item = Document> + Clone + use<> {
    let found = DOCUMENTS.binary_search_by_key(&country, |(code, _)| code).ok();
    let (country, bytes) = found.map_or(("", [].as_slice()), |at| DOCUMENTS[at]);
    bytes.iter().map(move |byte| Document { country, kind: &KINDS[usize::from(byte >> 2)], flags: byte & 3 })
}

/// The document of a country with this code; `None` if it isn't known.
///
/// South Africa and South Sudan have two documents with the code `IDENTITY_CARD`, the card and the
/// green book. This is the card then, which has a back; [`documents_of`] has both.
///
/// ```
/// use smile_core::catalogue::document;
///
/// let licence = document("NG", "DRIVERS_LICENSE").expect("it is in the catalogue");
/// assert!(licence.has_back() && licence.enhanced_docv());
/// assert!(!document("NG", "PASSPORT").expect("as is this").has_back());
/// ```
pub fn document(country: &str, code: &str) -> Option<Document> {
    documents_of(country).find(|document| document.code() == code)
}

/// A document of a country.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Document {
    country: &'static str,
    kind: &'static DocumentKind,
    flags: u8,
}

impl Document {
    const BACK: u8 = 1;
    const ENHANCED: u8 = 2;

    /// Country that issues the document: two capital letters, ISO 3166-1.
    pub fn country(self) -> &'static str {
        self.country
    }

    /// The service's code, which goes into `id_type`; empty for what is not listed.
    pub fn code(self) -> &'static str {
        self.kind.code
    }

    /// The service's name for the document.
    pub fn name(self) -> &'static str {
        self.kind.name
    }

    /// Examples of such documents, in the service's words.
    pub fn examples(self) -> &'static [&'static str] {
        self.kind.examples
    }

    /// True if the document has a back, which is to be photographed as well.
    pub fn has_back(self) -> bool {
        self.flags & Self::BACK != 0
    }

    /// True if Enhanced Document Verification is known to take the document. False doesn't say that
    /// it doesn't: the list is longer than what could be read of it.
    pub fn enhanced_docv(self) -> bool {
        self.flags & Self::ENHANCED != 0
    }

    /// Source and certainty of [`enhanced_docv`](Self::enhanced_docv), if that is true.
    pub fn enhanced_docv_source(self) -> Option<(&'static str, Certainty)> {
        let (_, source, certainty) = ENHANCED.iter().find(|(country, ..)| *country == self.country)?;
        self.enhanced_docv().then_some((source, *certainty))
    }

    /// Row of the document, which may be many countries'.
    pub fn kind(self) -> &'static DocumentKind {
        self.kind
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("country", &self.country)
            .field("code", &self.code())
            .field("name", &self.name())
            .field("has_back", &self.has_back())
            .field("enhanced_docv", &self.enhanced_docv())
            .finish()
    }
}
