//! An analyst: puts requests into words and says what it finds unusual. INVARIANT(ratchet): what it says can only withhold.

use decision::evidence::Frozen as FrozenTicket;
use decision::evidence::record::{Advice, Analysis};
use decision::findings::risk::RiskLevel;
use decision::rules::Rules;
use decision::vault::Frozen;
use decision::vault::evidence::Opinion;
use decision::verdict::Ruling;

use crate::error::PortError;

/// Somebody, or something, that has an opinion on workflow requests.
pub trait Analyst: Send + Sync {
    /// The name by which records cite it, such as `built-in`.
    fn name(&self) -> &str;

    /// Most requests that it is given at once.
    fn batch_size(&self) -> usize;

    /// One opinion for each subject, in the same order; `None` where it has none that can be used.
    ///
    /// # Errors
    /// When it could not be asked at all.
    fn opinions(&self, batch: &[Subject<'_>]) -> Result<Vec<Option<Opinion>>, PortError>;

    /// What went wrong with the questions so far.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the questions cost so far, in words; `None` where nothing does.
    fn cost(&self) -> Option<String> {
        None
    }
}

/// A request as an analyst sees it: the evidence and the deterministic score, before any opinion.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The evidence.
    pub frozen: &'a Frozen<'a>,
    /// Sum of the points.
    pub points: u16,
    /// The level that they make.
    pub risk: RiskLevel,
    /// Whether an outcome hangs on the opinion: without one, something would be done. An opinion on such a request is formed
    /// without sight of any other request.
    pub decides: bool,
}

/// Somebody, or something, that advises on a ticket before it is ruled upon.
pub trait Adviser: Send + Sync {
    /// What it says of a request. `frozen` and `ruling` are without any advice; `spent` is what earlier questions about the same
    /// request cost, in nanodollars. It always says something: what went wrong is a fault of the analysis, and withholds.
    fn advise(
        &self,
        rules: &Rules,
        frozen: &FrozenTicket,
        ruling: &Ruling,
        spent: u64,
    ) -> (Advice, Analysis);
}
