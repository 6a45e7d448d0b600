//! The vault's door on the command line: its keys, its settings and its parts.

pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod kept;
pub(crate) mod keys;
pub(crate) mod parts;
pub(crate) mod settings;
pub(crate) mod start;
pub(crate) mod suggest;
