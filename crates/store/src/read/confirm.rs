//! Whether the signed log confirms what a row says.

use audit::checkpoint::SignedCheckpoint;
use audit::{Receipt, commitment};
use decision::request::digest_of;
use ports::mail::Letter;
use ports::store::{Posted, ReviewRow, StoreError, StoredRuling};
use rusqlite::{Connection, params};

use crate::log::{Database, head, in_form_of};
use crate::open::SqliteStore;
use crate::signed::SignedState;

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

    /// Whether the log has a ruling with the evidence and the record of its row.
    pub(crate) fn is_ruling_logged(&self, connection: &Connection, stored: &StoredRuling) -> bool {
        // A row names the leaf of the prepared change; what was ruled stands right before it.
        let made = stored.leaf.checked_sub(1);
        let leaf = made.and_then(|index| Some((index, self.signed_leaf(connection, index)?)));
        let Some((index, leaf)) = leaf else {
            return false;
        };
        let row = &stored.row;
        let opens = |name: &str, text: &str| {
            self.opens(connection, index, &leaf, name, &digest_of(text.as_bytes()))
        };
        leaf.category == audit::Category::PolicyCheck
            && leaf.event == "ruling.made"
            && leaf.request == row.request
            && self.says(&leaf, "ruling", &row.id)
            && self.says(&leaf, "policy", &row.policy)
            && self.says(&leaf, "decision", &row.decision)
            && opens("evidence", &row.evidence)
            && opens("record", &row.record)
    }

    /// Whether the log says that a letter was queued as its row has it, and is in the state of its row.
    pub(crate) fn is_letter_logged(&self, signed: &SignedState, posted: &Posted) -> bool {
        let signed = signed.letters.get(&posted.letter.id);
        signed.is_some_and(|signed| {
            signed.state == posted.state && self.is_letter(&signed.letter, &posted.letter)
        })
    }

    /// Whether a letter is the one of which a leaf says `said`.
    pub(crate) fn is_letter(&self, said: &str, letter: &Letter) -> bool {
        let digest = letter.digest();
        said == in_form_of(said, &self.person_key, "", "letter", &digest)
    }

    /// Whether a committed field of the leaf at `index` is a commitment to `value`, by the salt that is kept for it.
    pub(crate) fn opens(
        &self,
        connection: &Connection,
        index: u64,
        leaf: &audit::Leaf,
        name: &str,
        value: &str,
    ) -> bool {
        let salt: rusqlite::Result<[u8; 32]> = connection.query_row(
            "SELECT salt FROM opening WHERE leaf = ?1 AND name = ?2",
            params![index, name],
            |row| row.get(0),
        );
        let said = leaf.committed.get(name);
        salt.is_ok_and(|salt| said == Some(&commitment(&salt, name, value).to_hex()))
    }

    fn says(&self, leaf: &audit::Leaf, name: &str, value: &str) -> bool {
        leaf.clear.get(name).is_some_and(|found| found == value)
    }

    pub(crate) fn says_digest(&self, leaf: &audit::Leaf, name: &str, digest: &str) -> bool {
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
