//! Chromium without a window: what a page looks like, and what a printer makes of it.

use std::path::Path;

use super::process::{bounded, run};
use super::scratch;

/// A picture of a page, as PNG.
pub(crate) fn screenshot(page: &Path, picture: &Path) {
    let picture = format!("--screenshot={}", picture.display());
    browse(page, &["--window-size=1000,1400", &picture]);
}

/// The pages that a printer makes of a page on paper of this size, as text, each with the texts of its
/// cells in their order and a blank between all words.
pub(crate) fn printed(page: &Path, size: &str) -> Vec<String> {
    let folder = scratch();
    let sized = folder.path().join("page.html");
    let html = std::fs::read_to_string(page).unwrap();
    let style = format!("<style>\n@page {{ size: {size}; }}\n");
    assert!(html.contains("<style>\n"), "{html}");
    std::fs::write(&sized, html.replacen("<style>\n", &style, 1)).unwrap();
    let pdf = folder.path().join("page.pdf");
    let to = format!("--print-to-pdf={}", pdf.display());
    browse(&sized, &["--no-pdf-header-footer", &to]);
    let text = run(bounded("pdftotext").arg("-raw").arg(&pdf).arg("-")).ok();
    let pages = text.stdout.split('\u{c}').map(|page| {
        let words: Vec<_> = page.split_whitespace().collect();
        words.join(" ")
    });
    let mut pages: Vec<_> = pages.collect();
    // Each page ends with a form feed.
    assert_eq!(pages.pop().as_deref(), Some(""));
    pages
}

/// What zbarimg reads in a picture.
pub(crate) fn codes(picture: &Path) -> Vec<String> {
    let read = run(bounded("zbarimg").args(["--quiet", "--raw"]).arg(picture));
    read.stdout.lines().map(str::to_owned).collect()
}

fn browse(page: &Path, arguments: &[&str]) {
    let profile = scratch();
    let mut chromium = bounded("chromium");
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
    ]);
    chromium.args(["--disable-dev-shm-usage", "--no-first-run"]);
    chromium.arg(format!("--user-data-dir={}", profile.path().display()));
    chromium.args(arguments);
    run(chromium.arg(format!("file://{}", page.display()))).ok();
}
