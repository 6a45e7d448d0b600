//! Figures against cases worked out by hand, and against a second, slow way to count.

mod common;

use common::{
    Dice, answers, at, judge, judge_rows, judge_with, lines, options, random_row, row, rules,
};
use governance::backtest::{Format, HoldingsTable, Input, Measure, Options, Report, compare, run};
use serde_json::{Value, json};
use std::ops::ControlFlow;

fn pair(measure: &Measure) -> (u64, u64) {
    (measure.numerator, measure.denominator)
}

/// Ten rows: the figures in the comment of each are what it adds, worked out by hand.
fn by_hand() -> Vec<Value> {
    [
        // Granted, approved, exactly what was needed.
        json!({}),
        // Granted, and the owner denied it; nothing was needed.
        json!({"owner_decision": "deny", "minimal_access": "none"}),
        // Asked back for the reason, as the owner did.
        json!({"owner_decision": "ask", "justification": null}),
        // Asked back with less offered (`db:read` for `db:write`), which is what was needed; out of role escalates.
        json!({"access": "db:write", "owner_decision": "escalate", "minimal_access": "db:read"}),
        // Administration: escalated, the owner denied.
        json!({"access": "db:admin", "owner_decision": "deny", "minimal_access": "db:read"}),
        // A conflict with what is held: flagged, and one to the owner.
        json!({"role": "clerk", "access": "payment:approve", "holdings": ["vendor:create"], "owner_decision": "escalate", "sod_conflict": "sod-1", "minimal_access": null}),
        // A conflict that the owner did not see.
        json!({"role": "clerk", "access": "vendor:create", "holdings": ["payment:approve"], "owner_decision": "approve", "sod_conflict": false, "minimal_access": null}),
        // Without holdings: escalated as a fact that could not be read, conflicts not measurable.
        json!({"holdings": null, "owner_decision": "approve", "sod_conflict": true}),
        // Nothing but the request: no judgement of the owner.
        json!({"owner_decision": null, "minimal_access": null, "sod_conflict": null}),
        // The manager did not approve.
        json!({"approvals": [], "owner_decision": "approve", "minimal_access": null}),
    ]
    .iter()
    .enumerate()
    .map(|(number, changes)| row(number, changes))
    .collect()
}

/// What models stated, held against owners: right is who held nothing back from what was approved, and something from the rest.
#[test]
fn a_model_s_confidence_is_held_against_owners() {
    let said = |advice: &str, stated: Value, owner: Value| json!({ "model_advice": advice, "model_confidence": stated, "owner_decision": owner });
    let rows: Vec<Value> = [
        said("nothing", json!(0.95), json!("approve")),
        said("nothing", json!(0.95), json!("deny")),
        said("look_closer", json!(0.95), json!("escalate")),
        said("narrow", json!(0.95), json!("approve")),
        said("ask_first", json!("0.95"), json!("ask")),
        said("nothing", json!(0.2), json!("approve")),
        // Nobody decided; nothing was stated.
        said("nothing", json!(0.95), json!(null)),
        said("nothing", json!(null), json!("approve")),
    ]
    .iter()
    .enumerate()
    .map(|(number, changes)| row(number, changes))
    .collect();
    let report = judge_rows(&rows);
    let curve = &report.model_reliability;
    let counted: Vec<(u64, u64)> = (curve.buckets.iter())
        .map(|bucket| pair(&bucket.agreement))
        .collect();
    assert_eq!(counted, [(1, 1), (3, 5)]);
    assert!((curve.buckets[1].stated - 0.95).abs() < 1e-12);
    let error = curve.expected_calibration_error.unwrap();
    assert!((error - (0.8 + 5.0 * 0.35) / 6.0).abs() < 1e-12, "{error}");
    let refused = curve.supports(0.9).unwrap_err();
    assert!(refused.contains("3 of 5"), "{refused}");
    assert!(curve.supports(0.95).unwrap_err().contains("no row"));
    for page in [report.to_html(), report.to_markdown()] {
        assert!(page.contains("95 % interval") && page.contains("odel's confidence"));
    }
    // Without models there is no such curve.
    let report = judge_rows(&by_hand());
    assert!(report.model_reliability.buckets.is_empty());
    assert!(!report.to_html().contains("odel's confidence"));
    // What is no share is told.
    for wrong in [
        json!(1.01),
        json!(-0.1),
        json!("sure"),
        json!(95),
        json!("NaN"),
    ] {
        let report = judge_rows(&[row(0, &said("nothing", wrong, json!("approve")))]);
        assert!(report.broken_rows[0].problem.contains("model_confidence"));
    }
    let report = judge_rows(&[row(0, &said("yes", json!(1), json!("approve")))]);
    assert!(report.broken_rows[0].problem.contains("model_advice"));
}

