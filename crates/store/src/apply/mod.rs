//! What one transition changes, inside the open database transaction.

mod write;

use audit::{Appender, Leaf};
use decision::gate::Authority;
use decision::time::Timestamp;
use decision::vault::Action;
use ports::store::{
    Category, CommitError, Committal, GrantRow, GrantState, LeafDraft, PolicySource, Posted,
    RequestRow, ReviewRow, Revocation, RulingRow, Settlement, Transition,
};
use rusqlite::{Connection, params};

use self::write::{
    write_action, write_changes, write_grant, write_letter, write_policy, write_request,
    write_review, write_ruling,
};
use crate::group::locked;
use crate::log::{self, storage};
use crate::open::SqliteStore;
use crate::read;
use crate::signed::vault;

/// Applies `work`; an error other than `Storage` is a refusal of this one alone. Gives the leaves with their indices, for
/// the signed state.
pub(crate) fn apply(
    store: &SqliteStore,
    connection: &Connection,
    appender: &mut Appender,
    work: &Work,
) -> Result<(Committal, Vec<(u64, Leaf)>), CommitError> {
    if let Some(trouble) = store.log_trouble() {
        return apply_on_broken_log(connection, work, trouble)
            .map(|committal| (committal, Vec::new()));
    }
    refuse_what_moved_on(store, connection, work)?;
    let first_leaf = appender.frontier().size();
    let mut prepared = first_leaf;
    let mut leaves = Vec::with_capacity(work.leaves.len());
    for draft in &work.leaves {
        let mut salts = locked(&store.salts);
        let (index, leaf) = log::append(
            connection,
            appender,
            draft,
            work.at,
            &store.person_key,
            &mut salts,
        )?;
        if draft.category == Category::PreparedChange {
            prepared = index;
        }
        leaves.push((index, leaf));
    }
    write_request(connection, work)?;
    write_ruling(connection, work, prepared)?;
    write_grant(connection, work, prepared)?;
    if let Some(grant) = write_changes(connection, work)?.first() {
        return Err(CommitError::Storage(format!("there is no grant {grant}")));
    }
    write_review(connection, work, first_leaf)?;
    write_policy(connection, work)?;
    write_action(connection, work, prepared)?;
    write_letter(connection, work)?;
    let committal = Committal {
        first_leaf,
        leaves: appender.frontier().size().saturating_sub(first_leaf),
        size: 0,
    };
    Ok((committal, leaves))
}

/// INVARIANT(brakes): a log that does not verify stops grants and signing; revocations go on, and what they would have
/// logged goes into a journal from which an operator rebuilds the log.
fn apply_on_broken_log(
    connection: &Connection,
    work: &Work,
    trouble: &str,
) -> Result<Committal, CommitError> {
    let settles_revocation = work.settlement.as_ref().is_some_and(|settlement| {
        matches!(settlement.state, GrantState::Revoked | GrantState::Revoking)
    });
    if work.grant.is_some() || !(work.revocation.is_some() || settles_revocation) {
        return Err(CommitError::LogBroken(trouble.to_owned()));
    }
    for draft in &work.leaves {
        connection
            .execute(
                "INSERT INTO recovery_journal (at, event, request, clear) VALUES (?1, ?2, ?3, ?4)",
                params![
                    work.at.seconds(),
                    draft.event,
                    draft.request,
                    serde_json::to_string(&draft.clear).unwrap_or_default()
                ],
            )
            .map_err(storage)?;
    }
    // A row that somebody deleted keeps nobody's access.
    write_changes(connection, work)?;
    Ok(Committal {
        first_leaf: 0,
        leaves: 0,
        size: 0,
    })
}

/// Separation of duties without locks across input and output: whoever read older facts rules again.
fn refuse_what_moved_on(
    store: &SqliteStore,
    connection: &Connection,
    work: &Work,
) -> Result<(), CommitError> {
    for (person, expected) in &work.expected_versions {
        if read::person_version(connection, person).map_err(storage)? != *expected {
            return Err(CommitError::Conflict(person.clone()));
        }
    }
    if let Some(policy) = &work.policy {
        let active = locked(&store.signed).active_policy.clone();
        if active.as_ref() != Some(policy) {
            return Err(CommitError::PolicyChanged(active.unwrap_or_default()));
        }
    }
    if let Some(id) = &work.resumed {
        let state = locked(&store.signed).grant(id).map(|grant| grant.state);
        if state != Some(GrantState::Committed) {
            return Err(CommitError::Duplicate(id.clone()));
        }
    }
    if let Some((grant, _)) = &work.grant
        && let Some(earlier) = locked(&store.signed).granted.get(&grant.request)
    {
        return Err(CommitError::Duplicate(earlier.clone()));
    }
    // INVARIANT(brakes): the kill switch stops grants of both doors, whoever released them.
    let grants = work.grant.is_some() || work.resumed.is_some();
    let decides = work
        .action
        .as_ref()
        .is_some_and(|own| own.action != Action::Close);
    if (grants || decides) && store.is_held() {
        return Err(CommitError::Brake("the kill switch is on".to_owned()));
    }
    if let Some(action) = &work.action {
        refuse_action(store, work, action)?;
    }
    if let Some((grant, _)) = &work.grant
        && grant.authority == "automatic"
    {
        // INVARIANT(brakes): counted where it is committed, so that no two commits both see the last free place.
        let used = read::brakes(
            connection,
            &store.budgets,
            &grant.person,
            &grant.entitlement,
            work.at,
            &grant.id,
        );
        if let Some(name) = used.map_err(storage)?.into_iter().next() {
            return Err(CommitError::Brake(name));
        }
    }
    Ok(())
}

