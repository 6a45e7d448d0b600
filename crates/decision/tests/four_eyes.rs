//! Four eyes, over every small group: requester, beneficiary, their delegates and linked accounts never review their
//! own request, and one human being fills one slot.

#![expect(
    clippy::indexing_slicing,
    reason = "tests may panic, and print what they counted"
)]

mod common;

use std::collections::BTreeSet;

use common::*;
use decision::evidence::Frozen;
use decision::evidence::record::{Evidence, Fact, Lookup, Mode};
use decision::findings::Kind;
use decision::rules::Rules;
use decision::rules::policy::ApprovalKind;
use decision::verdict::{Standing, rule};

const IDS: [&str; 4] = ["p", "b", "x", "y"];

const GROUP_BITS: usize = 16;

/// Twelve bits of links between any two of four identities, four bits of delegates of `p` and of `b`.
struct Group {
    links: Vec<(usize, usize)>,
    delegates: Vec<(usize, usize)>,
}

impl Group {
    fn of(number: u32) -> Self {
        let pairs = (0..4).flat_map(|a| (0..4).filter(move |b| *b != a).map(move |b| (a, b)));
        let bit = |position: usize| number >> position & 1 == 1;
        Self {
            links: pairs
                .enumerate()
                .filter(|(position, _)| bit(*position))
                .map(|(_, pair)| pair)
                .collect(),
            delegates: [(0, 2), (0, 3), (1, 2), (1, 3)]
                .into_iter()
                .enumerate()
                .filter(|(position, _)| bit(12 + position))
                .map(|(_, pair)| pair)
                .collect(),
        }
    }

    /// Human beings by identity: the smallest identity that links reach.
    fn humans(&self) -> [usize; 4] {
        let mut human = [0, 1, 2, 3];
        for _ in 0..4 {
            for (a, b) in &self.links {
                let least = human[*a].min(human[*b]);
                human[*a] = least;
                human[*b] = least;
            }
        }
        human
    }

    fn may_not_review(&self) -> BTreeSet<usize> {
        let human = self.humans();
        let mut own: BTreeSet<usize> = [human[0], human[1]].into();
        let own_now = own.clone();
        for (of, to) in &self.delegates {
            if own_now.contains(&human[*of]) {
                own.insert(human[*to]);
            }
        }
        (0..4).filter(|id| own.contains(&human[*id])).collect()
    }

    fn write_into(&self, record: &mut Evidence) {
        for (position, id) in IDS.into_iter().enumerate() {
            let links = self
                .links
                .iter()
                .filter(|(a, _)| *a == position)
                .map(|(_, b)| IDS[*b].to_owned());
            let delegates = self
                .delegates
                .iter()
                .filter(|(a, _)| *a == position)
                .map(|(_, b)| IDS[*b].to_owned());
            let mut one = record
                .people
                .get(id)
                .cloned()
                .unwrap_or_else(|| person(id, &["security", "owners"]));
            one.linked = links.collect();
            one.delegates = delegates.collect();
            match position {
                0 => alter(&mut record.requester, |filer| {
                    filer.linked = one.linked;
                    filer.delegates = one.delegates;
                }),
                1 => alter(&mut record.beneficiary, |other| {
                    other.linked = one.linked;
                    other.delegates = one.delegates;
                }),
                _ => {
                    record.people.insert(id.to_owned(), one);
                }
            }
        }
        read_linked(record);
    }
}

/// `p` files for `b`, whose manager `p` is; nobody has approved.
fn filed_for_another(rules: &Rules, access: &str) -> Evidence {
    let mut record = evidence(rules, access);
    record.approvals.clear();
    record.request.on_behalf_of = Some("b".into());
    let mut other = person("b", &["security", "owners"]);
    other.roles = vec!["clerk".into()];
    other.manager = Some("p".into());
    record.beneficiary = Fact::Present {
        value: Lookup::One(Box::new(other)),
        source: "directory".into(),
        as_of: at(-60),
    };
    for id in ["x", "y"] {
        record
            .people
            .insert(id.into(), person(id, &["security", "owners"]));
    }
    record
}

