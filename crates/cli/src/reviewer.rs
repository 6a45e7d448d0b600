//! Who sits in front of the terminal: the operating system's account, mapped in the directory.

use agent::review::Reviewer;
use decision::evidence::record::Lookup;
use ports::{Clock as _, Directory, SystemClock};

use crate::error::{Error, Exit};

/// Name of the account that runs this process.
pub(crate) fn account() -> Result<String, Error> {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    let user = user.ok().flatten().ok_or_else(|| {
        Error::new(
            Exit::NotAllowed,
            "the operating system does not name the account of this process",
        )
    })?;
    Ok(user.name)
}

/// The person whose login is the account that runs this process. There is no way to say that one is somebody else.
pub(crate) fn from_account(directory: &dyn Directory) -> Result<Reviewer, Error> {
    let account = account()?;
    match directory.find(&account) {
        Ok(Some(Lookup::One(person))) => {
            let reviewer = Reviewer {
                person: *person,
                assurance: format!("operating system account {}", account),
            };
            reviewer.check_active(SystemClock.now())?;
            Ok(reviewer)
        }
        Ok(_) => Err(Error::new(
            Exit::NotAllowed,
            format!(
                "the account `{}` is not the login of exactly one person in the directory",
                account
            ),
        )
        .hint("reviews are made by people of the directory; add this account to directory.yml")),
        Err(error) => Err(Error::of(Exit::Failed, &error)),
    }
}

/// As [`from_account`], for what only security may do.
pub(crate) fn of_security(directory: &dyn Directory) -> Result<Reviewer, Error> {
    let reviewer = from_account(directory)?;
    let group = decision::findings::approvals::SECURITY_GROUP;
    if reviewer.person.groups.iter().any(|own| own == group) {
        return Ok(reviewer);
    }
    Err(Error::new(
        Exit::NotAllowed,
        format!("`{}` is not in the group `{group}`", reviewer.person.login),
    )
    .hint("what governs the agent itself is done by security; groups are in directory.yml"))
}
