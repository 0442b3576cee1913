//! Lines of principals, from a file or from the command (auth2-pubkeyfile.c,
//! `auth_process_principals`).

use std::path::PathBuf;

use crate::server::key_options::KeyOptions;

/// The line that authorized a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The file; `(command)` for what the command printed, as sshd's log has it.
    pub(super) file: PathBuf,
    /// Its number, from 1.
    pub(super) number: usize,
    /// What stands before the principal.
    pub(super) options: KeyOptions,
    /// The principal that is the certificate's.
    pub(super) principal: String,
}

/// The first line that has a principal of these, and the lines that sshd passes over though they
/// have one.
pub(super) fn find(
    text: &str,
    file: &std::path::Path,
    principals: &[&str],
) -> (Option<Line>, Vec<Skipped>) {
    let mut skipped = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        // sshd cuts at any `#`, also within quotes (measured).
        let line = line.split('#').next().unwrap_or_default();
        let line = line.trim_matches([' ', '\t']);
        let at = line.rfind([' ', '\t']).map(|at| at.saturating_add(1));
        let (options, principal) = line.split_at(at.unwrap_or(0));
        // An empty line is none, whatever a certificate has.
        if principal.is_empty() || !principals.contains(&principal) {
            continue;
        }
        let options = KeyOptions::new(options.trim_end());
        if let Some(unknown) = options.unknown() {
            let unknown = unknown.to_owned();
            skipped.push(Skipped { number, unknown });
            continue;
        }
        let line = Line {
            file: file.to_path_buf(),
            number,
            options,
            principal: principal.to_owned(),
        };
        return (Some(line), skipped);
    }
    (None, skipped)
}

/// A line that would fit, with an option that sshd doesn't know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) number: usize,
    pub(super) unknown: String,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_first_line_that_sshd_takes_is_found() {
        let text = "# peter\nform=\"x\" peter\nerik\n\tfrom=\"10.0.0.0/8\" peter # p\npeter\n";
        let (line, skipped) = find(text, Path::new("f"), &["peter", "x"]);
        let line = line.unwrap();
        assert_eq!((line.number, line.principal.as_str()), (4, "peter"));
        assert_eq!(line.options.value("from"), Some("10.0.0.0/8"));
        assert_eq!(skipped[0].number, 2);
        assert_eq!(find(text, Path::new("f"), &["pete"]).0, None);
        assert_eq!(find("", Path::new("f"), &[""]).0, None);
    }
}
