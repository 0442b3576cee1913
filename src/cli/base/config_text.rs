//! The text of a config, and each fault in it.

use std::path::Path;

use super::context::Context;
use super::failure::{At, Failure};
use super::faults::Faults;
use crate::config::{Config, ConfigError, faults_of, read_limited};

/// The text of the config at `path`.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    match read_limited(path, CONFIG_MAX) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(ConfigError::Missing(path.to_owned()).into())
        }
        read => read.in_file(path),
    }
}

/// The config, for a command that looks for faults: each that its text has is told, and not the first
/// alone.
pub(crate) fn config_or_each_fault(context: &Context) -> Result<Config, Failure> {
    let place = context.place()?;
    match place.read() {
        Ok(config) => Ok(config),
        Err(first @ ConfigError::Syntax { .. }) => {
            let mut faults = Faults::default();
            for fault in faults_of(place.path(), &text(place.path())?).faults {
                let (line, column) = (fault.line, fault.column);
                let place = format!("{}:{line}:{column}", place.path().display());
                faults.add(Failure::new(fault.message).at(place));
            }
            faults.or_done()?;
            Err(first.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Bytes; a config has as many at most.
const CONFIG_MAX: u64 = 1 << 20;
