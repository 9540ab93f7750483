//! The stages of a rule in a scenario file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::result::spelling_variant::SpellingVariant;
use crate::rule::script::{ScriptStage, Scripted};
use crate::scenario::values::{duration, known_code};
use crate::scenario::wrong::Wrong;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageRow {
    code: Option<Spanned<String>>,
    outcome: Option<Spanned<Outcome>>,
    #[serde(default)]
    unlisted: bool,
    after: Option<Spanned<String>>,
    #[serde(rename = "final")]
    is_final: Option<bool>,
    callback: Option<bool>,
    text: Option<String>,
    #[serde(default)]
    actions: BTreeMap<String, String>,
    #[serde(default)]
    fields: toml::Table,
    #[serde(default)]
    renamed: BTreeMap<String, String>,
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    odd: Vec<SpellingVariant>,
}

pub(super) fn read_stages(
    rows: Vec<Spanned<StageRow>>,
    product: Option<Product>,
) -> Result<Vec<ScriptStage>, Wrong> {
    if let (Some(product), Some(second)) = (product, rows.get(1))
        && product.is_answered_at_once()
    {
        let reason = format!("{} is answered at once, so nothing can follow", product.name());
        return Err(Wrong::new(second, reason));
    }
    let mut fitting: Vec<Product> = product.map_or(Product::of_jobs().collect(), |product| vec![product]);
    let mut stages = Vec::new();
    for row in rows {
        let here = Spanned::new(row.span(), ());
        let stage = read_stage(row.into_inner(), &here, stages.is_empty(), product)?;
        fitting.retain(|product| stage.fits(*product));
        if fitting.is_empty() {
            return Err(Wrong::new(&here, "there is no product with all outcomes up to this one"));
        }
        stages.push(stage);
    }
    Ok(stages)
}

fn read_stage(
    row: StageRow,
    here: &Spanned<()>,
    is_first: bool,
    product: Option<Product>,
) -> Result<ScriptStage, Wrong> {
    let mut stage = ScriptStage::new(match (row.code, row.outcome) {
        (Some(_), Some(outcome)) => {
            return Err(Wrong::new(&outcome, "a stage has either a `code` or an `outcome`, not both"));
        }
        (Some(code), None) => {
            check_code(&code, row.unlisted, product)?;
            Scripted::Code(code.into_inner())
        }
        (None, Some(outcome)) => {
            check_outcome(&outcome, product)?;
            Scripted::Named(outcome.into_inner())
        }
        (None, None) if is_first => Scripted::AsItComes,
        (None, None) => {
            return Err(Wrong::new(here, "a stage after the first needs a `code` or an `outcome`"));
        }
    });
    if let Some(after) = row.after {
        let delay = duration(&after)?;
        if let Some(product) = product.filter(|product| product.is_answered_at_once() && !delay.is_zero()) {
            return Err(Wrong::new(
                &after,
                format!("{} is answered at once, so it can't wait", product.name()),
            ));
        }
        stage = stage.with_delay(delay);
    }
    if let Some(is_final) = row.is_final {
        stage = stage.with_is_final(is_final);
    }
    if row.callback == Some(false) {
        stage = stage.without_callback();
    }
    if let Some(text) = row.text {
        stage = stage.with_text(text);
    }
    stage = row.actions.into_iter().fold(stage, |stage, (name, value)| stage.with_action(name, value));
    stage = row.fields.into_iter().fold(stage, |stage, (name, value)| stage.with_field(name, json(value)));
    stage = row.renamed.into_iter().fold(stage, |stage, (name, other)| stage.with_renamed_field(name, other));
    stage = row.missing.into_iter().fold(stage, ScriptStage::with_missing_field);
    Ok(row.odd.into_iter().fold(stage, ScriptStage::with_spelling_variant))
}

fn check_code(code: &Spanned<String>, is_unlisted: bool, product: Option<Product>) -> Result<(), Wrong> {
    let is_code = code.get_ref().len() == 4 && code.get_ref().bytes().all(|byte| byte.is_ascii_digit());
    match (is_code, is_unlisted) {
        (false, _) => Err(Wrong::new(code, "a result code has four digits")),
        (true, true) => Ok(()),
        (true, false) => known_code(code, product),
    }
}

fn check_outcome(outcome: &Spanned<Outcome>, product: Option<Product>) -> Result<(), Wrong> {
    match product {
        Some(product) if product.code_of(outcome.get_ref()).is_none() => {
            Err(Wrong::new(outcome, format!("{} has no code for this outcome", product.name())))
        }
        _ => Ok(()),
    }
}

/// Dates and times, which JSON lacks, become text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(name, value)| (name, json(value))).collect(),
    }
}
