//! The difference between two policies, held against rulings.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use policy::diff::{Change, Difference, Reach, Side, diff};
use policy::{Guardrails, load, render};

fn between(old: &str, new: &str) -> Difference {
    let read = |text: &str| {
        let loaded = load("access.yml", text.as_bytes(), &Guardrails::default())
            .unwrap_or_else(|report| panic!("{}", render(&report, 120, false)));
        let conditions = loaded.conditions.clone();
        (loaded.compile().unwrap(), conditions)
    };
    let (old, new) = (read(old), read(new));
    diff(
        Side {
            rules: &old.0,
            conditions: old.1.as_deref(),
        },
        Side {
            rules: &new.0,
            conditions: new.1.as_deref(),
        },
    )
}

fn change(role: &str, entitlement: &str, before: Reach, after: Reach) -> Change {
    Change {
        role: role.to_owned(),
        entitlement: entitlement.to_owned(),
        before,
        after,
    }
}

const OLD: &str = r#"
roles:
  engineer: { standard: ["repo:read"] }
  analyst: { standard: ["report:read"] }
catalogue:
  "wiki:write": { owner: docs, maximum: 30d }
sod_conflicts:
  - ["wiki:write", "report:read"]
conditions: |
  @id("ask") @reason("r") @outcome("ask")
  forbid (principal, action, resource) when { context.standing };
"#;

#[test]
fn nothing_changed_is_nothing() {
    let found = between(OLD, OLD);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_somebody_gains_is_told_first_when_it_is_automatic() {
    let new = r#"
roles:
  engineer: { standard: ["repo:read", "wiki:write"] }
  analyst: { standard: ["report:read"] }
catalogue:
  "wiki:write": { owner: docs, maximum: 60d }
  "ledger:read": { owner: finance_controls }
conditions: |
  @id("permit") @reason("r")
  permit (principal in Role::"analyst", action, resource == Entitlement::"repo:read");
"#;
    let found = between(OLD, new);
    let gained = [
        change("analyst", "repo:read", Reach::Reviewed, Reach::Automatic),
        change("engineer", "wiki:write", Reach::Reviewed, Reach::Automatic),
        change("analyst", "ledger:read", Reach::Never, Reach::Reviewed),
        change("engineer", "ledger:read", Reach::Never, Reach::Reviewed),
    ];
    assert_eq!(found.gained, gained);
    assert_eq!((found.gained_count, found.lost_count), (4, 0));
    assert_eq!(
        found.loosened,
        [
            "segregation-of-duties rule report:read + wiki:write: gone",
            "forbid `ask`: gone",
            "permit `permit`: new",
            "longest duration of wiki:write: 30 d → 60 d",
        ]
    );
    assert!(found.tightened.is_empty(), "{found:?}");
    // Backwards, the same is lost.
    let back = between(new, OLD);
    assert_eq!((back.gained_count, back.lost_count), (0, 4));
}
