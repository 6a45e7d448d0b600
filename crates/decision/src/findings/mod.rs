//! The checks, one file each. Every check answers with the findings it has; none means that it is cleared.

pub mod advice;
pub mod approvals;
pub mod conditions;
pub mod confidence;
pub mod duration;
pub mod entitlement;
pub mod evidence;
pub mod justification;
mod kind;
pub mod lifting;
pub mod mode;
pub mod over_asking;
pub mod policy_version;
pub mod privilege;
pub mod requester;
pub mod risk;
pub mod separation;

pub use kind::{
    Authority, AuthoritySet, Check, Destination, FindingSet, Kind, Lifting, Row, TABLE,
};
