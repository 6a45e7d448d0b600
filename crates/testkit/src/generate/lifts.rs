//! Random lifts: mostly right ones for the findings that are there, some wrong in one point.

use decision::evidence::Frozen;
use decision::evidence::record::{AcceptedException, Evidence, LiftRecord};
use decision::findings::lifting::facts_digest;
use decision::findings::{Kind, TABLE};
use decision::rules::Rules;
use decision::time::Timestamp;
use decision::verdict::rule;

use super::Dice;
use super::evidence::{at, spoil};

const GIVERS: [&str; 10] = ["s1", "o1", "c1", "o2", "s2", "c2", "m1", "p1", "x1", "gone"];

pub(super) fn add(dice: &mut Dice<'_>, evidence: &mut Evidence, rules: &Rules, now: Timestamp) {
    let effort = dice.of(&[0, 0, 60, 95]);
    if effort == 0 {
        return;
    }
    let frozen = Frozen::new(evidence.clone(), rules);
    let ruling = rule(&frozen.case(), rules, now);
    let mut kinds: Vec<Kind> = ruling.findings.iter().collect();
    if dice.chance(20) {
        kinds.push(
            dice.of(&TABLE.iter().map(|row| Some(row.kind)).collect::<Vec<_>>())
                .unwrap_or(Kind::Brake),
        );
    }
    for kind in kinds {
        for number in 0..dice.of(&[2, 1, 3]) {
            if !dice.chance(effort) {
                continue;
            }
            let by = dice.of(&GIVERS);
            let mut lift = LiftRecord {
                id: format!("l-{}-{number}", kind.name()),
                finding: kind,
                by: by.to_owned(),
                at: at(dice.of(&[-30, -30, -30, -30, -86_400 * 7, -86_400 * 8, -86_400, 45])),
                content: frozen.content().clone(),
                facts: facts_digest(&frozen, rules, kind),
                exception: dice.chance(85).then(|| AcceptedException {
                    until: at(dice.of(&[86_400 * 5, 86_400 * 60, 60, -60])),
                    control: dice
                        .of(&["second signature", "second signature", " "])
                        .to_owned(),
                }),
            };
            if dice.chance(8) {
                spoil(dice, &mut lift.content, rules.policy());
            }
            if dice.chance(4) {
                lift.facts = "sha256:other".into();
            }
            evidence.lifts.push(lift);
        }
    }
}