#[test]
fn nobody_reviews_their_own_over_every_group_of_four() {
    let mut policy = policy();
    policy.approvals.every.clear();
    let rules = Rules::compile(policy).unwrap();
    let mut template = filed_for_another(&rules, "repo:read");
    template.mode = Mode::Advise;
    // The beneficiary is there as a colleague too, should they try.
    template
        .people
        .insert("p".into(), person("p", &["security", "owners"]));
    template
        .people
        .insert("b".into(), person("b", &["security", "owners"]));
    for id in IDS {
        lift(&mut template, &rules, Kind::AdviseMode, id);
    }
    let mut reviewed = 0;
    for number in 0..1 << GROUP_BITS {
        let group = Group::of(number);
        let mut record = template.clone();
        group.write_into(&mut record);
        let frozen = Frozen::new(record, &rules);
        let barred = group.may_not_review();
        for (id, state) in frozen.lifts().iter().enumerate() {
            assert_eq!(state.is_err(), barred.contains(&id), "{number} {}", IDS[id]);
        }
        let standing = rule(&frozen.case(), &rules, at(0)).standing();
        assert_eq!(standing == Standing::Reviewed, barred.len() < 4, "{number}");
        reviewed += u32::from(standing == Standing::Reviewed);
    }
    println!("{reviewed} of {} groups can review", 1 << GROUP_BITS);
    assert!(reviewed > 0);
}

#[test]
fn two_slots_take_two_human_beings_over_every_group_of_four() {
    let rules = Rules::compile(policy()).unwrap();
    let mut template = filed_for_another(&rules, "repo:admin");
    template.people.insert("z".into(), person("z", &["owners"]));
    for id in ["x", "y"] {
        lift(&mut template, &rules, Kind::NeverAutoAdmin, id);
    }
    let (mut two, mut fewer) = (0, 0);
    for number in 0..1 << GROUP_BITS {
        let group = Group::of(number);
        let mut record = template.clone();
        group.write_into(&mut record);
        let frozen = Frozen::new(record, &rules);
        let barred = group.may_not_review();
        let human = group.humans();
        let may = [2, 3].into_iter().filter(|id| !barred.contains(id));
        let humans: BTreeSet<usize> = may.map(|id| human[id]).collect();
        let lifted = rule(&frozen.case(), &rules, at(0))
            .lifted
            .contains(Kind::NeverAutoAdmin);
        assert_eq!(lifted, humans.len() == 2, "{number}");
        if lifted {
            two += 1;
        } else {
            fewer += 1;
        }
    }
    assert!(two > 0 && fewer > 0);
}

#[test]
fn the_filer_and_delegates_do_not_approve() {
    let rules = Rules::compile(policy()).unwrap();
    // A stride that shares no factor with the number of groups, so that every bit takes both values.
    let mut seen = [false; 2 * GROUP_BITS];
    for number in (0..1 << GROUP_BITS).step_by(17) {
        for bit in 0..GROUP_BITS {
            seen[2 * bit + (number >> bit & 1) as usize] = true;
        }
        let group = Group::of(number);
        let mut record = filed_for_another(&rules, "repo:read");
        group.write_into(&mut record);
        for id in ["x", "y"] {
            approve(&mut record, &rules, ApprovalKind::ResourceOwner, id);
        }
        let frozen = Frozen::new(record, &rules);
        let barred = group.may_not_review();
        let human = group.humans();
        let x_counts = !barred.contains(&2);
        let y_counts = !(barred.contains(&3) || x_counts && human[2] == human[3]);
        let states: Vec<bool> = frozen.approvals().iter().map(Result::is_ok).collect();
        assert_eq!(states, [x_counts, y_counts], "{number}");
    }
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}
