//! `punchmark user`: who logs in to the server with a password.

use clap::{Args, Subcommand};
use serde_json::json;

use super::base::context::Context;
use super::base::failure::{Advised, At, Exit, Failure};
use super::base::pin::ask_new;
use super::base::terminal::{product, product_object};
use crate::config::{Config, refuse_reserved};
use crate::login::password::AddUserError;
use crate::request::RequesterName;
use crate::secret::{SecretKind, read_short_secret};
use crate::service::{UsersFile, UsersFileError};

/// Give people a password for the server, where no identity provider is there
///
/// A hash of each password stands in `punchmark.users`, beside the ledger. A server that runs sees changes at
/// once: whoever is removed, or has a new password, has no session any more.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give somebody a password, or another one; it is asked for
    Add(Addition),
    /// List who has a password
    List,
    /// Take somebody's password away; certificates stay as they are
    Remove(One),
}

#[derive(Debug, Args)]
struct Addition {
    #[command(flatten)]
    who: One,

    /// The file that holds the password, for nobody else to read, in place of the question
    #[arg(long, value_name = "FILE")]
    password_file: Option<std::path::PathBuf>,
}

/// Whose password.
#[derive(Debug, Args)]
struct One {
    /// The requester's name, as roles have it
    #[arg(value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    name: RequesterName,
}

/// Why the file was not changed.
#[derive(Debug, thiserror::Error)]
enum UserError {
    #[error(transparent)]
    File(#[from] UsersFileError),
    #[error(transparent)]
    Add(#[from] AddUserError),
}

impl User {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let file = UsersFile::at(config.users());
        match self.command {
            Command::Add(addition) => addition.run(context, &config, &file)?,
            Command::List => list(context, &file)?,
            Command::Remove(one) => one.remove(context, &file)?,
        }
        Ok(Exit::Done)
    }
}

impl Addition {
    fn run(self, context: &Context, config: &Config, file: &UsersFile) -> Result<(), Failure> {
        let name = self.who.name;
        refuse_reserved(&name, config)?;
        // What is wrong with the file is told before anybody types.
        file.users()?;
        let password = match &self.password_file {
            Some(path) => read_short_secret(path, SecretKind::Password)?,
            None => ask_new(SecretKind::Password, name.as_str())?
                .ok_or_else(|| Failure::new("the two passwords differ; nothing was changed"))?,
        };
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).at("no random numbers")?;
        let was_there = file.change(|users| {
            let was_there = users.mark(name.as_str()).is_some();
            users.set(&name, password.expose(), salt)?;
            Ok::<_, UserError>(was_there)
        })?;
        let (words, state) = if was_there {
            (
                "has another password, and no session of the one before",
                "changed",
            )
        } else {
            ("has a password", "added")
        };
        let object = json!({ "user": name.as_str(), "state": state });
        context.tell(&format!("{name} {words}"), object)
    }
}

impl One {
    fn remove(self, context: &Context, file: &UsersFile) -> Result<(), Failure> {
        let name = self.name;
        let was_there = file.change(|users| Ok::<_, UsersFileError>(users.remove(&name)))?;
        if !was_there {
            let words = format!("{name} has no password");
            return Err(Failure::new(words).hint("punchmark user list"));
        }
        let words = format!("{name} has no password any more, and no session by it");
        context.tell(&words, json!({ "user": name.as_str(), "state": "removed" }))
    }
}

fn list(context: &Context, file: &UsersFile) -> Result<(), Failure> {
    let users = file.users()?;
    users.names().try_for_each(|name| {
        if context.json() {
            product_object(json!({ "user": name }))
        } else {
            product(name)
        }
    })
}

impl Advised for UsersFileError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Untrusted(source) => source.mend(),
            Self::Text { path, .. } => Some(format!(
                "mend {} by hand, or move it away and add the users anew",
                path.display()
            )),
            _ => None,
        }
    }
}

impl Advised for UserError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Add(_) => None,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark user add peter
  punchmark user list
  punchmark user remove peter";
