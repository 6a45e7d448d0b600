//! What is tried: the parts through which a text or a model could do harm.

use std::sync::Arc;

use decision::evidence::Frozen as FrozenTicket;
use decision::evidence::record::Evidence;
use decision::rules::Rules;
use decision::vault::{Frozen, Ruling as VaultRuling};
use decision::verdict::Ruling;
use ports::{Adviser, Analyst};

use super::screens::{self, Screen, Shown};
use crate::advise::asking::Asking;
use crate::advise::batch::{BatchSettings, ModelAnalyst};
use crate::advise::ticket::{Bounds, ModelAdviser};

/// A ticket, ruled upon.
#[derive(Debug)]
pub struct Ruled {
    /// The evidence.
    pub frozen: FrozenTicket,
    /// The ruling.
    pub ruling: Ruling,
    /// Whether the gate admits a grant.
    pub is_granted: bool,
}

/// The parts that are tried. All of them are the product's own; a test puts a broken one in the place of a method, to see that
/// it is found out.
pub trait Parts: Sync {
    /// Rules on a ticket.
    fn rule_ticket(&self, evidence: Evidence, rules: &Rules) -> Ruled {
        let (frozen, ruling, grant) = crate::ruling::decide(evidence, rules);
        Ruled {
            frozen,
            ruling,
            is_granted: grant.is_some(),
        }
    }

    /// The adviser on tickets.
    fn adviser(&self, fast: Arc<Asking>, strong: Arc<Asking>, bounds: &Bounds) -> Box<dyn Adviser> {
        Box::new(ModelAdviser::new(fast, strong, bounds.clone()))
    }

    /// Rules on a request of the vault.
    fn rule_vault(&self, frozen: &Frozen<'_>) -> VaultRuling {
        decision::vault::rule(frozen)
    }

    /// The analyst of the vault's requests, which spends at most `limit` nanodollars.
    fn analyst(&self, asking: Arc<Asking>, limit: u64) -> Box<dyn Analyst> {
        let settings = BatchSettings {
            size: 25,
            at_once: 1,
            each: limit,
        };
        Box::new(ModelAnalyst::new(asking, settings, None, limit))
    }

    /// Everything on which a person reads a text of a requester or of a model.
    fn screens(&self, shown: &Shown<'_>) -> Vec<Screen> {
        screens::of(shown)
    }
}

/// The product's own parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Product;

impl Parts for Product {}
