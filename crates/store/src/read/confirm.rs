//! Whether the signed log confirms what a row says.

use audit::Receipt;
use audit::checkpoint::SignedCheckpoint;
use ports::store::{ReviewRow, StoreError};
use rusqlite::Connection;

use crate::log::{Database, head, in_form_of};
use crate::open::SqliteStore;

impl SqliteStore {
    /// A leaf that the signed tree contains; `None` when what is stored is not what was signed. A row alone, in
    /// whatever table, proves nothing: who can write the file can write rows, but not sign.
    fn signed_leaf(&self, connection: &Connection, index: u64) -> Option<audit::Leaf> {
        let checkpoint = self.checkpoint(connection).ok()?;
        let bytes: Vec<u8> = connection
            .query_row(
                "SELECT bytes FROM log_leaf WHERE number = ?1",
                [index],
                |row| row.get(0),
            )
            .ok()?;
        let receipt = Receipt::new(&Database(connection), &checkpoint, index).ok()?;
        receipt.verify(&self.key.verifier(), &bytes).ok()?;
        audit::Leaf::parse(&bytes).ok()
    }

    /// Whether the log says of a review what its row says. INVARIANT(gate-only).
    pub(crate) fn is_logged(
        &self,
        connection: &Connection,
        review: &ReviewRow,
        index: u64,
    ) -> bool {
        let Some(leaf) = self.signed_leaf(connection, index) else {
            return false;
        };
        let (id, request, by) = match review {
            ReviewRow::Approval(own) => (&own.id, &own.content.request, &own.by),
            ReviewRow::Lift(own) => (&own.id, &own.content.request, &own.by),
            ReviewRow::Denial(own) | ReviewRow::Question(own) | ReviewRow::Narrowing(own) => {
                (&own.id, &own.request, &own.by)
            }
        };
        let own = match review {
            ReviewRow::Approval(approval) => {
                leaf.event == "approval.given"
                    && leaf.at == approval.at.to_string()
                    && self.says(&leaf, "slot", approval.kind.name())
                    && self.says_digest(&leaf, "content", &approval.content.digest())
            }
            ReviewRow::Lift(lift) => {
                let until = lift
                    .exception
                    .as_ref()
                    .map(|exception| exception.until.to_string());
                leaf.event == "lift.given"
                    && leaf.at == lift.at.to_string()
                    && self.says(&leaf, "finding", lift.finding.name())
                    && self.says_digest(&leaf, "facts", &lift.facts)
                    && self.says_digest(&leaf, "content", &lift.content.digest())
                    && leaf.clear.get("until") == until.as_ref()
            }
            ReviewRow::Denial(_) | ReviewRow::Question(_) | ReviewRow::Narrowing(_) => true,
        };
        own && leaf.category == audit::Category::Approvals
            && leaf.request == *request
            && self.says(&leaf, "review", id)
            && self.is_about(&leaf, by)
    }

    fn says(&self, leaf: &audit::Leaf, name: &str, value: &str) -> bool {
        leaf.clear.get(name).is_some_and(|found| found == value)
    }

    pub(super) fn says_digest(&self, leaf: &audit::Leaf, name: &str, digest: &str) -> bool {
        let (key, request) = (&self.person_key, &leaf.request);
        let said = leaf.clear.get(name);
        said.is_some_and(|said| *said == in_form_of(said, key, request, name, digest))
    }

    fn is_about(&self, leaf: &audit::Leaf, person: &str) -> bool {
        self.says(leaf, "person", &self.person_hash(person))
    }

    pub(super) fn checkpoint(
        &self,
        connection: &Connection,
    ) -> Result<SignedCheckpoint, StoreError> {
        let head = head(connection).map_err(|error| StoreError(error.to_string()))?;
        let head = head.ok_or_else(|| StoreError("the log is empty".to_owned()))?;
        SignedCheckpoint::verify(head.checkpoint.as_bytes(), &self.key.verifier())
            .map_err(|error| StoreError(error.to_string()))
    }
}
