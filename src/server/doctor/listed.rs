//! The access list that this server asks: whether it can be asked, which accounts it lets
//! anybody into, and whether it asks each for a key in hardware.

use std::collections::BTreeSet;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::beside;
use super::finding::{Finding, Severity};
use super::known::{self, KnownSeen};
use crate::file;
use crate::server::access::{
    Entry, Host, LIST_BYTES_MAX, List, Members, Moment, Purpose, Query, Resolved, index,
};
use crate::server::account::{Account, AccountError};
use crate::server::as_owner::read_as;
use crate::server::safe_path::unsafe_words;
use crate::server::sshd::Settings;
use crate::wire::hex;

/// The list that AuthorizedPrincipalsCommand names, as it was found.
#[derive(Clone, Debug)]
pub struct ListSeen {
    /// Where it lies.
    pub path: PathBuf,
    /// The host and its tags, as the command says.
    pub host: String,
    /// What it says, or why it lets nobody in.
    pub facts: Result<ListFacts, Finding>,
    /// What else is wrong with it or its index.
    pub findings: Vec<Finding>,
}

/// What a list says of this server.
#[derive(Clone, Debug)]
pub struct ListFacts {
    /// Its version; none where it has none.
    pub version: Option<u64>,
    /// The SHA-256 of its text, in hexadecimal.
    pub sha256: String,
    /// The fingerprints of the CAs that it binds itself to; none for every CA of sshd's.
    pub cas: Vec<String>,
    /// The suffixes that the CA alone writes.
    pub suffixes: Vec<String>,
    /// The accounts of this machine that a line lets somebody into.
    pub accounts: BTreeSet<String>,
    /// What it was told of the certificates that its CAs know; none where no account asks.
    pub known: Vec<KnownSeen>,
    /// What lets in here: each principal, pattern or member of a group, with its line.
    pub grants: Vec<(u64, String)>,
}

/// The list of our own command; none where sshd asks another, or none at all.
pub(super) fn seen(
    settings: &Settings,
    machine: &[Account],
    moment: &Moment<'_>,
) -> Option<ListSeen> {
    let [path, host] = arguments(settings)?.ok()?;
    let path = PathBuf::from(path);
    let user = settings.value("authorizedprincipalscommanduser");
    let mut findings = Vec::new();
    let asked = Asked {
        host: &host,
        user,
        machine,
        moment,
    };
    let facts = read(&path, &asked, &mut findings);
    Some(ListSeen {
        path,
        host,
        facts,
        findings,
    })
}

/// What is wrong with the arguments of our own command.
pub(super) fn of_arguments(settings: &Settings) -> Option<Finding> {
    arguments(settings)?.err()
}

/// LIST and HOST of our own command, in whose place sshd puts `%u` and `%k`.
fn arguments(settings: &Settings) -> Option<Result<[String; 2], Finding>> {
    let command = settings.value("authorizedprincipalscommand")?;
    let words: Vec<_> = command.split_ascii_whitespace().collect();
    let (program, arguments) = words.split_first()?;
    if Path::new(program).file_name()? != PROGRAM {
        return None;
    }
    Some(match arguments {
        [list, host, "%u", "%k"] if list.starts_with('/') && Host::parse(host).is_ok() => {
            Ok([(*list).to_owned(), (*host).to_owned()])
        }
        _ => {
            let fault =
                format!("{command}: nobody gets in, for its arguments are not LIST HOST %u %k");
            let remedy = "`punchmark sshd-config` prints the line as it must be";
            let finding = Finding::new(Severity::Critical, "command-arguments", fault, remedy);
            Err(finding.by("authorizedprincipalscommand", Some(command)))
        }
    })
}

/// Who asks a list, where and when.
struct Asked<'a> {
    host: &'a str,
    /// The user that the command runs as.
    user: Option<&'a str>,
    machine: &'a [Account],
    moment: &'a Moment<'a>,
}

fn read(path: &Path, asked: &Asked<'_>, findings: &mut Vec<Finding>) -> Result<ListFacts, Finding> {
    let shown = path.display();
    if let Some(words) = unsafe_words(path, 0) {
        let name = if path.exists() {
            "writable-path"
        } else {
            "list-missing"
        };
        return Err(refused(
            name,
            format!("{words}: the list lets nobody in"),
            OWN,
        ));
    }
    let limit = usize::try_from(LIST_BYTES_MAX).unwrap_or(usize::MAX);
    let text = file::read_bytes(path, limit).map_err(|error| {
        refused(
            "list-missing",
            format!("{shown}: {error}: it lets nobody in"),
            OWN,
        )
    })?;
    let list = List::parse(&text).map_err(|fault| {
        refused(
            "list-invalid",
            format!("{shown}: {fault}: it lets nobody in"),
            EDIT,
        )
    })?;
    if let Some(unresolved) = list.header().unresolved() {
        let fault = format!("{shown}: group @{unresolved} isn't resolved: it lets nobody in");
        return Err(refused(
            "list-invalid",
            fault,
            "`punchmark access publish` resolves it",
        ));
    }
    if let Some(fault) = unreadable(path, asked.user) {
        return Err(refused("list-unreadable", fault, READABLE));
    }
    findings.extend(stale_index(path, &text));
    let host = Host::parse(asked.host).map_err(|error| {
        refused(
            "command-arguments",
            error.to_string(),
            "name it in lower case",
        )
    })?;
    let facts = facts(&list, &host, asked.machine, (path, &text));
    findings.extend(roots_reached(&list, &host, asked.machine, path));
    findings.extend(beside::of_access_list(path, list.header(), asked.moment));
    for known in &facts.known {
        findings.extend(beside::of_signed_list(&known.path));
    }
    findings.extend(known::findings(
        &facts.known,
        list.header(),
        asked.moment.now,
        &|path| unreadable(path, asked.user),
    ));
    Ok(facts)
}

