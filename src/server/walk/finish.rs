//! What sshd asks once the certificate is authorized.

use std::path::Path;

use super::attempt::Attempt;
use super::cert_options::value;
use super::line::Line;
use super::step::Step;

pub(super) fn possession(attempt: &Attempt<'_>, _line: Option<&Line>) -> Option<Step> {
    let words = if attempt.certificate.algorithm().starts_with("sk-") {
        "whoever comes must sign with the security key, and touch it; not tried"
    } else {
        "whoever comes must have the private key; not tried"
    };
    Some(Step::unknown("possession", words))
}

/// auth.c, `auth_root_allowed`.
pub(super) fn root(attempt: &Attempt<'_>, line: Option<&Line>) -> Option<Step> {
    attempt.account.filter(|account| account.uid == 0)?;
    let name = "root";
    let keyword = "permitrootlogin";
    let by_line = line.is_some_and(|line| line.options.value("command").is_some());
    let forced = by_line || value(attempt, b"force-command").is_some();
    Some(match attempt.settings.value(keyword) {
        Some("no") => Step::refused(name, "PermitRootLogin no: root gets in by nothing")
            .mend("PermitRootLogin prohibit-password")
            .by(attempt, keyword),
        Some("forced-commands-only") if !forced => {
            let words = "PermitRootLogin forced-commands-only, and nothing forces a command";
            Step::refused(name, words)
                .mend("PermitRootLogin prohibit-password, or command= in the line")
                .by(attempt, keyword)
        }
        _ => Step::passed(name, "root gets in by a key").by(attempt, keyword),
    })
}

pub(super) fn more_methods(attempt: &Attempt<'_>, _line: Option<&Line>) -> Option<Step> {
    if attempt.settings.lets_in_by_public_key_alone() {
        return None;
    }
    let methods: Vec<_> = attempt.settings.words("authenticationmethods").collect();
    let words = format!(
        "AuthenticationMethods {} wants more than a key",
        methods.join(" ")
    );
    Some(Step::unknown("more-methods", words).by(attempt, "authenticationmethods"))
}

/// session.c, `do_nologin`, and PAM.
pub(super) fn system(attempt: &Attempt<'_>, _line: Option<&Line>) -> Option<Step> {
    let root = attempt.account.is_some_and(|account| account.uid == 0);
    if Path::new(NOLOGIN).exists() && !root {
        let step = Step::refused("nologin", format!("{NOLOGIN} is there: root alone gets in"));
        return Some(step.mend(format!("remove {NOLOGIN} when the machine is ready")));
    }
    if attempt.settings.is_yes("usepam") {
        let words = "UsePAM yes: PAM's account modules have the last word; not asked";
        return Some(Step::unknown("pam", words).by(attempt, "usepam"));
    }
    None
}

const NOLOGIN: &str = "/etc/nologin";
