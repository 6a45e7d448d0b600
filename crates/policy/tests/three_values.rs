//! Conditions in three values, against Cedar's own authoriser and against every completion of what is unknown.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cedar_policy::{Authorizer, Context, Entities, PolicySet, Request};
use decision::evidence::Frozen;
use decision::rules::Rules;
use decision::rules::conditions::Truth;
use decision::rules::policy::Attribute;
use policy::cases::{TestCase, TestPerson, Who};
use policy::{Guardrails, load, render};
use proptest::prelude::*;
use serde_json::json;

/// What a request states; `None` is not stated.
#[derive(Clone, Debug)]
struct Stated {
    employment: Option<&'static str>,
    on_call: Option<bool>,
    device: Option<bool>,
    incident: Option<bool>,
    minutes: u32,
}

const EMPLOYMENTS: [&str; 2] = ["employee", "contractor"];

/// Parts of conditions. `incident` is optional: that it is not stated is a fact.
const ATOMS: [&str; 9] = [
    "principal.employment == \"contractor\"",
    "[\"employee\"].contains(principal.employment)",
    "principal.on_call",
    "context.device",
    "context has incident",
    "(context has incident && context.incident)",
    "context.minutes > 600",
    "principal in Role::\"engineer\"",
    "(principal has employment && principal.employment == \"contractor\")",
];

#[derive(Clone, Debug)]
enum Expression {
    Atom(usize),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

impl Expression {
    fn text(&self) -> String {
        match self {
            Self::Atom(number) => ATOMS[*number].to_owned(),
            Self::And(left, right) => format!("({} && {})", left.text(), right.text()),
            Self::Or(left, right) => format!("({} || {})", left.text(), right.text()),
            Self::Not(inner) => format!("!({})", inner.text()),
            Self::If(test, then, other) => format!(
                "(if {} then {} else {})",
                test.text(),
                then.text(),
                other.text()
            ),
        }
    }
}

fn expressions() -> impl Strategy<Value = Expression> {
    let atom = (0..ATOMS.len()).prop_map(Expression::Atom);
    atom.prop_recursive(4, 24, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            (boxed(), boxed()).prop_map(|(left, right)| Expression::And(left, right)),
            (boxed(), boxed()).prop_map(|(left, right)| Expression::Or(left, right)),
            boxed().prop_map(Expression::Not),
            (boxed(), boxed(), boxed())
                .prop_map(|(test, then, other)| Expression::If(test, then, other)),
        ]
    })
}

fn stated() -> impl Strategy<Value = Stated> {
    (
        proptest::option::of(proptest::sample::select(&EMPLOYMENTS[..])),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        proptest::sample::select(vec![60_u32, 600, 601, 10_000]),
    )
        .prop_map(|(employment, on_call, device, incident, minutes)| Stated {
            employment,
            on_call,
            device,
            incident,
            minutes,
        })
}

fn rules(conditions: &[(Expression, bool)]) -> Option<Rules> {
    let mut text = String::from(
        "roles: { engineer: { standard: [\"repo:read\"] } }\n\
         attributes:\n\
         \x20 person: { employment: { one_of: [employee, contractor] }, on_call: { type: yes_no } }\n\
         \x20 request: { device: { type: yes_no }, incident: { type: yes_no, optional: true } }\n\
         conditions: |\n",
    );
    for (number, (expression, unless)) in conditions.iter().enumerate() {
        let word = if *unless { "unless" } else { "when" };
        writeln!(
            text,
            "  @id(\"c{number}\") @outcome(\"ask\")\n  forbid (principal, action, resource) {word} {{ {} }};",
            expression.text()
        )
        .unwrap();
    }
    match load("access.yml", text.as_bytes(), &Guardrails::default()) {
        Ok(loaded) => Some(loaded.compile().unwrap()),
        // A condition that can never hold is refused, and there is nothing to compare.
        Err(report) => {
            let never = |problem: &policy::Problem| problem.code() == policy::Code::ConditionNever;
            assert!(
                report.problems().iter().all(never),
                "{}",
                render(&report, 120, false)
            );
            None
        }
    }
}

