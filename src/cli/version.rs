//! `punchmark --version --verbose`: which certificates of makers this program has.

use std::ffi::OsString;

use super::base::failure::{Exit, Failure};
use super::base::terminal::product;
use crate::attestation::{Family, Purpose, Roots, YUBICO_TAKEN};
use crate::certificate::explain::utc;
use crate::ledger::BUILT_AFTER;

/// Whether the arguments ask for it. clap ends at `--version`, and would not see the rest.
pub(super) fn is_asked_for(arguments: &[OsString]) -> bool {
    let [_program, rest @ ..] = arguments else {
        return false;
    };
    let has = |word: &str| rest.iter().any(|argument| argument == word);
    rest.len() == 2 && (has("--version") || has("-V")) && has("--verbose")
}

pub(super) fn print() -> Result<Exit, Failure> {
    product(&format!("punchmark {}", env!("CARGO_PKG_VERSION")))?;
    product(&format!("a clock before {} is wrong", utc(BUILT_AFTER)))?;
    product(&format!(
        "roots of attestation of Yubico's, taken {YUBICO_TAKEN} from developers.yubico.com/PKI:"
    ))?;
    for one in Roots::of(Family::Yubico).listed() {
        let purposes = one.vouches_for.iter().map(|purpose| match purpose {
            Purpose::Piv => "PIV",
            Purpose::Fido => "FIDO",
        });
        let purposes: Vec<_> = purposes.collect();
        product(&format!(
            "  {}, for {}",
            one.pin.unwrap_or(&one.subject),
            purposes.join(" and ")
        ))?;
        product(&format!("    SHA-256 {}", one.sha256))?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_words_ask_for_it_in_either_order_and_nothing_else_does() {
        let asked = |line: &str| {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            is_asked_for(&words)
        };
        assert!(asked("punchmark --version --verbose"));
        assert!(asked("punchmark --verbose --version"));
        for line in [
            "punchmark",
            "punchmark --version",
            "punchmark sign --version --verbose",
        ] {
            assert!(!asked(line), "{line}");
        }
    }
}
