//! Why a card or the daemon before it doesn't do what it is told.

/// What went wrong between us and a card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardFault {
    /// The PC/SC daemon isn't there.
    #[error("no PC/SC daemon (pcscd) answers")]
    NoDaemon,
    /// Another program has the card for itself.
    #[error("another program has the card for itself")]
    Busy,
    /// No answer came in time. Another program's transaction looks the same.
    #[error("no answer in {seconds} seconds")]
    Silent {
        /// How long it was waited.
        seconds: u64,
    },
    /// The card was pulled, reset, or its daemon ended.
    #[error("the connection is lost ({reason})")]
    Lost {
        /// The daemon's word.
        reason: String,
    },
    /// The card wants the PIN or a touch first; it doesn't say which.
    #[error("the card wants its PIN or a touch first")]
    NotAllowed,
    /// The card refused the PIN.
    #[error("wrong PIN, {tries} {} left", if *tries == 1 { "try" } else { "tries" })]
    WrongPin {
        /// How many are left.
        tries: u8,
    },
    /// A PIN that was refused in this run; the card was not shown it again.
    #[error("this PIN was refused before")]
    PinRefusedBefore,
    /// This firmware can't do it.
    #[error("this firmware cannot do it")]
    NotSupported,
    /// What was asked for isn't there.
    #[error("it is not on the card")]
    NotFound,
    /// The card said no.
    #[error("the card refuses ({reason})")]
    Refused {
        /// What it refused by.
        reason: String,
    },
    /// An object has no room for more.
    #[error("its object has no room for more")]
    Full,
    /// The answer makes no sense.
    #[error("the card's answer makes no sense")]
    Malformed,
    /// The system gave no thread to wait on.
    #[error("no thread could be started")]
    NoThread,
}

/// What went wrong with a card, or with what stands before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device}")]
pub struct CardFailed {
    /// The card, or the readers.
    pub device: String,
    /// What it answered.
    pub source: CardFault,
}

#[cfg(feature = "yubikey")]
impl CardFault {
    pub(in crate::signer) fn at(self, device: &str) -> CardFailed {
        CardFailed {
            device: device.to_owned(),
            source: self,
        }
    }

    /// Whether a new connection may make it work: the answers that were seen when a card was
    /// pulled or reset elsewhere. A pulled card's first word is an error without a name.
    pub(in crate::signer) fn may_heal(&self) -> bool {
        matches!(
            self,
            Self::Lost { .. } | Self::Refused { .. } | Self::Malformed | Self::NoDaemon
        )
    }
}

#[cfg(feature = "yubikey")]
impl From<::yubikey::Error> for CardFault {
    fn from(error: ::yubikey::Error) -> Self {
        use ::yubikey::Error as E;
        match error {
            E::PcscError { inner: Some(inner) } => inner.into(),
            E::AuthenticationError => Self::NotAllowed,
            E::PinLocked => Self::WrongPin { tries: 0 },
            E::WrongPin { tries } => Self::WrongPin { tries },
            E::NotSupported | E::AlgorithmError => Self::NotSupported,
            E::NotFound => Self::NotFound,
            E::ParseError | E::SizeError | E::InvalidObject | E::KeyError => Self::Malformed,
            other => Self::Refused {
                reason: other.to_string(),
            },
        }
    }
}

#[cfg(feature = "yubikey")]
impl From<pcsc::Error> for CardFault {
    fn from(error: pcsc::Error) -> Self {
        use pcsc::Error as E;
        match error {
            E::NoService | E::ServiceStopped => Self::NoDaemon,
            E::SharingViolation => Self::Busy,
            other => Self::Lost {
                reason: other.to_string(),
            },
        }
    }
}
