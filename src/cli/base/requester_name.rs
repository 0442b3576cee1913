//! Names that a requester cannot have.

use super::failure::Failure;
use crate::config::Config;
use crate::request::RequesterName;

/// Refuses a name that the CA keeps for itself.
pub(crate) fn refuse_reserved(name: &RequesterName, config: &Config) -> Result<(), Failure> {
    if let Some(suffix) = config.policy().suffixes().reserved_end(name.as_str()) {
        return Err(Failure::usage(format!(
            "the name `{name}` ends in `{suffix}`, which the CA alone writes"
        )));
    }
    if name.as_str() == OPERATOR {
        return Err(Failure::usage(NOBODYS_NAME));
    }
    Ok(())
}

/// Who asks where nobody is named.
const OPERATOR: &str = "operator";
const NOBODYS_NAME: &str =
    "`operator` is whoever holds token and PIN, and can't be the name of anybody else";
