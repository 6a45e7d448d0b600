//! From counts to figures.

use decision::rules::Rules as Policy;
use decision::time::Timestamp;
use decision::verdict::Answer;

use super::{
    Blocker, Bucket, Day, Decision, FORMAT, Latency, Line, MustBeZero, Reliability, Report, Rows,
};
use crate::backtest::measure::Measure;
use crate::backtest::row::OwnerDecision;
use crate::backtest::tally::{self, BUCKETS, Curve, Tally, agrees};
use crate::backtest::{ASSUMPTIONS, Options};

const NO_OWNER: &str = "no row judged has `owner_decision`";
const NO_ROWS: &str = "there is no row to judge";
const NO_GRANTS: &str = "nothing was granted automatically";

pub(super) fn report(
    tally: &Tally,
    rules: &Policy,
    inputs: Vec<String>,
    options: &Options,
) -> Report {
    let agreed = sum(tally, agrees);
    let with_owner = sum(tally, |_, _| true);
    let is_exception = |owner| matches!(owner, OwnerDecision::Escalate | OwnerDecision::Deny);
    let is_routed = |answer| matches!(answer, Answer::Escalate | Answer::Deny);
    let routed = sum(tally, |owner, answer| {
        is_exception(owner) && is_routed(answer)
    });
    let granted = |answer| answer == Answer::AutoProvision;
    let granted_with_owner = sum(tally, |_, answer| granted(answer));
    let no_grants = if with_owner == 0 { NO_OWNER } else { NO_GRANTS };
    let [exact, over, under] = tally.scope;
    let no_scope = "no row with `minimal_access` was granted or offered something instead";
    let [[_, missed], [false_alarms, caught]] = tally.conflicts;
    Report {
        format: FORMAT,
        policy: rules.policy().digest.clone(),
        inputs,
        as_of: options.as_of,
        from: options.from,
        until: options.until,
        rows: rows(tally),
        broken_rows: tally.broken_rows.clone(),
        must_be_zero: must_be_zero(tally),
        decisions: (Answer::ALL.into_iter().zip(tally.answers))
            .map(|(answer, count)| Decision {
                decision: answer.name().to_owned(),
                share: Measure::new(count, tally.judged, NO_ROWS),
            })
            .collect(),
        confusion: (OwnerDecision::ALL.into_iter().zip(tally.matrix))
            .map(|(owner, ours)| Line {
                owner: owner.name().to_owned(),
                ours,
            })
            .collect(),
        agreement: Measure::new(agreed, with_owner, NO_OWNER),
        agreement_of_grants: Measure::new(
            sum(tally, |owner, answer| {
                granted(answer) && agrees(owner, answer)
            }),
            granted_with_owner,
            no_grants,
        ),
        least_privilege: Measure::new(exact, exact + over + under, no_scope),
        over_provisioning: Measure::new(over, exact + over + under, no_scope),
        conflict_precision: Measure::new(
            caught,
            caught + false_alarms,
            &no_conflicts(tally, "flagged"),
        ),
        conflict_recall: Measure::new(
            caught,
            caught + missed,
            &no_conflicts(tally, "judged by the owner"),
        ),
        escalation_rate: Measure::new(escalated(tally), tally.judged, NO_ROWS),
        escalation_precision: Measure::new(
            routed,
            sum(tally, |_, answer| is_routed(answer)),
            if with_owner == 0 {
                NO_OWNER
            } else {
                "nothing was escalated"
            },
        ),
        escalation_recall: Measure::new(
            routed,
            sum(tally, |owner, _| is_exception(owner)),
            if with_owner == 0 {
                NO_OWNER
            } else {
                "no owner escalated or denied anything"
            },
        ),
        reliability: reliability(&tally.ours),
        model_reliability: reliability(&tally.models),
        latency: (tally.latency.samples() > 0).then(|| Latency {
            samples: tally.latency.samples(),
            p50_ns: tally.latency.quantile(0.5),
            p99_ns: tally.latency.quantile(0.99),
        }),
        blockers: blockers(tally),
        days: days(tally),
        assumptions: ASSUMPTIONS.to_owned(),
    }
}

