//! `tests`: cases that a policy must decide as they say.

use decision::evidence::record::PersonStatus;
use decision::rules::policy::ApprovalKind;
use decision::time::Timestamp;
use decision::verdict::Answer;
use marked_yaml::Node;

use super::attributes;
use super::tree;
use crate::cases::{Expected, TestCase, TestPerson, Who};
use crate::code::Code;
use crate::problem::{Problem, Sink, Spot};

const CASE_KEYS: &[&str] = &[
    "name",
    "requester",
    "for",
    "access",
    "duration",
    "justification",
    "approvals",
    "facts",
    "holds",
    "unread",
    "at",
    "expect",
];
const PERSON_KEYS: &[&str] = &[
    "login",
    "roles",
    "groups",
    "department",
    "status",
    "leaves_at",
    "manager",
    "attributes",
];
const EXPECT_KEYS: &[&str] = &["decision", "basis", "route"];
const STATES: &[(&str, PersonStatus)] = &[
    ("active", PersonStatus::Active),
    ("inactive", PersonStatus::Inactive),
    ("agent", PersonStatus::Agent),
];

/// The cases of a list; one that cannot be read is a problem and left out.
pub(super) fn read(sink: &mut Sink, node: &Node) -> Vec<TestCase> {
    let items = tree::list(sink, node, "`tests`").unwrap_or_default();
    items.iter().filter_map(|item| case(sink, item)).collect()
}

fn case(sink: &mut Sink, node: &Node) -> Option<TestCase> {
    let fields = tree::fields(sink, node, "a test", CASE_KEYS)?;
    let mut case = TestCase::default();
    let (mut name, mut requester, mut access, mut expected) = (None, None, None, None);
    for field in &fields {
        let value = field.value;
        match field.key {
            "name" => name = tree::text(sink, value, "`name`").map(str::to_owned),
            "requester" => requester = who(sink, value, "requester"),
            "for" => case.beneficiary = who(sink, value, "beneficiary"),
            "access" => access = tree::text(sink, value, "`access`").map(str::to_owned),
            "duration" => case.duration = tree::minutes(sink, value, "`duration`"),
            "justification" => {
                case.justification = tree::text(sink, value, "`justification`").map(str::to_owned);
            }
            "approvals" => case.approvals = approvals(sink, value),
            "facts" => case.facts = attributes::values(sink, value, &mut Vec::new()),
            "holds" => case.holds = names(sink, value, "`holds`"),
            "unread" => case.unread = names(sink, value, "`unread`"),
            "at" => case.at = moment(sink, value),
            "expect" => expected = expect(sink, value),
            // `fields` has refused every other key.
            _ => {}
        }
    }
    let said = |key: &str| fields.iter().any(|field| field.key == key);
    for key in ["name", "requester", "access", "expect"] {
        if !said(key) {
            sink.push(
                Problem::new(
                    Code::KeyMissing,
                    tree::spot(node),
                    format!("a test needs `{key}`"),
                )
                .help("docs/reference/policy-tests.md shows one"),
            );
        }
    }
    Some(TestCase {
        name: name?,
        requester: requester?,
        access: access?,
        expected: expected?,
        place: tree::spot(node).place(),
        ..case
    })
}

/// A login of the directory, or a person described on the spot.
fn who(sink: &mut Sink, node: &Node, login: &str) -> Option<Who> {
    if let Node::Scalar(_) = node {
        let login = tree::name(sink, node, "the login")?;
        return Some(Who::Login(login.to_owned(), tree::spot(node).place()));
    }
    let mut person = TestPerson {
        login: login.to_owned(),
        ..TestPerson::default()
    };
    for field in tree::fields(sink, node, "a person", PERSON_KEYS)? {
        let value = field.value;
        match field.key {
            "login" => person.login = tree::name(sink, value, "the login")?.to_owned(),
            "roles" => person.roles = names(sink, value, "`roles`"),
            "groups" => person.groups = names(sink, value, "`groups`"),
            "department" => {
                person.department = tree::name(sink, value, "`department`").map(str::to_owned);
            }
            "status" => {
                person.status = tree::choice(sink, value, "status", STATES).unwrap_or_default();
            }
            "leaves_at" => person.leaves_at = moment(sink, value),
            "manager" => person.manager = tree::name(sink, value, "`manager`").map(str::to_owned),
            "attributes" => {
                person.attributes = attributes::values(sink, value, &mut Vec::new());
            }
            // `fields` has refused every other key.
            _ => {}
        }
    }
    Some(Who::Described(person))
}

fn approvals(sink: &mut Sink, node: &Node) -> Vec<ApprovalKind> {
    let choices = ApprovalKind::ALL.map(|kind| (kind.name(), kind));
    let items = tree::list(sink, node, "`approvals`").unwrap_or_default();
    (items.iter())
        .filter_map(|item| tree::choice(sink, item, "kind of approval", &choices))
        .collect()
}

fn names(sink: &mut Sink, node: &Node, what: &str) -> Vec<String> {
    let items = tree::list(sink, node, what).unwrap_or_default();
    (items.iter())
        .filter_map(|item| tree::name(sink, item, "the name").map(str::to_owned))
        .collect()
}

fn moment(sink: &mut Sink, node: &Node) -> Option<Timestamp> {
    let text = tree::name(sink, node, "the moment")?;
    let found = Timestamp::parse(text);
    if found.is_none() {
        let message = format!("{} is not a moment", crate::names::quoted(text));
        sink.push(
            Problem::new(Code::DateUnreadable, tree::spot(node), message)
                .help("write RFC 3339, such as `2026-12-31T18:00:00Z`"),
        );
    }
    found
}

fn expect(sink: &mut Sink, node: &Node) -> Option<Expected> {
    let answers = Answer::ALL.map(|answer| (answer.name(), answer));
    let (mut decision, mut basis, mut route) = (None, None, None);
    let fields = tree::fields(sink, node, "`expect`", EXPECT_KEYS)?;
    for field in &fields {
        let value = field.value;
        match field.key {
            "decision" => decision = tree::choice(sink, value, "decision", &answers),
            "basis" => basis = tree::name(sink, value, "`basis`").map(str::to_owned),
            "route" => route = tree::name(sink, value, "`route`").map(str::to_owned),
            // `fields` has refused every other key.
            _ => {}
        }
    }
    if !fields.iter().any(|field| field.key == "decision") {
        sink.push(
            Problem::new(
                Code::KeyMissing,
                tree::spot(node),
                "`expect` needs `decision`",
            )
            .help("write `expect: { decision: ESCALATE }`, and `basis` or `route` beside it"),
        );
    }
    Some(Expected {
        decision: decision?,
        basis,
        route,
    })
}

/// The cases of a file of their own: its `tests`, and nothing else.
pub(super) fn read_file(sink: &mut Sink, root: &Node) -> Vec<TestCase> {
    let fields = tree::fields(sink, root, "a file of tests", &["tests"]).unwrap_or_default();
    if fields.is_empty() && !sink.has_errors() {
        sink.push(
            Problem::new(Code::FileEmpty, Spot::new(1, 1, 1), "the file has no tests")
                .help("begin with `tests:`"),
        );
    }
    (fields.iter())
        .flat_map(|field| read(sink, field.value))
        .collect()
}
