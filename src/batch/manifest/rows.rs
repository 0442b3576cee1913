//! The rows of a manifest, whatever form it has.

use super::{Form, ManifestError, ManifestFault, Row, document, table};

impl Form {
    /// The rows of a manifest of at most `LARGEST_MANIFEST` bytes, and all that is wrong with
    /// its form.
    ///
    /// # Errors
    /// [`ManifestError::NotText`] for TOML that is no UTF-8.
    pub fn rows(self, bytes: &[u8]) -> Result<(Vec<Row>, Vec<ManifestFault>), ManifestError> {
        match self {
            Self::Csv => Ok(table::rows(bytes)),
            Self::Toml => {
                let text = std::str::from_utf8(bytes);
                Ok(document::rows(
                    text.map_err(|_place| ManifestError::NotText)?,
                ))
            }
        }
    }
}
