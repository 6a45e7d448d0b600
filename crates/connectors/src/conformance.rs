//! What every directory and every provisioner must do, as checks that tests of any adapter call.

use decision::evidence::record::{Lookup, Person};
use decision::gate::Grant;
use ports::{Committed, Directory, Effect, Held, PortError, Provisioner, Revocation, Seen};

/// What does not conform, in words.
pub type Broken = String;

/// Committed changes to try a provisioner with: all about one person and one entitlement that they do not hold yet.
#[derive(Clone, Copy, Debug)]
pub struct Changes<'a> {
    /// Gives it.
    pub grant: &'a Committed<Grant>,
    /// Takes what `grant` gave.
    pub revocation: &'a Committed<Revocation>,
    /// A later grant of the same access.
    pub extension: &'a Committed<Grant>,
    /// Takes what `extension` gave.
    pub last: &'a Committed<Revocation>,
    /// The end of `grant` while `extension` runs: nothing may be taken.
    pub superseded: &'a Committed<Revocation>,
    /// The end of `extension` while `grant` runs: the holding is handed back to `grant`.
    pub handed_back: &'a Committed<Revocation>,
    /// A grant to somebody whom the system does not know.
    pub to_nobody: &'a Committed<Grant>,
}

/// Tries a provisioner. Afterwards the person holds nothing of it.
///
/// # Errors
/// The first thing that it did wrong.
pub fn provisioner(subject: &dyn Provisioner, changes: Changes<'_>) -> Result<(), Broken> {
    let access = changes.grant.get();
    let seen = || subject.look(access.person(), access.entitlement());
    let of = |id: &str| {
        Some(Seen {
            grant: Some(id.to_owned()),
        })
    };
    let (first, second) = (changes.grant.id(), changes.extension.id());
    let held = |id: &str| subject.held_by(id);
    let access_held = || {
        Ok(Some(Held {
            person: access.person().to_owned(),
            entitlement: access.entitlement().to_owned(),
        }))
    };
    same("what a grant gave before it did", held(first), Ok(None))?;
    same("a look before anything was given", seen(), Ok(None))?;
    same(
        "taking what was never given",
        subject.revoke(changes.revocation),
        Effect::AlreadySo,
    )?;
    same("giving", subject.grant(changes.grant), Effect::Applied)?;
    same("a look after giving", seen(), Ok(of(first)))?;
    same("what the grant gave", held(first), access_held())?;
    same(
        "giving again",
        subject.grant(changes.grant),
        Effect::AlreadySo,
    )?;
    same("a look after giving again", seen(), Ok(of(first)))?;
    same(
        "extending",
        subject.grant(changes.extension),
        Effect::Applied,
    )?;
    same("a look after extending", seen(), Ok(of(second)))?;
    same("what is left of the first", held(first), Ok(None))?;
    same("what the extension gave", held(second), access_held())?;
    same(
        "the superseded end",
        subject.revoke(changes.superseded),
        Effect::AlreadySo,
    )?;
    same(
        "taking what another grant took over",
        subject.revoke(changes.revocation),
        Effect::AlreadySo,
    )?;
    same("a look after both", seen(), Ok(of(second)))?;
    same(
        "handing back",
        subject.revoke(changes.handed_back),
        Effect::Applied,
    )?;
    same("a look after handing back", seen(), Ok(of(first)))?;
    same("what the first has again", held(first), access_held())?;
    same("what is left of the extension", held(second), Ok(None))?;
    same(
        "handing back again",
        subject.revoke(changes.handed_back),
        Effect::AlreadySo,
    )?;
    same(
        "taking what was handed back",
        subject.revoke(changes.revocation),
        Effect::Applied,
    )?;
    same("a look after the last of both", seen(), Ok(None))?;
    same(
        "handing over what is not there",
        subject.revoke(changes.superseded),
        Effect::AlreadySo,
    )?;
    same("a look after that", seen(), Ok(None))?;
    same(
        "giving once more",
        subject.grant(changes.extension),
        Effect::Applied,
    )?;
    same("taking", subject.revoke(changes.last), Effect::Applied)?;
    same("a look after taking", seen(), Ok(None))?;
    same(
        "taking again",
        subject.revoke(changes.last),
        Effect::AlreadySo,
    )?;
    let nobody = changes.to_nobody.get();
    match subject.grant(changes.to_nobody) {
        Effect::Refused(reason) if !reason.is_empty() => {}
        other @ (Effect::Applied
        | Effect::AlreadySo
        | Effect::Refused(_)
        | Effect::NotNow(_)
        | Effect::Unknown(_)) => {
            return Err(format!(
                "giving to nobody: expected a refusal with its reason, got {other:?}"
            ));
        }
    }
    same(
        "a look at nobody",
        subject.look(nobody.person(), nobody.entitlement()),
        Ok(None),
    )
}

