//! The entry of a key that became a CA.

/// A key became a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaAdded {
    /// The name it has in the config.
    pub name: String,
    /// Its public key blob (RFC 4253, section 6.6).
    pub public_key: Vec<u8>,
    /// What it may sign.
    pub purpose: Purpose,
    /// Where its private key comes from.
    pub origin: Origin,
    /// What the token says of the key, unsigned: `local, sensitive, never extractable`.
    pub token_says: String,
    /// The first serial that may be given out, at least 1.
    pub next_serial: u64,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// What a CA may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// User certificates alone.
    User,
    /// Host certificates alone.
    Host,
    /// Both, which only somebody who must should choose.
    Both,
}

/// Where a CA's private key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Made in the token by `init`.
    Generated,
    /// Was in the token before; nobody here saw it made.
    Adopted,
    /// Was in a file once; copies may exist.
    Imported,
    /// Lies in a file or behind an agent, where software can copy it.
    Software,
    /// Was made in the token by `init`, and could leave it, wrapped, until its copy was made.
    #[serde(rename = "was-extractable")]
    Extractable,
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Host => "host",
            Self::Both => "both",
        })
    }
}

wire!(CaAdded: name, public_key, purpose, origin, token_says, next_serial, keyboard);
codes!(Purpose, "purpose", User = 1, Host = 2, Both = 3);
codes!(
    Origin,
    "origin",
    Generated = 1,
    Adopted = 2,
    Imported = 3,
    Software = 4,
    Extractable = 5
);
