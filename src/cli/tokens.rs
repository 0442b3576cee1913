//! tokens
use super::context::Context;
use super::failure::{Exit, Failure};
use clap::Args;
/// t
#[derive(Debug, Args)]
pub(crate) struct Tokens {}
impl Tokens {
    pub(crate) fn run(self, _: &Context) -> Result<Exit, Failure> {
        Ok(Exit::Done)
    }
}
