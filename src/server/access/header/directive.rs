//! The lines that begin with the name of a directive.

use base64ct::{Base64, Encoding};

use super::super::fault::{Misread, Wrong};
use super::super::line::Word;
use super::super::name;
use super::super::pattern::{self, ends_in};
use super::super::reference::{Kind, check_or_definition};
use super::Header;
use super::definition::{Definition, Members};
use super::parts::{Ca, Canary, KnownLine, NextSigner, Stale};
use super::words::{
    check_suffix, defined_twice, fingerprint, form, length, named, program_version, unix_seconds,
};
use crate::wire::PublicKey;

/// A directive: its name, its form, and what takes it into a header.
struct Directive {
    name: &'static str,
    form: &'static str,
    /// Whether a list has it once at most.
    once: bool,
    take: fn(&mut Header, &[Word<'_>], u64) -> Result<(), Misread>,
}

/// Whether a line that begins with this word is a directive.
pub(in super::super) fn is_directive(word: &str) -> bool {
    // Almost every line of a long list begins with a principal.
    word.starts_with('@') && DIRECTIVES.iter().any(|directive| directive.name == word)
}

impl Header {
    /// Takes in a line that begins with the name of a directive.
    pub(in super::super) fn take(&mut self, words: &[Word<'_>], line: u64) -> Result<(), Misread> {
        let Some((first, rest)) = words.split_first() else {
            return Ok(());
        };
        let Some(directive) = DIRECTIVES.iter().find(|known| known.name == first.text) else {
            return Ok(());
        };
        let earlier = *self.once.entry(directive.name).or_insert(line);
        if directive.once && earlier != line {
            let wrong = Wrong::Twice {
                directive: directive.name,
                first: earlier,
            };
            return Err(Misread::new(first.column, wrong));
        }
        (directive.take)(self, rest, line).map_err(|misread| match misread.wrong {
            Wrong::Form { .. } => Misread::new(first.column, directive.form()),
            _ => misread,
        })
    }
}

impl Directive {
    fn form(&self) -> Wrong {
        Wrong::Form {
            directive: self.name,
            form: self.form,
        }
    }
}

fn suffixes(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    if words.is_empty() {
        return Err(form());
    }
    for word in words {
        check_suffix(*word)?;
        for other in &header.suffixes {
            let (longer, shorter) = if word.text.len() < other.len() {
                (other.as_str(), word.text)
            } else {
                (word.text, other.as_str())
            };
            if ends_in(longer, shorter) {
                let (longer, shorter) = (longer.to_owned(), shorter.to_owned());
                let wrong = Wrong::SuffixInSuffix { longer, shorter };
                return Err(Misread::new(word.column, wrong));
            }
        }
        header.suffixes.push(word.text.to_owned());
    }
    Ok(())
}

fn ca(header: &mut Header, words: &[Word<'_>], line: u64) -> Result<(), Misread> {
    let [name, key] = words else {
        return Err(form());
    };
    name::check_definition(*name, "CA")?;
    let fingerprint = fingerprint(*key)?;
    if let Some(first) = header.cas.iter().find(|ca| ca.name == name.text) {
        return Err(defined_twice("CA", *name, first.line));
    }
    if let Some(first) = header.cas.iter().find(|ca| ca.fingerprint == fingerprint) {
        return Err(Misread::new(
            key.column,
            Wrong::CaKeyTwice { first: first.line },
        ));
    }
    header.cas.push(Ca {
        name: name.text.to_owned(),
        fingerprint,
        line,
    });
    Ok(())
}

fn group(header: &mut Header, words: &[Word<'_>], line: u64) -> Result<(), Misread> {
    let (name, members) = definition(words, Kind::Group)?;
    let members = match members {
        [first, dn, ..] if first.text == "directory" && dn.text.starts_with('"') => {
            directory(members)?
        }
        _ => Members::Named(named(members, |member| {
            check_or_definition(member, "group", name::check_principal)
        })?),
    };
    define(header, Kind::Group, name, Definition { line, members })
}

fn hosts(header: &mut Header, words: &[Word<'_>], line: u64) -> Result<(), Misread> {
    let (name, members) = definition(words, Kind::Hosts)?;
    let members = Members::Named(named(members, |member| {
        let taken = match member.text.strip_prefix('!') {
            Some(text) => Word::part(member.column.saturating_add(1), text),
            None => member,
        };
        check_or_definition(taken, "host set", name::check_host)
    })?);
    define(header, Kind::Hosts, name, Definition { line, members })
}

fn stale(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    let (age, except) = words.split_first().ok_or_else(form)?;
    let seconds = length(*age)?;
    let except = named(except, |member| {
        check_or_definition(member, "group", name::check_principal)
    })?;
    let except = except.into_iter().map(String::from).collect();
    header.stale = Some(Stale { seconds, except });
    Ok(())
}

fn known(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    let [users, age] = words else {
        return Err(form());
    };
    let users = named(std::slice::from_ref(users), name::check_user)?;
    let users = users.into_iter().map(String::from).collect();
    let seconds = length(*age)?;
    header.known.push(KnownLine { users, seconds });
    Ok(())
}

fn fresh(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    let [key] = words else {
        return Err(form());
    };
    header.fresh = Some(fingerprint(*key)?);
    Ok(())
}

fn version(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    header.version = Some(unix_seconds(words)?);
    Ok(())
}

fn shrinks(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    header.shrinks = Some(unix_seconds(words)?);
    Ok(())
}

fn canary(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    let (age, hosts) = words.split_first().ok_or_else(form)?;
    let seconds = length(*age)?;
    // By names, patterns and tags: whoever fetches looks at no definition of a list that waits.
    let hosts = named(hosts, name::check_host)?;
    if hosts.is_empty() {
        return Err(form());
    }
    let hosts = hosts.into_iter().map(String::from).collect();
    header.canary = Some(Canary { seconds, hosts });
    Ok(())
}

fn signer(header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    let [person, algorithm, key] = words else {
        return Err(form());
    };
    name::check_principal(*person)?;
    if pattern::has_wildcard(person.text) || person.text.contains(['!', ',']) {
        return Err(form());
    }
    let read = Base64::decode_vec(key.text).ok();
    let read = read.and_then(|blob| PublicKey::from_blob(&blob).ok());
    if read.is_none_or(|read| read.algorithm() != algorithm.text) {
        let wrong = Wrong::SignerKey(algorithm.text.to_owned());
        return Err(Misread::new(algorithm.column, wrong));
    }
    header.signers.push(NextSigner {
        person: person.text.to_owned(),
        algorithm: algorithm.text.to_owned(),
        key: key.text.to_owned(),
    });
    Ok(())
}

fn needs(_header: &mut Header, words: &[Word<'_>], _line: u64) -> Result<(), Misread> {
    let [needed] = words else {
        return Err(form());
    };
    let wanted = program_version(needed.text).ok_or_else(form)?;
    if program_version(HERE).is_some_and(|here| wanted <= here) {
        return Ok(());
    }
    let wrong = Wrong::Needs {
        needed: needed.text.to_owned(),
        here: HERE,
    };
    Err(Misread::new(needed.column, wrong))
}

/// `NAME = MEMBER...`.
fn definition<'a, 'w>(
    words: &'w [Word<'a>],
    kind: Kind,
) -> Result<(Word<'a>, &'w [Word<'a>]), Misread> {
    let [name, equals, members @ ..] = words else {
        return Err(form());
    };
    if equals.text != "=" {
        return Err(form());
    }
    name::check_definition(*name, kind.words())?;
    if is_directive(&format!("@{}", name.text)) {
        let wrong = Wrong::Reserved(name.text.to_owned(), kind.words());
        return Err(Misread::new(name.column, wrong));
    }
    Ok((*name, members))
}

fn define(
    header: &mut Header,
    kind: Kind,
    name: Word<'_>,
    definition: Definition,
) -> Result<(), Misread> {
    let all = match kind {
        Kind::Group => &mut header.groups,
        Kind::Hosts => &mut header.sets,
    };
    if let Some(first) = all.get(name.text) {
        return Err(defined_twice(kind.words(), name, first.line()));
    }
    all.insert(name.text.to_owned(), definition);
    Ok(())
}

/// `directory "DN" [attribute NAME] suffix SUFFIX`.
fn directory(words: &[Word<'_>]) -> Result<Members, Misread> {
    let (dn, attribute, suffix) = match words {
        [_, dn, word, suffix] if word.text == "suffix" => (dn, None, suffix),
        [_, dn, word, attribute, end, suffix]
            if word.text == "attribute" && end.text == "suffix" =>
        {
            (dn, Some(attribute), suffix)
        }
        _ => return Err(form()),
    };
    check_suffix(*suffix)?;
    if let Some(attribute) = attribute {
        name::check_definition(*attribute, "attribute")?;
    }
    let dn = dn
        .text
        .strip_prefix('"')
        .and_then(|dn| dn.strip_suffix('"'));
    Ok(Members::Directory {
        dn: dn.filter(|dn| !dn.is_empty()).ok_or_else(form)?.to_owned(),
        attribute: attribute.map(|attribute| attribute.text.to_owned()),
        suffix: suffix.text.to_owned(),
    })
}

const HERE: &str = env!("CARGO_PKG_VERSION");

const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "@suffixes",
        form: "@suffixes SUFFIX...",
        once: true,
        take: suffixes,
    },
    Directive {
        name: "@ca",
        form: "@ca NAME SHA256:FINGERPRINT",
        once: false,
        take: ca,
    },
    Directive {
        name: "@group",
        form: "@group NAME = PRINCIPAL..., or @group NAME = directory \"DN\" [attribute NAME] suffix SUFFIX",
        once: false,
        take: group,
    },
    Directive {
        name: "@hosts",
        form: "@hosts NAME = HOST... (patterns, +tags, other sets as @NAME, ! before what is taken out)",
        once: false,
        take: hosts,
    },
    Directive {
        name: "@stale",
        form: "@stale AGE [PRINCIPAL or @GROUP...], as in: @stale 7d @ops",
        once: true,
        take: stale,
    },
    Directive {
        name: "@known",
        form: "@known USERS AGE, as in: @known root,postgres 2h",
        once: false,
        take: known,
    },
    Directive {
        name: "@fresh",
        form: "@fresh SHA256:FINGERPRINT",
        once: true,
        take: fresh,
    },
    Directive {
        name: "@version",
        form: "@version UNIX-SECONDS",
        once: true,
        take: version,
    },
    Directive {
        name: "@shrinks",
        form: "@shrinks UNIX-SECONDS, the version up to which lists may have held more",
        once: true,
        take: shrinks,
    },
    Directive {
        name: "@canary",
        form: "@canary TIME HOST... (names, patterns, +tags), as in: @canary 1h +canary",
        once: true,
        take: canary,
    },
    Directive {
        name: "@signer",
        form: "@signer PERSON KEY-TYPE BASE64, as in a line of allowed signers without options",
        once: false,
        take: signer,
    },
    Directive {
        name: "@needs",
        form: "@needs VERSION, as in: @needs 0.3",
        once: true,
        take: needs,
    },
];
