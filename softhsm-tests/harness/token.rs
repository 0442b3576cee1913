//! A token of the test's own, and keys in it that Punchmark didn't make.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::module::Module;
use super::process::{bounded, run};
use super::{scratch, write};

/// The PIN of every test's token.
pub(crate) const PIN: &str = "74291536";

/// A module with one token, labelled `Root CA`, in a temporary folder.
pub(crate) struct Token {
    pub(crate) module: Module,
    pub(crate) label: &'static str,
    folder: TempDir,
}

/// What a key in a token is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    Sign,
    /// Everything but signing: decryption for RSA, derivation for EC.
    Other,
}

impl Token {
    /// Makes the folder, the configuration and the token.
    pub(crate) fn new(module: Module) -> Self {
        let token = Self {
            module,
            label: "Root CA",
            folder: scratch(),
        };
        std::fs::create_dir(token.store()).unwrap();
        let configuration = module.configuration(&token.store());
        write(&token.configuration(), configuration, 0o600);
        token.initialize(0, token.label);
        token
    }

    pub(crate) fn softhsm() -> Self {
        Self::new(Module::SoftHsm)
    }

    /// Adds a second token to the module.
    pub(crate) fn add_token(&self, label: &str) {
        self.initialize(1, label);
    }

    /// Makes a key pair, of a type as pkcs11-tool spells it (`EC:prime256v1`, `rsa:3072`).
    pub(crate) fn add_key(&self, object: &str, id: &str, key_type: &str, usage: Usage) {
        let mut tool = self.tool_logged_in();
        tool.args(["--keypairgen", "--key-type", key_type, "--sensitive"]);
        tool.args(["--label", object, "--id", id]);
        match usage {
            Usage::Sign => tool.arg("--usage-sign"),
            Usage::Other if key_type.starts_with("rsa") => tool.arg("--usage-decrypt"),
            Usage::Other => tool.arg("--usage-derive"),
        };
        run(&mut tool).ok();
    }

    /// Deletes a key pair.
    pub(crate) fn delete_key(&self, object: &str) {
        for class in ["privkey", "pubkey"] {
            let mut tool = self.tool_logged_in();
            tool.args(["--delete-object", "--type", class, "--label", object]);
            run(&mut tool).ok();
        }
    }

    /// Deletes one object, of a class as pkcs11-tool spells it.
    pub(crate) fn delete(&self, class: &str, id: &str) {
        let mut tool = self.tool_logged_in();
        tool.args(["--delete-object", "--type", class, "--id", id]);
        run(&mut tool).ok();
    }

    /// The locator of a key in this token, as the config and the command line spell it.
    pub(crate) fn locator(&self, object: &str) -> String {
        self.locator_through(&self.module.path(), object)
    }

    /// The same through another module, such as p11-kit's client.
    pub(crate) fn locator_through(&self, module: &Path, object: &str) -> String {
        let token = self.label.replace(' ', "%20");
        let module = module.display().to_string().replace(' ', "%20");
        format!("pkcs11:token={token};object={object}?module-path={module}")
    }

    /// What a child's environment must have for the module to find this token.
    pub(crate) fn environment(&self) -> (&'static str, PathBuf) {
        (self.module.variable(), self.configuration())
    }

    /// How many objects SoftHSM has files of. Nobody opens the token for it: while one process
    /// reads them, another may miss what it made itself.
    pub(crate) fn object_files(&self) -> usize {
        let tokens = std::fs::read_dir(self.store()).unwrap();
        let files = tokens.flat_map(|token| std::fs::read_dir(token.unwrap().path()).unwrap());
        let names = files.map(|file| file.unwrap().file_name());
        let objects = names.filter(|name| {
            let name = name.to_str().unwrap();
            name.ends_with(".object") && name != "token.object"
        });
        objects.count()
    }

    /// The folder where the module keeps its tokens.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// Keeps the token's files as they are now, for [`Self::put_back`].
    pub(crate) fn keep(&self) {
        let (store, kept) = (self.store(), self.kept());
        run(bounded("cp").arg("-a").args([store, kept])).ok();
    }

    /// Puts the files back that were kept. SoftHSM writes its token anew at each login, in
    /// place: a process that is killed meanwhile leaves one that is no token any more.
    pub(crate) fn put_back(&self) {
        std::fs::remove_dir_all(self.store()).unwrap();
        run(bounded("cp").arg("-a").args([self.kept(), self.store()])).ok();
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("module.conf")
    }

    fn initialize(&self, slot: u8, label: &str) {
        match self.module {
            Module::SoftHsm => self.initialize_softhsm(label),
            Module::Kryoptic => self.initialize_kryoptic(&slot.to_string(), label),
        }
    }

    fn initialize_softhsm(&self, label: &str) {
        let (name, value) = self.environment();
        let mut tool = bounded("softhsm2-util");
        tool.env(name, value);
        tool.args(["--init-token", "--free", "--label", label]);
        tool.args(["--so-pin", SO_PIN, "--pin", PIN]);
        run(&mut tool).ok();
    }

    fn initialize_kryoptic(&self, slot: &str, label: &str) {
        let so = ["--so-pin", SO_PIN];
        let mut tool = self.tool();
        tool.args(["--slot", slot, "--init-token", "--label", label]);
        run(tool.args(so)).ok();
        let mut tool = self.tool();
        tool.args(["--slot", slot, "--login", "--login-type", "so"]);
        run(tool.args(so).args(["--init-pin", "--pin", PIN])).ok();
    }

    /// Its security officer has this PIN, who sets that of the user anew.
    #[track_caller]
    pub(crate) fn assert_so_pin(&self, so_pin: &str) {
        let mut tool = self.tool();
        tool.args(["--token-label", self.label, "--login", "--login-type", "so"]);
        run(tool.args(["--so-pin", so_pin, "--init-pin", "--pin", PIN])).ok();
    }

    /// A pkcs11-tool whose user is logged in.
    pub(crate) fn tool_logged_in(&self) -> Command {
        let mut tool = self.tool();
        tool.args(["--token-label", self.label, "--login", "--pin", PIN]);
        tool
    }

    pub(crate) fn tool(&self) -> Command {
        let (name, value) = self.environment();
        let mut tool = bounded("pkcs11-tool");
        tool.env(name, value)
            .arg("--module")
            .arg(self.module.path());
        tool
    }
}

/// The PIN of its security officer.
pub(crate) const SO_PIN: &str = "15739264";
