//! `punchmark access sign`: a further signature over a list that was published.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::list::{parse, read};
use super::signed::{Key, PUBLISHED_MODE, SIGNATURE_ENDING, beside, read_signatures};
use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::words::number_of;
use crate::output;
use crate::server::publication::Signatures;

/// Add a signature to a list that was published, over the same bytes
///
/// FILE.sig holds a signature of each key, one behind the other. Servers take a list by the signatures of
/// as many different persons as they want.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sign {
    /// The list that was published
    #[arg(value_name = "FILE")]
    list: PathBuf,

    #[command(flatten)]
    key: Key,

    /// Say who has signed and whose signature would come to it; use no key, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Sign {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let bytes = read(&self.list)?;
        if parse(&self.list, &bytes)?.header().version().is_none() {
            return Err(
                Failure::new("the list was never published: it has no `@version`")
                    .at(self.list.display().to_string())
                    .hint("publish it with `punchmark access publish`, and sign what that writes"),
            );
        }
        let mut signatures = read_signatures(&self.list)?;
        if !signatures.any_of(&bytes) {
            return Err(Failure::new("no signature beside it is of this list")
                .at(self.list.display().to_string())
                .hint("get list and .sig again from where they were published"));
        }
        if self.dry_run {
            return self.foresee(context, &signatures, &bytes);
        }
        signatures.add(self.key.sign_list(&bytes)?);
        let count = signatures.keys(&bytes).len();
        let text = signatures
            .to_armour()
            .at("the signature cannot be encoded")?;
        let path = beside(&self.list, SIGNATURE_ENDING);
        output::write(&path, text.as_bytes(), PUBLISHED_MODE)?;
        let path = path.display().to_string();
        context.tell(
            &format!(
                "{path} holds the {} of {}",
                if count == 1 {
                    "signature"
                } else {
                    "signatures"
                },
                number_of(count, "key")
            ),
            json!({ "signatures": path, "keys": count }),
        )?;
        Ok(Exit::Done)
    }

    /// Says whose signatures are there, and what the key would add.
    fn foresee(
        &self,
        context: &Context,
        signatures: &Signatures,
        list: &[u8],
    ) -> Result<Exit, Failure> {
        let key = fingerprint(&self.key.public()?);
        let there: Vec<_> = signatures.keys(list).into_iter().map(fingerprint).collect();
        let path = beside(&self.list, SIGNATURE_ENDING).display().to_string();
        let has = format!("{path} has the signature of {}", there.join(", "));
        let words = if there.contains(&key) {
            format!("{has}; that of {key} would be made anew")
        } else {
            format!("{has}; that of {key} would come to it")
        };
        context.tell_plan(
            &words,
            json!({ "signatures": path, "signed": there, "key": key }),
        )?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark access sign --key ~/.ssh/id_ed25519_sk.pub /srv/access/access.list --dry-run
  punchmark access sign --key ~/.ssh/id_ed25519_sk.pub /srv/access/access.list";
