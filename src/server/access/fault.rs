//! Where a list is wrong, and how: one line that isn't understood makes all of it invalid.

use super::LINE_BYTES_MAX;

/// What makes a list invalid, by line and column, both counted from 1; columns are bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {wrong}")]
pub struct Fault {
    /// The line.
    pub line: u64,
    /// The byte of the line.
    pub column: usize,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// A fault within one line, by its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misread {
    pub(super) column: usize,
    pub(super) wrong: Wrong,
}

impl Misread {
    pub(super) fn new(column: usize, wrong: Wrong) -> Self {
        Self { column, wrong }
    }

    pub(super) fn on(self, line: u64) -> Fault {
        Fault {
            line,
            column: self.column,
            wrong: self.wrong,
        }
    }
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// Other programs would take the bytes for a part of the first word.
    #[error("the file begins with a byte order mark; save it without one")]
    ByteOrderMark,
    /// A line end of another system.
    #[error("a carriage return (CR); lines end in a line feed alone")]
    CarriageReturn,
    /// Names are ASCII, so that two of them that look alike are alike.
    #[error("byte 0x{0:02x}, which is no printable ASCII; only comments may hold other text")]
    Character(u8),
    /// A comment in another encoding, or with characters that hide text from whoever reviews it.
    #[error("a comment that is not plain UTF-8 text")]
    Comment,
    /// sshd takes all behind `#` for a comment, also within quotes.
    #[error("`#` within a word or in quotes, where sshd cuts the line; a comment follows a blank")]
    Hash,
    /// A quote that isn't closed.
    #[error("a quote that is not closed")]
    OpenQuote,
    /// More than is read.
    #[error("a line of more than {LINE_BYTES_MAX} bytes")]
    LongLine,
    /// The file was cut, or its writer isn't done.
    #[error("the last line has no newline: the file is half-written")]
    NoNewline,
    /// An empty file lets nobody in; nobody writes one on purpose.
    #[error("no line that lets in or denies; the file is empty or half-written")]
    NoLines,
    /// Columns that aren't there.
    #[error("{found} of three columns; a line is: PRINCIPAL USER HOST [OPTIONS]")]
    Columns {
        /// How many there are.
        found: usize,
    },
    /// Words behind the options.
    #[error(
        "more than four columns; a line is: PRINCIPAL USER HOST [OPTIONS], several principals joined by commas (peter,erik), options by commas and without blanks outside of quotes"
    )]
    ManyColumns,
    /// The form of an `AuthorizedPrincipalsFile`, or of a guess.
    #[error(
        "an option stands where the {column} should; a line is: PRINCIPAL USER HOST [OPTIONS], as in: peter,erik www web1 from=\"10.0.0.0/8\",restrict"
    )]
    OptionInColumn {
        /// The column.
        column: &'static str,
    },
    /// Two commas side by side, or one at an end.
    #[error("an empty name beside a comma")]
    EmptyName,
    /// A name longer than any.
    #[error("a name of more than {0} bytes")]
    LongName(usize),
    /// A character that no such name has.
    #[error("{character:?} in a {what}")]
    NameCharacter {
        /// The character.
        character: char,
        /// The kind of name.
        what: &'static str,
    },
    /// Hosts are compared byte for byte.
    #[error("a capital letter in a host; hosts are written in lower case")]
    UpperCaseHost,
    /// A tag is a word of the server's own command line.
    #[error("a wildcard in a tag")]
    TagWildcard,
    /// `!` belongs to the line.
    #[error("`!` stands once, before the whole principal column")]
    StrayDenial,
    /// `!` belongs to host sets.
    #[error("`!` in the {0}; name a host set: @hosts NAME = * !web1")]
    DenialInColumn(&'static str),
    /// A denial with options would look like a milder one.
    #[error("a denial (`!`) takes no options")]
    DenialOptions,
    /// Groups are of principals.
    #[error("`@` among users; groups are of principals, sets are of hosts")]
    GroupAmongUsers,
    /// A line that begins with the name of such a group would be a directive.
    #[error("`{0}` is the name of a directive, and can't be that of a {1}")]
    Reserved(String, &'static str),
    /// A directive in another form than its own.
    #[error("a `{directive}` line is: {form}")]
    Form {
        /// The directive.
        directive: &'static str,
        /// Its form.
        form: &'static str,
    },
    /// A directive of which there is one.
    #[error("`{directive}` stands in line {first} already")]
    Twice {
        /// The directive.
        directive: &'static str,
        /// Where it stands first.
        first: u64,
    },
    /// Two definitions of one name.
    #[error("{what} `{name}` is defined in line {first} already")]
    DefinedTwice {
        /// Group, host set or CA.
        what: &'static str,
        /// The name.
        name: String,
        /// The line of the first definition.
        first: u64,
    },
    /// One key under two names.
    #[error("the key of this CA stands in line {first} already")]
    CaKeyTwice {
        /// The line where the key stands first.
        first: u64,
    },
    /// A name that nothing defines.
    #[error("{what} `@{name}` is not defined")]
    Undefined {
        /// Group or host set.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A definition that holds itself.
    #[error("{what} `@{name}` holds itself")]
    Cycle {
        /// Group or host set.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A chain of definitions that nobody can review.
    #[error("{what} `@{name}` begins a chain of more than {max} of them")]
    Deep {
        /// Group or host set.
        what: &'static str,
        /// The name.
        name: String,
        /// The limit.
        max: usize,
    },
    /// A wildcard could match what the CA alone writes.
    #[error(
        "a wildcard in a grant, and no `@suffixes` line: nothing says which ends of names it must not match"
    )]
    WildcardWithoutSuffixes,
    /// A text that is no suffix.
    #[error(
        "`{0}` is no suffix: 2 to 32 letters, digits or `_ - . + @`, not beginning with a letter or digit"
    )]
    Suffix(String),
    /// Names would end in two suffixes.
    #[error("suffix `{longer}` ends in suffix `{shorter}`")]
    SuffixInSuffix {
        /// The one.
        longer: String,
        /// The other.
        shorter: String,
    },
    /// What names no key.
    #[error(
        "`{0}` is no fingerprint: SHA256: and 43 characters of base64, as ssh-keygen -l prints it"
    )]
    Fingerprint(String),
    /// What is no length of time.
    #[error("`{0}` is no length of time such as 2h or 7d")]
    Length(String),
    /// What is no time.
    #[error("`{0}` is no Unix time in seconds")]
    Version(String),
    /// `@stale` counts from something.
    #[error("`@stale` in a list that has neither `@version` nor `@fresh`: its age is not known")]
    StaleWithoutTime,
    /// The others wait from a time on.
    #[error("`@canary` in a list without `@version`: nothing tells until when the others wait")]
    CanaryWithoutVersion,
    /// A key that no signature could be checked by.
    #[error("`{0}` is no public key of this type")]
    SignerKey(String),
    /// `@known` names files by the name of a CA.
    #[error(
        "`@known` in a list without `@ca`: nothing names the ledger that has to know a certificate"
    )]
    KnownWithoutCa,
    /// A list for newer programs.
    #[error("the list needs punchmark {needed}, and this is {here}")]
    Needs {
        /// The version that the list names.
        needed: String,
        /// The version of this program.
        here: &'static str,
    },
    /// Options that aren't closed by a name or a value.
    #[error("an empty option beside a comma")]
    EmptyOption,
    /// sshd skips a line with such an option in silence.
    #[error("`{0}` is no option that sshd knows in a line of principals")]
    UnknownOption(String),
    /// An option of an `authorized_keys` file.
    #[error("option `{0}` belongs to authorized_keys; here the first column names the principals")]
    KeysOption(String),
    /// sshd refuses a line with two.
    #[error("option `{0}` stands twice")]
    OptionTwice(String),
    /// A value without quotes, or none.
    #[error("option `{0}` takes a value in double quotes: {0}=\"...\"")]
    Unquoted(String),
    /// A flag with a value.
    #[error("option `{0}` takes no value")]
    FlagValue(String),
    /// A value that sshd refuses.
    #[error("{value:?} is no value of `{option}`: {form}")]
    OptionValue {
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
        /// What it takes.
        form: &'static str,
    },
    /// sshd refuses the whole list by such a network.
    #[error(
        "`{0}` in `from` is no network: an address, and a length that fits it, as in 10.0.0.0/8"
    )]
    Network(String),
}
