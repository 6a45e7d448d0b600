//! The analyst of a vault's requests, where a model is configured.

use agent::advise::BuiltIn;
use agent::advise::batch::ModelAnalyst;
use decision::vault::evidence::Opinion;
use ports::PortError;
use ports::analyst::{Analyst, Subject};

/// The built-in analyst in the place of a model that did not answer. What asking it cost is the run's all the same.
pub(super) struct InPlaceOf(pub(super) ModelAnalyst);

impl Analyst for InPlaceOf {
    fn name(&self) -> &str {
        BuiltIn.name()
    }

    fn batch_size(&self) -> usize {
        BuiltIn.batch_size()
    }

    fn opinions(&self, batch: &[Subject<'_>]) -> Result<Vec<Option<Opinion>>, PortError> {
        BuiltIn.opinions(batch)
    }

    fn cost(&self) -> Option<String> {
        self.0.cost()
    }
}
