//! `punchmark access render`: a list as the files that sshd reads itself.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::list::{OfList, moment};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::{number_of, path};
use crate::file::{read_bytes, read_limited};
use crate::output;
use crate::server::access::review::{Book, CaKey, import, render, render_authorized_keys};

/// Write a list as an AuthorizedPrincipalsFile for each account of a host
///
/// The files are named after the accounts: AuthorizedPrincipalsFile DIR/%u. What a file can't say
/// (denials, @ca, @stale, @known, patterns) is refused by its line. With --authorized-keys, the
/// files have lines of cert-authority,principals= for accounts whose owner is not root.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Render {
    #[command(flatten)]
    list: OfList,

    /// The server: its name, and its tags behind `+`
    #[arg(long, value_name = "NAME[+TAG...]")]
    host: String,

    /// The folder of the files, which has nothing else in it: a file that this command did not
    /// write is never taken away
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Write authorized_keys files instead, whose lines trust the CA of this public key; may be
    /// given several times
    #[arg(long, value_name = "CA.pub")]
    authorized_keys: Vec<PathBuf>,

    /// All principals that there are, one a line, to write patterns out
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,

    /// Write nothing, and exit with 1 if a file is not as it should be
    #[arg(long)]
    check: bool,
}

impl Render {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse(&text)?;
        let names = self.names.as_deref().map(read_names).transpose()?;
        let (book, names) = (Book::new(&list), names.as_deref());
        let files = if self.authorized_keys.is_empty() {
            render(&book, &self.host, names, &moment())?
        } else {
            let cas = self.authorized_keys.iter().map(|path| read_ca(path));
            let cas = cas.collect::<Result<Vec<_>, _>>()?;
            render_authorized_keys(&book, &self.host, names, &cas, &moment())?
        };
        let mut users = files.keys();
        if let Some(user) = users.find(|user| user.contains('/') || user.starts_with('.')) {
            let words = format!("user {user} can't be the name of a file");
            return Err(Failure::new(words));
        }
        let there = self.there()?;
        if self.check {
            return self.compare(context, &files, &there);
        }
        for (user, there) in there.iter().filter(|(user, _)| !files.contains_key(*user)) {
            self.require_ours(user, there)?;
        }
        for (user, text) in &files {
            output::write(&self.out_dir.join(user), text.as_bytes(), MODE)?;
        }
        for user in there.keys().filter(|user| !files.contains_key(*user)) {
            let path = self.out_dir.join(user);
            // Empty first: a file that is kept open, or can't be removed, lets nobody in.
            output::write(&path, b"", MODE)?;
            std::fs::remove_file(&path).in_file(&path)?;
        }
        let folder = self.out_dir.display().to_string();
        context.tell(
            &format!("{} in {folder}", number_of(files.len(), "file")),
            json!({ "folder": folder, "files": files.keys().collect::<Vec<_>>() }),
        )?;
        Ok(Exit::Done)
    }

    fn compare(
        &self,
        context: &Context,
        files: &BTreeMap<String, String>,
        there: &BTreeMap<String, There>,
    ) -> Result<Exit, Failure> {
        let mut exit = Exit::Done;
        for user in files
            .keys()
            .chain(there.keys().filter(|user| !files.contains_key(*user)))
        {
            let is_as_wanted = match (files.get(user), there.get(user)) {
                (Some(text), Some(there)) => there.bytes == text.as_bytes() && there.is_as_written,
                _ => false,
            };
            if !is_as_wanted {
                let file = self.out_dir.join(user).display().to_string();
                if context.json() {
                    product_object(json!({ "file": file, "differs": true }))?;
                } else {
                    product(&format!("{file} differs"))?;
                }
                exit = Exit::Failed;
            }
        }
        Ok(exit)
    }

    /// The files that are there.
    fn there(&self) -> Result<BTreeMap<String, There>, Failure> {
        let mut files = BTreeMap::new();
        let folder = std::fs::read_dir(&self.out_dir).in_file(&self.out_dir)?;
        for entry in folder {
            let path = entry.in_file(&self.out_dir)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|name| !name.starts_with('.')) {
                files.insert(name.to_owned(), There::read(&path)?);
            }
        }
        Ok(files)
    }

    /// What takes a file away must have written it: a folder named by mistake may have keys in it.
    fn require_ours(&self, user: &str, there: &There) -> Result<(), Failure> {
        let text = std::str::from_utf8(&there.bytes).unwrap_or("-");
        let (_, left_out) = import(text, user, "*");
        let is_key_line = |line: &str| line.starts_with("cert-authority,");
        let is_kind = text
            .lines()
            .all(|line| is_key_line(line) != self.authorized_keys.is_empty());
        if there.is_as_written && left_out.is_empty() && is_kind {
            return Ok(());
        }
        let file = path(&self.out_dir.join(user));
        Err(
            Failure::new(format!("{file} is none that this command wrote, and stays"))
                .hint("name a folder of its own, or move the file away"),
        )
    }
}

/// A file of the folder.
struct There {
    bytes: Vec<u8>,
    /// Whether it is a file, no link, of the mode that is written.
    is_as_written: bool,
}

impl There {
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = read_bytes(path, FILE_BYTES_MAX).in_file(path)?;
        let metadata = path.symlink_metadata().in_file(path)?;
        let is_as_written = metadata.is_file() && metadata.permissions().mode() & 0o7777 == MODE;
        Ok(Self {
            bytes,
            is_as_written,
        })
    }
}

fn read_ca(path: &Path) -> Result<CaKey, Failure> {
    CaKey::parse(&read_limited(path, CA_BYTES_MAX).in_file(path)?).in_file(path)
}

fn read_names(path: &Path) -> Result<Vec<String>, Failure> {
    let text = read_limited(path, NAMES_BYTES_MAX).in_file(path)?;
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).collect())
}

/// sshd reads the files as the account or as root.
const MODE: u32 = 0o644;
const CA_BYTES_MAX: u64 = 64 * 1024;
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
const NAMES_BYTES_MAX: u64 = 64 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark access render --list access.list --host web1 --out-dir /etc/ssh/principals
  punchmark access render --list access.list --host web1 --out-dir /etc/ssh/principals --check
  punchmark access render --host web1 --out-dir keys --authorized-keys users.pub";
