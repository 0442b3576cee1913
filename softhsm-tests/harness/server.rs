//! A server with an access list: a stock sshd of root's, accounts of its own, and CAs in files.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::account::Account;
use super::keygen::{self, ED25519, Subject};
use super::process::{Ran, bounded, run};
use super::punchmark::BINARY;
use super::sshd::{Configuration, Sshd};
use super::{scratch, write};

/// What answers sshd, as cargo built it for the tests.
pub(crate) const PRINCIPALS: &str = env!("CARGO_BIN_EXE_punchmark-principals");

/// The server `web1+production`. Its sshd trusts the CAs `users` and `partner`.
pub(crate) struct Server {
    sshd: Sshd,
    /// Of root's alone, up to `/`: sshd and the command want that.
    place: TempDir,
    keys: TempDir,
    pub(crate) www: Account,
    pub(crate) db: Account,
    _command: Account,
}

impl Server {
    /// Starts it; none where only root could.
    pub(crate) fn start() -> Option<Self> {
        Self::start_trusting(&[])
    }

    /// The same, with an sshd that trusts the keys in these files, too.
    pub(crate) fn start_trusting(more: &[PathBuf]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("left out: only root's sshd logs other accounts in");
            return None;
        }
        let place = root_owned();
        let keys = scratch();
        let program = place.path().join("punchmark-principals");
        std::fs::copy(PRINCIPALS, &program).unwrap();
        std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(place.path().join("access")).unwrap();
        let mut cas = String::new();
        for name in ["users", "partner"] {
            let ca = keygen::make(keys.path(), name, ED25519);
            cas += &std::fs::read_to_string(keygen::public(&ca)).unwrap();
        }
        for file in more {
            cas += &std::fs::read_to_string(file).unwrap();
        }
        let trusted = place.path().join("trusted.pub");
        write(&trusted, cas, 0o644);
        let command = Account::new();
        let list = place.path().join("access/access.list");
        let configuration = Configuration::default()
            .line(&format!("TrustedUserCAKeys {}", trusted.display()))
            .line(&format!(
                "AuthorizedPrincipalsCommand {} {} web1+production %u %k",
                program.display(),
                list.display()
            ))
            .line(&format!(
                "AuthorizedPrincipalsCommandUser {}",
                command.name()
            ));
        Some(Self {
            sshd: Sshd::start(&configuration),
            place,
            keys,
            www: Account::new(),
            db: Account::new(),
            _command: command,
        })
    }

    /// Where the list stands.
    pub(crate) fn list(&self) -> PathBuf {
        self.place.path().join("access/access.list")
    }

    /// A path in the folder that is root's alone.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Puts a list in place, whole.
    pub(crate) fn put(&self, list: &str) {
        let new = self.path("access/new");
        write(&new, list, 0o644);
        std::fs::rename(new, self.list()).unwrap();
    }

    /// A key with a certificate of `users`, which lets in these principals for a day.
    pub(crate) fn certify(&self, name: &str, principals: &str) -> PathBuf {
        self.certify_as(name, ED25519, "users", &["-I", name, "-n", principals])
    }

    /// The same by another CA, for a key of another type, with what ssh-keygen is told.
    pub(crate) fn certify_as(
        &self,
        name: &str,
        subject: Subject,
        ca: &str,
        arguments: &[&str],
    ) -> PathBuf {
        let key = keygen::make(self.keys.path(), name, subject);
        let ca = self.keys.path().join(ca);
        let mut keygen = bounded("ssh-keygen");
        keygen
            .arg("-q")
            .arg("-s")
            .arg(ca)
            .args(["-V", "+1d", "-z", "42"]);
        run(keygen.args(arguments).arg(keygen::public(&key))).ok();
        key
    }

    /// What `punchmark access explain` says to a certificate here.
    pub(crate) fn explain(&self, user: &str, key: &Path) -> Ran {
        self.explain_with(user, key, &[])
    }

    /// The same, with what else it is told.
    pub(crate) fn explain_with(&self, user: &str, key: &Path, arguments: &[&str]) -> Ran {
        let mut explain = bounded(BINARY);
        explain.args([
            "access",
            "explain",
            "--user",
            user,
            "--host",
            "web1+production",
            "--list",
        ]);
        explain.arg(self.list()).arg(keygen::certificate(key));
        run(explain.args(arguments))
    }

    /// What `punchmark access render` says, with what else it is told, to a folder of root's.
    pub(crate) fn render(&self, folder: &str, arguments: &[&str]) -> Ran {
        let folder = self.path(folder);
        let _there_already = std::fs::create_dir(&folder);
        let mut render = bounded(BINARY);
        render.args(["access", "render", "--quiet", "--host", "web1+production"]);
        render.arg("--list").arg(self.list());
        run(render.arg("--out-dir").arg(folder).args(arguments))
    }

    /// Makes the index of the list.
    pub(crate) fn compile(&self) {
        let mut compile = bounded(BINARY);
        run(compile
            .args(["access", "compile", "--quiet"])
            .arg(self.list()))
        .ok();
    }

    /// The public key of a CA.
    pub(crate) fn ca(&self, name: &str) -> PathBuf {
        keygen::public(&self.keys.path().join(name))
    }

    /// The fingerprint of a CA.
    pub(crate) fn fingerprint(&self, ca: &str) -> String {
        keygen::fingerprint(&keygen::public(&self.keys.path().join(ca)))
    }

    pub(crate) fn login(&self, user: &str, key: &Path) -> Ran {
        self.sshd.login_as(user, key)
    }

    #[track_caller]
    pub(crate) fn lets_in(&self, user: &str, key: &Path) {
        assert_eq!(self.login(user, key).ok().stdout, "welcome\n");
    }

    #[track_caller]
    pub(crate) fn refuses(&self, user: &str, key: &Path) {
        self.login(user, key).exits(255).says("Permission denied");
    }

    /// What sshd wrote.
    pub(crate) fn log(&self) -> String {
        self.sshd.log()
    }
}

/// A folder that nobody but root can write to, and everybody can look into.
pub(crate) fn root_owned() -> TempDir {
    let place = tempfile::Builder::new()
        .prefix("pm")
        .tempdir_in("/srv")
        .unwrap();
    std::fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    place
}
