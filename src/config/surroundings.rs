//! What the system says: the time, the zone, and who is at the keyboard.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

/// Where relative paths begin; empty where the system doesn't say.
pub fn working_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// The clock, in Unix seconds; 0 if it stands before 1970, which no ledger takes.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The local time zone, which dates without `Z` are read in.
pub fn time_zone() -> TimeZone {
    TimeZone::system()
}

/// Who is at the keyboard: `peter (uid 1000) on ca1`. The system's word, no proof.
pub fn keyboard() -> String {
    let uid = rustix::process::getuid().as_raw();
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    match login_name(uid) {
        Some(name) => format!("{name} (uid {uid}) on {host}"),
        None => format!("uid {uid} on {host}"),
    }
}

/// The folder where programs of this account keep what they remember between two runs
/// (XDG Base Directory), with our name in it; none without a home.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let state = folder_of("XDG_STATE_HOME");
    let state = state.or_else(|| Some(home_folder()?.join(".local/state")))?;
    Some(state.join("punchmark"))
}

/// The home of this account; none where the environment doesn't say.
#[must_use]
pub fn home_folder() -> Option<PathBuf> {
    folder_of("HOME")
}

fn folder_of(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// From the local password file; users of a directory service stay numbers.
fn login_name(uid: u32) -> Option<String> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
