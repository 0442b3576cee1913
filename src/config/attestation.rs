//! The `[attestation]` table: whose word is taken for how a key is stored.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Config, ConfigError};
use crate::attestation::{Roots, Trust};
use crate::file::read_limited;

/// Files of certificates in PEM, relative to the config. Without them no evidence is believed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AttestationConfig {
    /// From the makers: what the program doesn't pin in them counts for nothing.
    roots: Vec<PathBuf>,
    /// Trusted by the admin's word, and marked so in every proof.
    private_roots: Vec<PathBuf>,
}

impl Config {
    /// The roots of attestation that the config names; none if it names none.
    ///
    /// # Errors
    /// [`ConfigError::File`], [`ConfigError::Untrusted`] or [`ConfigError::Roots`].
    pub fn attestation_roots(&self) -> Result<Roots, ConfigError> {
        let resolved = |paths: &[PathBuf]| -> Vec<_> {
            let paths = paths.iter();
            paths.map(|path| self.resolve(path)).collect()
        };
        let config = &self.file.attestation;
        let (pinned, private) = (resolved(&config.roots), resolved(&config.private_roots));
        for path in pinned.iter().chain(&private) {
            self.trusted(path)?;
        }
        roots_from(&pinned, &private)
    }
}

/// The roots in these files, each of at most 1 MiB: the makers', and those of the admin's word.
///
/// # Errors
/// As [`Config::attestation_roots`].
pub fn roots_from(pinned: &[PathBuf], private: &[PathBuf]) -> Result<Roots, ConfigError> {
    let mut roots = Roots::default();
    for (paths, trust) in [(pinned, Trust::Pinned), (private, Trust::Private)] {
        for path in paths {
            add(&mut roots, path, trust)?;
        }
    }
    Ok(roots)
}

fn add(roots: &mut Roots, path: &Path, trust: Trust) -> Result<(), ConfigError> {
    let text = read_limited(path, super::LARGEST).map_err(|source| ConfigError::File {
        path: path.to_path_buf(),
        source,
    })?;
    let added = roots.add_pem(&text, trust);
    added.map(drop).map_err(|source| ConfigError::Roots {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_lie_beside_the_config_and_an_empty_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("punchmark.toml");
        std::fs::write(&path, "[attestation]\nroots = [\"yubico.pem\"]\n").unwrap();
        let roots = || Config::read(&path).unwrap().attestation_roots();
        let pem = folder.path().join("yubico.pem");
        let error = roots().unwrap_err();
        assert!(
            matches!(&error, ConfigError::File { path, .. } if *path == pem),
            "{error}"
        );
        std::fs::write(&pem, "no certificate").unwrap();
        let error = roots().unwrap_err();
        assert!(
            matches!(&error, ConfigError::Roots { path, .. } if *path == pem),
            "{error}"
        );
    }

    #[test]
    fn without_the_table_nothing_is_believed() {
        let config = Config::empty(Path::new("/nowhere/punchmark.toml"));
        assert!(config.attestation_roots().unwrap().is_empty());
    }
}
