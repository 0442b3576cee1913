//! A folder in which `ssh-keygen` and the binary work on the same files.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use punchmark::krl::PublicKey;
use tempfile::TempDir;

/// A folder in which `ssh-keygen` works.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
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
        let mut command = self.command(env!("CARGO_BIN_EXE_punchmark"), args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // Whoever refuses its arguments has closed it already.
        let _closed = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
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
        let mut command = Command::new(program);
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

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Stops the test unless it did as it was told.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Stops the test unless it ended with this code and these words on stderr.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &str) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains(words), "{words:?} {self:?}");
        self
    }
}
