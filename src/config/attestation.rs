//! The `[attestation]` table: whose word is taken for how a key is stored.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Config, ConfigError};
use crate::attestation::{Family, Listed, Roots, Trust};
use crate::file::read_bytes;

/// Makers whose certificates the program has, and files of certificates, relative to the
/// config. Without any no evidence is believed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AttestationConfig {
    /// `yubico`; or files from the makers: what the program doesn't pin in them counts for
    /// nothing.
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
            let resolved = paths.map(|path| match maker(path) {
                Some(_) => path.clone(),
                None => self.resolve(path),
            });
            resolved.collect()
        };
        let config = &self.file.attestation;
        let (pinned, private) = (resolved(&config.roots), resolved(&config.private_roots));
        for path in pinned.iter().chain(&private) {
            if maker(path).is_none() {
                self.trusted(path)?;
            }
        }
        let roots = roots_from(&pinned, &private)?;
        for root in roots.listed_of_files() {
            self.take_root(root)?;
        }
        Ok(roots)
    }

    /// Refuses the throw-away root of a trial (`punchmark try`) that is not this config's own:
    /// whoever has the trial's folder holds the key that it attests.
    ///
    /// # Errors
    /// [`ConfigError::OfATrial`].
    pub fn take_root(&self, root: &Listed) -> Result<(), ConfigError> {
        let name = root.subject.strip_prefix("CN=");
        let of_a_trial = name.is_some_and(|name| name.starts_with(TRIAL));
        if of_a_trial && name != Some(&trial_root_name(self.path())) {
            return Err(ConfigError::OfATrial {
                config: self.path().to_path_buf(),
                root: root.subject.clone(),
            });
        }
        Ok(())
    }
}

/// What the throw-away root of a trial is called, which binds it to the config at this path.
#[must_use]
pub fn trial_root_name(config: &Path) -> String {
    let real = config.canonicalize();
    let real = real.unwrap_or_else(|_not_there| config.to_path_buf());
    let digest = Sha256::digest(real.as_os_str().as_encoded_bytes());
    let digest: String = base16ct::lower::encode_string(&digest)
        .chars()
        .take(16)
        .collect();
    format!("{TRIAL} {digest}")
}

impl AttestationConfig {
    /// Whether this file is one of the admin's word.
    pub(super) fn has_private(&self, file: &str) -> bool {
        self.private_roots
            .iter()
            .any(|known| known == Path::new(file))
    }
}

/// The maker that stands in place of a file, if one does; `./yubico` is a file.
fn maker(path: &Path) -> Option<Family> {
    (path == Path::new("yubico")).then_some(Family::Yubico)
}

/// The roots in these files, each of at most 1 MiB: the makers', and those of the admin's word.
/// Among the makers' files, `yubico` stands for the certificates that the program has.
///
/// # Errors
/// As [`Config::attestation_roots`].
pub fn roots_from(pinned: &[PathBuf], private: &[PathBuf]) -> Result<Roots, ConfigError> {
    let mut roots = Roots::default();
    for path in pinned {
        match maker(path) {
            Some(family) => roots.add_family(family),
            None => add(&mut roots, path, Trust::Pinned)?,
        }
    }
    for path in private {
        add(&mut roots, path, Trust::Private)?;
    }
    Ok(roots)
}

fn add(roots: &mut Roots, path: &Path, trust: Trust) -> Result<(), ConfigError> {
    let file = read_bytes(path, LARGEST).map_err(|source| ConfigError::File {
        path: path.to_path_buf(),
        source,
    })?;
    let added = roots.add(&file, trust);
    added.map(drop).map_err(|source| ConfigError::Roots {
        path: path.to_path_buf(),
        source,
    })
}

/// In bytes; a maker's largest file has sixteen thousand.
const LARGEST: usize = 1 << 20;
/// How the name of every trial's root begins.
const TRIAL: &str = "Throw-away root of punchmark try";

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
    fn the_makers_word_stands_for_what_the_program_has_and_a_path_for_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("punchmark.toml");
        let roots = |list: &str| {
            std::fs::write(&path, format!("[attestation]\nroots = [{list}]\n")).unwrap();
            Config::read(&path).unwrap().attestation_roots()
        };
        assert_eq!(roots("\"yubico\"").unwrap().listed().count(), 12);
        let error = roots("\"./yubico\"").unwrap_err();
        assert!(matches!(
            error,
            ConfigError::Untrusted(_) | ConfigError::File { .. }
        ));
    }

    #[test]
    fn without_the_table_nothing_is_believed() {
        let config = Config::empty(Path::new("/nowhere/punchmark.toml"));
        assert!(config.attestation_roots().unwrap().is_empty());
    }
}
