//! Links to a job's images.

use std::fmt;

use serde_json::{Map, Value};

use crate::wire::tolerant;

/// Links to the images of a job. Each is a credential that shows a person's face or document to
/// whoever has it, until it expires; so `Debug` shows none.
#[derive(Clone, PartialEq)]
pub struct ImageLinks(Map<String, Value>);

impl ImageLinks {
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// The selfie.
    pub fn selfie_image(&self) -> Option<&str> {
        self.get("selfie_image")
    }

    /// The front of the ID card.
    pub fn id_card_image(&self) -> Option<&str> {
        self.get("id_card_image")
    }

    /// The back of the ID card.
    pub fn id_card_back(&self) -> Option<&str> {
        self.get("id_card_back")
    }

    /// Reason that there are no links, if the service gives one.
    pub fn error(&self) -> Option<&str> {
        self.get("error")
    }

    /// Link of any name.
    pub fn get(&self, name: &str) -> Option<&str> {
        tolerant::str(&self.0, name)
    }
}

impl fmt::Debug for ImageLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageLinks({} links)", self.0.len())
    }
}
