//! What a fleet should be: the files that say which servers there are and whom they trust.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::certificate::key_line::read_public_key_line;
use crate::certificate::subject::fingerprint;
use crate::cli::base::arguments;
use crate::cli::base::failure::{At, Failure};
use crate::config::read_limited;

/// The fingerprints of the CAs that a trust file names.
pub(super) fn trusted(file: &Path) -> Result<BTreeSet<String>, Failure> {
    let text = read_limited(file, BYTES_MAX).in_file(file)?;
    let found = if file.extension().is_some_and(|ending| ending == "toml") {
        by_toml(&text)
    } else {
        by_lines(&text)
    };
    let found = found.map_err(|words| Failure::new(words).at(file.display().to_string()))?;
    if found.is_empty() {
        let words = format!("{} names no CA", file.display());
        return Err(Failure::new(words));
    }
    Ok(found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    #[serde(rename = "user-cas")]
    user_cas: BTreeMap<String, String>,
}

fn by_toml(text: &str) -> Result<BTreeSet<String>, String> {
    let trust: Trust = toml::from_str(text).map_err(|error| error.to_string())?;
    let prints = trust.user_cas.into_values().map(|text| {
        let checked = arguments::fingerprint(&text);
        checked.map(|_| text)
    });
    prints.collect()
}

fn by_lines(text: &str) -> Result<BTreeSet<String>, String> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(|(number, line)| match read_public_key_line(line) {
        Ok((key, _comment)) => Ok(fingerprint(&key)),
        Err(error) => Err(format!("line {number}: {error}")),
    });
    keys.collect()
}

/// No such file is this long.
const BYTES_MAX: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_read_strictly_in_both_forms() {
        let print = "SHA256:NPx8TVIv9UmHArW1fAnLCGnCHbgNRO9Pi0mtGphn1eQ";
        let toml = format!("[user-cas]\nusers = \"{print}\"\n");
        assert_eq!(by_toml(&toml).unwrap(), [print.to_owned()].into());
        for (from, to, words) in [
            ("user-cas", "cas", "unknown field `cas`"),
            ("SHA256:", "MD5:", "a fingerprint begins with SHA256:"),
        ] {
            let refused = by_toml(&toml.replace(from, to)).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZB65FADtqASJR/RlcY6KnSXUlIvwuHdJfX3q7cVTxs";
        assert_eq!(by_lines(&format!("# c\n{key} users\n")).unwrap().len(), 1);
        assert!(
            by_lines(&format!("{key}\nnonsense\n"))
                .unwrap_err()
                .starts_with("line 2")
        );
    }
}
