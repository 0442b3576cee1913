//! An admin with a token and a CA `users` in it, and what their ledger says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{PrivateKey, PublicKey};

use super::keygen::{self, ED25519, Subject};
use super::process::{Ran, bounded, run};
use super::punchmark::Punchmark;
use super::token::Token;
use super::write;

/// A token or a card, and an account that uses it.
pub(crate) struct Admin<T = Token> {
    pub(crate) token: T,
    pub(crate) punchmark: Punchmark,
}

impl Admin {
    /// An admin without any CA yet.
    pub(crate) fn new(token: Token) -> Self {
        let punchmark = Punchmark::new(&token);
        Self { token, punchmark }
    }

    /// What most tests begin with: a CA `users` on P-256 in SoftHSM.
    pub(crate) fn ready() -> Self {
        Self::with_users_ca(Token::softhsm(), "p256")
    }

    /// An admin whose CA `users` was made by `init`.
    pub(crate) fn with_users_ca(token: Token, algorithm: &str) -> Self {
        let admin = Self::new(token);
        admin.init("users", algorithm, "user").ok();
        admin
    }

    /// Makes a CA whose key has the CA's name as its label.
    pub(crate) fn init(&self, name: &str, algorithm: &str, purpose: &str) -> Ran {
        let key = self.token.locator(name);
        self.punchmark.pinned(&[
            "init",
            name,
            "--key",
            &key,
            "--algorithm",
            algorithm,
            "--for",
            purpose,
        ])
    }
}

impl<T> Admin<T> {
    /// Records a key that is in the token already.
    pub(crate) fn adopt(&self, name: &str, locator: &str) -> Ran {
        self.punchmark
            .pinned(&["adopt", name, "--key", locator, "--next-serial", "1"])
    }

    /// `punchmark sign -s users -I id` and these arguments.
    pub(crate) fn sign(&self, arguments: &[&str]) -> Ran {
        let all = [&["sign", "-s", "users", "-I", "id"], arguments].concat();
        self.punchmark.pinned(&all)
    }

    /// Makes a subject key `NAME` and `NAME.pub` in the home folder, too.
    pub(crate) fn and_key(self, name: &str) -> Self {
        self.key(name, ED25519);
        self
    }

    /// Adds to the config, too: lines before its first table, up to `---`, and tables at its
    /// end.
    pub(crate) fn and_config(self, text: &str) -> Self {
        self.configure(text);
        self
    }

    /// Adds lines before the config's first table, up to `---`, and tables at its end. A table of
    /// the operator's takes the place of the one that `init` wrote.
    pub(crate) fn configure(&self, text: &str) {
        let path = self.config_file();
        let mut config = std::fs::read_to_string(&path).unwrap();
        let (lines, tables) = text.split_once("---\n").unwrap_or(("", text));
        if tables.contains("[role.operator]") {
            let kept = config
                .lines()
                .filter(|line| !OF_OPERATOR.iter().any(|o| line.starts_with(o)));
            config = kept.map(|line| format!("{line}\n")).collect();
        }
        write(&path, format!("{lines}{config}{tables}"), 0o600);
    }

    /// A subject key in the home folder; gives the private file's path.
    pub(crate) fn key(&self, name: &str, subject: Subject) -> PathBuf {
        keygen::make(self.punchmark.home(), name, subject)
    }

    /// So many different public keys in the home folder, made without `ssh-keygen`.
    pub(crate) fn public_keys(&self, count: u8) -> Vec<PathBuf> {
        (0..count).map(|number| self.public_key(number)).collect()
    }

    /// Runs a program with the device in its environment; it must succeed.
    #[track_caller]
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) {
        let once = || run(self.punchmark.prepare(bounded(program)).args(arguments));
        let mut ran = once();
        // The card is still being reset behind the tool that ran before.
        for _ in 0..20 {
            if !ran.stderr.contains("Failed to connect to yubikey") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
            ran = once();
        }
        ran.ok();
    }

    /// Writes several keys' paths for `--files-from`; gives that file.
    pub(crate) fn list_of_keys(&self, count: u8) -> PathBuf {
        let names = self.public_keys(count).into_iter();
        let lines: Vec<_> = names.map(|path| path.display().to_string()).collect();
        let list = self.punchmark.path("list");
        write(&list, lines.join("\n"), 0o600);
        list
    }

    /// The public key file that `init` and `adopt` write beside the config.
    pub(crate) fn ca_file(&self, name: &str) -> PathBuf {
        self.punchmark.path(&format!("config/punchmark/{name}.pub"))
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.punchmark.path("config/punchmark/punchmark.toml")
    }

    pub(crate) fn ledger_file(&self) -> PathBuf {
        self.punchmark.path("config/punchmark/punchmark.ledger")
    }

    /// What `ledger list --json` says, an object a serial.
    #[track_caller]
    pub(crate) fn ledger(&self) -> Vec<Value> {
        let ran = self.punchmark.run(&["ledger", "list", "--json"]).ok();
        let objects = ran.stdout.lines().map(serde_json::from_str);
        objects.collect::<Result<_, _>>().unwrap()
    }

    /// Stops the test where certificates and ledger contradict each other.
    ///
    /// Every certificate in the home folder is the issued one of its entry, no serial
    /// stands twice, and `issued` certificates were issued in all, revoked or not.
    #[track_caller]
    pub(crate) fn assert_issued(&self, issued: usize) {
        let ledger = self.ledger();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("").to_owned();
        let serials: BTreeSet<_> = ledger
            .iter()
            .map(|entry| (text(entry, "ca"), entry["serial"].as_u64()))
            .collect();
        assert_eq!(serials.len(), ledger.len(), "{ledger:#?}");
        let recorded: BTreeSet<_> = ledger
            .iter()
            .filter(|entry| entry["state"] == "issued" || entry["state"] == "revoked")
            .map(|entry| blob(&text(entry, "certificate")))
            .collect();
        assert_eq!(recorded.len(), issued, "{ledger:#?}");
        for (path, line) in self.certificates() {
            let known = recorded.contains(&blob(&line));
            assert!(known, "{} is not in {ledger:#?}", path.display());
        }
    }

    /// Every certificate file in the home folder.
    pub(crate) fn certificates(&self) -> Vec<(PathBuf, String)> {
        let files = std::fs::read_dir(self.punchmark.home()).unwrap();
        files
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file() && is_certificate(path))
            .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
            .collect()
    }

    fn public_key(&self, number: u8) -> PathBuf {
        let pair = Ed25519Keypair::from_seed(&[number; 32]);
        let key = PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap();
        let path = self.punchmark.path(&format!("key{number}.pub"));
        write(&path, PublicKey::from(&key).to_openssh().unwrap(), 0o644);
        path
    }
}

fn is_certificate(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-cert.pub")
}

/// Algorithm and base64 of a line, without its comment.
fn blob(line: &str) -> String {
    line.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What `init` writes for the operator, a table and its one line.
const OF_OPERATOR: [&str; 2] = ["[role.operator]", "lifetime = { default = \"8h\" }"];
