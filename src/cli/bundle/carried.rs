//! A bundle that was carried here: copied off its medium before anything of it is used, so that what is
//! read twice is the same.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::in_bundle::InBundle;
use crate::bundle::{BundleError, Header, Items, LARGEST_BUNDLE, Opened};
use crate::cli::base::failure::{At, Failure};
use crate::config::Config;
use crate::file::open;
use crate::policy::role::Permit;
use crate::request::RoleName;

/// A bundle of which all is what its registrar signed, in a file of our own that has no name.
pub(super) struct Carried {
    pub(super) header: Header,
    /// How it is called in reports.
    pub(super) name: String,
    /// The roles that are asked for.
    pub(super) roles: BTreeSet<RoleName>,
    file: File,
    length: u64,
}

impl Carried {
    /// Copies a bundle into a file of our own beside the ledger, and reads all of it once.
    pub(super) fn copy(bundle: &Path, config: &Config) -> Result<Self, Failure> {
        let file = own_copy(bundle, config)?;
        let length = file.metadata().in_file(bundle)?.len();
        let mut carried = Self {
            header: opened(&file, length).in_bundle(bundle)?.header().clone(),
            name: bundle.display().to_string(),
            roles: BTreeSet::new(),
            file,
            length,
        };
        for item in carried.items().in_bundle(bundle)? {
            let item = item.in_bundle(bundle)?;
            carried.roles.insert(item.content().role.clone());
        }
        Ok(carried)
    }

    /// Its items once more.
    pub(super) fn items(&self) -> Result<Items<BufReader<File>>, BundleError> {
        Ok(opened(&self.file, self.length)?.items())
    }
}

fn opened(file: &File, length: u64) -> Result<Opened<BufReader<File>>, BundleError> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    Opened::read(BufReader::new(file), length)
}

/// A copy without a name, of no more bytes than any bundle has.
fn own_copy(bundle: &Path, config: &Config) -> Result<File, Failure> {
    let mut from = open(bundle).in_file(bundle)?;
    let length = from.metadata().in_file(bundle)?.len();
    // Nothing is copied of what is no bundle, or of one that says another length of itself.
    opened(&from, length).in_bundle(bundle)?;
    from.seek(SeekFrom::Start(0)).in_file(bundle)?;
    let mut own = own_file(config)?;
    let copied = io::copy(&mut from.take(LARGEST_BUNDLE.saturating_add(1)), &mut own);
    if copied.in_file(bundle)? > LARGEST_BUNDLE {
        let words = format!("is longer than {LARGEST_BUNDLE} bytes, as no bundle is");
        return Err(Failure::new(words).at(bundle.display().to_string()));
    }
    Ok(own)
}

/// A file without a name, in the folder of the ledger: a system's temporary folder may be memory.
pub(super) fn own_file(config: &Config) -> Result<File, Failure> {
    let ledger = config.ledger();
    let folder = ledger
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder).in_file(folder)
}

/// The CA of these roles.
pub(super) fn only_ca<'r>(
    roles: impl IntoIterator<Item = &'r RoleName>,
    config: &Config,
) -> Result<String, Failure> {
    let mut names = BTreeSet::new();
    for role in roles {
        match config.role(role)?.ca() {
            Permit::Only(ca) => names.insert(ca.to_owned()),
            _ => return Err(Failure::usage(format!("role `{role}` names no CA"))),
        };
    }
    let all: Vec<_> = names.into_iter().collect();
    match all.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Failure::usage("nothing is asked for")),
        several => {
            let several = several.join(", ");
            let words = format!("the roles that are asked for are of several CAs: {several}");
            Err(Failure::usage(words).hint("make a bundle for each CA"))
        }
    }
}
