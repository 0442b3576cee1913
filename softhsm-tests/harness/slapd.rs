//! A real `slapd` on loopback, with entries that `slapadd` put there.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use super::process::{bounded, detached, run, run_fed, wait_until};
use super::{scratch, write};

/// A daemon with a folder of its own; killed on drop.
pub(crate) struct Slapd {
    child: Arc<Mutex<Child>>,
    port: u16,
    tls_port: u16,
    folder: TempDir,
}

/// The account that asks, and its password.
pub(crate) const READER: &str = "cn=reader,dc=example,dc=org";
pub(crate) const PASSWORD: &str = "b7Hq-reads";

impl Slapd {
    /// Starts it with these entries below `dc=example,dc=org`, and lines of its config for the database.
    pub(crate) fn start(entries: &str, lines: &str) -> Self {
        // Another process may take a free port before slapd does.
        let start = || Self::try_start(entries, lines);
        (0..5).find_map(|_| start()).expect("slapd finds a port")
    }

    fn try_start(entries: &str, lines: &str) -> Option<Self> {
        let folder = scratch();
        let path = folder.path();
        certificates(path);
        std::fs::create_dir(path.join("db")).unwrap();
        write(&path.join("slapd.conf"), config(path, lines), 0o600);
        let mut add = bounded("slapadd");
        let config = path.join("slapd.conf");
        add.arg("-q").arg("-f").arg(&config);
        run_fed(&mut add, format!("{BASE}\n{entries}").as_bytes()).ok();
        let (port, tls_port) = (free_port(), free_port());
        let socket = path.join("ldapi").display().to_string().replace('/', "%2F");
        let urls =
            format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/ ldapi://{socket}/");
        let log = File::create(path.join("log")).unwrap();
        // Where the limit of open files is high, slapd makes a table of them that takes seconds.
        let mut child = detached("sh")
            .args([
                "-c",
                "ulimit -n 1024; exec \"$@\"",
                "sh",
                "slapd",
                "-d",
                "0",
                "-h",
                &urls,
                "-f",
            ])
            .arg(&config)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut up = false;
        wait_until("slapd answers or ends", || {
            up = TcpStream::connect(("127.0.0.1", tls_port)).is_ok();
            up || child.try_wait().unwrap().is_some()
        });
        up.then(|| Self {
            child: Arc::new(Mutex::new(child)),
            port,
            tls_port,
            folder,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `ldap:` without TLS, or where StartTLS begins.
    pub(crate) fn plain(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub(crate) fn tls(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port)
    }

    pub(crate) fn socket(&self) -> String {
        format!("ldapi://{}", self.path().join("ldapi").display())
    }

    /// Settings for a file, that ask in plain as the reader, and these lines.
    pub(crate) fn settings(&self, lines: &str) -> String {
        self.settings_of(&self.plain(), &format!("{}{lines}", self.reader()))
    }

    /// Settings for a file, of a server and these lines.
    pub(crate) fn settings_of(&self, server: &str, lines: &str) -> String {
        format!("server = \"{server}\"\n{lines}")
    }

    /// The lines of settings that name the reader.
    pub(crate) fn reader(&self) -> String {
        let file = self.path().join("password");
        write(&file, PASSWORD, 0o600);
        format!(
            "bind-dn = \"{READER}\"\nbind-password-file = \"{}\"\n",
            file.display()
        )
    }

    /// Changes entries, as the admin of the database.
    pub(crate) fn modify(&self, ldif: &str) {
        let mut modify = bounded("ldapmodify");
        modify.args([
            "-x",
            "-H",
            &self.plain(),
            "-D",
            "cn=admin,dc=example,dc=org",
            "-w",
            "admin",
        ]);
        run_fed(&mut modify, ldif.as_bytes()).ok();
    }

    /// A way to it that passes on so many bytes of its answers, and then does something to it.
    pub(crate) fn relay(&self, bytes: usize, then: Then) -> Relay {
        self.relay_behind(0, bytes, then)
    }

    /// The same, of the client behind so many, for whom all passes.
    pub(crate) fn relay_behind(&self, clients: usize, bytes: usize, then: Then) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (child, server) = (self.child.clone(), self.port);
        let passed = Arc::new(AtomicUsize::new(0));
        let counted = passed.clone();
        // It ends with its last client.
        thread::spawn(move || {
            for _ in 0..clients {
                let (client, _) = listener.accept().unwrap();
                thread::spawn(move || pass_all(&client, server));
            }
            let (client, _) = listener.accept().unwrap();
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut from, &mut to));
            pass(server, &client, bytes, &counted);
            match then {
                Then::Kill => {
                    child.lock().unwrap().kill().unwrap();
                    let _gone = client.shutdown(Shutdown::Both);
                }
                Then::Silence => thread::sleep(std::time::Duration::from_secs(20)),
            }
        });
        Relay { port, passed }
    }
}