/// Requests of the confusion matrix at the places that are `wanted`.
fn sum(tally: &Tally, wanted: impl Fn(OwnerDecision, Answer) -> bool) -> u64 {
    let lines = OwnerDecision::ALL.into_iter().zip(tally.matrix);
    lines
        .flat_map(|(owner, line)| {
            Answer::ALL
                .into_iter()
                .zip(line)
                .map(move |(answer, count)| (owner, answer, count))
        })
        .filter(|(owner, answer, _)| wanted(*owner, *answer))
        .map(|(_, _, count)| count)
        .sum()
}

fn escalated(tally: &Tally) -> u64 {
    let [_, _, escalated, denied] = tally.answers;
    escalated + denied
}

fn rows(tally: &Tally) -> Rows {
    Rows {
        read: tally.judged + tally.broken + tally.out_of_range + tally.undated + tally.future,
        judged: tally.judged,
        broken: tally.broken,
        out_of_range: tally.out_of_range,
        undated: tally.undated,
        future: tally.future,
        without_holdings: tally.without_holdings,
    }
}

fn must_be_zero(tally: &Tally) -> MustBeZero {
    let [granted, ..] = tally.answers;
    let no_judgement = "no automatic grant has `sod_conflict`";
    MustBeZero {
        privileged_grants: Measure::new(tally.dangerous_grants, granted, NO_GRANTS),
        conflicting_grants: Measure::new(tally.conflicting_grants, granted, NO_GRANTS),
        conflicting_grants_to_the_owner: Measure::new(
            tally.conflicting_grants_to_the_owner,
            tally.grants_with_owner_conflict,
            if granted == 0 {
                NO_GRANTS
            } else {
                no_judgement
            },
        ),
        requests: tally.breaches.clone(),
    }
}

/// Why precision or recall of conflicts cannot be had.
fn no_conflicts(tally: &Tally, which: &str) -> String {
    let measured: u64 = tally.conflicts.as_flattened().iter().sum();
    if measured > 0 {
        format!("no conflict was {which}")
    } else if tally.conflicts_unknown > 0 {
        "no row with `sod_conflict` has holdings".to_owned()
    } else {
        "no row judged has `sod_conflict`".to_owned()
    }
}

fn reliability(curve: &Curve) -> Reliability {
    let width = 1.0 / BUCKETS as f64;
    let rows: u64 = curve.0.iter().map(|bucket| bucket.rows).sum();
    let buckets: Vec<Bucket> = (0..BUCKETS)
        .zip(curve.0)
        .filter(|(_, bucket)| bucket.rows > 0)
        .map(|(place, bucket)| Bucket {
            from: place as f64 * width,
            to: (place + 1) as f64 * width,
            stated: bucket.stated as f64 / 10_000.0 / bucket.rows as f64,
            agreement: Measure::new(bucket.agreed, bucket.rows, ""),
        })
        .collect();
    let distance = |bucket: &Bucket| {
        let agreed = bucket.agreement.share.unwrap_or_default();
        (bucket.stated - agreed).abs() * bucket.agreement.denominator as f64
    };
    let whole: f64 = buckets.iter().map(distance).sum();
    Reliability {
        expected_calibration_error: (rows > 0).then(|| whole / rows as f64),
        buckets,
    }
}

fn blockers(tally: &Tally) -> Vec<Blocker> {
    let mut blockers: Vec<Blocker> = tally::kinds(&tally.seen)
        .zip(&tally.only)
        .filter(|((_, seen), _)| *seen > 0)
        .map(|((kind, seen), only)| Blocker {
            finding: kind.name().to_owned(),
            only: *only,
            seen,
        })
        .collect();
    blockers.sort_by(|a, b| (b.only, b.seen, &a.finding).cmp(&(a.only, a.seen, &b.finding)));
    blockers
}

fn days(tally: &Tally) -> Vec<Day> {
    let named = |day: i64| {
        let text = Timestamp::from_seconds(day.saturating_mul(86_400)).to_string();
        text.split('T').next().unwrap_or_default().to_owned()
    };
    (tally.days.iter().zip(0..))
        .filter(|(decisions, _)| decisions.iter().any(|count| *count > 0))
        .map(|(decisions, day)| Day {
            day: named(day),
            decisions: *decisions,
        })
        .collect()
}
