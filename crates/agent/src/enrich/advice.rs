//! Advice on a ticket: asked for once for each content of a request, and taken from the record when the request is ruled upon again.

use decision::evidence::record::{Advice, Analysis, Evidence, Fault};
use decision::request::Request;
use ports::store::StoreError;

use super::{Gathered, gather};
use crate::replay::{Replayed, replay};
use crate::ruling::{content_digest, decide};
use crate::{Agent, AgentError};

/// What was said of a request.
pub(crate) type Said = (Advice, Analysis);

/// Gathers the evidence for `request` with what is said of it: what `said` has, when somebody was asked before; else what the
/// record of its last ruling says, unless the model was lost then or the request, the policy or what is known of the person is
/// another; else what the adviser says now.
pub(crate) fn gather_advised(
    agent: &Agent<'_>,
    request: &Request,
    said: Option<&Said>,
) -> Result<Gathered, AgentError> {
    let mut gathered = gather(agent, request, agent.now()?)?;
    let Some(adviser) = agent.adviser else {
        return Ok(gathered);
    };
    let (before, spent) = match said {
        Some(said) => (Some(said.clone()), 0),
        None => said_before(agent, &gathered.evidence)?,
    };
    let said = match before {
        Some(before) if said.is_some() || !before.1.faults.contains(&Fault::Lost) => before,
        before => {
            let (frozen, ruling, _) = decide(gathered.evidence, agent.rules);
            let mut now = adviser.advise(agent.rules, &frozen, &ruling, spent);
            now.1.spent_before = spent;
            // Somebody thought for seconds: what is ruled upon is what is known afterwards.
            gathered = gather(agent, request, agent.now()?)?;
            match before {
                Some(before) => together(before, now),
                None => now,
            }
        }
    };
    (gathered.evidence.advice, gathered.evidence.analysis) = (said.0, Some(said.1));
    Ok(gathered)
}

/// A model that was lost in the middle had said something: asking again takes none of it back.
fn together((advice, mut earlier): Said, (now, analysis): Said) -> Said {
    earlier.faults.retain(|fault| *fault != Fault::Lost);
    // Why it was lost and what was paid stands in the record of then.
    earlier.remarks.clear();
    earlier.spent_before = 0;
    earlier.exchanges.clear();
    (advice.more_cautious(now), earlier.joined(analysis))
}

/// What was said when the same content was ruled upon before, and what was spent on the request so far, in nanodollars. People
/// lift what was said then, so it is not asked anew.
fn said_before(agent: &Agent<'_>, evidence: &Evidence) -> Result<(Option<Said>, u64), AgentError> {
    let Some(stored) = agent.store.latest_ruling(&evidence.request.id)? else {
        return Ok((None, 0));
    };
    let replays = replay(&stored.row, agent.rules) == Replayed::Identical;
    // INVARIANT(signed-state): a row that was written whole replays as well. What does not even replay is not built upon.
    if !agent.store.ruling_is_logged(&stored)? {
        if !replays {
            return Ok((None, 0));
        }
        let text = format!(
            "the log does not confirm the ruling `{}`: the database was changed behind its back",
            stored.row.id
        );
        return Err(StoreError(text).into());
    }
    let before: Option<Evidence> = serde_json::from_str(&stored.row.evidence).ok();
    // The contract's money is for the request, whatever became of it since.
    let analysis = before.as_ref().and_then(|before| before.analysis.as_ref());
    let spent = analysis.map_or(0, Analysis::spent);
    let same = before.filter(|before| {
        replays
            && before.request.revision == evidence.request.revision
            && content_digest(&before.request) == content_digest(&evidence.request)
            && before.policy == evidence.policy
            && before.requester.value() == evidence.requester.value()
            && before.beneficiary.value() == evidence.beneficiary.value()
            && before.holdings.value() == evidence.holdings.value()
    });
    let said = same.and_then(|before| Some((before.advice, before.analysis?)));
    Ok((said, spent))
}
