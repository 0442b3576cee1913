//! By the rights of a thread, and a kernel that resolves a path below a folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::server::account::Account;

/// Reads a regular file of at most `limit` bytes with the rights of the account.
///
/// What lies below the account's home is not reached by a link that leads out of it. Only
/// root can take another's rights; anybody else reads with their own.
///
/// # Errors
/// What the system says; `InvalidInput` for a pipe or device, `FileTooLarge`.
pub fn read_as(account: &Account, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    thread::scope(|scope| {
        // The rights are this thread's alone, and end with it.
        let reader = scope.spawn(|| {
            take_rights(account)?;
            read(&account.home, path, limit)
        });
        let ended = reader.join();
        ended.unwrap_or_else(|_panicked| Err(io::Error::other("the reader ended early")))
    })
}

/// The groups go first: without root's rights they can't be changed any more.
fn take_rights(account: &Account) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    set_thread_groups(&[gid])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}

fn read(home: &Path, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(home, path)?;
    if !file.metadata()?.is_file() {
        let words = "is a pipe, a device or a folder, not a file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(bytes),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

fn open(home: &Path, path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let Ok(below) = path.strip_prefix(home) else {
        let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS);
        return Ok(opened?.into());
    };
    let folder = File::options().read(true).open(home)?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    Ok(openat2(folder, below, flags, Mode::empty(), resolve)?.into())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn account(home: &Path, uid: u32) -> Account {
        Account {
            name: "x".to_owned(),
            uid,
            gid: uid,
            home: home.to_owned(),
            shell: "/bin/sh".into(),
        }
    }

    #[test]
    fn a_link_out_of_the_home_is_not_followed_and_one_within_is() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join("a"), "own").unwrap();
        fs::write(dir.path().join("b"), "other's").unwrap();
        symlink("a", home.join("within")).unwrap();
        symlink("../b", home.join("out")).unwrap();
        let account = account(&home, geteuid().as_raw());
        let read = |name: &str, limit| read_as(&account, &home.join(name), limit);
        assert_eq!(read("within", 3).unwrap(), b"own");
        let out = read("out", 100).unwrap_err();
        assert_eq!(out.kind(), io::ErrorKind::CrossesDevices);
        let larger = read("a", 2).unwrap_err();
        assert_eq!(larger.kind(), io::ErrorKind::FileTooLarge);
        fs::create_dir(home.join("folder")).unwrap();
        let folder = read("folder", 9).unwrap_err();
        assert_eq!(folder.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn root_reads_with_the_rights_of_the_account() {
        if !geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let file = dir.path().join("secret");
        fs::write(&file, "x").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let error = read_as(&account(dir.path(), 4321), &file, 9).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        chown(&file, Some(4321), None).unwrap();
        assert_eq!(read_as(&account(dir.path(), 4321), &file, 9).unwrap(), b"x");
        // The rights that were given up were the thread's.
        assert!(geteuid().is_root());
    }
}
