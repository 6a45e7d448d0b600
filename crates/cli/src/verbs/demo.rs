//! `demo`.
use crate::args::Demo;
use crate::error::{Error, Exit};

pub(crate) fn run(_: &Demo) -> Result<Exit, Error> {
    Ok(Exit::Done)
}
