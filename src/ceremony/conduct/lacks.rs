//! What a ceremony made, looked at when it has ended: a run behind the end finds what was lost since.

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

use super::outputs::OUTPUT_MODE;
use super::{Conduct, ConductError};
use crate::ceremony::files::file_sha256;
use crate::ceremony::public_files::public_files;
use crate::ceremony::transcript::Event;
use crate::output;
use crate::wire::hex;

impl Conduct<'_> {
    /// Tells each file that is not there as the transcript has it. What plan and keys alone make is written again
    /// where it is lost; nothing is written over.
    pub(super) fn lacks(&mut self) -> Result<Vec<String>, ConductError> {
        let again = public_files(self.plan, self.transcript());
        // Where they can't be made they were not made either.
        let again: BTreeMap<_, _> = again.unwrap_or_default().into_iter().collect();
        let mut lacks = Vec::new();
        for (name, wanted) in self.files_written() {
            let path = self.folder.join(&name);
            match file_sha256(&path).map(|found| hex(&found)) {
                Ok(found) if found == wanted => {}
                Ok(found) => lacks.push(format!(
                    "{name} has the SHA-256 {found}, and the transcript has {wanted}"
                )),
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    lacks.push(format!("{name}: {error}"));
                }
                Err(_missing) => match again.get(&name).filter(|text| is_it(text, &wanted)) {
                    Some(text) => {
                        output::create(&path, text.as_bytes(), OUTPUT_MODE)?;
                        self.room
                            .show(&format!("{name} was not there, and is written again."));
                    }
                    None => lacks.push(format!("{name} is not there, of SHA-256 {wanted}")),
                },
            }
        }
        Ok(lacks)
    }

    /// The files by their names, each as it was written last.
    fn files_written(&self) -> BTreeMap<String, String> {
        let files = self.transcript().events().filter_map(|event| match event {
            Event::File { name, sha256, .. } => Some((name.clone(), sha256.clone())),
            _ => None,
        });
        files.collect()
    }
}

fn is_it(text: &str, wanted: &str) -> bool {
    hex(&Sha256::digest(text.as_bytes())) == wanted
}