#[test]
fn ten_rows_worked_out_by_hand() {
    let report = judge_rows(&by_hand());
    assert_eq!(answers(&report), [3, 2, 5, 0]);
    assert_eq!(pair(&report.agreement), (5, 9));
    assert_eq!(pair(&report.agreement_of_grants), (1, 2));
    assert_eq!(pair(&report.least_privilege), (2, 3));
    assert_eq!(pair(&report.over_provisioning), (1, 3));
    assert_eq!(pair(&report.conflict_precision), (1, 2));
    assert_eq!(pair(&report.conflict_recall), (1, 1));
    assert_eq!(pair(&report.escalation_rate), (5, 10));
    assert_eq!(pair(&report.escalation_precision), (3, 5));
    assert_eq!(pair(&report.escalation_recall), (3, 4));
    assert_eq!(pair(&report.must_be_zero.privileged_grants), (0, 3));
    assert_eq!(pair(&report.must_be_zero.conflicting_grants), (0, 3));
    assert!(report.must_be_zero.holds());
    assert_eq!((report.rows.judged, report.rows.without_holdings), (10, 1));
    // Everybody is fully known, so every confidence is 1 and the error is what does not agree.
    assert_eq!(report.reliability.buckets.len(), 1);
    assert_eq!(pair(&report.reliability.buckets[0].agreement), (5, 9));
    // Five of nine: what a threshold would ask for is compared with the lower end of the interval, 26.7 %.
    assert_eq!(pair(&report.reliability.supports(0.26).unwrap()), (5, 9));
    let refused = report.reliability.supports(0.28).unwrap_err();
    assert!(refused.contains("5 of 9"), "{refused}");
    assert!(report.reliability.supports(f64::NAN).is_err());
    let error = report.reliability.expected_calibration_error.unwrap();
    assert!((error - 4.0 / 9.0).abs() < 1e-12);
    let only: Vec<(&str, u64)> = report
        .blockers
        .iter()
        .filter(|one| one.only > 0)
        .map(|one| (one.finding.as_str(), one.only))
        .collect();
    assert_eq!(
        only,
        [
            ("separation-of-duties-conflict", 2),
            ("fact-unreachable", 1),
            ("justification-missing", 1),
            ("manager-approval-missing", 1),
        ]
    );
    assert_eq!(report.days.len(), 1);
    assert_eq!(
        (report.days[0].day.as_str(), report.days[0].decisions),
        ("2026-11-20", [3, 2, 5, 0])
    );
}

