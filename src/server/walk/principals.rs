//! Whether a principal of the certificate may enter: a file, then the command, else the
//! account's own name.

use std::path::Path;

use super::attempt::Attempt;
use super::command;
use super::line::{Line, Skipped, find};
use super::step::{Step, Verdict};
use crate::server::account::Account;
use crate::server::as_owner::read_as;
use crate::server::percent::path_for;
use crate::server::safe_path::unsafe_words;

const FILE: &str = "authorizedprincipalsfile";
const COMMAND: &str = "authorizedprincipalscommand";

/// The steps, and the line that authorizes, if one does.
pub(super) fn authorized(attempt: &Attempt<'_>) -> (Vec<Step>, Option<Line>) {
    let Some(account) = attempt.account else {
        return (Vec::new(), None);
    };
    let mut steps = Vec::new();
    let command = attempt.settings.value(COMMAND);
    if let Some(pattern) = attempt.settings.value(FILE) {
        let (step, line) = by_file(attempt, account, &path_for(pattern, account));
        let last = command.is_none() || line.is_some();
        // Where the command is asked next, a file without a match refuses nobody.
        steps.push(if last { step } else { gone_on(step) });
        if last {
            return (steps, line);
        }
    }
    if let Some(command) = command {
        let (step, line) = by_command(attempt, account, command);
        steps.push(step);
        return (steps, line);
    }
    (steps, None)
}

fn gone_on(step: Step) -> Step {
    Step {
        verdict: Verdict::Passed,
        remedy: None,
        words: format!("{}; the command is asked next", step.words),
        ..step
    }
}

/// Neither file nor command: sshd wants the account's name among the principals.
pub(super) fn own_name(attempt: &Attempt<'_>) -> Step {
    let name = "principal";
    let (user, principals) = (attempt.user, attempt.principals());
    if principals.contains(&user) {
        let words = format!("`{user}` is a principal, and no list is asked");
        return Step::passed(name, words);
    }
    let words = format!(
        "without AuthorizedPrincipalsFile and AuthorizedPrincipalsCommand the principal must be \
         `{user}`; the certificate has {}",
        principals.join(", ")
    );
    let step = Step::refused(name, words).by(attempt, FILE);
    step.mend(format!("`punchmark sshd-config`, or sign with -n {user}"))
}

fn by_file(attempt: &Attempt<'_>, account: &Account, file: &Path) -> (Step, Option<Line>) {
    let name = "principals-file";
    let shown = file.display();
    let refused = |words: String| Step::refused(name, words).by(attempt, FILE);
    let strict = attempt.settings.value("strictmodes") != Some("no");
    if let Some(words) = unsafe_words(file, account.uid).filter(|_| strict) {
        let step = refused(format!("sshd passes {shown} over: {words}"));
        return (step.mend("chown root, and chmod go-w"), None);
    }
    let bytes = match read_as(account, file, BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) => {
            let step = refused(format!("{shown}: {error}"));
            return (step.mend("a file with a principal a line"), None);
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let (line, skipped) = find(&text, file, &attempt.principals());
    let step = match &line {
        Some(line) => lets_in(name, line),
        None => {
            let step = refused(format!("{shown} has none of {}", principals(attempt)));
            over(step, file, &skipped).mend("add a line with one of them")
        }
    };
    (step, line)
}

fn by_command(attempt: &Attempt<'_>, account: &Account, command: &str) -> (Step, Option<Line>) {
    let name = "principals-command";
    let refused = |words: String| Step::refused(name, words).by(attempt, COMMAND);
    let printed = match command::run(attempt, account, command) {
        Ok(printed) => printed,
        Err(command::NotRun::Unknown(words)) => {
            return (Step::unknown(name, words).by(attempt, COMMAND), None);
        }
        Err(command::NotRun::Refused(words)) => {
            let reason = command::reason(attempt, account, command);
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let step = refused(format!("{words}{reason}"));
            let step = step.mend("`punchmark doctor sshd` says how it is mended");
            return (step, None);
        }
    };
    let file = Path::new("(command)");
    let (line, skipped) = find(&printed, file, &attempt.principals());
    let step = match &line {
        Some(line) => lets_in(name, line).by(attempt, COMMAND),
        None => {
            let reason = command::reason(attempt, account, command);
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let words = format!(
                "the command lets none of {} in{reason}",
                principals(attempt)
            );
            over(refused(words), file, &skipped).mend(EXPLAIN)
        }
    };
    (step, line)
}

fn lets_in(name: &'static str, line: &Line) -> Step {
    let mut words = format!("`{}` may enter", line.principal);
    if !line.options.as_str().is_empty() {
        words.push_str(&format!(", with {}", line.options.as_str()));
    }
    Step::passed(name, words).at(&line.file, line.number)
}

fn over(step: Step, file: &Path, skipped: &[Skipped]) -> Step {
    let Some(first) = skipped.first() else {
        return step;
    };
    let words = format!(
        "{}: {} line {} would, and has the option `{}`, which sshd doesn't know",
        step.words,
        file.display(),
        first.number,
        first.unknown
    );
    Step { words, ..step }
}

fn principals(attempt: &Attempt<'_>) -> String {
    let principals = attempt.principals();
    if principals.is_empty() {
        return "its principals, for it has none,".to_owned();
    }
    principals.join(", ")
}

const EXPLAIN: &str =
    "ask the list: `punchmark access explain --user USER --host HOST CERTIFICATE`";

/// A file of principals is short.
const BYTES_MAX: u64 = 16 << 20;
