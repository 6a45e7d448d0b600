//! Charts as inline SVG. Colours come from the page's style, so that they follow light and dark.

use std::fmt::Write as _;

use super::html::escape;
use super::words::count;
use super::{Blocker, Bucket, Day, Line};
use crate::backtest::measure::percent;

/// Width of a chart's drawing area, in its own units.
const WIDTH: f64 = 720.0;

/// Most days that are drawn one by one; more are put together.
const BARS_MAX: usize = 120;

/// Decisions by day as stacked bars.
pub(super) fn over_time(days: &[Day]) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return String::new();
    };
    let per_bar = days.len().div_ceil(BARS_MAX).max(1);
    let bars: Vec<(String, [u64; 4])> = days
        .chunks(per_bar)
        .map(|days| {
            let mut sums = [0; 4];
            for day in days {
                for (sum, count) in sums.iter_mut().zip(day.decisions) {
                    *sum += count;
                }
            }
            let from = days.first().map_or("", |day| &day.day);
            let until = days.last().map_or("", |day| &day.day);
            (
                if from == until {
                    from.to_owned()
                } else {
                    format!("{from} to {until}")
                },
                sums,
            )
        })
        .collect();
    let highest = bars
        .iter()
        .map(|(_, sums)| sums.iter().sum::<u64>())
        .fold(1, u64::max) as f64;
    let height = 200.0;
    let step = WIDTH / bars.len() as f64;
    let mut svg = open("Decisions by day", 800.0, 250.0);
    for line in 0..=4 {
        let share = f64::from(line) / 4.0;
        let y = 10.0 + height * (1.0 - share);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"60\" x2=\"780\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis\" x=\"52\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y + 4.0,
            rounded(highest * share)
        );
    }
    for ((title, sums), place) in bars.iter().zip(0_u32..) {
        let mut y = 10.0 + height;
        let x = 60.0 + f64::from(place) * step;
        for (number, class) in sums.iter().zip(["auto", "info", "escalate", "deny"]) {
            let tall = height * *number as f64 / highest;
            y -= tall;
            if *number > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{tall:.2}\"><title>{}: {} {}</title></rect>",
                    x + step * 0.08,
                    step * 0.84,
                    escape(title),
                    count(*number),
                    decision(class)
                );
            }
        }
    }
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"60\" y=\"234\">{}</text><text class=\"axis\" x=\"780\" y=\"234\" text-anchor=\"end\">{}</text></svg>",
        escape(&first.day),
        escape(&last.day)
    );
    svg
}

/// A number of an axis, whole where it can be.
fn rounded(number: f64) -> String {
    if number >= 10.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

fn decision(class: &str) -> &'static str {
    match class {
        "auto" => "AUTO_PROVISION",
        "info" => "REQUEST_INFO",
        "escalate" => "ESCALATE",
        _ => "DENY",
    }
}

/// Stated confidence against agreement, with intervals; the diagonal is perfect.
pub(super) fn reliability(name: &str, buckets: &[Bucket]) -> String {
    let mut svg = open(name, 380.0, 330.0);
    let x = |share: f64| 50.0 + share * 300.0;
    let y = |share: f64| 280.0 - share * 260.0;
    for line in 0..=4 {
        let share = f64::from(line) / 4.0;
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"50\" x2=\"350\" y1=\"{0:.1}\" y2=\"{0:.1}\"/>\
             <text class=\"axis\" x=\"44\" y=\"{1:.1}\" text-anchor=\"end\">{2:.0} %</text>\
             <text class=\"axis\" x=\"{3:.1}\" y=\"298\" text-anchor=\"middle\">{2:.0} %</text>",
            y(share),
            y(share) + 4.0,
            share * 100.0,
            x(share)
        );
    }
    let _ = write!(
        svg,
        "<line class=\"ideal\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    let points: Vec<(f64, f64)> = buckets
        .iter()
        .filter_map(|bucket| Some((x(bucket.stated), y(bucket.agreement.share?))))
        .collect();
    let path: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let _ = write!(
        svg,
        "<polyline class=\"curve\" points=\"{}\"/>",
        path.join(" ")
    );
    for (bucket, (x, at)) in buckets.iter().zip(&points) {
        let [low, high] = bucket.agreement.interval.unwrap_or_default();
        let _ = write!(
            svg,
            "<line class=\"whisker\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <circle class=\"point\" cx=\"{x:.1}\" cy=\"{at:.1}\" r=\"5\"><title>stated {}, owner agreed {}</title></circle>",
            y(low),
            y(high),
            percent(bucket.stated),
            escape(&bucket.agreement.to_string())
        );
    }
    svg.push_str("<text class=\"axis\" x=\"200\" y=\"320\" text-anchor=\"middle\">stated confidence</text></svg>");
    svg
}

