//! Whether sshd takes a file that it is to believe: who owns it, and who may write to it or
//! into a folder above it (misc.c, `safe_path`).

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Why a path isn't safe, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unsafe {
    /// Every sshd refuses it.
    Refused(String),
    /// Only its group may write it: Debian's sshd takes that if the group has no other
    /// member, and every other sshd refuses it.
    Group(String),
}

impl Unsafe {
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Refused(words) | Self::Group(words) => words,
        }
    }
}

/// What is unsafe about the file behind `path` or a folder above it; owners beside root are
/// `owner` alone.
///
/// # Errors
/// What the system says where something can't be looked at.
pub(crate) fn fault(path: &Path, owner: u32) -> std::io::Result<Option<Unsafe>> {
    let real = path.canonicalize()?;
    if !real.metadata()?.is_file() {
        let words = format!("{} is not a regular file", real.display());
        return Ok(Some(Unsafe::Refused(words)));
    }
    let mut by_group = None;
    for part in real.ancestors() {
        match fault_of_one(part, owner)? {
            Some(refused @ Unsafe::Refused(_)) => return Ok(Some(refused)),
            group => by_group = by_group.or(group),
        }
    }
    Ok(by_group)
}

/// What is unsafe, in words, or that the file can't be looked at.
pub(crate) fn unsafe_words(path: &Path, owner: u32) -> Option<String> {
    match fault(path, owner) {
        Ok(None) => None,
        Ok(Some(fault)) => Some(fault.words().to_owned()),
        Err(error) => Some(format!("{}: {error}", path.display())),
    }
}

fn fault_of_one(part: &Path, owner: u32) -> std::io::Result<Option<Unsafe>> {
    let metadata = part.metadata()?;
    let (uid, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let name = part.display();
    Ok(if uid != 0 && uid != owner {
        let words = format!("{name} belongs to the user with number {uid}");
        Some(Unsafe::Refused(words))
    } else if mode & 0o002 != 0 {
        let words = format!("{name} can be written by everybody (mode {mode:04o})");
        Some(Unsafe::Refused(words))
    } else if mode & 0o020 != 0 {
        let words = format!("{name} can be written by its group (mode {mode:04o})");
        Some(Unsafe::Group(words))
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn words_at(file_mode: u32, folder_mode: u32) -> Option<Unsafe> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("d");
        fs::create_dir(&folder).unwrap();
        let file = folder.join("f");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(file_mode)).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(folder_mode)).unwrap();
        let owner = rustix::process::geteuid().as_raw();
        // The temporary folder itself is everybody's: what is found must be below it.
        let found = [file.as_path(), &folder].map(|path| fault_of_one(path, owner).unwrap());
        let [file, folder] = found;
        file.or(folder)
    }

    #[test]
    fn modes_are_judged_as_sshd_judges_them() {
        assert_eq!(words_at(0o644, 0o755), None);
        assert_eq!(words_at(0o600, 0o700), None);
        assert!(matches!(words_at(0o646, 0o755), Some(Unsafe::Refused(_))));
        assert!(matches!(words_at(0o644, 0o777), Some(Unsafe::Refused(_))));
        // sshd, unlike others, makes no exception for a sticky folder.
        assert!(matches!(words_at(0o644, 0o1777), Some(Unsafe::Refused(_))));
        assert!(matches!(words_at(0o664, 0o755), Some(Unsafe::Group(_))));
        assert!(matches!(words_at(0o644, 0o775), Some(Unsafe::Group(_))));
    }

    #[test]
    fn a_folder_is_no_file_and_what_is_missing_is_an_error() {
        assert!(matches!(
            fault(Path::new("/etc"), 0).unwrap(),
            Some(Unsafe::Refused(_))
        ));
        let missing = fault(Path::new("/nosuch"), 0).unwrap_err();
        assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
        assert_eq!(fault(Path::new("/etc/passwd"), 0).unwrap(), None);
    }
}
