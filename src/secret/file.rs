//! A PIN, or another secret, from a file that nobody else can read.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::file::Writers;

use super::{PIN_MAX, Pin, PinError, SecretKind, text};

/// Reads the PIN in the file at `path`: at most [`PIN_MAX`] bytes of UTF-8, of which
/// one trailing newline (LF) is dropped.
///
/// # Errors
/// [`PinError`] if the file is missing, is not a regular file, can be read or written by group
/// or others, belongs to another account than this and root, lies in a folder that others can
/// write, or holds no PIN. The file is opened once, so what was checked is what is read.
pub fn read_pin_file(path: &Path) -> Result<Pin, PinError> {
    read_short_secret(path, SecretKind::Pin)
}

/// Reads a secret of another kind that is no longer than a PIN.
///
/// # Errors
/// [`PinError`], as for [`read_pin_file`], which names the kind.
pub fn read_short_secret(path: &Path, kind: SecretKind) -> Result<Pin, PinError> {
    // One byte more than a PIN and its newline may have.
    let content = limited(open_secret(path, kind)?, PIN_MAX + 3);
    let content = content.map_err(|source| PinError::File {
        kind,
        path: path.display().to_string(),
        source,
    })?;
    pin_from_bytes(content, kind, &path.display().to_string())
}

/// Reads a file that holds a private key, of at most `limit` bytes.
///
/// # Errors
/// [`PinError`], as for [`read_pin_file`]; `FileTooLarge` in [`PinError::File`].
#[cfg(feature = "ldap")]
pub(crate) fn read_secret_file(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, PinError> {
    let kind = SecretKind::PrivateKey;
    let failed = |source| PinError::File {
        kind,
        path: path.display().to_string(),
        source,
    };
    let content = limited(open_secret(path, kind)?, limit.saturating_add(1)).map_err(failed)?;
    if content.len() > limit {
        return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(content)
}

/// Opens a file that nobody else can read or have written.
fn open_secret(path: &Path, kind: SecretKind) -> Result<File, PinError> {
    let name = path.display().to_string();
    let failed = |source| PinError::File {
        kind,
        path: path.display().to_string(),
        source,
    };
    let file = open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(PinError::FileNotRegular { kind, path: name });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o044 != 0 {
        return Err(PinError::FileReadableByOthers {
            kind,
            path: name,
            mode,
        });
    }
    let trusted = Writers::of_this_account().check(path);
    trusted.map_err(|source| PinError::FileUntrusted {
        kind,
        path: path.display().to_string(),
        source,
    })?;
    Ok(file)
}

/// Opens without waiting: a pipe without a writer must not block the run.
fn open(path: &Path) -> std::io::Result<File> {
    let non_blocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options()
        .read(true)
        .custom_flags(non_blocking)
        .open(path)
}

/// So many bytes at most, in a buffer that never moves.
fn limited(file: File, limit: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // What asks whether more is there wants some room.
    let mut content = Zeroizing::new(Vec::with_capacity(limit.saturating_add(PIN_MAX)));
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// The PIN, or other secret, that these bytes of `source` are: one trailing newline (LF) is dropped, and what
/// nobody could have typed on purpose is refused.
///
/// # Errors
/// [`PinError`] if they are no PIN.
pub fn pin_from_bytes(
    mut content: Zeroizing<Vec<u8>>,
    kind: SecretKind,
    source: &str,
) -> Result<Pin, PinError> {
    let path = source.to_owned();
    if content.last() == Some(&b'\n') {
        content.pop();
    }
    if content.is_empty() {
        return Err(PinError::Empty(kind));
    }
    if content.len() > PIN_MAX {
        return Err(PinError::FileTooLong { kind, path });
    }
    let Ok(text) = std::str::from_utf8(&content) else {
        return Err(PinError::FileNotText { kind, path });
    };
    text::check(text).map_err(|fault| PinError::FileText { kind, path, fault })?;
    Ok(Pin::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file_with(content: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn a_fault_names_what_the_file_should_hold() {
        let empty = file_with(b"", 0o600);
        let open = file_with(b"1234", 0o644);
        for (kind, word) in [
            (SecretKind::Puk, "PUK"),
            (SecretKind::Passphrase, "passphrase"),
            (SecretKind::ManagementKey, "management key"),
        ] {
            let fault = read_short_secret(empty.path(), kind).unwrap_err();
            assert_eq!(fault.to_string(), format!("the {word} is empty"));
            let fault = read_short_secret(open.path(), kind).unwrap_err();
            let path = open.path().display();
            let words = format!("{word} file {path} can be read by others (mode 0644)");
            assert_eq!(fault.to_string(), words);
        }
    }

    #[test]
    fn one_trailing_newline_is_dropped() {
        let pin = read_pin_file(file_with(b"12 34\n", 0o600).path()).unwrap();
        assert_eq!(pin.expose(), "12 34");
    }

    #[test]
    fn what_nobody_sees_in_a_file_is_refused() {
        for content in [
            &b"\xef\xbb\xbf1234\r\n"[..],
            b"1234\n\n",
            b"1234\r\n",
            b"1234 \n",
        ] {
            let fault = read_pin_file(file_with(content, 0o600).path()).unwrap_err();
            assert!(matches!(fault, PinError::FileText { .. }), "{content:?}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let fault = read_pin_file(file_with(b"1234", 0o640).path()).unwrap_err();
        assert!(matches!(
            fault,
            PinError::FileReadableByOthers { mode: 0o640, .. }
        ));
    }

    #[test]
    fn a_file_that_others_can_write_or_own_is_refused() {
        let fault = read_pin_file(file_with(b"1234", 0o622).path()).unwrap_err();
        assert!(matches!(fault, PinError::FileUntrusted { .. }));
        let file = file_with(b"1234", 0o600);
        // Who is not root cannot give a file away.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(file.path(), Some(12345), None).unwrap();
            let fault = read_pin_file(file.path()).unwrap_err();
            assert!(matches!(fault, PinError::FileUntrusted { .. }));
        }
    }

    #[test]
    fn a_pin_of_the_greatest_length_is_read_and_a_longer_one_refused() {
        let longest = [vec![b'7'; PIN_MAX], b"\n".to_vec()].concat();
        assert!(read_pin_file(file_with(&longest, 0o400).path()).is_ok());
        let fault = read_pin_file(file_with(&[b'7'; PIN_MAX + 1], 0o400).path()).unwrap_err();
        assert!(matches!(fault, PinError::FileTooLong { .. }));
    }

    #[test]
    fn a_file_without_a_pin_is_refused() {
        let fault = read_pin_file(file_with(b"\n", 0o600).path()).unwrap_err();
        assert_eq!(fault.to_string(), "the PIN is empty");
    }

    #[test]
    fn a_folder_is_no_pin_file() {
        let fault = read_pin_file(&std::env::temp_dir()).unwrap_err();
        assert!(matches!(fault, PinError::FileNotRegular { .. }));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let fault = read_pin_file(file_with(&[0xff, 0xfe], 0o600).path()).unwrap_err();
        assert!(matches!(fault, PinError::FileNotText { .. }));
    }
}
