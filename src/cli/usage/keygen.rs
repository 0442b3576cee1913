//! What users of ssh-keygen type out of habit, and what does it here.

/// What to type instead of an option that there is none of.
pub(super) fn instead_of(option: &str) -> Option<&'static str> {
    let letter = option.strip_prefix('-')?.chars().next()?;
    let told = OPTIONS.iter().find(|(known, _)| *known == letter);
    told.map(|(_, words)| *words)
        .filter(|_| !option.starts_with("--"))
}

/// What to type instead of a command that there is none of.
pub(super) fn instead_of_command(word: &str) -> Option<&'static str> {
    let told = COMMANDS.iter().find(|(known, _)| *known == word);
    told.map(|(_, words)| *words)
}

/// ssh-keygen's letters that no command of ours has, or only others.
const OPTIONS: &[(char, &str)] = &[
    (
        'D',
        "-D is not needed: -s names a CA, and the config says which token holds its key",
    ),
    (
        'U',
        "-U is not needed: -s names a CA; for a key in an ssh-agent, `punchmark adopt NAME --key \
         agent:SHA256:...` records it once",
    ),
    ('L', "ssh-keygen -L is `punchmark show FILE`"),
    (
        'l',
        "ssh-keygen -l is `punchmark show FILE`, which prints fingerprints too",
    ),
    ('f', "name the file without -f"),
    (
        's',
        "ssh-keygen -s is `punchmark sign -s CA -I KEY_ID -n NAMES -V +8h FILE`, with the name of a CA",
    ),
    (
        'I',
        "ssh-keygen -s ... -I is `punchmark sign -s CA -I KEY_ID -n NAMES -V +8h FILE`",
    ),
    (
        'n',
        "the names of a certificate stand in `punchmark sign -n`",
    ),
    (
        'k',
        "ssh-keygen -k is `punchmark krl --ca CA --out FILE`, made from what `punchmark revoke` recorded",
    ),
    (
        'u',
        "each list is made whole from the ledger: `punchmark revoke`, then `punchmark krl --ca CA --out FILE`",
    ),
    (
        'Q',
        "ssh-keygen -Q is `punchmark krl check -f KRL FILE`, ssh-keygen -Q -l `punchmark krl show KRL`",
    ),
    (
        'N',
        "a passphrase or PIN comes from a prompt, from --pin-file or from --pin-fd, never from an argument",
    ),
    (
        'P',
        "a passphrase or PIN comes from a prompt, from --pin-file or from --pin-fd, never from an argument",
    ),
    ('C', "a certificate keeps the comment of its key"),
    (
        'Y',
        "a CA key here signs certificates alone: for files, make another key with ssh-keygen",
    ),
    (
        'i',
        "other forms of keys are turned into OpenSSH's by ssh-keygen -i",
    ),
    (
        'y',
        "the public half of a key file is printed by ssh-keygen -y",
    ),
    (
        'v',
        "punchmark says all it knows without -v; `punchmark show` explains a certificate",
    ),
];

/// Words that other programs have for what stands elsewhere here.
const COMMANDS: &[(&str, &str)] = &[
    ("version", "punchmark --version"),
    ("list", "punchmark ledger list"),
    ("certs", "punchmark ledger list"),
    ("verify", "punchmark ledger verify"),
    ("audit", "punchmark ledger verify"),
    ("inspect", "punchmark show FILE"),
    ("roles", "punchmark role list"),
    ("cas", "punchmark ca list"),
    ("config", "punchmark role lint"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_ssh_keygen_say_what_to_type_and_our_own_words_nothing() {
        for letter in ["-D", "-U", "-L", "-f", "-Q", "-k"] {
            assert!(instead_of(letter).is_some(), "{letter}");
        }
        assert_eq!(instead_of("--Dry"), None);
        assert_eq!(instead_of("-x"), None);
        assert_eq!(instead_of_command("version"), Some("punchmark --version"));
        assert_eq!(instead_of_command("sign"), None);
    }
}
