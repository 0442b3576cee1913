//! `--manifest`: the subjects of a list, each with what is asked for it.

use std::path::PathBuf;

use super::Sign;
use super::arguments::one_for_several;
use crate::batch::manifest::Line;
use crate::batch::{Named, SerialPlan};
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::manifest::{at, lines};
use crate::config::Config;
use crate::issue::Asked;
use crate::request::{Ask, Requester};

/// The subjects of a manifest, and whether the manifest says whose a key is.
pub(super) struct Subjects {
    pub(super) lines: Vec<Line>,
    manifest: PathBuf,
}

impl Sign {
    /// Reads the manifest, if one is named, and the keys that it names.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(super) fn manifest(
        &self,
        ask: Option<&Ask>,
        serials: SerialPlan,
        config: &Config,
    ) -> Result<Option<Subjects>, Failure> {
        let (Some(manifest), Some(ask)) = (&self.manifest, ask) else {
            return Ok(None);
        };
        let lines = lines(manifest, ask, self.out_dir.as_deref(), config)?;
        let keys = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        match serials {
            SerialPlan::Single(serial) if keys > 1 => return Err(one_for_several(serial, keys)),
            _ => {}
        }
        if let Some(folder) = self.out_dir.as_deref().filter(|_| !self.dry_run) {
            std::fs::create_dir_all(folder).in_file(folder)?;
        }
        let manifest = manifest.clone();
        Ok(Some(Subjects { lines, manifest }))
    }
}

impl Subjects {
    /// Whether a line says whose its key is, for which a person's word may be wanted.
    pub(super) fn name_somebody(&self) -> bool {
        self.lines.iter().any(|line| line.requester.is_some())
    }

    /// What a run is about.
    pub(super) fn named(self) -> Vec<Named> {
        let manifest = self.manifest;
        let named = |line: Line| Named {
            name: at(&manifest, line.number).into(),
            output: Some(line.output),
            comment: line.comment,
            asked: match line.requester {
                Some(named) => Asked::Listed {
                    subject: line.key,
                    ask: Box::new(line.ask),
                    named,
                },
                None => Asked::Key {
                    subject: line.key,
                    ask: Box::new(line.ask),
                    requester: Requester::operator(),
                },
            },
        };
        self.lines.into_iter().map(named).collect()
    }
}
