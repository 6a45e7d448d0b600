//! Ruling: evidence is gathered and frozen, the core rules, the gate admits, and all of it is one transition.

mod handle;

pub use handle::Handled;

use std::collections::BTreeMap;

use decision::evidence::Frozen;
use decision::evidence::record::Evidence;
use decision::findings::Kind;
use decision::gate::{self, Clearances, Grant};
use decision::request::{Request, digest_of};
use decision::verdict::{Ruling, rule};
use ports::store::{Admitted, Category, LeafDraft, RequestRow, RulingRow, StoreError, Transition};

use crate::Agent;
use crate::enrich::Gathered;
use crate::report::Decision;

/// Version of the engine, which every record names.
pub const ENGINE: &str = concat!("access-request-agent ", env!("CARGO_PKG_VERSION"));

/// A request ruled upon, ready to be committed.
pub(crate) struct Ruled {
    pub(crate) frozen: Frozen,
    pub(crate) ruling: Ruling,
    pub(crate) decision: Decision,
    pub(crate) transition: Transition,
}

/// The id of the grant that a request can lead to.
#[must_use]
pub fn grant_id(request: &str, revision: u32) -> String {
    format!("{request}#{revision}")
}

/// Digest of everything in a request that can change a ruling; what a ticket merely claims or notes is not in it.
#[must_use]
pub fn content_digest(request: &Request) -> String {
    let mut bound = request.clone();
    bound.claims.clear();
    bound.created_at = None;
    bound.ticket = None;
    digest_of(&serde_json::to_vec(&bound).unwrap_or_default())
}

/// Freezes, rules and admits. Pure: the live path and looking back use it alike.
#[must_use]
pub fn decide(
    evidence: Evidence,
    rules: &decision::rules::Rules,
) -> (Frozen, Ruling, Option<Grant>) {
    let now = evidence.frozen_at;
    let frozen = Frozen::new(evidence, rules);
    let ruling = rule(&frozen.case(), rules, now);
    let grant = Clearances::of(&frozen.case(), rules, &ruling)
        .and_then(|clearances| gate::admit(ruling, clearances, &frozen, rules, now))
        .ok();
    (frozen, ruling, grant)
}

/// Rules on the request that evidence was gathered for. `filed`: whether the request is new to the store. `number`: how many
/// rulings it had before.
pub(crate) fn prepare(
    agent: &Agent<'_>,
    gathered: Gathered,
    filed: bool,
    number: u32,
) -> Result<Ruled, StoreError> {
    let (frozen, ruling, grant) = decide(gathered.evidence, agent.rules);
    let request = &frozen.evidence().request;
    // INVARIANT(once): one grant for a request, whatever is ruled afterwards and under whatever revision.
    let id = grant_id(&request.id, request.revision);
    let used = agent.store.granted(&request.id)?.is_some() || agent.store.grant(&id)?.is_some();
    let grant = grant.filter(|_| !used);
    let decision = Decision::new(&frozen, agent.rules, &ruling);
    let mut transition = Transition {
        at: frozen.evidence().frozen_at,
        expected_versions: gathered.versions,
        policy: (!ruling.findings.contains(Kind::PolicyStale))
            .then(|| agent.rules.policy().digest.clone()),
        ..Transition::default()
    };
    let row = ruling_row(&frozen, &decision, number);
    transition.leaves = leaves(&frozen, &ruling, &decision, &row, grant.as_ref(), filed);
    if filed {
        transition.request = Some(RequestRow {
            id: request.id.clone(),
            revision: request.revision,
            content_digest: content_digest(request),
            body: serde_json::to_string(request).unwrap_or_default(),
            requester: request.requester.clone(),
        });
    }
    transition.ruling = Some(row);
    transition.grant = grant.map(|grant| Admitted { id, grant });
    Ok(Ruled {
        frozen,
        ruling,
        decision,
        transition,
    })
}

