//! The lines of a manifest, with all that is wrong with them at once.

use super::{Form, Line, ManifestError, ManifestFault, Setting, read, twice};

impl Line {
    /// Reads all lines of a manifest, and the key files that they name.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read_all(
        form: Form,
        bytes: &[u8],
        setting: &Setting<'_>,
    ) -> Result<Vec<Self>, ManifestError> {
        let (rows, mut faults) = form.rows(bytes)?;
        let mut lines = Vec::with_capacity(rows.len());
        let mut seen = twice::Seen::default();
        for row in &rows {
            let mut of_line = Vec::new();
            if let Some(line) = read::line(row, setting, &mut of_line) {
                of_line.extend(seen.note(&line));
                lines.push(line);
            }
            let number = row.line;
            faults.extend(of_line.into_iter().map(|fault| ManifestFault {
                line: number,
                fault,
            }));
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.line);
            return Err(ManifestError::Lines(faults));
        }
        if lines.is_empty() {
            return Err(ManifestError::Empty);
        }
        Ok(lines)
    }
}
