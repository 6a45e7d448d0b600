//! Who may not review, on a whole agent: through accounts that nobody named, and when somebody cannot be read.
//! INVARIANT(people-lift).
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests may panic: that is how a test fails"
)]

use std::collections::BTreeMap;

use agent::report::Decision;
use agent::review::Act;
use agent::{Agent, AgentError};
use connectors::EmbeddedDirectory;
use decision::evidence::record::{Holdings, Lookup, Mode, Person, Target};
use decision::rules::policy::{ApprovalKind, Attribute};
use ports::PortError;
use testkit::world::{World, request};

const POLICY: &str = "
roles:
  engineer: { standard: [\"repo:read\"] }
";

/// `extra` are further lines of people.
fn world(engineer: &str, extra: &str) -> World {
    let directory = format!(
        "
people:
  engineer-001: {{ roles: [engineer], manager: manager-001{engineer} }}
  manager-001: {{ roles: [] }}
{extra}"
    );
    World::new(POLICY, &directory, Mode::Guarded).unwrap()
}

fn file(agent: &Agent<'_>) {
    let ticket = r#"{"request_id": "R-1", "requester": "engineer-001", "access": "repo:read", "duration": "8h", "justification": "repairing the nightly import"}"#;
    let mut answers = agent.handle(vec![request(ticket).unwrap()]);
    answers.pop().unwrap().unwrap();
}

fn approve(world: &World, agent: &Agent<'_>) -> Result<Decision, AgentError> {
    let reviewer = world.reviewer("manager-001").unwrap();
    let act = Act::Approve(Some(ApprovalKind::Manager));
    let handled = agent.review("R-1", &reviewer, act);
    handled.map(|handled| handled.decision)
}

#[test]
fn a_delegate_of_another_account_of_the_requester_does_not_approve() {
    for (engineer, extra) in [
        (
            ", linked: [other-1]",
            "  other-1: { delegates: [manager-001] }\n",
        ),
        (
            ", linked: [other-1]",
            "  other-1: { linked: [other-2] }\n  other-2: { delegates: [manager-001] }\n",
        ),
        // The delegate's other account.
        (
            ", delegates: [other-1]",
            "  other-1: { linked: [manager-001] }\n",
        ),
        (
            ", linked: [other-1]",
            "  other-1: { delegates: [other-2] }\n  other-2: { linked: [other-3] }\n  other-3: { linked: [manager-001] }\n",
        ),
        // The manager's own other accounts.
        (
            "",
            "  other-1: { linked: [manager-001, other-2] }\n  other-2: { linked: [engineer-001] }\n",
        ),
    ] {
        let world = world(engineer, extra);
        let agent = world.agent();
        file(&agent);
        let refused = approve(&world, &agent);
        assert!(
            matches!(&refused, Err(AgentError::NotAllowed(why)) if why.contains("their own request")),
            "{engineer} {extra}: {refused:?}"
        );
    }
    // Delegates of delegates, and delegates of the manager, are other people.
    for (engineer, extra) in [
        ("", ""),
        (
            ", delegates: [other-1]",
            "  other-1: { delegates: [manager-001] }\n",
        ),
    ] {
        let world = world(engineer, extra);
        let agent = world.agent();
        file(&agent);
        assert!(approve(&world, &agent).unwrap().grant.applied, "{extra}");
    }
}

#[test]
fn a_delegate_of_another_account_of_whoever_files_for_somebody_does_not_approve() {
    for (other, is_barred) in [("delegates: [manager-001]", true), ("roles: []", false)] {
        let extra = format!("  filer-001: {{ linked: [other-1] }}\n  other-1: {{ {other} }}\n");
        let world = world(", delegates: [filer-001]", &extra);
        let agent = world.agent();
        let ticket = r#"{"request_id": "R-1", "requester": "filer-001", "on_behalf_of": "engineer-001", "access": "repo:read", "duration": "8h", "justification": "repairing the nightly import"}"#;
        agent
            .handle(vec![request(ticket).unwrap()])
            .pop()
            .unwrap()
            .unwrap();
        let answer = approve(&world, &agent);
        assert_eq!(answer.is_err(), is_barred, "{answer:?}");
    }
}

/// A directory that cannot tell one person.
struct Blind<'a> {
    inner: &'a EmbeddedDirectory,
    to: &'a str,
}

impl ports::Directory for Blind<'_> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn find(&self, login: &str) -> Result<Option<Lookup>, PortError> {
        self.inner.find(login)
    }

    fn person(&self, id: &str) -> Result<Option<Person>, PortError> {
        if id == self.to {
            return Err(PortError::Unavailable("the directory".to_owned()));
        }
        self.inner.person(id)
    }

    fn holdings(&self, person: &str) -> Result<Holdings, PortError> {
        self.inner.holdings(person)
    }

    fn facts(&self, request: &str) -> Result<BTreeMap<String, Attribute>, PortError> {
        self.inner.facts(request)
    }

    fn target(&self, entitlement: &str) -> Result<Option<Target>, PortError> {
        self.inner.target(entitlement)
    }
}

#[test]
fn somebody_who_cannot_be_read_bars_whom_they_could_lead_to() {
    for (engineer, extra) in [
        (", delegates: [other-1]", "  other-1: { roles: [] }\n"),
        ("", "  other-1: { linked: [manager-001] }\n"),
        (
            ", delegates: [other-2]",
            "  other-1: { roles: [] }\n  other-2: { linked: [other-1] }\n",
        ),
    ] {
        let world = world(engineer, extra);
        let blind = |to| Blind {
            inner: &world.directory,
            to,
        };
        let (seeing, blind) = (blind("nobody"), blind("other-1"));
        let agent_with = |directory| Agent {
            directory,
            ..world.agent()
        };
        file(&agent_with(&blind));
        let decision = approve(&world, &agent_with(&blind)).unwrap();
        assert!(!decision.grant.applied, "{engineer} {extra}: {decision:?}");
        let again = agent_with(&seeing).rule_again("R-1").unwrap().decision;
        assert!(again.grant.applied, "{engineer} {extra}: {again:?}");
    }
}