fn ruling_row(frozen: &Frozen, decision: &Decision, number: u32) -> RulingRow {
    let evidence = frozen.evidence();
    let body = serde_json::to_string(evidence).unwrap_or_default();
    RulingRow {
        id: format!(
            "{}#{}/{}",
            evidence.request.id,
            evidence.request.revision,
            number.saturating_add(1)
        ),
        request: evidence.request.id.clone(),
        revision: evidence.request.revision,
        evidence_digest: digest_of(body.as_bytes()),
        evidence: body,
        policy: evidence.policy.clone(),
        engine: ENGINE.to_owned(),
        record: decision.to_json(),
        decision: decision.decision.clone(),
        decided_at: evidence.frozen_at,
    }
}

/// The leaves of a ruling, in the four categories of the contract. In clear: ids, outcomes and the digest of the policy.
/// Digests of content are keyed, and everything else is committed to with a salt.
fn leaves(
    frozen: &Frozen,
    ruling: &Ruling,
    decision: &Decision,
    row: &RulingRow,
    grant: Option<&Grant>,
    filed: bool,
) -> Vec<LeafDraft> {
    let evidence = frozen.evidence();
    let person = evidence.beneficiary().map(|person| person.id.clone());
    let draft =
        |category, event, clear: &[(&str, String)], committed: &[(&str, String)]| LeafDraft {
            category,
            event,
            request: evidence.request.id.clone(),
            person: person.clone(),
            clear: map(clear),
            keyed: BTreeMap::new(),
            committed: map(committed),
        };
    let about = |digest: String, leaf| LeafDraft {
        keyed: map(&[("content", digest)]),
        ..leaf
    };
    let mut leaves = Vec::new();
    if filed {
        let filed = draft(
            Category::Request,
            "request.filed",
            &[("revision", evidence.request.revision.to_string())],
            &[(
                "request",
                serde_json::to_string(&evidence.request).unwrap_or_default(),
            )],
        );
        leaves.push(about(content_digest(&evidence.request), filed));
    }
    let findings: Vec<&str> = ruling.findings.iter().map(Kind::name).collect();
    leaves.push(draft(
        Category::PolicyCheck,
        "ruling.made",
        &[
            ("ruling", row.id.clone()),
            ("policy", row.policy.clone()),
            ("engine", ENGINE.to_owned()),
            ("findings", findings.join(" ")),
            ("decision", decision.decision.clone()),
        ],
        &[
            ("evidence", row.evidence_digest.clone()),
            ("record", digest_of(row.record.as_bytes())),
        ],
    ));
    let mut prepared = vec![
        ("ruling", row.id.clone()),
        ("policy", row.policy.clone()),
        ("decision", decision.decision.clone()),
        ("entitlement", frozen.content().entitlement.clone()),
    ];
    // INVARIANT(bound): the first leaf that tells what stands behind a name binds it.
    let content = frozen.content();
    if frozen.case().entitlement.is_some()
        && !content.power.is_empty()
        && !evidence.bound_powers.contains_key(&content.entitlement)
    {
        prepared.push(("power", content.power.clone()));
    }
    if let Some(grant) = grant {
        prepared.push(("grant", grant_id(grant.request(), grant.revision())));
        prepared.push((
            "expires",
            grant
                .ends()
                .map_or("standing".to_owned(), |ends| ends.to_string()),
        ));
        prepared.push(("starts", grant.starts().to_string()));
        prepared.push((
            "authority",
            match grant.authority() {
                gate::Authority::Automatic => "automatic".to_owned(),
                gate::Authority::Reviewed(lifts) => format!("reviewed {}", lifts.join(" ")),
            },
        ));
    }
    let change = draft(
        Category::PreparedChange,
        "change.prepared",
        &prepared,
        &[("record", row.record.clone())],
    );
    leaves.push(about(content.digest(), change));
    let approvals: Vec<String> = evidence
        .approvals
        .iter()
        .map(|approval| approval.id.clone())
        .collect();
    leaves.push(draft(
        Category::Approvals,
        "approvals.read",
        &[
            ("approvals", approvals.join(" ")),
            (
                "lifts",
                evidence
                    .lifts
                    .iter()
                    .map(|lift| lift.id.as_str())
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
        ],
        &[("approvals_text", decision.approvals.clone())],
    ));
    leaves
}

pub(crate) fn map(pairs: &[(&str, String)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}
