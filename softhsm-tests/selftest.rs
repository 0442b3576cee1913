//! The harness proves itself without Punchmark: OpenSSH signs on the token and logs in.

use crate::harness::keygen::{self, ED25519, P256, SUBJECTS};
use crate::harness::module::Module;
use crate::harness::p11kit::{P11KitServer, client_module};
use crate::harness::process::{bounded, run};
use crate::harness::pty::{self, Pty};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::token::{PIN, Token, Usage};
use crate::harness::{scratch, write};

#[test]
fn a_certificate_of_ssh_keygen_logs_in_and_another_principal_does_not() {
    for module in [Module::SoftHsm, Module::Kryoptic] {
        let token = Token::new(module);
        token.add_key("users", "01", "EC:prime256v1", Usage::Sign);
        let folder = scratch();
        let ca = folder.path().join("ca.pub");
        write(&ca, keygen::token_keys(&token), 0o644);
        let sshd = Sshd::start(&Configuration::users(&ca, &["peter"]));
        for subject in SUBJECTS {
            let key = keygen::make(folder.path(), subject.0, subject);
            keygen::sign(&token, &ca, &["-I", "x", "-n", "peter"], &key).ok();
            assert_eq!(sshd.login(&key).ok().stdout, "welcome\n");
            keygen::sign(&token, &ca, &["-I", "x", "-n", "erik"], &key).ok();
            sshd.login(&key)
                .exits(255)
                .says("not contain an authorized principal");
            std::fs::remove_file(&key).unwrap();
        }
    }
}

#[test]
fn a_reading_of_ssh_keygen_has_every_field() {
    let folder = scratch();
    let ca = keygen::make(folder.path(), "ca", P256);
    let key = keygen::make(folder.path(), "key", ED25519);
    let mut keygen = bounded("ssh-keygen");
    keygen
        .arg("-s")
        .arg(&ca)
        .args(["-I", "a: b", "-n", "peter,erik", "-z", "7"]);
    keygen.args(["-O", "clear", "-O", "force-command=ls", "-O", "permit-pty"]);
    run(keygen.arg(keygen::public(&key))).ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.field("Key ID"), "a: b");
    assert_eq!(reading.field("Serial"), "7");
    assert_eq!(reading.field("Valid"), "forever");
    assert!(
        reading
            .field("Signing CA")
            .contains(&keygen::fingerprint(&ca))
    );
    assert_eq!(reading.principals, ["peter", "erik"]);
    assert_eq!(reading.critical, ["force-command ls"]);
    assert_eq!(reading.extensions, ["permit-pty"]);
}

#[test]
fn a_killed_p11_kit_server_takes_its_token_along() {
    let token = Token::softhsm();
    let mut server = P11KitServer::start(&token);
    let list = |server: &P11KitServer| {
        let (name, value) = server.environment();
        let mut tool = bounded("pkcs11-tool");
        tool.env(name, value).arg("--module").arg(client_module());
        run(tool.arg("--list-token-slots"))
            .stdout
            .contains(token.label)
    };
    assert!(list(&server));
    server.kill();
    assert!(!list(&server));
    server.restart(&token);
    assert!(list(&server));
}

#[test]
fn a_prompt_is_answered_on_a_terminal() {
    let mut command = pty::command("sh");
    command.args([
        "-c",
        "printf 'PIN: ' >/dev/tty; read p </dev/tty; exit $((p - 74291533))",
    ]);
    let mut pty = Pty::start(command);
    pty.expect("PIN: ");
    pty.type_line(PIN);
    assert_eq!(pty.finish().1, 3);
}
