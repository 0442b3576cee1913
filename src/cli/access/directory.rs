//! The directory service that a list's groups are asked of: which one, what came of it, and the
//! ways out where nothing did.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::terminal::say;
use crate::config::read_limited;
use crate::file::Writers;
use crate::server::access::{Doubt, List};
use crate::server::directory::{
    Answer, AskError, GroupError, Resolution, ResolveError, ResolvedGroup, ServerError, Settings,
    SettingsError, connect, resolve,
};

/// Which directory service.
#[derive(Debug, Args)]
pub(super) struct OfDirectory {
    /// The file (TOML) that says which directory service (LDAP) holds the list's groups, and how it is asked
    #[arg(long, value_name = "FILE", default_value = DEFAULT)]
    directory: PathBuf,
}

impl OfDirectory {
    /// Asks for the members of all groups that the list leaves to a directory service.
    pub(super) fn resolve(
        &self,
        text: &str,
        list: &List<'_>,
        bar: Bar,
    ) -> Result<Resolution, Failure> {
        let settings = self.settings(list)?;
        let server = settings.server.to_string();
        let bar = bar.shown();
        bar.set_message(format!("asking {server}"));
        let mut directory = connect(&settings)?;
        let mut told = |group: &str, members: usize| {
            bar.set_message(format!("asking {server}: @{group}: {members} so far"));
            bar.tick();
        };
        let found = resolve(text, list, directory.as_mut(), &settings, &mut told);
        bar.finish_and_clear();
        found.at(server)
    }

    fn settings(&self, list: &List<'_>) -> Result<Settings, Failure> {
        let path = &self.directory;
        let text = read_limited(path, SETTINGS_BYTES_MAX);
        let group = list.header().unresolved().unwrap_or_default();
        let text = text
            .in_file(path)
            .at(Doubt::Unresolved(group.to_owned()).to_string())
            .map_err(|failure| failure.hint(DESCRIBE))?;
        Writers::of_this_account()
            .check(path)
            .map_err(AskError::from)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Settings::parse(&text, folder).in_file(path)
    }
}

/// Whether somebody sees how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    /// A person at a terminal, unless they asked for quiet.
    Shown,
    /// Nobody.
    Hidden,
}

impl Bar {
    /// For a person who reads along.
    pub(super) fn of(context: &Context) -> Self {
        if context.talks() && io::stderr().is_terminal() {
            Self::Shown
        } else {
            Self::Hidden
        }
    }

    fn shown(self) -> ProgressBar {
        match self {
            Self::Shown => ProgressBar::new_spinner(),
            Self::Hidden => ProgressBar::hidden(),
        }
    }
}

/// Says of each group how many are in it.
pub(super) fn tell(context: &Context, groups: &[ResolvedGroup]) {
    if context.talks() {
        groups.iter().for_each(|group| say(&words(group)));
    }
}

fn words(group: &ResolvedGroup) -> String {
    let found = &group.found;
    let mut words = format!(
        "@{}: {} out of {}",
        group.name,
        counted(found.principals.len(), "principal"),
        group.dn
    );
    if found.groups > 1 {
        words.push_str(&format!(
            ", {} looked through",
            counted(found.groups, "group")
        ));
    }
    if found.disabled > 0 {
        let left_out = counted(found.disabled, "account");
        words.push_str(&format!(", {left_out} switched off and left out"));
    }
    words
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// The same for programs.
pub(super) fn objects(groups: &[ResolvedGroup]) -> Value {
    let objects = groups.iter().map(|group| {
        json!({
            "group": group.name, "dn": group.dn, "principals": group.found.principals,
            "groups": group.found.groups, "disabled": group.found.disabled,
        })
    });
    objects.collect()
}

impl Advised for SettingsError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Server(ServerError::Plain(_)) => Some(
                "write ldaps://, or `start-tls = true`, and name its CA: ca-file = \"FILE\""
                    .to_owned(),
            ),
            _ => Some("`punchmark access resolve --help` shows such a file".to_owned()),
        }
    }
}

impl Advised for AskError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::LeftOut => "a build with the feature `ldap` asks directory services",
            Self::Untrusted(untrusted) => return untrusted.mend(),
            Self::Secret(_) => "only this account may read it: chmod 0600 FILE",
            Self::Certificate { .. } => "certificates and keys stand in such files as PEM",
            Self::Connect { .. } => {
                "look at `server` in the settings, and whether it runs and can be reached from here"
            }
            Self::Tls { .. } => {
                "look at `ca-file` and the server's name in the settings: the name must be one of those in \
                 its certificate"
            }
            Self::Bind { .. } => "look at `bind-dn`, its password and what the server's log says",
            Self::TimedOut { .. } => "allow more with `timeout` in the settings",
            Self::TooLong { .. } => "name smaller groups in the list, each in a line of its own",
            Self::Part(_) => {
                "let the server's limits for this account be larger than its groups; what is there stays"
            }
            Self::Referral(_) => {
                "ask that server, or set `base` so low that all below it is on this one"
            }
            Self::Refused(Answer {
                code: 12 | 17 | 18, ..
            }) => "the server doesn't know that way to find members: try `members = \"walk\"`",
            Self::Malformed { .. } => {
                "look at `server` in the settings: is it one of LDAP, and does TLS begin there as they say?"
            }
            Self::Lost { .. } | Self::Refused(Answer { code: 51 | 52, .. }) => {
                "run it again; what is there stays"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for ResolveError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Group { error, .. } => way_out(error),
            Self::Suffix { suffix, .. } => Some(format!(
                "name it in `@suffixes` if the CA alone writes `{suffix}`, else use one that it does"
            )),
            Self::Invalid(_) | Self::TooLong => None,
        }
    }
}

fn way_out(error: &GroupError) -> Option<String> {
    let hint = match error {
        GroupError::Ask(error) => return error.hint(),
        GroupError::Missing(_) => {
            "look at the name in the list, and whether the account that asks may read the group"
        }
        GroupError::NoGroup(_) => "name a group in the list",
        GroupError::Empty(_) | GroupError::AllDisabled { .. } => {
            "if that is meant, write `@group NAME =` in the list, or take its lines out; else look at \
             whether the account that asks may read the members"
        }
        GroupError::MissingMember { .. } => {
            "take the member out of the group, or let the account that asks read it"
        }
        GroupError::Ambiguous { .. } => {
            "set `base` in the settings so low that one of them is below it"
        }
        GroupError::NoBase(_) => "set `base` in the settings, as in: base = \"dc=example,dc=org\"",
        GroupError::Entry { .. } | GroupError::Name { .. } => {
            "take it out of the group, or name members by another attribute: `attribute NAME` in the \
             list, or `attribute` in the settings"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What stands behind the help of each command that asks.
pub(super) const SETTINGS_EXAMPLE: &str = "\
The file of --directory, which holds no secret:
  server = \"ldaps://ldap.example.org\"        # or ldap:// and start-tls = true, or ldapi:///SOCKET
  ca-file = \"ldap-ca.pem\"
  bind-dn = \"cn=punchmark,ou=services,dc=example,dc=org\"
  bind-password-file = \"ldap-password\"
  members = \"walk\"                           # or \"member-of\", or \"in-chain\" (Active Directory)
  base = \"dc=example,dc=org\"
  attribute = \"uid\"                          # or \"sAMAccountName\"";
const DESCRIBE: &str = "say there which directory service holds the list's groups (`punchmark access resolve \
                        --help` shows how), or name another file with --directory";
const DEFAULT: &str = "/etc/punchmark/directory.toml";
const SETTINGS_BYTES_MAX: u64 = 64 * 1024;
