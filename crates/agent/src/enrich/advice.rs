//! Advice on a ticket: asked for once for each content of a request, and taken from the record when the request is ruled upon again.

use decision::evidence::record::{Advice, Analysis, Evidence, Fault};

use crate::ruling::{content_digest, decide};
use crate::{Agent, AgentError};

/// What is said of a request: what the record of its last ruling says, unless the model was lost then or the request is
/// another; else what the adviser says now. `None` where there is no adviser.
pub(crate) fn said(
    agent: &Agent<'_>,
    evidence: &Evidence,
) -> Result<Option<(Advice, Analysis)>, AgentError> {
    let Some(adviser) = agent.adviser else {
        return Ok(None);
    };
    if let Some(before) = said_before(agent, evidence)? {
        return Ok(Some(before));
    }
    let (frozen, ruling, _) = decide(evidence.clone(), agent.rules);
    Ok(Some(adviser.advise(agent.rules, &frozen, &ruling)))
}

/// What was said when the same content was ruled upon before. People lift what was said then, so it is not asked anew.
fn said_before(
    agent: &Agent<'_>,
    evidence: &Evidence,
) -> Result<Option<(Advice, Analysis)>, AgentError> {
    let Some(stored) = agent.store.latest_ruling(&evidence.request.id)? else {
        return Ok(None);
    };
    // What cannot be read is not built upon: the model is asked again.
    let before: Option<Evidence> = serde_json::from_str(&stored.row.evidence).ok();
    let same = before.filter(|before| {
        before.request.revision == evidence.request.revision
            && content_digest(&before.request) == content_digest(&evidence.request)
    });
    let Some(before) = same else {
        return Ok(None);
    };
    let usable = |analysis: &Analysis| !analysis.faults.contains(&Fault::Lost);
    Ok((before.analysis.filter(usable)).map(|analysis| (before.advice, analysis)))
}
