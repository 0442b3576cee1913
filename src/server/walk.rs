//! A login by certificate, step by step in sshd's own order, up to the one that refuses
//! (auth2-pubkey.c, `userauth_pubkey` and `user_key_allowed`; releases 9.2 to 10.5).
//!
//! Nothing is tried: what sshd would read is read, and the command for principals is run as
//! sshd runs it. That the private key is there, what PAM says, and a touch are beyond it, and
//! each is a step that says so.

mod account;
mod attempt;
mod cert_options;
mod certificate;
mod command;
mod finish;
mod keys;
mod line;
mod principals;
mod revoked;
mod step;

pub use attempt::Attempt;
pub use step::{Step, Verdict};

use self::line::Line;

/// The steps of a login, the last of which is the one that refuses it, if one does.
#[must_use]
pub fn walk(attempt: &Attempt<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let asked: [fn(&Attempt<'_>) -> Step; 6] = [
        account::allowed,
        certificate::public_keys,
        certificate::algorithm,
        certificate::signature,
        certificate::ca_signature,
        revoked::not_revoked,
    ];
    for ask in asked {
        steps.push(ask(attempt));
        if refused(&steps) {
            return steps;
        }
    }
    // A line of authorized_keys that trusts the CA lets in before the list is asked.
    let (step, by_keys) = keys::authority(attempt);
    steps.push(step);
    if let Some(line) = by_keys {
        authorized(attempt, Some(&line), &mut steps);
        return steps;
    }
    steps.push(certificate::trusted_ca(attempt));
    if refused(&steps) {
        return steps;
    }
    let (found, line) = principals::authorized(attempt);
    steps.extend(found);
    if refused(&steps) {
        return steps;
    }
    steps.push(certificate::validity(attempt));
    if refused(&steps) {
        return steps;
    }
    let own_name = attempt.settings.value("authorizedprincipalsfile").is_none()
        && attempt
            .settings
            .value("authorizedprincipalscommand")
            .is_none();
    if own_name {
        steps.push(principals::own_name(attempt));
    }
    if !refused(&steps) {
        authorized(attempt, line.as_ref(), &mut steps);
    }
    steps
}

/// What is asked once a principal is authorized.
fn authorized(attempt: &Attempt<'_>, line: Option<&Line>, steps: &mut Vec<Step>) {
    steps.push(cert_options::of_certificate(attempt));
    if let Some(line) = line.filter(|_| !refused(steps)) {
        steps.push(cert_options::of_line(attempt, line));
    }
    for ask in [
        finish::possession,
        finish::root,
        finish::more_methods,
        finish::system,
    ] {
        if refused(steps) {
            return;
        }
        steps.extend(ask(attempt, line));
    }
}

fn refused(steps: &[Step]) -> bool {
    steps
        .last()
        .is_some_and(|step| step.verdict == Verdict::Refused)
}
