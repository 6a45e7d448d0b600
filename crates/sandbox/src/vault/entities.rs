//! People, assets, forms, and requests as the vault holds them.

use std::collections::BTreeSet;
use std::fmt;

use super::id::Id;
use super::options::Action;
use super::records::{Right, Status};

/// A made-up secret. It is printed as dots all the same, so that tests of logs mean something.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("••••••")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) login: String,
    pub(crate) display: String,
    pub(crate) team: &'static str,
    pub(crate) groups: Vec<&'static str>,
    pub(crate) rights: BTreeSet<Right>,
}

/// How an asset's record answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordAnswer {
    Full,
    Unauthorized,
    Broken,
}

/// An asset or a container: a container is an asset that others have as their parent.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) parent: Option<usize>,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) secret: Option<Secret>,
    /// Logins that may read the secret; everybody with the right when there is none.
    pub(crate) readers: Vec<&'static str>,
    pub(crate) record: RecordAnswer,
}

/// Name of the type of a container.
pub(crate) const CONTAINER: &str = "Container";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormKind {
    Automatic,
    Interactive,
    /// Nothing can be submitted from the first hour (UTC) up to the second.
    Restricting {
        from_hour: i64,
        to_hour: i64,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) group: &'static str,
    pub(crate) required: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) id: Id,
    pub(crate) name: &'static str,
    pub(crate) kind: FormKind,
    pub(crate) levels: Vec<Level>,
}

/// Binds a form to an asset or to all in a container.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    pub(crate) form: usize,
    /// All actions when there is none.
    pub(crate) actions: Vec<Action>,
    /// Group that it is for; everybody when there is none.
    pub(crate) targets: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) by: usize,
    pub(crate) level: usize,
    pub(crate) at: i64,
    pub(crate) reason: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    pub(crate) status: Status,
    pub(crate) action: Action,
    pub(crate) asset: usize,
    pub(crate) requestor: usize,
    pub(crate) message: String,
    pub(crate) created: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) approved: Option<i64>,
    pub(crate) completed: Option<i64>,
    pub(crate) exclusive: bool,
    pub(crate) form: usize,
    pub(crate) level: usize,
    pub(crate) approvals: Vec<Given>,
    pub(crate) rejected: Option<(usize, String)>,
}
