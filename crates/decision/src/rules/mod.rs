//! The rules: a policy as text ([`policy`]), its never-auto classes ([`class`]), its patterns and its compiled form.

pub mod class;
pub mod policy;
