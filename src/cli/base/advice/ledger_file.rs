//! What to do about a ledger's file that is not taken, and about heads that are kept of it.

use crate::cli::base::failure::Advised;
use crate::cli::base::words;
use crate::ledger::file::OpenError;
use crate::ledger::heads::{HeadsError, Ignored};

impl Advised for OpenError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(_) => {
                "put it back from a backup: without it, serials would be given out twice".to_owned()
            }
            Self::Mirror(_) => {
                "run this where the ledger is; a mirror takes what `punchmark bundle accept` brings"
                    .to_owned()
            }
            Self::NoMirror(_) => "make a mirror of a copy: punchmark mirror init".to_owned(),
            Self::OlderFormat(_) => "make a file of it once: punchmark ledger migrate".to_owned(),
            Self::NewerFormat { .. } => "use the version of punchmark that wrote it".to_owned(),
            Self::Locked { .. } => "wait for the other run to end, then try again".to_owned(),
            Self::ForeignOwner { owner, .. } | Self::ForeignFolder { owner, .. } => {
                format!("run this as {owner}: sudo -u {owner} punchmark …")
            }
            Self::Writable { path, .. } => format!("chmod go-w {}", words::path(path)),
            Self::HardLinks { .. } => {
                "remove the other names; or say `ledger-allow = [\"hard links\"]` in the config"
                    .to_owned()
            }
            Self::FileSystem { name, .. } => format!(
                "put the ledger on a local disk; or say `ledger-allow = [\"{name}\"]` in the config"
            ),
            Self::HeadsBeside(_) => {
                "name a folder elsewhere as `kept-heads-only` in the config, or leave that out"
                    .to_owned()
            }
            Self::HeadsBelow(_) => HEADS_BELOW.to_owned(),
            Self::Damaged { .. } => DAMAGED.to_owned(),
            Self::Heads(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            _ => return None,
        })
    }
}

impl Advised for HeadsError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { ignored, .. } if !ignored.is_empty() => passed_over(ignored),
            Self::Missing { .. } => {
                "if this is the newest copy: punchmark ledger head adopt".to_owned()
            }
            Self::Older { .. } | Self::Forked { .. } => {
                "put the newest copy back; if it is lost: punchmark ledger resume".to_owned()
            }
            Self::Broken { .. } => DAMAGED.to_owned(),
            Self::Unreadable(path) | Self::Old { path, .. } => format!(
                "keep {} as it is and put it back from a backup; or move it away, and punchmark \
                 ledger head adopt",
                words::path(path)
            ),
            Self::Unusable { path, .. } => {
                format!("see that you may write to {}", words::path(path))
            }
            Self::NoPlace { .. } => {
                "name a folder in the config: kept-heads = [\"/path\"]".to_owned()
            }
        })
    }
}

/// Heads that are there are mended before anybody is asked to do without.
fn passed_over(ignored: &[Ignored]) -> String {
    let each: Vec<String> = ignored.iter().map(ToString::to_string).collect();
    let each = each.join("; ").replace('\n', "\\n");
    format!("a kept head was passed over: {each}; see that nobody else wrote to it, then try again")
}

const HEADS_BELOW: &str = "name a folder elsewhere as `kept-heads` in the config; or, for a trial or a medium \
    of its own, say `ledger-allow = [\"heads below\"]`";
const DAMAGED: &str =
    "keep this file as it is, put the newest copy back, then: punchmark ledger resume";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_head_that_is_passed_over_is_named_with_what_mends_it() {
        let ignored = |owner| Ignored {
            path: "/heads/ab.head".into(),
            owner,
            wanted: 1000,
        };
        for (owner, mends) in [
            (1000, "chmod go-w /heads/ab.head"),
            (0, "chown 1000 /heads/ab.head"),
        ] {
            let error = HeadsError::Missing {
                origin: "x".to_owned(),
                ignored: vec![ignored(owner)],
            };
            let hint = error.hint().unwrap_or_default();
            assert!(hint.contains(mends), "{hint}");
            assert!(!hint.contains("adopt"), "{hint}");
        }
    }
}
