//! Values that occur in several places of a scenario file.

use std::time::Duration;

use toml::Spanned;

use crate::result::product::Product;
use crate::scenario::wrong::Wrong;

/// The longest time that a scenario may name.
const MAX_TIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Refuses a result code that the product, or without one every product, lacks.
pub(super) fn known_code(code: &Spanned<String>, product: Option<Product>) -> Result<(), Wrong> {
    let text = code.get_ref();
    match product {
        Some(product) if !product.has_code(text) => {
            Err(Wrong::new(code, format!("{} has no code {text}{}", product.name(), unless_unlisted())))
        }
        None if !Product::of_jobs().any(|product| product.has_code(text)) => {
            Err(Wrong::new(code, format!("no product has the code {text}{}", unless_unlisted())))
        }
        _ => Ok(()),
    }
}

fn unless_unlisted() -> &'static str {
    "; if that is what is to be tested, say `unlisted = true` beside it"
}

/// A time such as `500ms`, `90s` or `1h 30m`.
pub(super) fn duration(text: &Spanned<String>) -> Result<Duration, Wrong> {
    match humantime::parse_duration(text.get_ref()) {
        Ok(duration) if duration <= MAX_TIME => Ok(duration),
        Ok(_) => Err(Wrong::new(text, "a time is a year at most")),
        Err(_) => Err(Wrong::new(text, "a time is written like \"500ms\", \"90s\" or \"1h 30m\"")),
    }
}