/// What is done when enough has passed.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// The daemon is killed.
    Kill,
    /// Nothing passes any more, and nobody hangs up.
    Silence,
}

/// A way to a daemon that ends in the middle.
pub(crate) struct Relay {
    port: u16,
    passed: Arc<AtomicUsize>,
}

impl Relay {
    pub(crate) fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// How many bytes of answers passed.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

fn pass_all(client: &TcpStream, server: u16) {
    let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    let _until_one_ends = std::io::copy(&mut &server, &mut &*client);
}

fn pass(mut server: TcpStream, mut client: &TcpStream, bytes: usize, counted: &AtomicUsize) {
    let mut buffer = [0; 256];
    while counted.load(Ordering::SeqCst) < bytes {
        match server.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => {
                client.write_all(&buffer[..length]).unwrap();
                counted.fetch_add(length, Ordering::SeqCst);
            }
        }
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        let _ended = child.kill();
        let _ = child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn config(path: &Path, lines: &str) -> String {
    let schemas = ["core", "cosine", "inetorgperson", "nis"];
    let schemas = schemas.map(|name| format!("include /etc/ldap/schema/{name}.schema\n"));
    let file = |name: &str| path.join(name).display().to_string();
    format!(
        "{}{ACTIVE_DIRECTORY}modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload memberof\n\
         pidfile {}\nargsfile {}\n\
         TLSCACertificateFile {}\nTLSCertificateFile {}\nTLSCertificateKeyFile {}\nTLSVerifyClient try\n\
         authz-regexp ^cn=punchmark$ {READER}\n\
         authz-regexp ^gidNumber=.*,cn=peercred,cn=external,cn=auth$ {READER}\n\
         database mdb\nsuffix dc=example,dc=org\nrootdn cn=admin,dc=example,dc=org\nrootpw admin\n\
         directory {}\noverlay memberof\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by dn.exact={READER} read by * none\n{lines}",
        schemas.concat(),
        file("pid"),
        file("args"),
        file("roots.pem"),
        file("server.pem"),
        file("server.key"),
        file("db"),
    )
}

/// A root, a certificate for the loopback address, one for the reader, and another root.
fn certificates(folder: &Path) {
    let make = |name: &str, more: &[&str]| {
        let mut openssl = bounded("openssl");
        openssl
            .current_dir(folder)
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]);
        openssl.args(["-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args([
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.pem"),
        ]);
        run(openssl.args(more)).ok();
    };
    let of_root = [
        "-CA",
        "roots.pem",
        "-CAkey",
        "roots.key",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ];
    make("roots", &["-subj", "/CN=root"]);
    make("others", &["-subj", "/CN=others"]);
    let server = [
        "-subj",
        "/CN=server",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ];
    make("server", &[&of_root[..], &server].concat());
    make(
        "reader",
        &[&of_root[..], &["-subj", "/CN=punchmark"]].concat(),
    );
    let secret: PathBuf = folder.join("reader.key");
    let key = std::fs::read(&secret).unwrap();
    write(&secret, key, 0o600);
}

/// Attributes of Active Directory; `msuser.schema` of OpenLDAP has them beside a `memberOf` that can't be
/// searched for.
const ACTIVE_DIRECTORY: &str = "\
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch \
SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch \
SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
";
const BASE: &str = "dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: cn=reader,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: b7Hq-reads

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups
";
