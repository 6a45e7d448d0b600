//! The directory: who people are, what they hold, what stands behind a name.

use std::collections::BTreeMap;

use decision::evidence::record::{Holdings, Lookup, Person, Target};
use decision::rules::policy::Attribute;
use decision::time::Timestamp;

use crate::PortError;

/// An identity provider. Every answer is as of the call, unless [`Directory::as_of`] says otherwise. A link between two
/// identities is told from both sides: each of the two people lists the other.
pub trait Directory: Send + Sync {
    /// The name by which evidence cites it, such as `embedded directory`.
    fn name(&self) -> &str;

    /// As of when answers given at `now` are.
    fn as_of(&self, now: Timestamp) -> Timestamp {
        now
    }

    /// Who answers to a login. `None`: nobody.
    ///
    /// # Errors
    /// When the directory cannot say.
    fn find(&self, login: &str) -> Result<Option<Lookup>, PortError>;

    /// The person with this immutable id. `None`: nobody.
    ///
    /// # Errors
    /// When the directory cannot say.
    fn person(&self, id: &str) -> Result<Option<Person>, PortError>;

    /// What the person with this immutable id holds, nested groups followed, over all accounts.
    ///
    /// # Errors
    /// When the directory cannot say. A list that is cut short is an error, never a shorter list.
    fn holdings(&self, person: &str) -> Result<Holdings, PortError>;

    /// What is vouched for about a request, such as a declared incident: by its source, never by who filed it.
    ///
    /// # Errors
    /// When the directory cannot say.
    fn facts(&self, request: &str) -> Result<BTreeMap<String, Attribute>, PortError>;

    /// What stands behind a name, with everything that it gives, nested groups followed. `None`: nothing.
    ///
    /// # Errors
    /// When the directory cannot say. A list that is cut short is an error, never a shorter list.
    fn target(&self, entitlement: &str) -> Result<Option<Target>, PortError>;
}
