//! The intent of an action: its leaf, and its inputs for replay.

use decision::gate::vault::Permit;
use decision::vault::{Action, Evidence, Run};
use ports::store::{Category, Intent, LeafDraft, Transition};
use serde::Serialize;

use super::record::Header;
use crate::replay::hex;
use crate::ruling::map;

/// The run and the evidence of an action, as the store keeps them for replay.
#[derive(Serialize)]
struct Inputs<'a> {
    run: &'a Run,
    evidence: &'a Evidence,
}

/// The transition that commits an action.
pub(super) fn transition(
    header: &Header,
    run: &Run,
    permit: Permit,
    evidence: &Evidence,
    comment: &str,
) -> Transition {
    let subject = permit.subject();
    let inputs = Inputs { run, evidence };
    let leaf = LeafDraft {
        category: Category::PreparedChange,
        event: match permit.action() {
            Action::Approve => "vault.approve",
            Action::Reject => "vault.reject",
            Action::Close => "vault.close",
        },
        request: subject.request().to_owned(),
        person: Some(subject.requester().to_owned()),
        clear: map(&[
            ("key", permit.key()),
            ("level", subject.level().to_string()),
            ("created", subject.created().to_string()),
            ("run", header.name.clone()),
            ("policy", run.policy.clone()),
        ]),
        keyed: map(&[
            ("evidence", hex(&subject.evidence())),
            ("content", hex(&subject.content())),
        ]),
        committed: map(&[("comment", comment.to_owned())]),
    };
    Transition {
        at: run.at,
        policy: (permit.action() != Action::Close).then(|| run.policy.clone()),
        leaves: vec![leaf],
        action: Some(Intent {
            run: header.name.clone(),
            evidence: serde_json::to_string(&inputs).unwrap_or_default(),
            comment: comment.to_owned(),
            permit,
        }),
        ..Transition::default()
    }
}
