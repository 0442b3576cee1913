//! Where in sshd's configuration a setting stands: `sshd -T` says what counts, and not where
//! it was written. Used to point at a line, and to see what kinds of `Match` there are.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::file::read_limited;
use crate::request::glob::matches;

/// The lines of an sshd_config and of what it includes, in the order in which sshd reads them.
#[derive(Clone, Debug, Default)]
pub struct ConfigFiles(Vec<ConfigLine>);

/// A line of an sshd_config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigLine {
    /// The file.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub number: usize,
    /// The keyword in lower case.
    pub keyword: String,
    /// What stands behind it, as it is written.
    pub value: String,
    /// The criteria of the `Match` block around it; none outside of one.
    pub block: Option<String>,
}

impl ConfigFiles {
    /// Reads a configuration with all that it includes.
    ///
    /// # Errors
    /// What the system says of a file.
    pub fn read(config: &Path) -> io::Result<Self> {
        let mut lines = Vec::new();
        read(config, None, 0, &mut lines)?;
        Ok(Self(lines))
    }

    /// The line that gives the keyword the value that counts: the first with that value, else
    /// the first with that keyword.
    #[must_use]
    pub fn place(&self, keyword: &str, value: Option<&str>) -> Option<&ConfigLine> {
        let lines = || self.0.iter().filter(|line| line.keyword == keyword);
        let wanted = value.unwrap_or("none");
        let same = |line: &&ConfigLine| line.value.trim_matches('"').eq_ignore_ascii_case(wanted);
        lines().find(same).or_else(|| lines().next())
    }

    /// Whether there is any `Match` block.
    #[must_use]
    pub fn has_blocks(&self) -> bool {
        self.0.iter().any(|line| line.keyword == "match")
    }

    /// What `Match` blocks look at beside the user and the user's groups, in lower case: what
    /// one question with one address doesn't answer.
    #[must_use]
    pub fn criteria_beside_user(&self) -> BTreeSet<String> {
        let blocks = self.0.iter().filter(|line| line.keyword == "match");
        let words = blocks.flat_map(|line| criteria(&line.value));
        words
            .filter(|word| !["user", "group", "all", "invalid-user"].contains(&word.as_str()))
            .collect()
    }
}

/// The names of the criteria, which stand before their values: `User a,b Address 10.0.0.0/8`.
fn criteria(value: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut words = value.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word).to_ascii_lowercase();
        let alone = word.contains('=') || ["all", "invalid-user"].contains(&name.as_str());
        if !alone {
            words.next();
        }
        names.push(name);
    }
    names
}

fn read(
    file: &Path,
    block: Option<&str>,
    depth: usize,
    lines: &mut Vec<ConfigLine>,
) -> io::Result<()> {
    let text = read_limited(file, BYTES_MAX)?;
    let mut block = block.map(str::to_owned);
    for (number, line) in (1..).zip(text.lines()) {
        let Some((keyword, value)) = split(line) else {
            continue;
        };
        if keyword == "match" {
            block = Some(value.to_owned());
        }
        if keyword == "include" && depth < DEEPEST {
            for included in value.split_ascii_whitespace().flat_map(included) {
                read(&included, block.as_deref(), depth.saturating_add(1), lines)?;
            }
            continue;
        }
        lines.push(ConfigLine {
            file: file.to_path_buf(),
            number,
            value: value.to_owned(),
            block: block.clone(),
            keyword,
        });
    }
    Ok(())
}

/// The keyword and the rest; sshd takes blanks or one `=` between them.
fn split(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_ascii_whitespace() || c == '=');
    let (keyword, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((keyword.to_ascii_lowercase(), rest.trim()))
}

/// The files that a pattern of Include names, in the order of their names; patterns in folders
/// are not followed, since no distribution writes any.
fn included(pattern: &str) -> Vec<PathBuf> {
    let path = Path::new("/etc/ssh").join(pattern.trim_matches('"'));
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Vec::new();
    };
    let name = name.as_encoded_bytes();
    if !name.contains(&b'*') && !name.contains(&b'?') {
        return path.exists().then_some(path).into_iter().collect();
    }
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| fits(path, name))
        .collect();
    found.sort();
    found
}

/// As glob(3): a name that begins with a dot is matched by a dot alone.
fn fits(path: &Path, pattern: &[u8]) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.as_encoded_bytes();
        matches(pattern, name) && (!name.starts_with(b".") || pattern.starts_with(b"."))
    })
}

/// How deep sshd follows Include (servconf.c, SERVCONF_MAX_DEPTH).
const DEEPEST: usize = 16;

/// No sshd_config is near this long.
const BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_where_it_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let include = path("d/*.conf");
        std::fs::create_dir(path("d")).unwrap();
        std::fs::write(path("d/b.conf"), "RevokedKeys /b\n").unwrap();
        std::fs::write(path("d/a.conf"), "revokedkeys=\"/a\"\n").unwrap();
        std::fs::write(path("d/.c.conf"), "RevokedKeys /c\n").unwrap();
        let text = format!(
            "# RevokedKeys /x\nInclude {}\nRevokedKeys /d\nMatch User a\n  RevokedKeys none\n",
            include.display()
        );
        std::fs::write(path("main"), text).unwrap();
        let files = ConfigFiles::read(&path("main")).unwrap();
        let place = |value| {
            let line = files.place("revokedkeys", value).unwrap();
            (line.file.file_name().unwrap().to_owned(), line.number)
        };
        assert_eq!(place(Some("/a")), ("a.conf".into(), 1));
        assert_eq!(place(Some("/d")), ("main".into(), 3));
        assert_eq!(place(None), ("main".into(), 5));
        assert_eq!(place(Some("/c")), ("a.conf".into(), 1));
        assert_eq!(files.place("port", None), None);
    }

    #[test]
    fn what_one_question_does_not_answer_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c");
        let text = "Match User a,b Address 10.0.0.0/8\nMatch group=x localport=22\nMatch all\n";
        std::fs::write(&file, text).unwrap();
        let found = ConfigFiles::read(&file).unwrap().criteria_beside_user();
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["address", "localport"]);
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c");
        std::fs::write(&file, format!("Include {}\nPort 1\n", file.display())).unwrap();
        let files = ConfigFiles::read(&file).unwrap();
        assert_eq!(files.place("port", Some("1")).unwrap().number, 2);
    }
}
