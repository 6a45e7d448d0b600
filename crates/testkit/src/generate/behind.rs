//! Random things behind names: what the target of the request gives, and what those of held names give.

use decision::evidence::record::{Evidence, Fact, Given, GivenKind, Target};
use decision::rules::Rules;

use super::Dice;
use super::change::state;
use super::evidence::read;

/// Fills in what stands behind everything that is held, and lets targets give something now and then.
pub(super) fn add(dice: &mut Dice<'_>, evidence: &mut Evidence, rules: &Rules) {
    let names = names(rules);
    for name in evidence.names_held(rules) {
        if dice.chance(4) {
            evidence.targets.remove(&name);
            continue;
        }
        let fact = evidence
            .targets
            .entry(name)
            .or_insert_with(|| read(Target::default()));
        if dice.chance(35) {
            give(dice, fact, &names);
        } else if dice.chance(4) {
            *fact = state(dice, Target::default());
        }
    }
    let asked = rules.entitlement(evidence.request.access.canonical());
    let asked = asked.and_then(|id| rules.entry(id));
    if let Some(fact) = asked.and_then(|entry| evidence.targets.get_mut(&entry.id))
        && dice.chance(30)
    {
        give(dice, fact, &names);
    }
    if dice.chance(4) {
        evidence.format = 1;
    }
}

fn names(rules: &Rules) -> Vec<String> {
    let entries = rules.policy().catalogue.iter();
    entries
        .flat_map(|entry| [&entry.id].into_iter().chain(&entry.aliases))
        .cloned()
        .collect()
}

fn give(dice: &mut Dice<'_>, fact: &mut Fact<Target>, names: &[String]) {
    let Fact::Present { value, .. } = fact else {
        return;
    };
    for _ in 0..dice.of(&[1, 1, 2, 3]) {
        let (kind, name) = match dice.below(4) {
            0 | 1 => (GivenKind::Entitlement, dice.of(names)),
            2 => {
                let name = dice.of(&[
                    "wiki:read",
                    "ghost:approve",
                    "vendor:create",
                    "pr0d-x:read",
                    "payment:frob",
                    "nothing",
                ]);
                (GivenKind::Entitlement, name.to_owned())
            }
            _ => {
                let name = dice.of(&[
                    "staff",
                    "Vendor desk",
                    "prod-operators",
                    "approve",
                    "ghost:approve",
                    "admins",
                ]);
                (GivenKind::Group, name.to_owned())
            }
        };
        value.gives.push(Given {
            kind,
            name,
            path: dice.of(&[vec![], vec!["group x".to_owned()]]),
        });
    }
}
