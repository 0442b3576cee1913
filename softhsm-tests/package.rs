//! The packages, as they are made, and in a bare Debian root.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, detached, run};
use crate::harness::punchmark::BINARY;
use crate::harness::server::PRINCIPALS;
use crate::harness::{scratch, shipped, write};
use crate::krl::folder::Folder;
use crate::krl::server::{Answer, Server};

/// Packs the programs of this test run as `version` into a new folder of `place`.
fn pack(place: &Path, version: &str, prepare: impl FnOnce(&mut Command)) -> PathBuf {
    let binaries = place.join("binaries");
    if !binaries.exists() {
        fs::create_dir(&binaries).unwrap();
        fs::copy(BINARY, binaries.join("punchmark")).unwrap();
        fs::copy(PRINCIPALS, binaries.join("punchmark-principals")).unwrap();
    }
    let out = place.join(format!("packages {version}"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/package");
    let mut command = detached("timeout");
    command.arg("600").arg(script).arg(&binaries).arg(&out);
    command.env("VERSION", version);
    command.env("SOURCE_DATE_EPOCH", "1764000000");
    command.env("DPKG_DEB_COMPRESSOR_LEVEL", "0");
    prepare(&mut command);
    run(&mut command).ok();
    out
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let named = files.map(|file| file.file_name().into_string().unwrap());
    named
        .map(|name| (name.clone(), fs::read(folder.join(name)).unwrap()))
        .collect()
}

#[test]
fn the_same_programs_give_the_same_bytes_wherever_and_by_whomever_they_are_packed() {
    let (here, there) = (scratch(), scratch());
    let key = keygen::make(here.path(), "release", ED25519);
    let first = pack(here.path(), "1", |command| {
        command.arg(&key);
    });
    let elsewhere = there.path().join("a folder");
    fs::create_dir(&elsewhere).unwrap();
    let second = pack(&elsewhere, "1", |command| {
        command.arg(&key).current_dir("/");
        command
            .env("TZ", "Pacific/Kiritimati")
            .env("LC_ALL", "POSIX");
        command.env("HOME", &elsewhere).env("USER", "somebody");
        // Somebody else has a cargo of their own.
        let home = PathBuf::from(std::env::var_os("HOME").unwrap());
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let given = std::env::var_os(name).map(PathBuf::from);
            command.env(name, given.unwrap_or_else(|| home.join(folder)));
        }
    });
    let (first, second) = (contents(&first), contents(&second));
    let names: Vec<_> = first.keys().cloned().collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for (name, bytes) in first {
        assert!(second.get(&name) == Some(&bytes), "{name} is another one");
    }
}

#[test]
fn the_list_of_sums_is_signed_in_a_namespace_of_its_own() {
    let place = scratch();
    let key = keygen::make(place.path(), "release", ED25519);
    let out = pack(place.path(), "1", |command| {
        command.arg(&key);
    });
    let public = fs::read_to_string(keygen::public(&key)).unwrap();
    let signers = place.path().join("signers");
    write(
        &signers,
        format!("release namespaces=\"release@punchmark\" {public}"),
        0o600,
    );
    let verify = |namespace: &str| {
        let mut sh = bounded("sh");
        sh.current_dir(&out)
            .env("SIGNERS", &signers)
            .env("SPACE", namespace);
        run(sh.args(["-c", VERIFY]))
    };
    verify("release@punchmark").ok();
    verify("file").exits(255);
    run(bounded("sha256sum")
        .current_dir(&out)
        .args(["--check", "--strict", "SHA256SUMS"]))
    .ok();
}

const VERIFY: &str = "ssh-keygen -Y verify -f \"$SIGNERS\" -I release -n \"$SPACE\" \
    -s SHA256SUMS.sig <SHA256SUMS";

/// A Debian root with nothing but what the packages want, and what the story needs.
struct Root {
    folder: TempDir,
}

impl Root {
    /// None where this isn't root.
    fn bare() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("left out: only root makes a root of its own");
            return None;
        }
        let folder = scratch();
        let mut bootstrap = detached("timeout");
        bootstrap.args(["900", "mmdebstrap", "--quiet", "--variant=minbase"]);
        bootstrap.args(["--include=openssh-server,softhsm2,libpcsclite1", "bookworm"]);
        run(bootstrap.arg(folder.path().join("root"))).ok();
        Some(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("root").join(name)
    }

    fn sh(&self, script: &str) -> Ran {
        // What the system tells of processes is there while it runs.
        let mut chroot = bounded("unshare");
        chroot.args(["--mount", "sh", "-euc", IN_ROOT]);
        chroot
            .env_clear()
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8");
        chroot.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        chroot.env("SOFTHSM2_CONF", "/root/softhsm2.conf");
        run(chroot.arg(self.path("")).arg(script))
    }

    fn bring(&self, package: &Path) {
        fs::copy(package, self.path("tmp").join("package.deb")).unwrap();
    }

    /// Whatever no package may touch: name, inode and content of each file.
    fn untouched(&self) -> String {
        self.sh("cd / && find etc/ssh root var/lib/punchmark var/lib/softhsm -type f -print0 | sort -z |
            xargs -0 stat -c '%n %i %s %Y %a %U' && cat etc/ssh/sshd_config | sha256sum")
            .ok()
            .stdout
    }
}

const IN_ROOT: &str = "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" sh -euc \"$1\"";

const FIRST_CERTIFICATE: &str = "
cd /root
mkdir tokens && echo \"directories.tokendir = $PWD/tokens\" >softhsm2.conf
softhsm2-util --init-token --free --label CA --so-pin 15739264 --pin 74291536 >/dev/null
umask 077 && echo 74291536 >pin
punchmark init users --pin-file pin --algorithm p256 \\
    --key 'pkcs11:token=CA;object=users?module-path=/usr/lib/softhsm/libsofthsm2.so'
ssh-keygen -q -t ed25519 -N '' -f peter
punchmark sign --pin-file pin -s users -I peter -n peter -V +8h peter.pub
ssh-keygen -L -f peter-cert.pub";

#[test]
fn in_a_bare_root_it_is_installed_used_upgraded_removed_and_purged_and_leaves_what_is_not_its_own()
{
    let Some(root) = Root::bare() else { return };
    let place = scratch();
    let deb = |version: &str| {
        let out = pack(place.path(), version, |_| ());
        out.join(format!("punchmark_{version}_amd64.deb"))
    };
    root.bring(&deb("1"));
    root.sh("dpkg -i /tmp/package.deb && test -d /var/lib/punchmark/heads && punchmark --version")
        .ok();
    // By somebody whom the package doesn't know, with nothing but what it brought.
    let story = root
        .sh("useradd --create-home anna && cd /home/anna && su anna -c 'punchmark try trial' 2>&1");
    let told = story.ok().stdout;
    let was_told = [
        "principals peter_physical",
        "Welcome.",
        "revoked by file",
        "Your turn",
    ];
    assert!(was_told.iter().all(|words| told.contains(words)), "{told}");
    let issued = root.sh(FIRST_CERTIFICATE).ok();
    assert!(issued.stdout.contains("Serial: 1"), "{issued}");
    let kept = root.untouched();
    let inode = |root: &Root| fs::metadata(root.path("usr/bin/punchmark")).unwrap().ino();
    let before = inode(&root);
    root.bring(&deb("2"));
    root.sh("dpkg -i /tmp/package.deb").ok();
    assert_ne!(inode(&root), before, "replaced by rename, not written over");
    assert_eq!(root.untouched(), kept);
    root.sh("punchmark ledger verify").ok();
    let scripts = root.sh("cd /var/lib/dpkg/info && ls punchmark.*").ok();
    assert_eq!(scripts.stdout, "punchmark.list\npunchmark.md5sums\n");
    root.sh("dpkg --remove punchmark").ok();
    root.sh("dpkg --purge punchmark && test ! -e /usr/bin/punchmark")
        .ok();
    assert_eq!(root.untouched(), kept);
    server(&root, &place);
}

/// Whether the program for servers is static, as a release makes it where it can.
fn bring_for_servers(place: &TempDir) -> bool {
    let musl = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let mut rustc = bounded("rustc");
    let libraries = run(rustc.args(["--print", "target-libdir", "--target", &musl])).ok();
    let is_static = Path::new(libraries.stdout.trim()).exists()
        && run(bounded("sh").args(["-c", "command -v musl-gcc"])).code == Some(0);
    if !is_static {
        eprintln!("left out: no musl here, so the program for servers is the dynamic one");
        return false;
    }
    let program = shipped::set("server", Some(&musl));
    let binaries = place.path().join("binaries");
    fs::copy(program, binaries.join("punchmark-for-servers")).unwrap();
    true
}

/// A list comes by https from a server that is known by its name alone.
fn fetch_by_name(root: &Root) {
    let folder = Folder::new();
    folder.key("ledger", "ed25519");
    folder.write("spec", "serial: 1\n");
    let made = [
        "krl", "spec", "-f", "list", "-s", "none", "-z", "10", "-C", "users", "spec",
    ];
    folder.punchmark(&made).ok();
    folder.must(&[
        "-q",
        "-Y",
        "sign",
        "-f",
        "ledger",
        "-n",
        "krl@punchmark",
        "list",
    ]);
    let server = Server::start(&folder);
    for file in ["list", "list.sig"] {
        server.answer(&format!("/{file}"), Answer::File(folder.read(file)));
    }
    for file in ["ledger.pub", "roots.pem"] {
        fs::write(root.path("tmp").join(file), folder.read(file)).unwrap();
    }
    fs::write(root.path("etc/hosts"), "127.0.0.1 lists.example\n").unwrap();
    let url = server.named_url("/list");
    let fetched = root.sh(&format!(
        "cd /root && punchmark krl fetch {url} --ca-file /tmp/roots.pem --signer /tmp/ledger.pub --out list"
    ));
    assert!(fetched.ok().stdout.ends_with(": replaced\n"));
    assert_eq!(server.asked(), ["/list.sig", "/list"]);
}

/// What runs on servers, in a root that has had the other one.
fn server(root: &Root, place: &TempDir) {
    let is_static = bring_for_servers(place);
    let out = pack(place.path(), "3", |_| ());
    root.bring(&out.join("punchmark-server_3_amd64.deb"));
    root.sh("dpkg -i /tmp/package.deb && test -x /usr/libexec/punchmark-principals")
        .ok();
    if is_static {
        let depends = root.sh("dpkg-query -W -f '${Depends}' punchmark-server");
        assert_eq!(depends.ok().stdout, "");
    }
    fetch_by_name(root);
    let asks = "echo 'Match User root\nAuthorizedPrincipalsCommand /usr/libexec/punchmark-principals /a b %u %k\n\
        AuthorizedPrincipalsCommandUser nobody' >/etc/ssh/sshd_config.d/access.conf; mkdir -p /run/sshd";
    root.sh(asks).ok();
    let kept = root.untouched();
    let refused = root
        .sh("dpkg --remove punchmark-server </dev/null")
        .exits(1);
    assert!(
        refused.stderr.contains("nobody gets in by a certificate"),
        "{refused}"
    );
    root.sh("dpkg -i /tmp/package.deb && test -x /usr/libexec/punchmark-principals")
        .ok();
    assert_eq!(root.untouched(), kept);
    root.sh("PUNCHMARK_SERVER_REMOVE='lock me out' dpkg --remove punchmark-server </dev/null")
        .ok();
    root.sh(
        "dpkg -i /tmp/package.deb && rm /etc/ssh/sshd_config.d/access.conf && \
        dpkg --purge punchmark-server </dev/null && test ! -e /usr/libexec/punchmark-principals",
    )
    .ok();
}
