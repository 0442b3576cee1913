//! What a new plan says of bundles that are to be signed.

use super::super::PlannedBundle;
use super::super::reader::TO_FILL_IN;
use super::named;
use crate::wire::{hex, words};

/// `[medium]` and a `[[bundle]]` for each bundle, in their order.
pub(super) fn tables(bundles: &[PlannedBundle]) -> String {
    let bundle = |bundle: &PlannedBundle| {
        format!("\n{BUNDLE}")
            .replace("@file", &bundle.file)
            .replace("@bytes", &bundle.bytes.to_string())
            .replace("@sha256", &hex(&bundle.sha256))
            .replace("@id", &hex(&bundle.id))
            .replace("@items", &bundle.items.to_string())
            .replace("@words", &words(&bundle.header))
    };
    let mut tables: String = bundles.iter().map(bundle).collect();
    if bundles.is_empty() {
        tables = format!("\n{BUNDLE}")
            .replace("@bytes", "0")
            .replace("@items", "1");
        for open in ["@file", "@sha256", "@id", "@words"] {
            tables = tables.replace(open, TO_FILL_IN);
        }
    }
    named(&format!("\n{MEDIUM}"), "root") + &tables
}

/// What the bundles come in on.
const MEDIUM: &str = "\
[medium] # on it are the bundles and nothing else; whatever else is there stops the ceremony
label  = \"@\" # what is written on it
folder = \"/media/stick\" # where it is mounted, to be read only
";
/// A bundle.
const BUNDLE: &str = "\
[[bundle]] # in the order in which they were made; id, items and words are what `punchmark bundle show` says, bytes and sha256 those of the file
file   = \"@file\"
bytes  = @bytes # its size, which is looked at before anything of it is read
sha256 = \"@sha256\"
id     = \"@id\"
items  = @items
words  = \"@words\"
";
