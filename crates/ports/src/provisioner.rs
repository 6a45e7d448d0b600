//! The provisioner: gives and takes access. It accepts only what was committed.

use decision::gate::Grant;

use crate::PortError;
use crate::commit::Committed;
use crate::store::Revocation;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The system says that it did it.
    Applied,
    /// It was so already.
    AlreadySo,
    /// The system refused, and nothing changed.
    Refused(String),
    /// The system could not do it now, and nothing changed: it is tried again.
    NotNow(String),
    /// Sent, but what became of it is not known: look, never send again blindly.
    Unknown(String),
}

/// What somebody holds when one looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The grant of ours that it came from; `None` when it came by other means.
    pub grant: Option<String>,
}

/// What a grant of ours gave, as the system has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Immutable id of the person.
    pub person: String,
    /// The catalogue id.
    pub entitlement: String,
}

/// A system that can give and take access. Both changes are set operations: doing one twice is doing it once.
pub trait Provisioner: Send + Sync {
    /// The name by which records cite it.
    fn name(&self) -> &str;

    /// Gives what was committed.
    fn grant(&self, grant: &Committed<Grant>) -> Effect;

    /// Takes what was committed to be taken, or hands it to the surviving grant that the revocation names: the access stays
    /// and is the survivor's from then on. Something that came by other means than the grant stays as it is.
    fn revoke(&self, revocation: &Committed<Revocation>) -> Effect;

    /// Looks whether the person with this immutable id holds it directly. `None`: no.
    ///
    /// # Errors
    /// When the system cannot say.
    fn look(&self, person: &str, entitlement: &str) -> Result<Option<Seen>, PortError>;

    /// Looks what is held by a grant of ours, whatever the store says of it. `None`: nothing any more, or nothing yet.
    ///
    /// # Errors
    /// When the system cannot say.
    fn held_by(&self, grant: &str) -> Result<Option<Held>, PortError>;
}

impl<P: Provisioner + ?Sized> Provisioner for &P {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn grant(&self, grant: &Committed<Grant>) -> Effect {
        (**self).grant(grant)
    }

    fn revoke(&self, revocation: &Committed<Revocation>) -> Effect {
        (**self).revoke(revocation)
    }

    fn look(&self, person: &str, entitlement: &str) -> Result<Option<Seen>, PortError> {
        (**self).look(person, entitlement)
    }

    fn held_by(&self, grant: &str) -> Result<Option<Held>, PortError> {
        (**self).held_by(grant)
    }
}
