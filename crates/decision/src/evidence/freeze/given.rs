//! What a target gives besides itself: how dangerous it is, and the ways in which it fulfils sides.

use super::held::sides_of_name;
use super::name::{beginning, entitlement_name, subject_without_groups, target_fact, with_groups};
use crate::evidence::record::{Evidence, Fact, Given, GivenKind, Target};
use crate::rules::Rules;
use crate::rules::class::{Class, ClassSet};
use crate::rules::compile;
use crate::rules::ids::SideId;
use crate::rules::pattern::Subject;

/// One way in which having something fulfils sides: by itself, or through one thing that its target gives.
#[derive(Debug)]
pub(crate) struct Way<'a> {
    /// What is given; `None`: by itself.
    pub(crate) given: Option<&'a Given>,
    /// The sides, in no order.
    pub(crate) sides: Vec<SideId>,
}

/// The ways in which whoever has `name` fulfils sides, by itself first. `own` is by what it is recognised without what
/// its target gives; `sides` are known already.
pub(super) fn ways<'a>(
    rules: &Rules,
    name: &str,
    own: Subject,
    sides: Vec<SideId>,
    target: Option<&'a Target>,
) -> Vec<Way<'a>> {
    let mut itself = sides;
    itself.extend(rules.sides_matching(name, &own));
    let given = target.map_or(&[][..], |target| target.gives.as_slice());
    let mut ways: Vec<Way<'a>> = given
        .iter()
        .map(|given| Way {
            given: Some(given),
            sides: match given.kind {
                GivenKind::Entitlement => sides_of_name(rules, &given.name),
                GivenKind::Group => {
                    rules.sides_matching(&given.name, &Subject::new().with_name(&given.name))
                }
            },
        })
        .filter(|way| !way.sides.is_empty())
        .collect();
    // A pattern may find its resource in the name and its level in a group; then neither alone fulfils the side.
    let together = rules.sides_matching(name, &with_groups(own, target));
    let alone = |side: &SideId| ways.iter().any(|way| way.sides.contains(side));
    itself.extend(together.into_iter().filter(|side| !alone(side)));
    ways.insert(
        0,
        Way {
            given: None,
            sides: itself,
        },
    );
    ways
}

/// The ways in which what is asked for fulfils sides, beyond those of the catalogue entry.
pub(crate) fn asked_ways<'a>(evidence: &'a Evidence, rules: &Rules) -> Vec<Way<'a>> {
    let name = entitlement_name(evidence, rules);
    let sides = match rules.entitlement(name) {
        Some(_) => Vec::new(),
        None => sides_of_name(rules, beginning(name)),
    };
    let target = target_fact(evidence, rules).and_then(Fact::value);
    let own = subject_without_groups(evidence, rules);
    ways(rules, name, own, sides, target)
}

/// By what a given thing is recognised.
pub(crate) fn subject_of_given(rules: &Rules, given: &Given) -> Subject {
    let entry = rules
        .entitlement(&given.name)
        .and_then(|id| rules.entry(id));
    match (given.kind, entry) {
        (GivenKind::Entitlement, Some(entry)) => {
            compile::subject_of(entry).with_access(&given.name)
        }
        (GivenKind::Entitlement, None) => Subject::new().with_access(&given.name),
        (GivenKind::Group, _) => Subject::new().with_name(&given.name),
    }
}

/// Classes and privilege of everything that the target of what is asked for gives.
pub(super) fn danger_given(evidence: &Evidence, rules: &Rules) -> (ClassSet, bool) {
    let target = target_fact(evidence, rules).and_then(Fact::value);
    let given = target.map_or(&[][..], |target| target.gives.as_slice());
    given
        .iter()
        .map(|given| danger_of_given(rules, given))
        .fold((ClassSet::EMPTY, false), |(classes, privileged), one| {
            (classes.union(one.0), privileged || one.1)
        })
}

/// Classes and privilege of one thing that a target gives. INVARIANT(danger-wide): an entitlement whose level stands in
/// no order counts as administration, as it does when it is asked for.
pub(crate) fn danger_of_given(rules: &Rules, given: &Given) -> (ClassSet, bool) {
    let (mut classes, mut privileged) = rules.danger_of(&subject_of_given(rules, given));
    if given.kind == GivenKind::Entitlement {
        match rules
            .entitlement(&given.name)
            .and_then(|id| rules.facts(id))
        {
            Some(facts) => {
                classes = classes.union(facts.classes);
                privileged |= facts.privileged;
            }
            None if !rules.is_level_mapped(&given.name) => classes = classes.with(Class::Admin),
            None => {}
        }
    }
    (classes, privileged)
}
