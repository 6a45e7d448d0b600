//! The vault's cycle: read → enrich → advise → rule → commit → act → settle → report, once per run.

pub mod record;
