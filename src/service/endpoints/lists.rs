//! The lists that servers fetch, and the head that was signed last: files, as whoever made them left them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::response::Response;

use super::{Outcome, kept};
use crate::config::ServeLists;
use crate::file::read_bytes;
use crate::krl::KRL_BYTES_MAX;
use crate::server::access::{KNOWN_BYTES_MAX, file_name};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::problem::{ProblemKind, Refused};

/// A list of a CA, or what lies beside it.
pub(in crate::service) fn list(
    service: &Service,
    (ca, list): (&str, &str),
    asked: &Asked,
) -> Outcome {
    Outcome::of(service.ca(ca).and_then(|ca| {
        let lists = lists(service)?;
        let (path, media) = path(lists, &ca.name, list)
            .ok_or_else(|| Refused::new(ProblemKind::NotFound, "a CA has no such list"))?;
        told(&path, media, asked)
    }))
}

/// The newest head of the ledger that was signed.
pub(in crate::service) fn checkpoint(service: &Service, asked: &Asked) -> Outcome {
    Outcome::of(lists(service).and_then(|lists| told(&lists.checkpoint(), TEXT, asked)))
}

fn lists(service: &Service) -> Result<&ServeLists, Refused> {
    let lists = service.serve.lists.as_ref();
    lists.ok_or_else(|| Refused::new(ProblemKind::NotFound, "this server hands out no lists"))
}

/// Where a list of this name lies, and what kind of text it is. The KRL is one, of all CAs: each of them has it.
fn path(lists: &ServeLists, ca: &str, list: &str) -> Option<(PathBuf, &'static str)> {
    let (name, beside) = list
        .split_once('.')
        .map_or((list, None), |(name, beside)| (name, Some(beside)));
    let mut path = match name {
        "krl" => lists.krl(),
        "known" => lists.folder.join(file_name(ca)),
        _ => return None,
    };
    match beside {
        None => return Some((path, BYTES)),
        Some("sig") => path.as_mut_os_string().push(".sig"),
        Some("keys") => path.as_mut_os_string().push(".keys"),
        Some(_) => return None,
    }
    Some((path, TEXT))
}

fn told(path: &Path, media: &'static str, asked: &Asked) -> Result<Response, Refused> {
    match read_bytes(path, KRL_BYTES_MAX.max(KNOWN_BYTES_MAX)) {
        Ok(bytes) => kept(asked, bytes, media, ASKED_EACH_TIME),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Refused::new(ProblemKind::NotFound, NOT_MADE))
        }
        Err(error) => Err(Refused::fault_of(format!("{}: {error}", path.display()))),
    }
}

const BYTES: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";
/// A cache that kept a list longer than its signature would give out what doesn't fit.
const ASKED_EACH_TIME: &str = "public, no-cache";
const NOT_MADE: &str = "it was not made yet: ask whoever runs this server";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_file_and_nothing_else_is_one() {
        let lists = ServeLists {
            folder: "/lists".into(),
            every: None,
        };
        for (name, file) in [
            ("krl", "/lists/revoked.krl"),
            ("krl.sig", "/lists/revoked.krl.sig"),
            ("krl.keys", "/lists/revoked.krl.keys"),
            ("known", "/lists/users.known"),
            ("known.sig", "/lists/users.known.sig"),
        ] {
            let (path, _media) = path(&lists, "users", name).unwrap();
            assert_eq!(path, Path::new(file));
        }
        for name in [
            "",
            "krl.state",
            "krl.",
            "known.mark",
            "KRL",
            "checkpoint",
            "..",
        ] {
            assert_eq!(path(&lists, "users", name), None, "{name}");
        }
    }
}
