//! Why an agent doesn't do what it is asked.

/// What went wrong between us and an ssh-agent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentFault {
    /// Neither the locator nor the environment names a socket.
    #[error("the locator names no socket, and $SSH_AUTH_SOCK is not set")]
    NoSocket,
    /// The socket gives no connection, or lost it.
    #[error("socket {socket}")]
    Connection {
        /// The path of the socket.
        socket: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// No answer came in time.
    #[error("no answer in {seconds} seconds")]
    Silent {
        /// How long it was waited.
        seconds: u64,
    },
    /// An answer without end.
    #[error("an answer of {length} bytes, where {ANSWER_MAX} are the most")]
    TooLong {
        /// What the agent announced.
        length: u32,
    },
    /// The agent said no: it is locked, or somebody didn't confirm.
    #[error("the agent refuses")]
    Refused,
    /// The answer makes no sense.
    #[error("the agent's answer makes no sense")]
    Malformed,
    /// Another algorithm than the one that was asked for, such as SHA-1.
    #[error("the agent signed with {given}, not with {wanted}")]
    OtherAlgorithm {
        /// What was asked for.
        wanted: String,
        /// What came.
        given: String,
    },
    /// A key that no CA can have.
    #[error("a CA's key is RSA, ECDSA or Ed25519, and in no security key")]
    KeyType,
}

/// The longest message that OpenSSH's agent makes or takes, in bytes (`AGENT_MAX_LEN`).
pub(in crate::signer) const ANSWER_MAX: u32 = 256 * 1024;
