//! SELinux: a file that sshd_t may not read is as good as missing to sshd, and to nobody else.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Severity};
use crate::server::sshd::Settings;

/// Looks at the labels of the files that sshd names, where SELinux is there.
pub(super) fn findings(settings: &Settings) -> Vec<Finding> {
    if !Path::new(SELINUX).exists() {
        return Vec::new();
    }
    let named = files(settings).into_iter();
    named
        .filter_map(|file| judge(&file, label(&file)?))
        .collect()
}

fn files(settings: &Settings) -> Vec<PathBuf> {
    let command = settings.words("authorizedprincipalscommand").next();
    let paths = ["trustedusercakeys", "revokedkeys"]
        .into_iter()
        .flat_map(|keyword| settings.words(keyword));
    paths.chain(command).map(PathBuf::from).collect()
}

/// `user:role:type:level`, as the attribute of the file has it.
fn label(file: &Path) -> Option<String> {
    let mut room = [0; 256];
    let length = rustix::fs::getxattr(file, "security.selinux", &mut room).ok()?;
    let label = room.get(..length)?;
    Some(
        String::from_utf8_lossy(label)
            .trim_end_matches('\0')
            .to_owned(),
    )
}

fn judge(file: &Path, label: String) -> Option<Finding> {
    let kind = label.split(':').nth(2)?;
    if !UNREADABLE.iter().any(|part| kind.contains(part)) {
        return None;
    }
    let fault = format!(
        "{} has the label {label}, which SELinux keeps from sshd",
        file.display()
    );
    let remedy = format!("restorecon -v {}", file.display());
    Some(Finding::new(
        Severity::Warning,
        "selinux-label",
        fault,
        remedy,
    ))
}

/// Parts of types that files get where they are made, and keep when they are moved.
const UNREADABLE: [&str; 5] = ["home_t", "tmp_t", "default_t", "unlabeled_t", "mnt_t"];

const SELINUX: &str = "/sys/fs/selinux/enforce";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sshd::settings_of;

    #[test]
    fn a_label_of_where_the_file_was_made_is_named() {
        let judged = |label: &str| judge(Path::new("/etc/ssh/ca.pub"), label.to_owned());
        let finding = judged("unconfined_u:object_r:user_home_t:s0").unwrap();
        assert_eq!(finding.name, "selinux-label");
        assert_eq!(finding.remedy, "restorecon -v /etc/ssh/ca.pub");
        assert!(judged("system_u:object_r:user_tmp_t:s0").is_some());
        assert!(judged("system_u:object_r:etc_t:s0").is_none());
        assert!(judged("nonsense").is_none());
    }

    #[test]
    fn the_files_that_sshd_names_are_looked_at() {
        let lines = "trustedusercakeys /a\nrevokedkeys /b /c\nauthorizedprincipalscommand /d x";
        let files = files(&settings_of(lines));
        assert_eq!(files, ["/a", "/b", "/c", "/d"].map(PathBuf::from));
    }
}
