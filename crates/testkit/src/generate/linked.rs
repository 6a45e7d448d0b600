//! Random linked identities: who else the beneficiary is, and what they hold there.

use decision::evidence::record::{Coverage, Evidence, Fact, Holdings, LinkedIdentity, Lookup};

use super::Dice;
use super::change::state;
use super::evidence::{any_holdings, any_reserved, person, read};
use crate::oracle::people;

/// Links the beneficiary now and then to one identity more or to a chain of them. Most identities that the links lead
/// to were read, and some hold something.
pub(super) fn add(dice: &mut Dice<'_>, evidence: &mut Evidence, names: &[String]) {
    if dice.chance(25) {
        link(dice, evidence);
    }
    for id in people::linked(evidence) {
        if dice.chance(5) {
            continue;
        }
        let holdings = if dice.chance(8) {
            state(dice, Holdings::default())
        } else if dice.chance(60) {
            read(any_holdings(dice, names))
        } else {
            read(Holdings {
                coverage: Coverage::Everything,
                items: Vec::new(),
            })
        };
        let reserved = dice.chance(15).then(|| any_reserved(dice, names));
        let identity = LinkedIdentity {
            holdings,
            reserved: reserved.into_iter().collect(),
        };
        evidence.linked.insert(id, identity);
    }
}

fn link(dice: &mut Dice<'_>, evidence: &mut Evidence) {
    let chain = dice.of(&[&["k1"][..], &["k1"], &["k1", "k2"], &["k1", "k2", "k3"]]);
    let Some(own) = evidence.beneficiary().map(|person| person.id.clone()) else {
        return;
    };
    let mut before = own.clone();
    for (id, both) in chain.iter().zip([true, dice.chance(50), dice.chance(50)]) {
        let mut one = person(id, &[]);
        one.linked.push(before.clone());
        if both && before == own {
            link_from_beneficiary(evidence, id);
        } else if let Some(last) = evidence.people.get_mut(&before).filter(|_| both) {
            last.linked.push((*id).to_owned());
        }
        // Now and then nobody can tell who that is.
        if !dice.chance(6) {
            evidence.people.insert((*id).to_owned(), one);
        }
        before = (*id).to_owned();
    }
}

fn link_from_beneficiary(evidence: &mut Evidence, id: &str) {
    if let Fact::Present {
        value: Lookup::One(person),
        ..
    } = &mut evidence.beneficiary
    {
        person.linked.push(id.to_owned());
    }
}
