//! One line a request, with an id and without a secret.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// Where lines go. The room itself prints nothing.
pub type Log = Arc<dyn Fn(&Line) + Send + Sync>;

/// What is told of a request, or of the server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// A request was answered.
    Request(Answered),
    /// Something about the server itself, in words.
    Note(String),
}

/// A request that was answered. Its path is told as the route that it took: a login's id stands in
/// no line.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answered {
    /// The id that the answer bears too.
    pub id: String,
    /// The trace that it is part of, by the word of whoever sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The address that it came from.
    pub peer: String,
    /// Its method.
    pub method: String,
    /// The route that it took.
    pub route: String,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub milliseconds: u64,
    /// Whose session it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// What came of it, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answered = match self {
            Self::Note(words) => return f.write_str(words),
            Self::Request(answered) => answered,
        };
        let Answered {
            id,
            trace,
            peer,
            method,
            route,
            status,
            milliseconds,
            requester,
            note,
        } = answered;
        write!(f, "{id} {peer} {method} {route} {status} {milliseconds} ms")?;
        if let Some(requester) = requester {
            write!(f, " {requester}")?;
        }
        if let Some(trace) = trace {
            write!(f, " trace {trace}")?;
        }
        match note {
            Some(note) => write!(f, ": {note}"),
            None => Ok(()),
        }
    }
}
