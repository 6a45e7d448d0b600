//! Advice on a ticket: asked for once for each content of a request, and taken from the record when the request is ruled upon again.

use decision::evidence::record::{Advice, Analysis, Evidence, Fault};

use crate::replay::{Replayed, replay};
use crate::ruling::{content_digest, decide};
use crate::{Agent, AgentError};

/// What is said of a request: what the record of its last ruling says, unless the model was lost then or the request, the policy
/// or what is known of the person is another; else what the adviser says now. `None` where there is no adviser.
pub(crate) fn said(
    agent: &Agent<'_>,
    evidence: &Evidence,
) -> Result<Option<(Advice, Analysis)>, AgentError> {
    let Some(adviser) = agent.adviser else {
        return Ok(None);
    };
    let before = said_before(agent, evidence)?;
    let lost = |said: &(Advice, Analysis)| said.1.faults.contains(&Fault::Lost);
    match before {
        Some(before) if !lost(&before) => Ok(Some(before)),
        before => {
            let (frozen, ruling, _) = decide(evidence.clone(), agent.rules);
            let now = adviser.advise(agent.rules, &frozen, &ruling);
            Ok(Some(match before {
                Some(before) => together(before, now),
                None => now,
            }))
        }
    }
}

/// A model that was lost in the middle had said something: asking again takes none of it back.
fn together(before: (Advice, Analysis), now: (Advice, Analysis)) -> (Advice, Analysis) {
    let (advice, mut analysis) = now;
    let earlier = before.1;
    let faults = earlier.faults.into_iter().filter(|own| *own != Fault::Lost);
    analysis.faults.extend(faults);
    analysis.faults.sort_unstable();
    analysis.faults.dedup();
    analysis.triggers.extend(earlier.triggers);
    analysis.triggers.sort_unstable();
    analysis.triggers.dedup();
    if !earlier.note.is_empty() && earlier.note != analysis.note {
        analysis.note = format!("{} {}", earlier.note, analysis.note)
            .trim()
            .to_owned();
    }
    (before.0.more_cautious(advice), analysis)
}

/// What was said when the same content was ruled upon before. People lift what was said then, so it is not asked anew.
fn said_before(
    agent: &Agent<'_>,
    evidence: &Evidence,
) -> Result<Option<(Advice, Analysis)>, AgentError> {
    let Some(stored) = agent.store.latest_ruling(&evidence.request.id)? else {
        return Ok(None);
    };
    // What is not what its digest says, or makes another decision than the record's, is not built upon.
    if replay(&stored.row, agent.rules) != Replayed::Identical {
        return Ok(None);
    }
    let before: Option<Evidence> = serde_json::from_str(&stored.row.evidence).ok();
    let same = before.filter(|before| {
        before.request.revision == evidence.request.revision
            && content_digest(&before.request) == content_digest(&evidence.request)
            && before.policy == evidence.policy
            && before.requester.value() == evidence.requester.value()
            && before.beneficiary.value() == evidence.beneficiary.value()
            && before.holdings.value() == evidence.holdings.value()
    });
    let said = same.and_then(|before| Some((before.advice, before.analysis?)));
    Ok(said)
}