fn truths(rules: &Rules, stated: &Stated) -> Vec<Truth> {
    let mut person = TestPerson {
        login: "engineer-017".to_owned(),
        roles: vec!["engineer".to_owned()],
        ..TestPerson::default()
    };
    let mut facts = BTreeMap::new();
    let text = |text: &str| Attribute::Text(text.to_owned());
    person.attributes.extend(
        stated
            .employment
            .map(|is| ("employment".to_owned(), text(is))),
    );
    person.attributes.extend(
        stated
            .on_call
            .map(|is| ("on_call".to_owned(), Attribute::YesNo(is))),
    );
    facts.extend(
        stated
            .device
            .map(|is| ("device".to_owned(), Attribute::YesNo(is))),
    );
    facts.extend(
        stated
            .incident
            .map(|is| ("incident".to_owned(), Attribute::YesNo(is))),
    );
    let case = TestCase {
        requester: Who::Described(person),
        access: "repo:read".to_owned(),
        duration: Some(decision::time::Minutes(stated.minutes)),
        facts,
        ..TestCase::default()
    };
    let evidence = case.evidence(rules, &|_| None).unwrap();
    Frozen::new(evidence, rules).conditions().to_vec()
}

/// The same question, put to Cedar directly: entities written as JSON, one policy, its own authoriser.
fn cedar(expression: &Expression, unless: bool, stated: &Stated) -> bool {
    let word = if unless { "unless" } else { "when" };
    let source = format!(
        "permit (principal, action, resource) {word} {{ {} }};",
        expression.text()
    );
    let policies: PolicySet = source.parse().unwrap();
    let entities = json!([
        { "uid": { "type": "Person", "id": "p" },
          "attrs": { "employment": stated.employment.unwrap(), "on_call": stated.on_call.unwrap() },
          "parents": [{ "type": "Role", "id": "engineer" }] },
        { "uid": { "type": "Role", "id": "engineer" }, "attrs": {}, "parents": [] },
    ]);
    let entities = Entities::from_json_value(entities, None).unwrap();
    let mut context = json!({ "device": stated.device.unwrap(), "minutes": stated.minutes });
    if let Some(incident) = stated.incident {
        context["incident"] = json!(incident);
    }
    let context = Context::from_json_value(context, None).unwrap();
    let uid = |text: &str| text.parse().unwrap();
    let request = Request::new(
        uid("Person::\"p\""),
        uid("Action::\"request\""),
        uid("Entitlement::\"repo:read\""),
        context,
        None,
    )
    .unwrap();
    let response = Authorizer::new().is_authorized(&request, &policies, &entities);
    assert_eq!(response.diagnostics().errors().count(), 0);
    response.decision() == cedar_policy::Decision::Allow
}

