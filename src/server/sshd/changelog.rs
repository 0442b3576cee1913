//! What a distribution mended in the sshd that it ships, by its own changelog: the release
//! number stays the same when it does.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;

use crate::file;

/// The changelog of the system's own sshd, Debian's or an RPM's; empty where there is none.
#[must_use]
pub fn changelog() -> String {
    debian(Path::new(DEBIAN)).or_else(rpm).unwrap_or_default()
}

fn debian(path: &Path) -> Option<String> {
    let file = file::open(path).ok()?;
    let mut bytes = Vec::new();
    let text = MultiGzDecoder::new(file).take(BYTES_MAX);
    { text }.read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn rpm() -> Option<String> {
    let mut command = Command::new("rpm");
    command.args(["-q", "--changelog", "openssh-server"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

const DEBIAN: &str = "/usr/share/doc/openssh-server/changelog.Debian.gz";

/// Debian's changelog of OpenSSH has some 300 KiB.
const BYTES_MAX: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_packed_changelog_is_read_and_another_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.gz");
        let level = flate2::Compression::fast();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), level);
        packed.write_all(b"* CVE-2024-6387").unwrap();
        std::fs::write(&path, packed.finish().unwrap()).unwrap();
        assert_eq!(debian(&path).as_deref(), Some("* CVE-2024-6387"));
        std::fs::write(&path, "plain").unwrap();
        assert_eq!(debian(&path), None);
        assert_eq!(debian(&dir.path().join("none")), None);
    }
}
