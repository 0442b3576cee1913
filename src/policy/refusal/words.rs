//! How values and limits are told in a refusal.

use crate::certificate::length;

pub(super) fn list(allowed: &[String]) -> String {
    match allowed {
        [] => "nothing".to_owned(),
        allowed => allowed.join(", "),
    }
}

pub(super) fn ways(allowed: Option<&[String]>) -> String {
    match allowed {
        Some(allowed) => format!("its methods are {}", list(allowed)),
        None => "it names no `login`, so that enrolled keys alone do".to_owned(),
    }
}

pub(super) fn ago(seconds: Option<u64>) -> String {
    match seconds {
        Some(seconds) => format!("{} ago", length(seconds)),
        None => "at a time that nobody says".to_owned(),
    }
}

pub(super) fn value_of(value: &Option<String>) -> String {
    match value.as_deref() {
        None => "none".to_owned(),
        Some("") => "the flag".to_owned(),
        Some(value) => format!("{value:?}"),
    }
}

pub(super) fn ends(asked: Option<u64>) -> String {
    match asked {
        None => "never".to_owned(),
        Some(seconds) => format!("in {}", length(seconds)),
    }
}
