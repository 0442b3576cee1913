//! The card to hang up: each public key of a ceremony, with what people compare, and as a QR code.

use ssh_key::PublicKey;

use super::facts::LEDGER_KEY;
use super::plan::Plan;
use super::script::{REHEARSAL_STYLE, banner, on_each_page};
use super::transcript::Transcript;
use crate::certificate::subject::fingerprint;
use crate::output::page::Page;
use crate::wire::{QrCode, QrError, words};

/// The card, as one HTML file with a sheet for each key; whatever of them the transcript has.
///
/// # Errors
/// [`QrError`], for a key that has no room in a code.
pub(super) fn key_card(plan: &Plan, transcript: &Transcript) -> Result<String, QrError> {
    let rehearsal = banner(plan);
    let marked = rehearsal.as_ref().map(|_| REHEARSAL_STYLE);
    let style = format!("{STYLE}{}", marked.unwrap_or_default());
    let mut page = Page::new(&plan.purpose, &on_each_page(plan), &style);
    if let Some(words) = &rehearsal {
        page.paragraph("rehearsal", words);
    }
    let cas = plan.cas().iter().map(|ca| {
        let title = format!("CA `{}`, for {}s", ca.name, ca.certificates);
        (title, format!("public key {}", ca.name))
    });
    let ledger = ("Ledger key".to_owned(), LEDGER_KEY.to_owned());
    for (title, fact) in cas.chain([ledger]) {
        if let Some(line) = transcript.fact(&fact) {
            sheet(&mut page, plan, (&title, line))?;
        }
    }
    Ok(page.end())
}

fn sheet(page: &mut Page, plan: &Plan, (title, line): (&str, &str)) -> Result<(), QrError> {
    let code = QrCode::of_text(line)?;
    let mut rows = vec![("Public key".to_owned(), line.to_owned())];
    if let Ok(key) = line.parse::<PublicKey>() {
        rows.push(("Fingerprint".to_owned(), fingerprint(key.key_data())));
        let hash = key.fingerprint(ssh_key::HashAlg::Sha256).sha256();
        rows.extend(hash.map(|hash| ("Its words".to_owned(), words(&hash))));
    }
    rows.push(("Of the ceremony".to_owned(), plan.purpose.clone()));
    rows.push(("Made in".to_owned(), plan.place.clone()));
    rows.push(("Plan, words".to_owned(), plan.words()));
    page.sheet(|page| {
        page.heading(title);
        page.code(&code);
        page.named(rows);
    });
    Ok(())
}

/// The first key stands below the title. In what is compared by eye no two characters look alike.
const STYLE: &str = "\
section:first-of-type { break-before: auto; }
.named td { font-family: monospace; }
";
/// The name of the card in the folder of its ceremony.
pub(super) const KEY_CARD_FILE: &str = "key-card.html";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::tests::filled;
    use crate::ceremony::verdict::tests::events;

    #[test]
    fn each_key_has_a_sheet_with_code_fingerprint_and_words() {
        let plan = Plan::parse(filled(2).as_bytes()).unwrap();
        let mut transcript = Transcript::default();
        for event in events(&plan) {
            transcript.push(plan.window.0.seconds(), event).unwrap();
        }
        let card = key_card(&plan, &transcript).unwrap();
        for part in ["<svg ", "SHA256:", "Its words"] {
            assert_eq!(card.matches(part).count(), 2, "{part}: {card}");
        }
        assert!(card.contains("CA <code>users</code>, for users"), "{card}");
        assert!(!card.contains("http"), "{card}");
    }
}
