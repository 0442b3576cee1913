//! A medium that is carried in: what lies on it is known by name and size before anything is read.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::files::file_sha256;
use super::plan::{PlannedBundle, Sign};
use crate::wire::hex;

/// Why a medium is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediumError {
    /// Something is on it that the plan doesn't have.
    #[error("{0:?} is on the medium, and the plan doesn't have it")]
    Extra(String),
    /// A file of the plan is not on it.
    #[error("{0} is not on the medium")]
    Missing(String),
    /// What has the name of a file is none.
    #[error("{0} is on the medium, and is no plain file")]
    NoFile(String),
    /// A file of another size.
    #[error("{file} has {found} bytes, and {wanted} by the plan; it was not read")]
    Size {
        /// Which.
        file: String,
        /// What it has.
        found: u64,
        /// The plan's.
        wanted: u64,
    },
    /// A file with other bytes.
    #[error("{file} has the SHA-256 {found}, and not that of the plan")]
    Hash {
        /// Which.
        file: String,
        /// What it has.
        found: String,
    },
    /// It can't be read.
    #[error("{path}")]
    File {
        /// The folder or file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// A medium with the files of the plan, each of the plan's size, and no other. None was read yet.
pub(super) struct MediumFiles {
    files: BTreeMap<String, PathBuf>,
}

impl MediumFiles {
    /// Looks at the folder of a medium.
    ///
    /// # Errors
    /// [`MediumError`], the first thing that is wrong.
    pub(super) fn look(folder: &Path, sign: &Sign) -> Result<Self, MediumError> {
        let mut files = BTreeMap::new();
        let failed = |source| unread(folder, source);
        for entry in folder.read_dir().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let planned = sign.bundles.iter().find(|one| one.file == name);
            let planned = planned.ok_or_else(|| MediumError::Extra(name.clone()))?;
            // Not of what a link leads to: that may lie anywhere.
            let found = entry.path().symlink_metadata();
            let found = found.map_err(|source| unread(&entry.path(), source))?;
            require_size(planned, &found)?;
            files.insert(name, entry.path());
        }
        let mut names = sign.bundles.iter().map(|one| &one.file);
        match names.find(|name| !files.contains_key(*name)) {
            None => Ok(Self { files }),
            Some(name) => Err(MediumError::Missing(name.clone())),
        }
    }

    /// Where a file lies.
    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        self.files.get(name).map(PathBuf::as_path)
    }

    /// What [`planned_hash`] says of the plan, of what is on the medium now.
    pub(super) fn hash(&self) -> Result<[u8; 32], MediumError> {
        let mut hash = Sha256::new();
        for (name, path) in &self.files {
            let found = file_sha256(path).map_err(|source| unread(path, source))?;
            hash.update(line(name, &found));
        }
        Ok(hash.finalize().into())
    }
}

fn require_size(planned: &PlannedBundle, found: &std::fs::Metadata) -> Result<(), MediumError> {
    let file = planned.file.clone();
    if !found.is_file() {
        return Err(MediumError::NoFile(file));
    }
    let (found, wanted) = (found.len(), planned.bytes);
    if found == wanted {
        return Ok(());
    }
    Err(MediumError::Size {
        file,
        found,
        wanted,
    })
}

/// The hash of a medium that has the files of the plan: the SHA-256 of what `sha256sum` prints of them in
/// the order of their names.
pub(super) fn planned_hash(sign: &Sign) -> [u8; 32] {
    let lines = sign.files().map(|(name, sha256)| line(name, &sha256));
    Sha256::digest(lines.collect::<String>()).into()
}

fn line(name: &str, sha256: &[u8; 32]) -> String {
    format!("{}  {name}\n", hex(sha256))
}

fn unread(path: &Path, source: io::Error) -> MediumError {
    MediumError::File {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::Medium;

    fn sign(bundles: &[(&str, &str)]) -> Sign {
        let bundle = |(number, (file, text)): (u8, &(&str, &str))| PlannedBundle {
            file: (*file).to_owned(),
            bytes: u64::try_from(text.len()).unwrap(),
            sha256: Sha256::digest(text).into(),
            id: [number; 16],
            header: [0; 32],
            items: 1,
        };
        Sign {
            medium: Medium {
                label: "stick".to_owned(),
                folder: "/media".into(),
            },
            bundles: (1..).zip(bundles).map(bundle).collect(),
        }
    }

    #[test]
    fn what_the_plan_has_and_nothing_else_is_on_a_medium() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        let planned = sign(&[("b.bundle", "bb"), ("a.bundle", "a")]);
        let look = || MediumFiles::look(folder.path(), &planned).map(|files| files.hash().unwrap());
        write("a.bundle", "a").unwrap();
        let missing = look().unwrap_err();
        assert!(matches!(missing, MediumError::Missing(name) if name == "b.bundle"));
        write("b.bundle", "longer").unwrap();
        assert!(matches!(look(), Err(MediumError::Size { found: 6, .. })));
        write("b.bundle", "bb").unwrap();
        assert_eq!(look().unwrap(), planned_hash(&planned));
        write("b.bundle", "cc").unwrap();
        assert_ne!(look().unwrap(), planned_hash(&planned));
        write("b.bundle", "bb").unwrap();
        for name in ["c.bundle", ".hidden", "autorun.inf"] {
            write(name, "").unwrap();
            assert!(matches!(look(), Err(MediumError::Extra(found)) if found == name));
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
        std::fs::create_dir(folder.path().join("lost+found")).unwrap();
        assert!(matches!(look(), Err(MediumError::Extra(_))));
    }

    #[test]
    fn a_link_is_no_file_whatever_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let there = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(there.path(), "a").unwrap();
        std::os::unix::fs::symlink(there.path(), folder.path().join("a.bundle")).unwrap();
        let looked = MediumFiles::look(folder.path(), &sign(&[("a.bundle", "a")]));
        assert!(matches!(looked, Err(MediumError::NoFile(_))));
    }

    #[test]
    fn the_hash_of_a_medium_is_that_of_what_sha256sum_prints() {
        let planned = sign(&[("b.bundle", "b\n"), ("a.bundle", "a\n")]);
        // printf 'a\n' > a.bundle; printf 'b\n' > b.bundle; sha256sum *.bundle | sha256sum
        let lines = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7  a.bundle\n\
                     0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f  b.bundle\n";
        assert_eq!(
            planned_hash(&planned),
            <[u8; 32]>::from(Sha256::digest(lines))
        );
    }
}
