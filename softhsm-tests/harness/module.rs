//! The PKCS#11 modules that the tests run on.

use std::path::{Path, PathBuf};

/// A software module with a token store of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// SoftHSM 2, from Debian.
    SoftHsm,
    /// kryoptic, built by `scripts/setup`; no Ed25519 on Debian 12.
    Kryoptic,
}

impl Module {
    /// Where the module lies; the test stops if it isn't there.
    pub(crate) fn path(self) -> PathBuf {
        let path = match self {
            Self::SoftHsm => PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
            Self::Kryoptic => target_folder().join("modules/libkryoptic.so"),
        };
        assert!(path.exists(), "run scripts/setup: no {}", path.display());
        path
    }

    /// The environment variable that names the module's configuration.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::SoftHsm => "SOFTHSM2_CONF",
            Self::Kryoptic => "KRYOPTIC_CONF",
        }
    }

    /// A configuration that keeps everything in `folder`, with room for two tokens.
    pub(crate) fn configuration(self, folder: &Path) -> String {
        let folder = folder.display();
        match self {
            Self::SoftHsm => format!("directories.tokendir = {folder}\nlog.level = ERROR\n"),
            Self::Kryoptic => [0, 1]
                .map(|slot| {
                    let file = format!("{folder}/slot{slot}.sql");
                    format!("[[slots]]\nslot = {slot}\ndbtype = \"sqlite\"\ndbargs = \"{file}\"\n")
                })
                .concat(),
        }
    }
}

/// Cargo's target folder, of which `CARGO_TARGET_TMPDIR` is a part.
pub(crate) fn target_folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}
