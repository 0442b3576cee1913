//! A folder in which `ssh-keygen` and the binary work on the same files.

use std::path::Path;
use std::process::Command;

use punchmark::krl::PublicKey;
use tempfile::TempDir;

use crate::harness::process::{Ran, bounded, run_fed};
use crate::harness::punchmark::BINARY;
use crate::harness::scratch;

/// A folder in which `ssh-keygen` works.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(scratch())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    /// Whether `ssh-keygen` succeeds, and what it prints.
    pub(crate) fn run(&self, args: &[&str]) -> (bool, Vec<u8>) {
        let output = self.command("ssh-keygen", args).output().unwrap();
        (output.status.success(), output.stdout)
    }

    pub(crate) fn must(&self, args: &[&str]) -> Vec<u8> {
        let (success, stdout) = self.run(args);
        assert!(success, "ssh-keygen {args:?}");
        stdout
    }

    /// Makes a key, and gives its public half.
    pub(crate) fn key(&self, name: &str, kind: &str) -> PublicKey {
        self.must(&["-q", "-t", kind, "-N", "", "-C", name, "-f", name]);
        PublicKey::from_blob(&self.blob(&format!("{name}.pub"))).unwrap()
    }

    /// The wire form in a public key file.
    pub(crate) fn blob(&self, file: &str) -> Vec<u8> {
        use base64ct::Encoding;
        let line = String::from_utf8(self.read(file)).unwrap();
        let base64 = line.split(' ').nth(1).unwrap().trim_end();
        base64ct::Base64::decode_vec(base64).unwrap()
    }

    /// What `ssh-keygen -Q -l` prints of a KRL, if it reads it.
    pub(crate) fn show(&self, krl: &[u8]) -> Option<String> {
        self.write("shown.krl", krl);
        let (success, stdout) = self.run(&["-Q", "-l", "-f", "shown.krl"]);
        success.then(|| String::from_utf8(stdout).unwrap())
    }

    /// What `ssh-keygen -k` makes of a specification, if it takes it. Without `ca`
    /// there is no `-s`.
    pub(crate) fn make(&self, spec: &str, ca: Option<&str>) -> Option<Vec<u8>> {
        self.write("spec", spec);
        let mut args = vec!["-q", "-k", "-f", "made.krl"];
        args.extend(ca.iter().flat_map(|ca| ["-s", ca]));
        args.push("spec");
        let _ = std::fs::remove_file(self.path().join("made.krl"));
        self.run(&args).0.then(|| self.read("made.krl"))
    }

    /// Runs the binary with nothing on its standard input.
    pub(crate) fn punchmark(&self, args: &[&str]) -> Ran {
        self.punchmark_fed(args, b"")
    }

    /// Runs the binary with this on its standard input.
    pub(crate) fn punchmark_fed(&self, args: &[&str], input: &[u8]) -> Ran {
        run_fed(&mut self.command(BINARY, args), input)
    }

    /// The names of all files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = bounded(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path());
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command.args(args).current_dir(self.path());
        command
    }
}
