//! `module-name`: the file of a module, by the name that p11-kit or the dynamic loader has for
//! it (RFC 7512, 2.3 leaves the way to the application).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The file that `name` stands for: that of p11-kit's `name.module`, else `libname.so` where
/// the dynamic loader looks; p11-kit's proxy goes without `lib`.
pub(super) fn file_of(name: &str) -> PathBuf {
    if name == PROXY_NAME {
        return PathBuf::from(PROXY);
    }
    let configured = FOLDERS
        .iter()
        .find_map(|folder| configured(&Path::new(folder).join(format!("{name}.module"))));
    configured.unwrap_or_else(|| PathBuf::from(format!("lib{name}.so")))
}

/// The module that a file of p11-kit's names; none if there is no such file, or it names none.
fn configured(file: &Path) -> Option<PathBuf> {
    let mut text = String::new();
    let file = File::open(file).ok()?;
    file.take(CONFIG_MAX).read_to_string(&mut text).ok()?;
    let module = module_line(&text)?;
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

/// `module: PATH` (pkcs11.conf(5)).
fn module_line(text: &str) -> Option<&str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut modules = lines.filter(|(key, _)| key.trim() == "module");
    modules.next().map(|(_, path)| path.trim())
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
        assert_eq!(module_line(text), Some("/usr/lib/softhsm.so"));
        assert_eq!(module_line("# module: /no.so\nmodules: x\n"), None);
    }

    #[test]
    fn a_name_that_p11_kit_does_not_know_is_left_to_the_loader() {
        let file = file_of("no-such-module-of-a-test");
        assert_eq!(file, Path::new("libno-such-module-of-a-test.so"));
        assert_eq!(file_of("p11-kit-proxy"), Path::new("p11-kit-proxy.so"));
    }

    #[test]
    fn a_file_of_p11_kit_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.module");
        std::fs::write(&file, "module: /opt/a.so\n").unwrap();
        assert_eq!(configured(&file), Some(PathBuf::from("/opt/a.so")));
        std::fs::write(&file, "module: no-such-file-of-a-test.so\n").unwrap();
        assert_eq!(configured(&file), None);
        assert_eq!(configured(&folder.path().join("b.module")), None);
    }
}
