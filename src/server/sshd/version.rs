//! The version of an sshd, by its banner.

use std::fmt;

/// A release of OpenSSH, such as 9.2. What a distribution mended in it is not in the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 9 of 9.2.
    pub major: u32,
    /// 2 of 9.2.
    pub minor: u32,
}

impl Version {
    /// The version in a text that holds `OpenSSH_9.2` somewhere.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let (_, behind) = text.split_once("OpenSSH_")?;
        let end = behind.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (major, minor) = behind.get(..end.unwrap_or(behind.len()))?.split_once('.')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_is_read_in_the_forms_that_sshd_prints() {
        for (text, version) in [
            ("OpenSSH_9.2, OpenSSL 3.0.19 27 Jan 2026", Some((9, 2))),
            (
                "unknown option -- V\nOpenSSH_8.4p1 Debian-5, OpenSSL",
                Some((8, 4)),
            ),
            ("OpenSSH_10.5p1", Some((10, 5))),
            ("dropbear", None),
            ("OpenSSH_x.y", None),
            ("OpenSSH_9.99999999999", None),
        ] {
            let found = Version::find(text).map(|version| (version.major, version.minor));
            assert_eq!(found, version, "{text}");
        }
        let (old, new) = (Version::find("OpenSSH_9.9"), Version::find("OpenSSH_10.0"));
        assert!(old < new);
    }
}