/// The command reads it as its own user, whom root's modes may keep out.
fn unreadable(path: &Path, user: Option<&str>) -> Option<String> {
    let account = Account::find(user?).ok()??;
    let error = read_as(&account, path, LIST_BYTES_MAX).err()?;
    Some(format!(
        "{} as {}: {error}: it lets nobody in",
        path.display(),
        account.name
    ))
}

fn facts(
    list: &List<'_>,
    host: &Host<'_>,
    machine: &[Account],
    (path, text): (&Path, &[u8]),
) -> ListFacts {
    let header = list.header();
    let fingerprint = |sha256: &[u8; 32]| ssh_key::Fingerprint::Sha256(*sha256).to_string();
    let here: Vec<_> = entries(list, host).collect();
    let mut grants = Vec::new();
    for (line, entry) in &here {
        for item in entry.principals().split(',') {
            members(list, item, &mut |name| grants.push((*line, name)));
        }
    }
    ListFacts {
        version: header.version(),
        sha256: hex(&Sha256::digest(text)),
        cas: header
            .cas()
            .iter()
            .map(|ca| fingerprint(ca.fingerprint()))
            .collect(),
        suffixes: header.suffixes().to_vec(),
        accounts: machine
            .iter()
            .map(|account| account.name.clone())
            .filter(|name| here.iter().any(|(_, entry)| entry.fits_user(name)))
            .collect(),
        known: known::seen(path, header),
        grants,
    }
}

/// The lines that let somebody into this host.
fn entries<'l, 't>(
    list: &'l List<'t>,
    host: &'l Host<'l>,
) -> impl Iterator<Item = (u64, Entry<'t>)> + 'l {
    // A line is about a host whoever asks; any user will do.
    let query = Query::new([], "root", host.clone()).ok();
    let grants = list
        .entries()
        .iter()
        .filter(|(_, entry)| entry.purpose() == Purpose::Grant);
    grants.copied().filter(move |(_, entry)| {
        let query = query.as_ref();
        query.is_some_and(|query| entry.fits_host(&Resolved::new(list.header(), query)))
    })
}

/// What a name of the principal column stands for; a group of a directory by its suffix.
fn members(list: &List<'_>, item: &str, each: &mut dyn FnMut(String)) {
    let Some(group) = item.strip_prefix('@') else {
        return each(item.to_owned());
    };
    match list
        .header()
        .groups()
        .get(group)
        .map(|group| group.members())
    {
        Some(Members::Named(names)) => names.iter().for_each(|name| members(list, name, each)),
        Some(Members::Directory { suffix, .. }) => each(format!("*{suffix}")),
        None => {}
    }
}

/// A wildcard among users never means root; it does mean whoever is root in all but name.
fn roots_reached(
    list: &List<'_>,
    host: &Host<'_>,
    machine: &[Account],
    path: &Path,
) -> Vec<Finding> {
    let wild = |entry: &Entry<'_>| entry.users().contains(['*', '?']);
    let here: Vec<_> = entries(list, host)
        .filter(|(_, entry)| wild(entry))
        .collect();
    let mut found = Vec::new();
    for account in machine {
        let reached = here
            .iter()
            .find(|(_, entry)| entry.fits_user(&account.name));
        let (Some((line, _)), Ok(Some(why))) = (reached, powers(account)) else {
            continue;
        };
        let fault = format!(
            "{} line {line} reaches {} by a wildcard, {why}",
            path.display(),
            account.name
        );
        let remedy = "write the users out in that line";
        found.push(Finding::new(
            Severity::Warning,
            "wildcard-reaches-root",
            fault,
            remedy,
        ));
    }
    found
}

fn powers(account: &Account) -> Result<Option<String>, AccountError> {
    if account.uid == 0 {
        return Ok((account.name != "root").then(|| "whose number is root's, 0".to_owned()));
    }
    let groups = account.groups()?;
    let powerful = groups
        .iter()
        .find(|group| POWERFUL.contains(&group.as_str()));
    Ok(powerful.map(|group| format!("who is in group {group}")))
}

/// An index of another text is passed over by the command: it costs time, never correctness.
fn stale_index(list: &Path, text: &[u8]) -> Option<Finding> {
    let mut path = list.as_os_str().to_owned();
    path.push(".idx");
    let path = PathBuf::from(path);
    let file = file::open(&path).ok()?;
    let mut header = vec![0; index::HEADER_BYTES];
    let read = file.read_exact_at(&mut header, 0).ok();
    let of = read.and_then(|()| index::sha256_of_list(&header));
    if of == Some(Sha256::digest(text).into()) {
        return None;
    }
    let fault = format!(
        "{} is of another list: each login reads the whole text",
        path.display()
    );
    let remedy = format!("punchmark access compile {}", list.display());
    Some(Finding::new(
        Severity::Warning,
        "index-stale",
        fault,
        remedy,
    ))
}

fn refused(name: &'static str, fault: String, remedy: &str) -> Finding {
    Finding::new(Severity::Critical, name, fault, remedy)
}

const PROGRAM: &str = "punchmark-principals";
const OWN: &str = "`punchmark access sync`, or a list of root's, mode 0640, in folders of root's";
const EDIT: &str = "`punchmark access edit`, which puts no such list in place";
const READABLE: &str = "chgrp it to the command's user, and chmod 0640";

/// Groups that distributions let become root, or that are as good.
const POWERFUL: [&str; 6] = ["sudo", "wheel", "admin", "docker", "lxd", "disk"];
