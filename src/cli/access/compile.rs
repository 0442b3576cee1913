//! `punchmark access compile`: the index beside a list.

use std::io::Read;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::config;
use crate::output;
use crate::server::access::LIST_BYTES_MAX;
use crate::server::access::index::{MakeError, Stamp, make};
use crate::server::access::login::INDEX_ENDING;

/// Make the index beside a list, by which a login reads the lines alone that may fit
///
/// It is never believed of another state of the list: without it, or after a change, the whole text
/// is read. Waits until the list is two seconds old.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Compile {
    /// The access list
    list: PathBuf,
}

impl Compile {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (path, bytes) = compile(&self.list)?;
        let index = path.display().to_string();
        context.tell(
            &format!("{index} indexes {bytes} bytes"),
            json!({ "index": index, "bytes": bytes }),
        )?;
        Ok(Exit::Done)
    }
}

/// Makes the index beside a list, and gives its path and the length of the list. Waits until the
/// list is old enough for an index to be believed.
pub(super) fn compile(list: &Path) -> Result<(PathBuf, usize), Failure> {
    let mut file = crate::file::open(list).in_file(list)?;
    let state = || rustix::fs::fstat(&file).map_err(std::io::Error::from);
    let before = state().in_file(list)?;
    let stamp = Stamp::of(&before);
    wait_until(stamp.settled());
    let mut text = Vec::new();
    let mut limited = (&mut file).take(LIST_BYTES_MAX.saturating_add(1));
    limited.read_to_end(&mut text).in_file(list)?;
    let after = rustix::fs::fstat(&file)
        .map_err(std::io::Error::from)
        .in_file(list)?;
    if Stamp::of(&after) != stamp {
        return Err(Failure::new("the list was changed meanwhile").hint("run it again"));
    }
    let index = make(&text, &stamp, config::now()).in_file(list)?;
    let mut path = list.as_os_str().to_owned();
    path.push(INDEX_ENDING);
    let path = PathBuf::from(path);
    output::write(&path, &index, before.st_mode & 0o644)?;
    // Whoever reads the list reads its index.
    chown(&path, Some(before.st_uid), Some(before.st_gid)).in_file(&path)?;
    Ok((path, text.len()))
}

fn wait_until(second: u64) {
    let left = second.saturating_sub(config::now());
    // A list from the future is no reason to wait for it.
    std::thread::sleep(Duration::from_secs(left.min(3)));
}

impl Advised for MakeError {}

const EXAMPLES: &str = "\
Examples:
  punchmark access compile access.list";