/// Everything that the unknown could be.
fn completions(stated: &Stated) -> Vec<Stated> {
    let both = |known: Option<bool>| known.map_or(vec![true, false], |known| vec![known]);
    let employments = stated
        .employment
        .map_or(EMPLOYMENTS.to_vec(), |known| vec![known]);
    let mut all = Vec::new();
    for employment in &employments {
        for on_call in both(stated.on_call) {
            for device in both(stated.device) {
                all.push(Stated {
                    employment: Some(employment),
                    on_call: Some(on_call),
                    device: Some(device),
                    ..stated.clone()
                });
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is said to hold holds in every completion, what is said to fail fails in every one, and with everything
    /// stated the answer is Cedar's.
    #[test]
    fn conditions_are_never_wrong_about_what_they_say_is_known(
        conditions in proptest::collection::vec((expressions(), any::<bool>()), 1..4),
        stated in stated(),
    ) {
        let Some(rules) = rules(&conditions) else { return Ok(()) };
        let said = truths(&rules, &stated);
        prop_assert_eq!(said.len(), conditions.len());
        for ((expression, unless), truth) in conditions.iter().zip(said) {
            let all = completions(&stated);
            let answers: Vec<bool> = all.iter().map(|one| cedar(expression, *unless, one)).collect();
            match truth {
                Truth::Holds => prop_assert!(answers.iter().all(|is| *is), "{}", expression.text()),
                Truth::Fails => prop_assert!(answers.iter().all(|is| !is), "{}", expression.text()),
                Truth::Open => prop_assert!(all.len() > 1, "{}", expression.text()),
            }
        }
    }
}

/// Over all attributes and all rules of the cookbook: whatever cannot be read, no forbid that could hold is skipped.
#[test]
fn a_forbid_that_reads_an_unknown_fact_is_never_skipped() {
    let bytes = include_bytes!("cookbook/access.yml");
    let mut loaded = load("access.yml", bytes, &Guardrails::default())
        .unwrap_or_else(|report| panic!("{}", render(&report, 120, false)));
    let cases = std::mem::take(&mut loaded.tests);
    let rules = loaded.compile().unwrap();
    let yes_no = || vec![Some(Attribute::YesNo(true)), Some(Attribute::YesNo(false))];
    let text = |text: &str| Some(Attribute::Text(text.to_owned()));
    let list = |items: &[&str]| {
        Some(Attribute::List(
            items.iter().map(|item| (*item).to_owned()).collect(),
        ))
    };
    // Every value that makes a difference; `None` is "not stated", where that is a fact.
    let person: Vec<(&str, Vec<Option<Attribute>>)> = vec![
        (
            "employment",
            vec![text("employee"), text("contractor"), text("intern")],
        ),
        ("country_group", vec![text("eu"), text("other")]),
        ("on_call", [yes_no(), vec![None]].concat()),
        ("trainings", vec![list(&["privacy"]), list(&[]), None]),
        ("team", vec![text("core"), None]),
    ];
    let request: Vec<(&str, Vec<Option<Attribute>>)> = vec![
        ("incident", vec![text("INC-1"), None]),
        ("device_managed", yes_no()),
        (
            "about",
            vec![
                text("own_customer"),
                text("other_customer"),
                text("no_customer"),
            ],
        ),
    ];
    let mut compared = 0;
    let judge = |case: &TestCase| {
        let evidence = case.evidence(&rules, &|_| None).unwrap();
        Frozen::new(evidence, &rules).conditions().to_vec()
    };
    for case in &cases {
        let Who::Described(described) = &case.requester else {
            continue;
        };
        // One attribute of the person is unread.
        for (name, values) in &person {
            let blind = judge(&TestCase {
                unread: vec![(*name).to_owned()],
                ..case.clone()
            });
            for value in values {
                let mut described = described.clone();
                described.attributes.remove(*name);
                described
                    .attributes
                    .extend(value.clone().map(|value| ((*name).to_owned(), value)));
                let seen = judge(&TestCase {
                    requester: Who::Described(described),
                    unread: Vec::new(),
                    ..case.clone()
                });
                // A case for somebody else describes two people, and hides the attribute of both.
                if case.beneficiary.is_none() && case.unread.is_empty() {
                    compared += sound(&blind, &seen, name);
                }
            }
        }
        // No fact of the request can be read: every one of its values is possible.
        let blind = judge(&TestCase {
            unread: vec!["facts".to_owned()],
            ..case.clone()
        });
        for incident in &request[0].1 {
            for device in &request[1].1 {
                for about in &request[2].1 {
                    let stated = [
                        ("incident", incident),
                        ("device_managed", device),
                        ("about", about),
                    ];
                    let facts = (stated.into_iter())
                        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
                        .collect();
                    let seen = judge(&TestCase {
                        facts,
                        ..case.clone()
                    });
                    if case.unread.is_empty() {
                        compared += sound(&blind, &seen, "facts");
                    }
                }
            }
        }
    }
    assert!(compared > 4_000, "{compared}");
}

/// Where the blind answer is not open, it is the seeing one.
fn sound(blind: &[Truth], seen: &[Truth], name: &str) -> usize {
    assert_eq!(blind.len(), seen.len());
    for (number, (blind, seen)) in blind.iter().zip(seen).enumerate() {
        if *blind != Truth::Open && *seen != Truth::Open {
            assert_eq!(blind, seen, "condition {number} without {name}");
        }
    }
    blind.len()
}
