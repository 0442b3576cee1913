//! The sshd of this machine, asked by its own means: what version it is, and what it would
//! do with a connection (`sshd -T -C`, sshd(8)).

mod changelog;
mod place;
mod settings;
mod version;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub use changelog::changelog;
pub use place::{ConfigFiles, ConfigLine};
#[cfg(test)]
pub(crate) use settings::tests::settings as settings_of;
pub use settings::{Settings, SettingsError};
pub use version::Version;

/// An sshd: its program, and the configuration that it reads.
#[derive(Clone, Debug)]
pub struct Sshd {
    program: PathBuf,
    config: PathBuf,
}

/// A connection that sshd is asked about: what `Match` blocks are held against.
#[derive(Clone, Debug)]
pub struct Connection<'a> {
    /// The account that is to be entered.
    pub user: &'a str,
    /// The name of the host that comes, as reverse DNS would say it.
    pub host: &'a str,
    /// The address that comes.
    pub address: &'a str,
    /// The port of this machine that is reached.
    pub port: &'a str,
}

/// Why sshd gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshdError {
    /// The program can't be started.
    #[error("{}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It refuses its configuration, or can't read what that names.
    #[error("{} {} says no: {words}", program.display(), arguments)]
    Refused {
        /// The program.
        program: PathBuf,
        /// What it was asked.
        arguments: String,
        /// What it says.
        words: String,
    },
    /// What it answers isn't the form of `sshd -T`.
    #[error("{}", program.display())]
    Settings {
        /// The program.
        program: PathBuf,
        /// What is odd about it.
        source: SettingsError,
    },
    /// It doesn't say what version it is.
    #[error("{} doesn't say which OpenSSH it is", .0.display())]
    Version(PathBuf),
    /// A name that would be read as more than a name by `-C`.
    #[error("`{0}` can't be named to sshd: it holds a comma or a character that isn't printable")]
    Name(String),
}

impl Sshd {
    /// An sshd by the paths of its program and of its configuration.
    #[must_use]
    pub fn new(program: &Path, config: &Path) -> Self {
        Self {
            program: program.to_path_buf(),
            config: config.to_path_buf(),
        }
    }

    /// Whether it is the one that the system's package brought.
    #[must_use]
    pub fn is_the_systems(&self) -> bool {
        self.program == Path::new(PROGRAM)
    }

    /// The configuration that it reads.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What version it is, as its banner says.
    ///
    /// # Errors
    /// [`SshdError::Start`] and [`SshdError::Version`].
    pub fn version(&self) -> Result<Version, SshdError> {
        // Releases before 9.2 know no -V, and print the version before their usage.
        let output = self.run([OsStr::new("-V")])?;
        let text = [output.stderr, output.stdout].concat();
        let found = Version::find(&String::from_utf8_lossy(&text));
        found.ok_or_else(|| SshdError::Version(self.program.clone()))
    }

    /// What it does where no `Match` block counts.
    ///
    /// # Errors
    /// [`SshdError`].
    pub fn base_settings(&self) -> Result<Settings, SshdError> {
        self.settings_by(&[])
    }

    /// What it would do with this connection.
    ///
    /// # Errors
    /// [`SshdError`].
    pub fn settings(&self, connection: &Connection<'_>) -> Result<Settings, SshdError> {
        let parts = [
            ("user", connection.user),
            ("host", connection.host),
            ("addr", connection.address),
            ("laddr", LOCAL_ADDRESS),
            ("lport", connection.port),
        ];
        let plain = |text: &str| !text.contains(',') && text.chars().all(|c| c.is_ascii_graphic());
        if let Some((_, odd)) = parts.iter().find(|(_, text)| !plain(text)) {
            return Err(SshdError::Name((*odd).to_owned()));
        }
        let parts = parts.map(|(name, text)| format!("{name}={text}"));
        self.settings_by(&["-C", &parts.join(",")])
    }

    /// Lets it check its configuration (`sshd -t`).
    ///
    /// # Errors
    /// [`SshdError::Start`]; [`SshdError::Refused`] with its words.
    pub fn check(&self) -> Result<(), SshdError> {
        self.answer("-t", &[]).map(|_nothing| ())
    }

    fn settings_by(&self, arguments: &[&str]) -> Result<Settings, SshdError> {
        let text = self.answer("-T", arguments)?;
        Settings::parse(&text).map_err(|source| SshdError::Settings {
            program: self.program.clone(),
            source,
        })
    }

    fn answer(&self, mode: &str, arguments: &[&str]) -> Result<String, SshdError> {
        let file = self.config.as_os_str();
        let all = [OsStr::new(mode), OsStr::new("-f"), file].into_iter();
        let output = self.run(all.chain(arguments.iter().map(OsStr::new)))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(SshdError::Refused {
            program: self.program.clone(),
            arguments: format!("{mode} -f {}", self.config.display()),
            words: words.trim().replace(['\r', '\n'], "; "),
        })
    }

    fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<Output, SshdError> {
        let mut command = Command::new(&self.program);
        let output = command.args(arguments).stdin(Stdio::null()).output();
        output.map_err(|source| SshdError::Start {
            program: self.program.clone(),
            source,
        })
    }
}

/// Where sshd's program lies on every system that this was tried on.
pub const PROGRAM: &str = "/usr/sbin/sshd";

/// What sshd reads if nobody names another file.
pub const CONFIG: &str = "/etc/ssh/sshd_config";

/// Stands for the machine's own address: a block that looks at it is named by
/// [`ConfigFiles::criteria_beside_user`].
const LOCAL_ADDRESS: &str = "127.0.0.1";
