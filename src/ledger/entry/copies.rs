//! The entry about one thing by which a CA's key can be used or had: a device that holds it, or what
//! it travelled in.

/// What became of one copy of a CA's private key, or of what a copy can be made from.
///
/// The newest entry of a device counts. A copy that was never made by this program stands in none
/// until it is destroyed or missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySeen {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// What it is.
    pub kind: CopyKind,
    /// What became of it.
    pub became: Became,
    /// Where it is, by its locator; of a blob, the path of its file.
    pub device: String,
    /// The device for a person, with label and serial as it shows them itself: `YubiKey 12345679`.
    pub holder: String,
    /// Why, or what a person typed.
    pub word: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// What holds a CA's private key, or what leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyKind {
    /// The key in the device that the CA began with.
    Original,
    /// The key, brought into one more device out of a file.
    Imported,
    /// The key, wrapped in one token and unwrapped in another.
    Wrapped,
    /// A key in the second token that the CA's key is wrapped by.
    WrappingKey,
    /// The CA's key, wrapped, on its way.
    Blob,
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// It is there.
    Made,
    /// It was destroyed, and read back as gone.
    Destroyed,
    /// Nobody knows where it is: whoever finds it has the key.
    Missing,
}

impl Became {
    /// Whether an entry may say this of a copy of which the last one says `before`; none where
    /// no entry tells of it. In words why not.
    pub(in crate::ledger) fn follows(self, before: Option<Self>) -> Result<(), &'static str> {
        match (before, self) {
            (Some(Self::Made), Self::Made) => Err("it is there already"),
            (Some(Self::Destroyed), Self::Destroyed) => Err("it was destroyed before"),
            (Some(Self::Destroyed), Self::Missing) => {
                Err("it was destroyed, and cannot be missing")
            }
            (Some(Self::Missing), Self::Missing) => Err("it is missing already"),
            _ => Ok(()),
        }
    }
}

impl CopySeen {
    /// Whether it says what nobody could mean.
    pub(in crate::ledger) fn is_malformed(&self) -> bool {
        self.device.is_empty() || (self.became == Became::Missing && self.word.is_empty())
    }
}

impl std::fmt::Display for CopyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Original => "original",
            Self::Imported => "imported",
            Self::Wrapped => "wrapped from the first token",
            Self::WrappingKey => "wrapping key",
            Self::Blob => "wrapped key",
        })
    }
}

wire!(CopySeen: ca, kind, became, device, holder, word, keyboard);
codes!(
    CopyKind,
    "kind of copy",
    Original = 1,
    Imported = 2,
    Wrapped = 3,
    WrappingKey = 4,
    Blob = 5
);
codes!(
    Became,
    "fate of a copy",
    Made = 1,
    Destroyed = 2,
    Missing = 3
);