#[test]
fn what_cannot_be_measured_says_why() {
    let bare = json!({"owner_decision": null, "minimal_access": null, "sod_conflict": null});
    let report = judge_rows(&[row(1, &bare)]);
    for (measure, reason) in [
        (&report.agreement, "no row judged has `owner_decision`"),
        (
            &report.agreement_of_grants,
            "no row judged has `owner_decision`",
        ),
        (
            &report.escalation_recall,
            "no row judged has `owner_decision`",
        ),
        (&report.least_privilege, "no row with `minimal_access`"),
        (&report.conflict_recall, "no row judged has `sod_conflict`"),
        (
            &report.must_be_zero.conflicting_grants_to_the_owner,
            "no automatic grant has `sod_conflict`",
        ),
    ] {
        let told = measure.not_measurable.as_deref().unwrap();
        assert!(told.starts_with(reason), "{told}");
        assert_eq!((measure.share, measure.interval), (None, None));
    }
    // Judged by the owner, and without holdings: never a vacuous zero.
    let report = judge_rows(&[row(1, &json!({"holdings": null, "sod_conflict": true}))]);
    assert_eq!(
        report.conflict_recall.not_measurable.unwrap(),
        "no row with `sod_conflict` has holdings"
    );
    assert_eq!(
        report
            .must_be_zero
            .conflicting_grants
            .not_measurable
            .unwrap(),
        "nothing was granted automatically"
    );
    assert_eq!(report.reliability.buckets.len(), 1);
    let empty = judge(Format::JsonLines, "", &options()).unwrap();
    assert!(empty.is_empty());
    assert_eq!(
        empty.escalation_rate.not_measurable.as_deref(),
        Some("there is no row to judge")
    );
}

/// A conflict that no rule names shows through the owner; it is listed.
#[test]
fn an_owner_can_see_a_conflict_that_no_rule_names() {
    let report = judge_rows(&[row(1, &json!({})), row(2, &json!({"sod_conflict": true}))]);
    assert!(!report.must_be_zero.holds());
    assert_eq!(
        pair(&report.must_be_zero.conflicting_grants_to_the_owner),
        (1, 2)
    );
    let [breach] = &report.must_be_zero.requests[..] else {
        panic!("one breach")
    };
    assert_eq!((breach.request_id.as_str(), breach.place.row), ("REQ-2", 2));
    assert!(breach.is_conflict_to_the_owner && !breach.is_conflict && !breach.is_privileged);
}

