//! From the certificates that are meant to what is asked for each, and where it goes.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::batch::{BatchError, Candidate, Order, Search, Selection, Standing};
use crate::certificate::certificate_line;
use crate::certificate::key_line::read_certificate_line;
use crate::cli::base::failure::Failure;
use crate::config::{self, Config, SubjectFileError, read_limited};
use crate::issue::{Anew, Asked, Case, Lasting};
use crate::ledger::{Ledger, Record, SerialChoice};
use crate::wire::RawCertificate;

/// What the orders are made by.
pub(super) struct Wanting<'a> {
    pub(super) config: &'a Config,
    pub(super) ledger: &'a Ledger,
    pub(super) lasting: &'a Lasting,
    /// Whether a run that broke off may have made some of them.
    pub(super) resume: bool,
    pub(super) folder: Option<&'a Path>,
}

/// What is to be made anew.
#[derive(Default)]
pub(super) struct Ordered {
    pub(super) orders: Vec<Order>,
    /// The certificate that each follows, by the file of the new one.
    pub(super) before: HashMap<PathBuf, RawCertificate>,
    /// How many are valid for long enough still.
    pub(super) not_due: u64,
    cas: BTreeSet<String>,
}

impl Wanting<'_> {
    /// Those that the ledger has, in the order of their names.
    pub(super) fn out_of_ledger(&self, selection: &Selection) -> Result<Ordered, Failure> {
        let suffixes = self.config.policy().suffixes();
        let search = Search::new(self.ledger, suffixes, config::now())?;
        let mut ordered = Ordered::default();
        let mut found = selection.find(&search)?;
        found.sort_by(|one, other| one.file_name.cmp(&other.file_name));
        // Without a folder nothing is written: it is a dry run.
        let folder = self.folder.unwrap_or(Path::new(""));
        for candidate in found {
            let output = folder.join(&candidate.file_name);
            self.order(candidate, output, String::new(), &mut ordered);
        }
        Ok(ordered)
    }

    /// Those that these files hold, each in its place.
    pub(super) fn of_files(
        &self,
        selection: &Selection,
        files: &[PathBuf],
    ) -> Result<Ordered, Failure> {
        let suffixes = self.config.policy().suffixes();
        let search = Search::new(self.ledger, suffixes, config::now())?;
        let mut ordered = Ordered::default();
        for file in files {
            let (there, comment) = match read(file) {
                Ok(read) => read,
                Err(error) => {
                    ordered.refuse(file, error);
                    continue;
                }
            };
            match selection.newest_like(&there, &search)? {
                None => ordered.refuse(file, BatchError::NotInLedger),
                Some(candidate) => self.order(candidate, file.clone(), comment, &mut ordered),
            }
        }
        Ok(ordered)
    }

    fn order(&self, candidate: Candidate, output: PathBuf, comment: String, ordered: &mut Ordered) {
        let Candidate {
            record, content, ..
        } = candidate;
        let mut made_before = None;
        let case = match candidate.standing {
            Standing::Revoked(_) => Err(BatchError::WasRevoked(record.reserved.serial)),
            // Whether a run before made it, or it is not due, its request tells.
            Standing::NotDue if self.resume && !is_there(&output, &content, &comment) => {
                made_before = Some(content.clone());
                self.case(&record)
            }
            Standing::NotDue => {
                ordered.not_due += 1;
                return;
            }
            Standing::Due => self.case(&record),
        };
        ordered.cas.insert(record.ca);
        ordered.before.insert(output.clone(), content);
        ordered.orders.push(Order {
            case,
            output,
            comment,
            made_before,
        });
    }

    fn case(&self, record: &Record) -> Result<Case, BatchError> {
        let policy = self.config.policy();
        let anew = Anew::of(record, self.ledger, policy, self.lasting, config::now())?;
        Ok(Case {
            asked: Asked::Anew(Box::new(anew)),
            serial: SerialChoice::Next,
            witnessed: None,
        })
    }
}

impl Ordered {
    fn refuse(&mut self, file: &Path, error: BatchError) {
        self.orders.push(Order {
            case: Err(error),
            output: file.to_owned(),
            comment: String::new(),
            made_before: None,
        });
    }

    /// How many are to be signed, as far as that can be known before they are looked at.
    pub(super) fn due(&self) -> usize {
        let orders = self.orders.iter();
        orders
            .filter(|order| order.made_before.is_none() && order.case.is_ok())
            .count()
    }

    /// The one CA of all of them; none where nothing is to be done.
    pub(super) fn ca(&self) -> Result<Option<String>, Failure> {
        let mut cas = self.cas.iter();
        match (cas.next(), cas.next()) {
            (only, None) => Ok(only.cloned()),
            _ => {
                let names: Vec<_> = self.cas.iter().map(String::as_str).collect();
                let words = format!("they are of several CAs: {}", names.join(", "));
                Err(Failure::usage(words).hint("a run is for one: name it with -s, or its files"))
            }
        }
    }
}

/// Whether a file holds exactly this certificate.
fn is_there(file: &Path, certificate: &RawCertificate, comment: &str) -> bool {
    let line = format!("{}\n", certificate_line(certificate, comment));
    read_limited(file, LARGEST).is_ok_and(|there| there == line)
}

fn read(file: &Path) -> Result<(RawCertificate, String), BatchError> {
    let text = read_limited(file, LARGEST).map_err(SubjectFileError::File)?;
    Ok(read_certificate_line(&text).map_err(SubjectFileError::Line)?)
}

/// The line of the largest certificate, 64 KiB, with room for its comment.
const LARGEST: u64 = 256 * 1024;
