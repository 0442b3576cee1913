//! `module-name`: the file of a module, by the name that p11-kit or the dynamic loader has for
//! it (RFC 7512, 2.3 leaves the way to the application).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A module's file, and what it is started with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// C_Initialize's reserved string: p11-kit's `x-init-reserved`.
    pub(super) reserved: Option<String>,
}

impl From<PathBuf> for Named {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            reserved: None,
        }
    }
}

impl Named {
    /// What `name` stands for: the file of p11-kit's `name.module`, else `libname.so` where the
    /// dynamic loader looks; p11-kit's proxy goes without `lib`.
    pub(super) fn of(name: &str) -> Self {
        if name == PROXY_NAME {
            return PathBuf::from(PROXY).into();
        }
        let configured = FOLDERS
            .iter()
            .find_map(|folder| configured(&Path::new(folder).join(format!("{name}.module"))));
        configured.unwrap_or_else(|| PathBuf::from(format!("lib{name}.so")).into())
    }
}

/// The module that a file of p11-kit's names; none if there is no such file, or it names none.
fn configured(file: &Path) -> Option<Named> {
    let mut text = String::new();
    let file = File::open(file).ok()?;
    file.take(CONFIG_MAX).read_to_string(&mut text).ok()?;
    let reserved = line(&text, "x-init-reserved").map(str::to_owned);
    let path = module_file(line(&text, "module")?)?;
    Some(Named { path, reserved })
}

/// The file of a module that is named by its path, or by its name in p11-kit's own folder.
fn module_file(module: &str) -> Option<PathBuf> {
    if Path::new(module).is_absolute() {
        return Some(PathBuf::from(module));
    }
    // p11-kit's own folder, as Debian and Fedora have it.
    let arch = std::env::consts::ARCH;
    [
        format!("/usr/lib/{arch}-linux-gnu/pkcs11"),
        "/usr/lib64/pkcs11".to_owned(),
    ]
    .iter()
    .map(|folder| Path::new(folder).join(module))
    .find(|path| path.exists())
}

/// The value of a line `key: value` (pkcs11.conf(5)).
fn line<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(key, _)| key.trim() == wanted);
    values.next().map(|(_, value)| value.trim())
}

/// p11-kit's view of every module that the machine is configured for.
pub(super) const PROXY: &str = "p11-kit-proxy.so";
const PROXY_NAME: &str = "p11-kit-proxy";

/// Where p11-kit's files of modules are: the machine's own before those of packages. A user's
/// own folder is not looked into: what is loaded from it gets the PIN.
const FOLDERS: [&str; 2] = ["/etc/pkcs11/modules", "/usr/share/p11-kit/modules"];
const CONFIG_MAX: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_line_names_the_file() {
        let text = "# a comment: module: /no.so\npriority: 4\nmodule: /usr/lib/softhsm.so \n";
        assert_eq!(line(text, "module"), Some("/usr/lib/softhsm.so"));
        assert_eq!(line("# module: /no.so\nmodules: x\n", "module"), None);
    }

    #[test]
    fn a_name_that_p11_kit_does_not_know_is_left_to_the_loader() {
        let file = |name| Named::of(name).path;
        assert_eq!(
            file("no-such-module-of-a-test"),
            Path::new("libno-such-module-of-a-test.so")
        );
        assert_eq!(file("p11-kit-proxy"), Path::new("p11-kit-proxy.so"));
    }

    #[test]
    fn a_file_of_p11_kit_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.module");
        std::fs::write(&file, "module: /opt/a.so\n").unwrap();
        assert_eq!(configured(&file), Some(PathBuf::from("/opt/a.so").into()));
        let words = "module: /opt/a.so\nx-init-reserved: configdir='sql:/db' flags=\n";
        std::fs::write(&file, words).unwrap();
        let reserved = Some("configdir='sql:/db' flags=".to_owned());
        let path = PathBuf::from("/opt/a.so");
        assert_eq!(configured(&file), Some(Named { path, reserved }));
        std::fs::write(&file, "module: no-such-file-of-a-test.so\n").unwrap();
        assert_eq!(configured(&file), None);
        assert_eq!(configured(&folder.path().join("b.module")), None);
    }
}