/// The rules match tokens, a person reads text: `admin*` catches `administrators` only for the second.
#[test]
fn a_plain_reading_of_the_policy_is_a_second_opinion() {
    let mut policy = common::policy();
    policy.privileged.push(decision::rules::policy::Pattern {
        text: "re*:read".into(),
        ..Default::default()
    });
    let rules = decision::rules::Rules::compile(policy).unwrap();
    let input = Input::from_bytes(
        "history",
        Format::JsonLines,
        lines(&[row(1, &json!({}))]).into(),
    );
    let report = run(vec![input], None, &rules, &options(), &|_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(answers(&report), [1, 0, 0, 0]);
    assert_eq!(pair(&report.must_be_zero.privileged_grants), (1, 1));
}

/// Everything counted again, row by row, from reports of one row each.
#[test]
fn a_second_way_to_count() {
    let mut dice = Dice(11);
    let rows: Vec<Value> = (0..400)
        .map(|number| random_row(number, &mut dice))
        .collect();
    let report = judge_rows(&rows);
    let singles: Vec<(Value, Report)> = rows
        .iter()
        .map(|row| (row.clone(), judge_rows(std::slice::from_ref(row))))
        .collect();
    let answer = |report: &Report| {
        let decision = report
            .decisions
            .iter()
            .find(|decision| decision.share.numerator == 1);
        decision.unwrap().decision.clone()
    };
    let count = |wanted: &dyn Fn(&Value, &str, &Report) -> bool| {
        let found = singles
            .iter()
            .filter(|(row, report)| wanted(row, &answer(report), report));
        found.count() as u64
    };
    let owner = |row: &Value| row["owner_decision"].as_str().map(str::to_owned);
    let agrees = |row: &Value, ours: &str| match owner(row).as_deref() {
        Some("approve") => ours == "AUTO_PROVISION",
        Some("ask") => ours == "REQUEST_INFO",
        Some("escalate") => ours == "ESCALATE",
        Some("deny") => ours == "ESCALATE" || ours == "DENY",
        _ => false,
    };
    let exception = |row: &Value| matches!(owner(row).as_deref(), Some("escalate" | "deny"));
    let routed = |ours: &str| ours == "ESCALATE" || ours == "DENY";
    assert_eq!(
        pair(&report.agreement),
        (
            count(&|row, ours, _| agrees(row, ours)),
            count(&|row, _, _| owner(row).is_some())
        )
    );
    assert_eq!(
        pair(&report.agreement_of_grants),
        (
            count(&|row, ours, _| ours == "AUTO_PROVISION"
                && owner(row).as_deref() == Some("approve")),
            count(&|row, ours, _| ours == "AUTO_PROVISION" && owner(row).is_some())
        )
    );
    assert_eq!(
        pair(&report.escalation_rate),
        (count(&|_, ours, _| routed(ours)), 400)
    );
    let both = count(&|row, ours, _| exception(row) && routed(ours));
    let all_routed = count(&|row, ours, _| owner(row).is_some() && routed(ours));
    assert_eq!(pair(&report.escalation_precision), (both, all_routed));
    assert_eq!(
        pair(&report.escalation_recall),
        (both, count(&|row, _, _| exception(row)))
    );
    let flagged = |report: &Report| {
        report
            .blockers
            .iter()
            .any(|one| one.finding == "separation-of-duties-conflict")
    };
    let is_true = |row: &Value| row["sod_conflict"] == true || row["sod_conflict"] == "sod-1";
    let known = |row: &Value| !row["sod_conflict"].is_null() && !row["holdings"].is_null();
    let caught = count(&|row, _, one| known(row) && flagged(one) && is_true(row));
    assert_eq!(
        pair(&report.conflict_precision),
        (caught, count(&|row, _, one| known(row) && flagged(one)))
    );
    assert_eq!(
        pair(&report.conflict_recall),
        (caught, count(&|row, _, _| known(row) && is_true(row)))
    );
    let proposed = |row: &Value, ours: &str, one: &Report| {
        let over_asked = one.blockers.iter().any(|one| one.finding == "over-asking");
        match (ours, over_asked) {
            ("AUTO_PROVISION", _) => row["access"].as_str().map(str::to_owned),
            (_, true) => Some("db:read".to_owned()),
            _ => None,
        }
    };
    let minimal = |row: &Value| row["minimal_access"].as_str().map(str::to_owned);
    let scoped =
        count(&|row, ours, one| proposed(row, ours, one).is_some() && minimal(row).is_some());
    let exact = count(&|row, ours, one| {
        proposed(row, ours, one).is_some() && proposed(row, ours, one) == minimal(row)
    });
    assert_eq!(pair(&report.least_privilege), (exact, scoped));
    // No level below another is both granted and needed here, so what is not exact is too much.
    assert_eq!(pair(&report.over_provisioning), (scoped - exact, scoped));
    for blocker in &report.blockers {
        let of = |one: &Report| {
            one.blockers
                .iter()
                .find(|one| one.finding == blocker.finding)
                .cloned()
        };
        assert_eq!(
            blocker.seen,
            count(&|_, _, one| of(one).is_some()),
            "{}",
            blocker.finding
        );
        assert_eq!(
            blocker.only,
            count(&|_, _, one| of(one).is_some_and(|one| one.only == 1)),
            "{}",
            blocker.finding
        );
    }
    for (line, name) in report
        .confusion
        .iter()
        .zip(["approve", "ask", "escalate", "deny"])
    {
        for (ours, decision) in line.ours.iter().zip(&report.decisions) {
            let counted = count(&|row, ours, _| {
                owner(row).as_deref() == Some(name) && ours == decision.decision
            });
            assert_eq!(*ours, counted);
        }
    }
    assert!(
        report
            .days
            .iter()
            .map(|day| day.decisions.iter().sum::<u64>())
            .sum::<u64>()
            == 400
    );
    assert!(
        both > 50 && caught > 3 && scoped > 30,
        "{both} {caught} {scoped}"
    );
}

/// The same report for any number of threads, any order of rows, and the slow path.
#[test]
fn nothing_hangs_on_threads() {
    let mut dice = Dice(5);
    let mut rows: Vec<Value> = (0..30_000)
        .map(|number| random_row(number, &mut dice))
        .collect();
    for place in [100, 20_000] {
        rows[place] = json!({"request_id": "broken"});
    }
    let text = lines(&rows);
    let of = |threads| {
        judge(
            Format::JsonLines,
            text.clone(),
            &Options {
                threads,
                ..options()
            },
        )
        .unwrap()
    };
    let one = of(1);
    assert_eq!(one.rows.broken, 2);
    for threads in [2, 3, 8] {
        assert_eq!(of(threads), one, "{threads} threads");
    }
    let slowly = Options {
        slowly: true,
        ..options()
    };
    let few = lines(&rows[..2_000]);
    assert_eq!(
        judge(Format::JsonLines, few.clone(), &slowly).unwrap(),
        judge(Format::JsonLines, few, &options()).unwrap()
    );
    let mut backwards = rows.clone();
    backwards.reverse();
    let backwards = judge(Format::JsonLines, lines(&backwards), &options()).unwrap();
    assert_eq!(
        (backwards.agreement, backwards.days),
        (one.agreement, one.days)
    );
}

#[test]
fn two_policies_on_the_same_rows() {
    let mut policy = common::policy();
    policy.digest = "sha256:4567".into();
    policy.roles[0]
        .standard
        .retain(|listed| listed.entitlement != "ci:read");
    let stricter = decision::rules::Rules::compile(policy).unwrap();
    let rows: Vec<Value> = (0..40)
        .map(|number| {
            row(
                number,
                &json!({"access": if number % 2 == 0 { "ci:read" } else { "repo:read" }}),
            )
        })
        .collect();
    let of = |threads| {
        let input = Input::from_bytes("history", Format::JsonLines, lines(&rows).into());
        let options = Options {
            threads,
            ..options()
        };
        compare(vec![input], None, &rules(), &stricter, &options, &|_| {
            ControlFlow::Continue(())
        })
        .unwrap()
    };
    let comparison = of(1);
    assert_eq!(comparison.matrix, [[20, 0, 20, 0], [0; 4], [0; 4], [0; 4]]);
    assert_eq!(comparison.changes(), 20);
    let [changed] = &comparison.changed[..] else {
        panic!("one kind of change")
    };
    assert_eq!((changed.from, changed.to), ("AUTO_PROVISION", "ESCALATE"));
    let examples: Vec<&str> = changed
        .examples
        .iter()
        .map(|one| one.request_id.as_str())
        .collect();
    assert_eq!(examples, ["REQ-0", "REQ-2", "REQ-4", "REQ-6", "REQ-8"]);
    assert_eq!(
        (
            changed.examples[0].stopped_before,
            changed.examples[0].stopped_now
        ),
        (None, Some("out-of-role"))
    );
    assert_eq!(answers(&comparison.old), [40, 0, 0, 0]);
    assert_eq!(of(3).changed, comparison.changed);
    assert!(
        comparison
            .to_markdown()
            .contains("20 of 40 requests are decided otherwise")
    );
}

#[test]
fn holdings_of_a_file_are_those_of_then() {
    let mut table = HoldingsTable::default();
    table.hold(
        "bob",
        "vendor:create",
        Some(at("2026-11-01T00:00:00Z")),
        Some(at("2026-11-10T00:00:00Z")),
    );
    let ask = |day: &str, requester: &str, behalf: Value| {
        row(
            1,
            &json!({
                "requester": requester, "on_behalf_of": behalf, "role": "clerk", "access": "payment:approve",
                "decided_at": format!("2026-{day}T00:00:00Z"), "holdings": null,
            }),
        )
    };
    let rows = [
        ask("10-31", "bob", json!(null)),
        ask("11-01", "bob", json!(null)),
        ask("11-09", "eve", json!("bob")),
        ask("11-10", "bob", json!(null)),
        ask("11-05", "eve", json!(null)),
    ];
    let report = judge_with(Format::JsonLines, lines(&rows), Some(&table), &options()).unwrap();
    assert_eq!(answers(&report), [3, 0, 2, 0]);
    assert_eq!(report.rows.without_holdings, 0);
    let report = judge(Format::JsonLines, lines(&rows), &options()).unwrap();
    assert_eq!(
        (answers(&report), report.rows.without_holdings),
        (vec![0, 0, 5, 0], 5)
    );
}
