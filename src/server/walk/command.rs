//! Runs AuthorizedPrincipalsCommand as sshd runs it (misc.c, `subprocess`): as its user, in
//! `/`, with nothing of ours in its environment.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use ssh_encoding::base64::{Base64, Encoding};

use super::attempt::Attempt;
use crate::certificate::subject::fingerprint;
use crate::server::access::login;
use crate::server::account::Account;
use crate::server::percent::{expand, unknown_in_principals_command};
use crate::server::safe_path::unsafe_words;

/// Why the command printed nothing that counts.
pub(super) enum NotRun {
    /// sshd doesn't run it either, or doesn't take its answer.
    Refused(String),
    /// It can't be run from here as sshd would.
    Unknown(String),
}

/// What the command prints for this login.
pub(super) fn run(
    attempt: &Attempt<'_>,
    account: &Account,
    command: &str,
) -> Result<String, NotRun> {
    if let Some(token) = unknown_in_principals_command(command, attempt.version) {
        let words = format!("sshd doesn't know {token} in the command, and drops the connection");
        return Err(NotRun::Refused(words));
    }
    let words = split(command).ok_or_else(|| NotRun::Refused("quotes do not end".to_owned()))?;
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(NotRun::Refused("the command is empty".to_owned()));
    };
    if let Some(words) = unsafe_words(Path::new(program), 0) {
        return Err(NotRun::Refused(format!("sshd doesn't run it: {words}")));
    }
    let user = runs_as(attempt, account)?;
    let arguments = arguments
        .iter()
        .map(|text| expand(text, &|token| value(attempt, account, token)));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", &user.home);
    command.env("USER", &user.name).env("LOGNAME", &user.name);
    if rustix::process::geteuid().is_root() {
        command.uid(user.uid).gid(user.gid);
    }
    let ended = command.output();
    let output = ended.map_err(|error| NotRun::Refused(format!("{program}: {error}")))?;
    if !output.status.success() {
        let words = format!(
            "{program} ended with {}, which sshd takes for a no",
            output.status
        );
        return Err(NotRun::Refused(words));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Why our own command lets nobody in, in its own words; none where it is another.
pub(super) fn reason(attempt: &Attempt<'_>, account: &Account, command: &str) -> Option<String> {
    let words = split(command)?;
    let (program, arguments) = words.split_first()?;
    if Path::new(program).file_name()? != "punchmark-principals" {
        return None;
    }
    let arguments = arguments.iter();
    let arguments: Vec<_> = arguments
        .map(|text| expand(text, &|token| value(attempt, account, token)))
        .collect();
    let asked = login::Arguments::new(&arguments);
    Some(
        match asked.and_then(|asked| login::answer(&asked, attempt.now)) {
            Ok(answer) => answer.reason,
            Err(doubt) => doubt.to_string(),
        },
    )
}

/// Who runs it; only root, or that user, can try it.
fn runs_as(attempt: &Attempt<'_>, account: &Account) -> Result<Account, NotRun> {
    let name = attempt.settings.value("authorizedprincipalscommanduser");
    let name = name.ok_or_else(|| NotRun::Refused("nobody is named to run it".to_owned()))?;
    let name = expand(name, &|token| (token == 'u').then(|| account.name.clone()));
    let found = Account::find(&name).map_err(|error| NotRun::Unknown(error.to_string()))?;
    let user =
        found.ok_or_else(|| NotRun::Refused(format!("there is no user `{name}` to run it")))?;
    let own = rustix::process::geteuid();
    if own.is_root() || own.as_raw() == user.uid {
        return Ok(user);
    }
    let words = format!("only root can run the command as `{name}`, as sshd does");
    Err(NotRun::Unknown(words))
}

/// The value of a token (sshd_config(5), TOKENS).
fn value(attempt: &Attempt<'_>, account: &Account, token: char) -> Option<String> {
    let certificate = attempt.certificate;
    let base64 = |bytes: &[u8]| Some(Base64::encode_string(bytes));
    let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
    match token {
        'u' => Some(account.name.clone()),
        'U' => Some(account.uid.to_string()),
        'h' => Some(account.home.display().to_string()),
        'k' => base64(certificate.blob()),
        'K' => base64(certificate.ca_key()),
        'i' => text(certificate.key_id()),
        's' => Some(certificate.serial().to_string()),
        't' => Some(certificate.algorithm().to_owned()),
        'T' => certificate
            .signing_key()
            .map(|key| key.algorithm().to_string()),
        'f' => certificate.subject_key().map(|key| fingerprint(&key)),
        'F' => certificate.signing_key().map(|key| fingerprint(&key)),
        'C' => Some(format!("{} 0 127.0.0.1 22", attempt.address)),
        'D' => Some(String::new()),
        _ => None,
    }
}

/// The words of a command: blanks between them, quotes of either kind around blanks, a
/// backslash before a quote or a backslash (misc.c, `argv_split`).
fn split(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', _) if letters.peek().is_some_and(|next| "\"'\\".contains(*next)) => {
                word.get_or_insert_default().extend(letters.next());
            }
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ' | '\t', None) => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// What sshd gives it (`_PATH_STDPATH`).
const PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_sshd_splits_it() {
        for (text, words) in [
            ("/c %u  %k", Some(vec!["/c", "%u", "%k"])),
            (
                "/c 'a b' \"c\\\"d\" ''",
                Some(vec!["/c", "a b", "c\"d", ""]),
            ),
            ("/c a\\ b", Some(vec!["/c", "a\\", "b"])),
            ("", Some(vec![])),
            ("/c 'a", None),
        ] {
            let found = split(text);
            let found = found
                .as_ref()
                .map(|words| words.iter().map(String::as_str).collect());
            assert_eq!(found, words, "{text}");
        }
    }
}