/// Counts in a grid, darker where there are more of the line.
pub(super) fn matrix(
    title: &str,
    columns: &[String],
    lines: &[Line],
    is_expected: impl Fn(usize, usize) -> bool,
) -> String {
    let height = 44.0 + lines.len() as f64 * 52.0;
    let mut svg = open(title, 620.0, height);
    for (name, place) in columns.iter().zip(0_u32..) {
        let x = 120.0 + f64::from(place) * 124.0 + 60.0;
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{x}\" y=\"28\" text-anchor=\"middle\">{}</text>",
            escape(name)
        );
    }
    for (line, row) in lines.iter().zip(0_usize..) {
        let y = 40.0 + row as f64 * 52.0;
        let whole = line.ours.iter().sum::<u64>();
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"108\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y + 30.0,
            escape(&line.owner)
        );
        for (number, column) in line.ours.iter().zip(0_usize..) {
            let x = 120.0 + column as f64 * 124.0;
            let share = if whole == 0 {
                0.0
            } else {
                *number as f64 / whole as f64
            };
            let class = if is_expected(row, column) {
                "cell expected"
            } else {
                "cell"
            };
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"120\" height=\"48\" rx=\"4\" style=\"--share:{:.0}%\"/>\
                 <text class=\"value\" x=\"{}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <text class=\"axis\" x=\"{}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                8.0 + share * 62.0,
                x + 60.0,
                y + 22.0,
                count(*number),
                x + 60.0,
                y + 39.0,
                if whole == 0 {
                    "–".to_owned()
                } else {
                    percent(share)
                }
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The costliest blockers as bars: alone, and found on.
pub(super) fn blockers(blockers: &[Blocker]) -> String {
    let shown = blockers.get(..12).unwrap_or(blockers);
    let highest = shown.iter().map(|blocker| blocker.only).fold(1, u64::max) as f64;
    let mut svg = open(
        "Requests that one finding alone keeps from being granted",
        800.0,
        10.0 + shown.len() as f64 * 30.0,
    );
    for (blocker, place) in shown.iter().zip(0_u32..) {
        let y = 6.0 + f64::from(place) * 30.0;
        let width = 370.0 * blocker.only as f64 / highest;
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"268\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"escalate\" x=\"280\" y=\"{y:.1}\" width=\"{:.1}\" height=\"20\" rx=\"3\"/>\
             <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{} <tspan class=\"axis\">of {}</tspan></text>",
            y + 15.0,
            escape(&blocker.finding),
            width.max(1.5),
            288.0 + width,
            y + 15.0,
            count(blocker.only),
            count(blocker.seen)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A share as a thin line with its interval.
pub(super) fn interval(share: f64, [low, high]: [f64; 2]) -> String {
    let (low, high, at) = (low * 200.0, high * 200.0, share * 200.0);
    format!(
        "<svg class=\"interval\" viewBox=\"-4 0 212 14\" aria-hidden=\"true\"><rect class=\"rail\" x=\"2\" y=\"6\" width=\"200\" height=\"2\"/>\
         <rect class=\"span\" x=\"{:.1}\" y=\"4\" width=\"{:.1}\" height=\"6\" rx=\"3\"/><circle class=\"point\" cx=\"{:.1}\" cy=\"7\" r=\"4\"/></svg>",
        2.0 + low,
        (high - low).max(1.0),
        2.0 + at
    )
}

fn open(title: &str, width: f64, height: f64) -> String {
    let title = escape(title);
    format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\">"
    )
}
