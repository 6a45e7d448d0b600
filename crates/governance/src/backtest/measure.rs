//! Shares with their uncertainty.

use serde::{Deserialize, Serialize};

/// The 97.5 % point of the normal distribution, for intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share: numerator, denominator, and a 95 % confidence interval; or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// How many.
    pub numerator: u64,
    /// Of how many.
    pub denominator: u64,
    /// Numerator by denominator, 0 to 1; `None` when the denominator is zero.
    pub share: Option<f64>,
    /// Lower and upper end of the 95 % Wilson score interval (Wilson 1927), 0 to 1.
    pub interval: Option<[f64; 2]>,
    /// Why there is no share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_measurable: Option<String>,
}

impl Measure {
    /// The share of `numerator` in `denominator`; `reason` says why there is none when the denominator is zero.
    #[must_use]
    pub fn new(numerator: u64, denominator: u64, reason: &str) -> Self {
        let is_measurable = denominator > 0;
        Self {
            numerator,
            denominator,
            share: is_measurable.then(|| numerator as f64 / denominator as f64),
            interval: is_measurable.then(|| wilson(numerator, denominator)),
            not_measurable: (!is_measurable).then(|| reason.to_owned()),
        }
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.share, self.interval) {
            (Some(share), Some([low, high])) => write!(
                formatter,
                "{} ({} of {}; {} to {})",
                percent(share),
                self.numerator,
                self.denominator,
                percent(low),
                percent(high)
            ),
            _ => {
                let reason = self
                    .not_measurable
                    .as_deref()
                    .unwrap_or("nothing to measure");
                write!(formatter, "not measurable: {reason}")
            }
        }
    }
}

/// A share as a percentage with one digit, or with more where that would show as nothing or as everything.
#[must_use]
pub fn percent(share: f64) -> String {
    if share <= 0.0 || share >= 1.0 {
        return (if share <= 0.0 { "0 %" } else { "100 %" }).to_owned();
    }
    let percent = share * 100.0;
    let near_an_end = !(0.05..=99.95).contains(&percent);
    if near_an_end {
        format!("{percent:.3} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// The Wilson score interval: centre and half-width from the normal approximation to the binomial.
fn wilson(numerator: u64, denominator: u64) -> [f64; 2] {
    let n = denominator as f64;
    let share = numerator as f64 / n;
    let square = Z * Z;
    let centre = (share + square / (2.0 * n)) / (1.0 + square / n);
    let spread = share * (1.0 - share) / n + square / (4.0 * n * n);
    let half = Z / (1.0 + square / n) * spread.sqrt();
    // At the ends the interval touches them; rounding must not take it off.
    let low = if numerator == 0 {
        0.0
    } else {
        (centre - half).clamp(0.0, 1.0)
    };
    let high = if numerator == denominator {
        1.0
    } else {
        (centre + half).clamp(0.0, 1.0)
    };
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    #[test]
    fn intervals_as_published() {
        for (numerator, denominator, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (20, 20, 0.8389, 1.0),
        ] {
            let [found_low, found_high] = wilson(numerator, denominator);
            assert!(
                (found_low - low).abs() < 5.1e-5,
                "{numerator}/{denominator}: {found_low}"
            );
            assert!(
                (found_high - high).abs() < 5.1e-5,
                "{numerator}/{denominator}: {found_high}"
            );
        }
    }

    #[test]
    fn words() {
        assert_eq!(
            Measure::new(1, 4, "").to_string(),
            "25.0 % (1 of 4; 4.6 % to 69.9 %)"
        );
        assert_eq!(
            Measure::new(0, 0, "no rows").to_string(),
            "not measurable: no rows"
        );
        assert_eq!(percent(0.000_01), "0.001 %");
        assert_eq!([percent(0.0), percent(1.0)], ["0 %", "100 %"]);
    }
}
