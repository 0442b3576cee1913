//! One more private root among those that a config trusts.

use serde::Deserialize;
use toml::Spanned;

use super::{EditError, quoted};
use crate::config::Config;

/// The text of `config` with one more file among the private roots of attestation.
///
/// # Errors
/// [`EditError::Attestation`] where the table is written in an unusual form.
pub fn with_private_root(config: &Config, file: &str) -> Result<String, EditError> {
    let mut text = config.text.clone();
    let places: RootPlaces = toml::from_str(&text).map_err(|_form| EditError::Attestation)?;
    let known = places.attestation.and_then(|table| table.private_roots);
    let header = text.lines().find(|line| {
        let words = line.split('#').next().unwrap_or_default();
        words.trim() == "[attestation]"
    });
    if let Some(known) = known {
        let files = known.get_ref().iter().map(String::as_str).chain([file]);
        let files: Vec<_> = files.map(quoted).collect();
        text.replace_range(known.span(), &format!("[{}]", files.join(", ")));
    } else if let Some(header) = header.map(str::to_owned) {
        let line = format!("{header}\nprivate-roots = [{}]", quoted(file));
        text = text.replacen(&header, &line, 1);
    } else {
        text.push_str(&format!(
            "\n[attestation]\nprivate-roots = [{}]\n",
            quoted(file)
        ));
    }
    let edited = Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    if !edited.file.attestation.has_private(file) {
        return Err(EditError::Attestation);
    }
    Ok(text)
}

/// Whether a text has a table of attestation.
pub(super) fn has_attestation(text: &str) -> bool {
    let places = toml::from_str::<RootPlaces>(text);
    places.is_ok_and(|places| places.attestation.is_some())
}

/// Where the private roots stand in the text.
#[derive(Deserialize)]
struct RootPlaces {
    attestation: Option<AttestationPlaces>,
}

#[derive(Deserialize)]
struct AttestationPlaces {
    #[serde(rename = "private-roots")]
    private_roots: Option<Spanned<Vec<String>>>,
}