/// Tries a directory: `logins` are known to it, `entitlements` exist in it, and neither of the two names that are asked
/// for beside them do.
///
/// # Errors
/// The first thing that it did wrong.
pub fn directory(
    subject: &dyn Directory,
    logins: &[&str],
    entitlements: &[&str],
) -> Result<(), Broken> {
    same(
        "a login that nobody has",
        subject.find("nobody, by no name"),
        Ok(None),
    )?;
    same(
        "an id that nobody has",
        subject.person("no such id"),
        Ok(None),
    )?;
    for login in logins {
        let person = match subject.find(login) {
            Ok(Some(Lookup::One(person))) => *person,
            Ok(Some(Lookup::Several(2..))) => continue,
            other => return Err(format!("`{login}` is known, but the answer is {other:?}")),
        };
        one_person(subject, login, &person)?;
    }
    for entitlement in entitlements {
        let Ok(Some(target)) = subject.target(entitlement) else {
            return Err(format!("`{entitlement}` exists, but there is no target"));
        };
        if target.id.is_empty() || target.power.is_empty() {
            return Err(format!(
                "the target of `{entitlement}` has no id or no power"
            ));
        }
        same(
            "the same target again",
            subject.target(entitlement),
            Ok(Some(target)),
        )?;
    }
    Ok(())
}

fn one_person(subject: &dyn Directory, login: &str, person: &Person) -> Result<(), Broken> {
    if person.login != login || person.id.is_empty() {
        return Err(format!("`{login}` was asked for, and {person:?} came"));
    }
    same(
        "the same person by id",
        subject.person(&person.id),
        Ok(Some(person.clone())),
    )?;
    for other in person
        .manager
        .iter()
        .chain(&person.delegates)
        .chain(&person.linked)
    {
        if !matches!(subject.person(other), Ok(Some(_))) {
            return Err(format!("`{login}` refers to `{other}`, whom nobody knows"));
        }
    }
    for other in &person.linked {
        let back =
            matches!(subject.person(other), Ok(Some(one)) if one.linked.contains(&person.id));
        if !back {
            return Err(format!(
                "`{login}` is linked to `{other}`, and not the other way round"
            ));
        }
    }
    let mut sorted = person.groups.clone();
    sorted.sort_unstable();
    sorted.dedup();
    same(
        "groups, sorted and each once",
        person.groups.clone(),
        sorted,
    )?;
    let holdings = subject.holdings(&person.id);
    same(
        "the same holdings again",
        subject.holdings(&person.id),
        holdings.clone(),
    )?;
    let items = holdings
        .map_err(|error: PortError| format!("holdings of `{login}`: {error}"))?
        .items;
    let ordered = items.windows(2).all(|pair| match pair {
        [a, b] => (&a.entitlement, &a.path) <= (&b.entitlement, &b.path),
        _ => true,
    });
    if ordered {
        Ok(())
    } else {
        Err(format!("the holdings of `{login}` are not in order"))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), Broken> {
    if got == wanted {
        Ok(())
    } else {
        Err(format!("{what}: expected {wanted:?}, got {got:?}"))
    }
}
