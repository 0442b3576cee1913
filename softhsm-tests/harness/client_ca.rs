//! A client CA by openssl, and certificates of people by it, right and wrong.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};
use tempfile::TempDir;

use super::process::{Ran, bounded, run};
use super::{scratch, write};

/// A CA, and what it made; the certificate of each name and its key stand in `NAME.pem` and `NAME.key`.
pub(crate) struct ClientCa {
    folder: TempDir,
}

/// What a certificate is to say, as openssl writes it; between which hours from now it counts.
pub(crate) struct Says<'a> {
    pub(crate) names: &'a [&'a str],
    pub(crate) more: &'a [&'a str],
    pub(crate) hours: (i64, i64),
}

impl<'a> Says<'a> {
    /// A certificate for clients with these names, such as `email:anna@example.org`.
    pub(crate) fn names(names: &'a [&'a str]) -> Self {
        Self {
            names,
            more: FOR_CLIENTS,
            hours: (-1, 24),
        }
    }
}

impl ClientCa {
    pub(crate) fn new(common: &str) -> Self {
        let ca = Self { folder: scratch() };
        ca.write("index.txt", "");
        ca.write("crlnumber", "01\n");
        ca.write("ca.cnf", CONFIG);
        ca.openssl(&format!(
            "req -x509 {NEW} -days 2 -config ca.cnf -extensions of_ca -subj /CN={common} -keyout ca.key -out ca.pem"
        ));
        ca.private("ca");
        ca
    }

    /// A CA below this one.
    pub(crate) fn below(&self, common: &str) -> Self {
        let below = Self::new(common);
        below.openssl(&format!(
            "req -new -key ca.key -config ca.cnf -subj /CN={common} -out ca.csr"
        ));
        std::fs::copy(below.path("ca.csr"), self.path("below.csr")).unwrap();
        self.sign("below", "ca.cnf", "of_ca", (-1, 24));
        std::fs::copy(self.path("below.pem"), below.path("ca.pem")).unwrap();
        below
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The CA's own certificate.
    pub(crate) fn pem(&self) -> String {
        std::fs::read_to_string(self.path("ca.pem")).unwrap()
    }

    /// Makes a certificate and its key, by the name of their files.
    pub(crate) fn certify(&self, name: &str, says: &Says<'_>) {
        let names = says.names.iter().enumerate().map(|(place, name)| {
            let (kind, value) = name.split_once(':').unwrap();
            format!("{kind}.{place} = {value}\n")
        });
        let names: String = names.collect();
        let more = says.more.join("\n");
        let extensions = format!("[own]\n{more}\nsubjectAltName = @names\n[names]\n{names}");
        self.write(&format!("{name}.cnf"), &extensions);
        self.openssl(&format!(
            "req -new {NEW} -config ca.cnf -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ));
        self.private(name);
        self.sign(name, &format!("{name}.cnf"), "own", says.hours);
    }

    /// A certificate that says the same and is signed by its own key.
    pub(crate) fn certify_itself(&self, name: &str) {
        self.openssl(&format!(
            "x509 -req -days 1 -in {name}.csr -signkey {name}.key -extfile {name}.cnf -extensions own -out {name}.pem"
        ));
    }

    /// Takes a certificate back; a list says so from the next one on.
    pub(crate) fn revoke(&self, name: &str) {
        self.openssl(&format!("ca -config ca.cnf -revoke {name}.pem"));
    }

    /// Writes the list of what was taken back, which counts until so many hours from now.
    pub(crate) fn list(&self, until: i64) -> PathBuf {
        let (last, next) = (at(-2), at(until));
        self.openssl(&format!(
            "ca -config ca.cnf -gencrl -crl_lastupdate {last} -crl_nextupdate {next} -out crl.pem"
        ));
        self.path("crl.pem")
    }

    fn sign(&self, name: &str, file: &str, section: &str, (from, to): (i64, i64)) {
        let (from, to) = (at(from), at(to));
        self.openssl(&format!(
            "ca -batch -notext -config ca.cnf -in {name}.csr -out {name}.pem -startdate {from} -enddate {to} \
             -extfile {file} -extensions {section}"
        ));
    }

    fn private(&self, name: &str) {
        let key = self.path(&format!("{name}.key"));
        let text = std::fs::read(&key).unwrap();
        write(&key, text, 0o600);
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text, 0o600);
    }

    pub(crate) fn openssl(&self, arguments: &str) -> Ran {
        let mut openssl = bounded("openssl");
        openssl.args(arguments.split_whitespace());
        run(openssl.current_dir(self.folder.path())).ok()
    }
}

/// So many hours from now, as `openssl ca` takes it.
fn at(hours: i64) -> String {
    let at = Timestamp::now().checked_add(hours.hours()).unwrap();
    at.strftime("%Y%m%d%H%M%SZ").to_string()
}

/// Puts a certificate and the one above it into one file.
pub(crate) fn chain(own: &Path, above: &Path, to: &Path) {
    let texts = [own, above].map(|file| std::fs::read_to_string(file).unwrap());
    write(to, texts.concat(), 0o600);
}

pub(crate) const FOR_CLIENTS: &[&str] = &[
    "basicConstraints = critical,CA:FALSE",
    "keyUsage = critical,digitalSignature",
    "extendedKeyUsage = clientAuth",
];
const NEW: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
const CONFIG: &str = "
[req]
distinguished_name = dn
[dn]
[of_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = people
[people]
database = index.txt
crlnumber = crlnumber
new_certs_dir = .
private_key = ca.key
certificate = ca.pem
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
";
