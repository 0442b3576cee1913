//! Whether there is an account, and sshd lets anybody into it.

use super::attempt::Attempt;
use super::step::Step;
use crate::server::doctor::shut;

const NAME: &str = "account";

pub(super) fn allowed(attempt: &Attempt<'_>) -> Step {
    let user = attempt.user;
    let Some(account) = attempt.account else {
        let step = Step::refused(
            NAME,
            format!("there is no account `{user}` on this machine"),
        );
        return step.mend(format!("useradd {user}, or name another with --user"));
    };
    match shut(account, attempt.settings, Some(attempt.address)) {
        Ok(None) => Step::passed(NAME, format!("{user} is an account that sshd lets in")),
        Ok(Some(why)) => {
            let step = Step::refused(NAME, format!("sshd turns {user} away: {why}"));
            step.mend(why.remedy(user)).by(attempt, why.keyword())
        }
        Err(error) => Step::unknown(NAME, error.to_string()),
    }
}
