//! An analyst: puts requests into words and says what it finds unusual. INVARIANT(ratchet): what it says can only withhold.

use decision::findings::risk::RiskLevel;
use decision::vault::Frozen;
use decision::vault::evidence::Opinion;

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
}
