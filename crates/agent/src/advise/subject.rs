//! What an analyst is given of a request: the evidence, the score, and whether an outcome hangs on what it says.

use decision::vault::evidence::Opinion;
use decision::vault::{Action, Finding, Findings, Frozen, before_advice};
use ports::analyst::{Analyst, Subject};

/// One opinion for each of `batch`, in order. An analyst that cannot be asked gives none, which withholds.
#[must_use]
pub fn opinions<'a>(
    analyst: &dyn Analyst,
    batch: impl Iterator<Item = &'a Frozen<'a>>,
) -> Vec<Option<Opinion>> {
    let subjects: Vec<Subject<'_>> = batch.map(subject).collect();
    let mut opinions = analyst.opinions(&subjects).unwrap_or_default();
    opinions.resize(subjects.len(), None);
    opinions
}

/// A request as an analyst is given it. An outcome hangs on it when something would be done if nobody said anything.
#[must_use]
pub fn subject<'a>(frozen: &'a Frozen<'a>) -> Subject<'a> {
    let (points, risk) = frozen.score();
    let findings = before_advice(frozen);
    let open = findings.open().or_else(|| only_held_by_the_run(findings));
    Subject {
        frozen,
        points,
        risk,
        decides: open.is_some(),
    }
}

/// What would be done if nothing but the run itself stood against it: nobody watches, or nobody confirmed the paths.
pub(crate) fn only_held_by_the_run(findings: Findings) -> Option<Action> {
    let is_of_the_run =
        |finding| matches!(finding, Finding::PlanningOnly | Finding::PathsUnconfirmed);
    let free = |action: &Action| findings.against(*action).iter().all(is_of_the_run);
    Action::ALL.into_iter().find(free)
}
