//! Charts as inline SVG. Colours come from the page's style, so that they follow light and dark.

use std::fmt::Write as _;

use super::calendar::WEEKDAYS;
use super::summary::{Asking, Day, Risks, Summary};
use crate::report::text::{count, html, many, short};

/// Width of a chart's drawing area, in its own units.
const WIDTH: f64 = 720.0;
/// Most bars over time; more days are put together.
const BARS_MAX: usize = 120;
/// Most rows of bars.
const ROWS_MAX: usize = 12;

/// Requests by day as stacked bars, the riskiest at the bottom.
pub(super) fn over_time(days: &[Day]) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return String::new();
    };
    let per_bar = days.len().div_ceil(BARS_MAX).max(1);
    let bars: Vec<(String, Risks)> = days.chunks(per_bar).map(together).collect();
    let highest = bars
        .iter()
        .map(|(_, risks)| risks.total())
        .fold(1, u64::max);
    let top = round_up(highest);
    let height = 200.0;
    let step = WIDTH / bars.len() as f64;
    let mut svg = open("Requests by day and risk", 800.0, 250.0);
    for line in 0..=2_u64 {
        let y = 10.0 + height * (1.0 - line as f64 / 2.0);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"60\" x2=\"780\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis\" x=\"52\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y + 4.0,
            count(top * line / 2)
        );
    }
    for ((title, risks), place) in bars.iter().zip(0_u32..) {
        let mut y = 10.0 + height;
        let x = 60.0 + f64::from(place) * step;
        for (risk, number) in risks.from_critical() {
            if number == 0 {
                continue;
            }
            let tall = height * number as f64 / top as f64;
            y -= tall;
            let _ = write!(
                svg,
                "<rect class=\"{0}\" x=\"{1:.2}\" y=\"{y:.2}\" width=\"{2:.2}\" height=\"{tall:.2}\"><title>{title}: {3} {0}</title></rect>",
                risk.vault_name(),
                x + step * 0.08,
                step * 0.84,
                count(number),
            );
        }
    }
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"60\" y=\"234\">{}</text><text class=\"axis\" x=\"780\" y=\"234\" text-anchor=\"end\">{}</text></svg>",
        html(&first.day, 10),
        html(&last.day, 10)
    );
    svg
}

fn together(days: &[Day]) -> (String, Risks) {
    let mut sum = Risks::default();
    for Day { risks, .. } in days {
        sum = sum.plus(*risks);
    }
    let (from, until) = (days.first(), days.last());
    let (from, until) = (
        from.map_or("", |day| &day.day),
        until.map_or("", |day| &day.day),
    );
    let title = if from == until {
        html(from, 10)
    } else {
        format!("{} to {}", html(from, 10), html(until, 10))
    };
    (title, sum)
}

/// An even number that is not less, such as an axis ends with.
fn round_up(number: u64) -> u64 {
    if number <= 10 {
        return number.max(2).next_multiple_of(2);
    }
    let mut magnitude = 1_u64;
    loop {
        for lead in [10, 12, 16, 20, 24, 30, 40, 50, 60, 80] {
            let top = magnitude.saturating_mul(lead);
            if top >= number || top == u64::MAX {
                return top;
            }
        }
        magnitude = magnitude.saturating_mul(10);
    }
}

/// Requests by hour and day of the week.
pub(super) fn heat_map(summary: &Summary) -> String {
    let highest = summary.hours.iter().flatten().copied().fold(1, u64::max);
    let mut svg = open("Requests by hour and day of the week", 800.0, 252.0);
    for (name, row) in WEEKDAYS.iter().zip(0_u32..) {
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"52\" y=\"{}\" text-anchor=\"end\">{name}</text>",
            27 + row * 31
        );
    }
    for hour in (0..24_u32).step_by(3) {
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{}\" y=\"240\" text-anchor=\"middle\">{hour:02}</text>",
            75 + hour * 30
        );
    }
    for ((hours, name), row) in summary.hours.iter().zip(WEEKDAYS).zip(0_u32..) {
        for (number, hour) in hours.iter().zip(0_u32..) {
            let share = *number as f64 / highest as f64;
            let strength = if *number == 0 {
                3.0
            } else {
                14.0 + share * 86.0
            };
            let _ = write!(
                svg,
                "<rect class=\"cell\" x=\"{}\" y=\"{}\" width=\"28\" height=\"28\" rx=\"4\" style=\"--share:{strength:.0}%\">\
                 <title>{name} {hour:02}:00 to {hour:02}:59: {}</title></rect>",
                61 + hour * 30,
                8 + row * 31,
                many(*number, "request", "requests")
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Who asked most often, by risk.
pub(super) fn requesters(requesters: &[Asking]) -> String {
    let shown = requesters.get(..ROWS_MAX).unwrap_or(requesters);
    let rows: Vec<(String, Risks)> = shown
        .iter()
        .map(|asking| (html(&short(&asking.requester, 24), 48), asking.risks))
        .collect();
    bars("Who asked most often", &rows)
}

/// How often each anomaly was found.
pub(super) fn anomalies(summary: &Summary) -> String {
    let rows: Vec<(String, Risks)> = summary
        .anomalies
        .iter()
        .take(ROWS_MAX)
        .map(|(anomaly, number)| {
            let moderate = *number;
            (
                anomaly.name().to_owned(),
                Risks {
                    moderate,
                    ..Risks::default()
                },
            )
        })
        .collect();
    bars("How often each anomaly was found", &rows)
}

/// Rows of stacked bars; names are escaped.
fn bars(title: &str, rows: &[(String, Risks)]) -> String {
    let highest = rows
        .iter()
        .map(|(_, risks)| risks.total())
        .fold(1, u64::max) as f64;
    let mut svg = open(title, 800.0, 10.0 + rows.len() as f64 * 30.0);
    for ((name, risks), place) in rows.iter().zip(0_u32..) {
        let y = 6.0 + f64::from(place) * 30.0;
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"248\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            y + 15.0
        );
        let mut x = 260.0;
        for (risk, number) in risks.from_critical() {
            if number == 0 {
                continue;
            }
            let width = (460.0 * number as f64 / highest).max(1.5);
            let _ = write!(
                svg,
                "<rect class=\"{0}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"20\"><title>{name}: {1} {0}</title></rect>",
                risk.vault_name(),
                count(number)
            );
            x += width;
        }
        let _ = write!(
            svg,
            "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x + 8.0,
            y + 15.0,
            count(risks.total())
        );
    }
    svg.push_str("</svg>");
    svg
}

fn open(title: &str, width: f64, height: f64) -> String {
    format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\">"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_an_axis_is_near() {
        for (number, top) in [
            (0, 2),
            (1, 2),
            (7, 8),
            (10, 10),
            (19, 20),
            (21, 24),
            (99, 100),
            (101, 120),
            (4_321, 5_000),
        ] {
            assert_eq!(round_up(number), top);
        }
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }
}
