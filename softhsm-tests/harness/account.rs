//! A system user of a test's own; taken away on drop.

use std::sync::atomic::{AtomicU32, Ordering};

use super::process::{bounded, run, wait_until};

/// An account that nobody logs in to by a password.
pub(crate) struct Account {
    name: String,
}

impl Account {
    /// Makes one with a name that no other test has.
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pm{}x{number}", std::process::id());
        // Another test may hold the lock of the password file.
        wait_until("the account is made", || {
            let mut useradd = bounded("useradd");
            useradd.args(["--no-create-home", "--home-dir", "/", "--shell", "/bin/sh"]);
            run(useradd.args(["--no-user-group", "-g", "nogroup", "-p", "*", &name])).code
                == Some(0)
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
