//! What models cost: a dated table, bundled or the operator's own.

use std::collections::BTreeMap;
use std::path::Path;

use ports::model::Price;
use serde::Deserialize;

use crate::error::{Error, Exit};
use crate::settings;

/// The bundled table.
pub(crate) const BUNDLED: &str = include_str!("../../../../templates/models/prices.json");
const TABLE_BYTES_MAX: u64 = 1024 * 1024;
/// A million tokens at one dollar are a thousand nanodollars a token.
const NANODOLLARS: f64 = 1_000.0;

/// Prices by name of a model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    /// The day on which they held.
    pub(crate) as_of: String,
    #[serde(default, rename = "note")]
    _note: String,
    models: BTreeMap<String, Dollars>,
}

/// US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dollars {
    input: f64,
    cache_read: f64,
    cache_write: f64,
    output: f64,
}

impl Prices {
    /// The table in `file`, or the bundled one.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = file else {
            return parsed(BUNDLED).map_err(|why| wrong("the bundled table of prices", &why));
        };
        let bytes = settings::read(path, TABLE_BYTES_MAX, "the table of prices")?;
        let text = String::from_utf8_lossy(&bytes);
        parsed(&text).map_err(|why| wrong(&format!("`{}`", path.display()), &why))
    }

    /// The price of a model, by its name or by that of which it is a dated version.
    pub(crate) fn of(&self, model: &str) -> Option<Price> {
        let dated = |name: &str| {
            let rest = model
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('-'));
            rest.is_some_and(|rest| {
                let digits = rest.chars().filter(char::is_ascii_digit).count();
                digits == 8 && rest.chars().all(|own| own.is_ascii_digit() || own == '-')
            })
        };
        let own = self.models.get(model);
        let dollars = own.or_else(|| {
            let mut all = self.models.iter();
            all.find(|(name, _)| dated(name)).map(|(_, own)| own)
        })?;
        Some(Price {
            input: nanodollars(dollars.input)?,
            cache_read: nanodollars(dollars.cache_read)?,
            cache_write: nanodollars(dollars.cache_write)?,
            output: nanodollars(dollars.output)?,
        })
    }
}

fn parsed(text: &str) -> Result<Prices, String> {
    let prices: Prices = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for (name, own) in &prices.models {
        let all = [own.input, own.cache_read, own.cache_write, own.output];
        if !all.into_iter().all(|price| nanodollars(price).is_some()) {
            return Err(format!(
                "the price of `{name}` is not between 0 and 10,000 dollars"
            ));
        }
    }
    Ok(prices)
}

fn wrong(what: &str, why: &str) -> Error {
    Error::new(Exit::BadInput, format!("{what} cannot be used: {why}"))
        .hint("docs/reference/models.md shows its form")
}

/// Dollars for a million tokens as nanodollars for one, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be between 0 and ten million"
)]
fn nanodollars(dollars: f64) -> Option<u64> {
    (0.0..=10_000.0)
        .contains(&dollars)
        .then_some((dollars * NANODOLLARS).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_table_is_read_and_names_stand_for_dated_versions() {
        let prices = Prices::read(None).unwrap();
        let mini = prices.of("gpt-4.1-mini").unwrap();
        assert_eq!((mini.input, mini.output), (400, 1_600));
        assert_eq!(prices.of("gpt-4.1-mini-2025-04-14"), Some(mini));
        assert_ne!(prices.of("gpt-4.1-2025-04-14"), Some(mini));
        assert_eq!(prices.of("claude-haiku-4-5-20251001").unwrap().input, 1_000);
        for unknown in [
            "gpt-4.1-mega",
            "gpt-4.1-mini-",
            "gpt",
            "",
            "gpt-4.1-mini-20250414-x",
        ] {
            assert_eq!(prices.of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_table_with_a_mistake_is_refused() {
        for text in [
            "",
            "{\"as_of\": \"2026-01-01\", \"models\": {\"m\": {\"input\": -1, \"cache_read\": 0, \"cache_write\": 0, \"output\": 0}}}",
            "{\"as_of\": \"2026-01-01\", \"models\": {\"m\": {\"input\": 1, \"output\": 0}}}",
            "{\"as_of\": \"2026-01-01\", \"models\": {\"m\": {\"input\": 1e300, \"cache_read\": 0, \"cache_write\": 0, \"output\": 0}}}",
            "{\"as_of\": \"2026-01-01\", \"modles\": {}}",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
