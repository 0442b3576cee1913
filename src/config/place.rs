//! Where the config lies.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError};

/// Where the config is, or would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(PathBuf);

/// No place for a config.
#[derive(Debug, thiserror::Error)]
#[error("no place for a config: neither $PUNCHMARK_CONFIG nor $XDG_CONFIG_HOME nor $HOME is set")]
pub struct PlaceError;

impl Place {
    /// `explicit`, else `$PUNCHMARK_CONFIG`, else the first that exists of the user's
    /// and the system's; where none exists, the user's.
    ///
    /// # Errors
    /// [`PlaceError`] if none of these is a path.
    pub fn find(explicit: Option<&Path>) -> Result<Self, PlaceError> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(path) = explicit.map(Path::to_path_buf) {
            return Ok(Self(path));
        }
        if let Some(path) = variable("PUNCHMARK_CONFIG") {
            return Ok(Self(path.into()));
        }
        let user = variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")))
            .map(|folder| folder.join("punchmark/punchmark.toml"));
        let system = PathBuf::from("/etc/punchmark/punchmark.toml");
        match user {
            Some(user) if user.exists() || !system.exists() => Ok(Self(user)),
            _ if system.exists() => Ok(Self(system)),
            _ => Err(PlaceError),
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The config, which must be there.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(&self) -> Result<Config, ConfigError> {
        Config::read(&self.0)
    }

    /// The config, or none if there is no file.
    ///
    /// # Errors
    /// [`ConfigError`], but not [`ConfigError::Missing`].
    pub fn read_if_there(&self) -> Result<Option<Config>, ConfigError> {
        match self.read() {
            Err(ConfigError::Missing(_)) => Ok(None),
            read => read.map(Some),
        }
    }
}