/// INVARIANT(once): a key that is under way or had its effect is not taken again, whoever asks.
fn refuse_action(store: &SqliteStore, work: &Work, action: &ActionRow) -> Result<(), CommitError> {
    let named = work.leaves.iter().any(|leaf| {
        leaf.category == Category::PreparedChange && leaf.clear.get("key") == Some(&action.key)
    });
    if !named {
        return Err(CommitError::Storage(format!(
            "no leaf prepares {}",
            action.key
        )));
    }
    let signed = locked(&store.signed);
    let earlier = signed.vault.actions.get(&action.key);
    if earlier.is_some_and(|record| record.state.is_taken()) {
        return Err(CommitError::Duplicate(action.key.clone()));
    }
    // INVARIANT(brakes): counted where it is committed.
    let requester = store.person_hash(&action.requester);
    let used = vault::brakes(
        &signed.vault,
        &store.budgets,
        action.action,
        &requester,
        work.at,
    );
    if let Some(name) = used.into_iter().next() {
        return Err(CommitError::Brake(name));
    }
    Ok(())
}

/// An action on a workflow request, owned.
struct ActionRow {
    key: String,
    request: String,
    requester: String,
    action: Action,
    run: String,
    evidence: String,
    comment: String,
}

/// A transition as rows: owned, so that another thread may commit it.
pub(crate) struct Work {
    at: Timestamp,
    expected_versions: Vec<(String, u64)>,
    policy: Option<String>,
    leaves: Vec<LeafDraft>,
    request: Option<RequestRow>,
    ruling: Option<RulingRow>,
    grant: Option<(GrantRow, String)>,
    resumed: Option<String>,
    revocation: Option<Revocation>,
    settlement: Option<Settlement>,
    review: Option<ReviewRow>,
    policy_source: Option<PolicySource>,
    action: Option<ActionRow>,
    letter: Option<Posted>,
}

impl Work {
    pub(crate) fn of(transition: &Transition) -> Self {
        Self {
            at: transition.at,
            expected_versions: transition.expected_versions.clone(),
            policy: transition.policy.clone(),
            leaves: transition.leaves.clone(),
            request: transition.request.clone(),
            ruling: transition.ruling.clone(),
            grant: transition.grant.as_ref().map(|admitted| {
                let grant = &admitted.grant;
                let row = GrantRow {
                    id: admitted.id.clone(),
                    request: grant.request().to_owned(),
                    revision: grant.revision(),
                    person: grant.person().to_owned(),
                    login: grant.login().to_owned(),
                    entitlement: grant.entitlement().to_owned(),
                    starts: grant.starts(),
                    ends: grant.ends(),
                    authority: match grant.authority() {
                        Authority::Automatic => "automatic".to_owned(),
                        Authority::Reviewed(lifts) => format!("reviewed {}", lifts.join(" ")),
                    },
                    content_digest: grant.content_digest().to_owned(),
                    state: GrantState::Committed,
                    detail: String::new(),
                    leaf: 0,
                };
                (row, grant.idempotency_key())
            }),
            resumed: transition
                .resumed
                .as_ref()
                .map(|admitted| admitted.id.clone()),
            revocation: transition.revocation.clone(),
            settlement: transition.settlement.clone(),
            review: transition.review.clone(),
            policy_source: transition.policy_source.clone(),
            action: transition.action.as_ref().map(|intent| ActionRow {
                key: intent.permit.key(),
                request: intent.permit.subject().request().to_owned(),
                requester: intent.permit.subject().requester().to_owned(),
                action: intent.permit.action(),
                run: intent.run.clone(),
                evidence: intent.evidence.clone(),
                comment: intent.comment.clone(),
            }),
            letter: transition.letter.clone(),
        }
    }
}
