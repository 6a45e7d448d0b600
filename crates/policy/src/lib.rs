//! Reads access.yml, guardrails and contracts into checked decision rules.
