//! What the leaves say of the vault's door.

use audit::{Category, Leaf};
use decision::time::{Minutes, Timestamp};
use decision::vault::Action;
use ports::store::{ActionRecord, ActionState, Budgets, Danger, VaultState};

/// Takes in a leaf; every other leaf changes nothing.
pub(super) fn take_in(state: &mut VaultState, leaf: &Leaf) {
    let clear = |name: &str| leaf.clear.get(name);
    match (leaf.category, leaf.event.as_str()) {
        (Category::PreparedChange, "vault.approve" | "vault.reject" | "vault.close") => {
            if let Some((key, record)) = prepared(leaf) {
                state.actions.insert(key, record);
            }
        }
        (Category::Effect, "vault.settled") => {
            let record = clear("key").and_then(|key| state.actions.get_mut(key));
            let settled = clear("state").and_then(|name| ActionState::from_name(name));
            if let (Some(record), Some(settled)) = (record, settled) {
                record.state = settled;
            }
        }
        (Category::Administration, "vault.classes") => {
            for (asset, danger) in clear("classes").into_iter().flat_map(|text| lines(text)) {
                state.dangers.entry(asset).or_default().add(danger);
            }
        }
        (Category::Administration, "vault.cleared") => {
            if let Some(asset) = clear("asset") {
                state.dangers.remove(asset);
            }
        }
        (Category::Administration, "vault.paths-confirmed") => {
            state.confirmed_paths = clear("paths").cloned();
        }
        (Category::Administration, "agent.stopped") => state.stopped = true,
        (Category::Administration, "agent.resumed") => state.stopped = false,
        (
            Category::Request
            | Category::PolicyCheck
            | Category::PreparedChange
            | Category::Approvals
            | Category::Effect
            | Category::Administration,
            _,
        ) => {}
    }
}

/// The action that a leaf prepares. A leaf of ours has every field; what has not is no action.
fn prepared(leaf: &Leaf) -> Option<(String, ActionRecord)> {
    let clear = |name: &str| leaf.clear.get(name);
    let action = Action::from_name(leaf.event.strip_prefix("vault.")?)?;
    let record = ActionRecord {
        request: leaf.request.clone(),
        action,
        level: clear("level")?.parse().ok()?,
        created: Timestamp::parse(clear("created")?)?,
        at: Timestamp::parse(&leaf.at)?,
        requester: clear("person")?.clone(),
        run: clear("run")?.clone(),
        state: ActionState::Committed,
    };
    Some((clear("key")?.clone(), record))
}

/// Lines of an asset's id, a space, and the names of its classes with `+` between them.
fn lines(text: &str) -> impl Iterator<Item = (String, Danger)> {
    text.lines().filter_map(|line| {
        let (asset, names) = line.split_once(' ')?;
        Some((asset.to_owned(), Danger::named(names.split('+'))))
    })
}

/// Names of the budgets that a further action would exceed: approvals for the requester with this hash and in all; and, so
/// that a clock or a mistake cannot sweep a vault, rejections and closures in all. What was refused or withdrawn counts nothing.
pub(crate) fn brakes(
    state: &VaultState,
    budgets: &Budgets,
    action: Action,
    requester: &str,
    now: Timestamp,
) -> Vec<String> {
    let since = now.minus(Minutes(budgets.window.0));
    let recent = state
        .actions
        .values()
        .filter(|record| record.action == action && record.state.is_taken() && record.at > since);
    let (mut own, mut all) = (0_u32, 0_u32);
    for record in recent {
        all = all.saturating_add(1);
        own = own.saturating_add(u32::from(record.requester == requester));
    }
    let for_one = action == Action::Approve && own >= budgets.per_person;
    let used = [
        (format!("{}s for one requester", told(action)), for_one),
        (format!("{}s in all", told(action)), all >= budgets.in_all),
    ];
    used.into_iter()
        .filter(|(_, used)| *used)
        .map(|(name, _)| name)
        .collect()
}

fn told(action: Action) -> &'static str {
    match action {
        Action::Approve => "approval",
        Action::Reject => "rejection",
        Action::Close => "closure",
    }
}
