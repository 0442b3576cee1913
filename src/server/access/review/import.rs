//! Files that sshd reads itself, as lines of a list.

use super::super::list::List;

/// A line of a list, made of a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The line of the file.
    pub from: usize,
    /// The line of the list.
    pub line: String,
}

/// What can't be carried over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct LeftOut {
    /// The line of the file.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// Carries over the lines of a principals file, or those of an `authorized_keys` file that
/// name a CA and principals, for one user and some hosts.
#[must_use]
pub fn import(text: &str, user: &str, hosts: &str) -> (Vec<Carried>, Vec<LeftOut>) {
    let (mut carried, mut left_out) = (Vec::new(), Vec::new());
    for (line, content) in (1..).zip(text.lines()) {
        // sshd cuts there in files of principals; keys have no such character.
        let content = content.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        let list_line = line_of(content, user, hosts);
        match list_line.and_then(|made| checked(&made).map(|()| made)) {
            Ok(made) => carried.push(Carried {
                from: line,
                line: made,
            }),
            Err(why) => left_out.push(LeftOut { line, why }),
        }
    }
    (carried, left_out)
}

fn line_of(content: &str, user: &str, hosts: &str) -> Result<String, String> {
    let words = words(content);
    let key = words
        .iter()
        .position(|word| KEY_TYPES.iter().any(|kind| word.starts_with(kind)));
    let (principals, options) = match (key, words.as_slice()) {
        (None, [principal]) => ((*principal).to_owned(), Vec::new()),
        (None, [options, principal]) => ((*principal).to_owned(), split_options(options)),
        (None, _) => return Err("more than options and one principal".to_owned()),
        (Some(0), _) => {
            return Err("a key of its own, which no certificate stands behind".to_owned());
        }
        (Some(_), [options, ..]) => of_authority(options)?,
        (Some(_), []) => return Err("no options".to_owned()),
    };
    let options = options.join(",");
    let line = format!("{principals} {user} {hosts} {options}");
    Ok(line.trim_end().to_owned())
}

/// The principals and the other options of a line that trusts a CA.
fn of_authority(options: &str) -> Result<(String, Vec<&str>), String> {
    let options = split_options(options);
    let named = |option: &&&str| {
        let name = option.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case("principals")
    };
    if !options
        .iter()
        .any(|option| option.eq_ignore_ascii_case("cert-authority"))
    {
        return Err("a key of its own, which no certificate stands behind".to_owned());
    }
    let Some(principals) = options.iter().find(named) else {
        return Err(
            "a CA without `principals`, which lets in whoever has the account's name".to_owned(),
        );
    };
    let value = principals
        .split_once('=')
        .map(|(_, value)| value.trim_matches('"'));
    let value = value.unwrap_or_default().to_owned();
    let rest = options
        .iter()
        .filter(|option| !named(option) && !option.eq_ignore_ascii_case("cert-authority"));
    Ok((value, rest.copied().collect()))
}

/// A list takes the line, as one of its own.
fn checked(line: &str) -> Result<(), String> {
    let text = format!("{line}\n");
    match List::parse(text.as_bytes()) {
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.wrong.to_string()),
    }
}

/// Words between blanks outside of quotes.
fn words(content: &str) -> Vec<&str> {
    split(content, |c| c == ' ' || c == '\t')
}

fn split_options(options: &str) -> Vec<&str> {
    split(options, |c| c == ',')
}

fn split(text: &str, at: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |c| {
        let ends = at(c) && !quoted;
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\';
        ends
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// How the names of key types begin.
const KEY_TYPES: [&str; 5] = ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", "rsa-"];
