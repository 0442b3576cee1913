//! A system user of a test's own; taken away on drop.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use super::process::{bounded, run, wait_until};

/// An account that nobody logs in to by a password.
pub(crate) struct Account {
    name: String,
}

impl Account {
    /// Makes one with a name that no other test has.
    pub(crate) fn new() -> Self {
        Self::made(&["--home-dir", "/", "--no-user-group", "-g", "nogroup"])
    }

    /// The same with a home, and a group of its own.
    pub(crate) fn with_home(home: &Path) -> Self {
        let account = Self::made(&["--home-dir", &home.display().to_string(), "--user-group"]);
        account.own(home);
        account
    }

    /// Gives it what lies there.
    pub(crate) fn own(&self, path: &Path) {
        let owner = format!("{0}:{0}", self.name);
        run(bounded("chown").args(["-R", &owner]).arg(path)).ok();
    }

    fn made(options: &[&str]) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pm{}x{number}", std::process::id());
        // Another test may hold the lock of the password file.
        wait_until("the account is made", || {
            let mut useradd = bounded("useradd");
            // A password of `*` fits nobody, and is no lock.
            useradd.args(["--no-log-init", "--no-create-home", "-p", "*"]);
            useradd.args(["--shell", "/bin/sh"]).args(options);
            run(useradd.arg(&name)).code == Some(0)
        });
        Self { name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        for _another_may_hold_the_lock in 0..50 {
            if run(bounded("userdel").arg(&self.name)).code == Some(0) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);
