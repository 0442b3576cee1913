//! `punchmark access edit`: a list is changed in a copy, reviewed, and put in place whole.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::json;

use super::compile::compile;
use super::diff::{rule_words, words};
use super::lint::{findings, line};
use super::list::{moment, parse, read, say_if_stale};
use super::signed::beside;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::{ask, confirm, confirm_typed, say, warn};
use crate::output;
use crate::server::access::List;
use crate::server::access::login::INDEX_ENDING;
use crate::server::access::review::{Book, changes, rule_changes};
use crate::server::publication::{Loss, losses};

/// Change a list in a copy, see who gains and loses, and put it in place by a yes
///
/// The editor is that of VISUAL or EDITOR, else vi. A list that isn't understood is never put in place, and one that
/// takes away the last way into root wants a typed word.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Edit {
    /// The access list
    #[arg(value_name = "FILE")]
    list: PathBuf,

    /// Say who would gain and lose by the change, and put nothing in place
    #[arg(long)]
    dry_run: bool,
}

impl Edit {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let path = self.list.canonicalize().in_file(&self.list)?;
        let before = read(&path)?;
        let copy = Copy::make(&path, &before)?;
        loop {
            copy.edit()?;
            let after = read(&copy.0)?;
            if after == before {
                let path = path.display().to_string();
                let words = format!("{path} is as it was");
                context.tell(&words, json!({ "list": path, "changed": false }))?;
                return Ok(Exit::Done);
            }
            match parse(&self.list, &after) {
                Ok(list) => {
                    say_if_stale(&self.list, &list);
                    let question = review(context, &before, &list)?;
                    if self.dry_run {
                        let path = path.display().to_string();
                        let words = format!("{path} would have the new list");
                        context.tell_plan(&words, json!({ "list": path, "changed": true }))?;
                        return Ok(Exit::Done);
                    }
                    question.ask(context)?;
                    put(&path, &before, &after)?;
                    let path = path.display().to_string();
                    let words = format!("{path} has the new list");
                    context.tell(&words, json!({ "list": path, "changed": true }))?;
                    return Ok(Exit::Done);
                }
                Err(failure) => again(failure)?,
            }
        }
    }
}

/// Asks whether a list that isn't understood is edited once more; else it ends there.
fn again(failure: Failure) -> Result<(), Failure> {
    let question = format!("{}\nEdit it again? [Y/n] ", failure.words());
    match ask(&question)?.as_deref() {
        Some("" | "y" | "Y" | "yes") => Ok(()),
        _ => Err(failure),
    }
}

/// What is to be answered before a new list is put in place.
enum Question {
    /// A yes, by a person.
    Yes,
    /// A yes, by a person or by `--yes`.
    YesOrFlag,
    /// A typed word, since this is what the list does.
    Word(String),
}

impl Question {
    fn ask(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Word(statement) => confirm_typed(&statement),
            Self::YesOrFlag if context.yes() => Ok(()),
            Self::Yes | Self::YesOrFlag => confirm("Put the new list in place?"),
        }
    }
}

/// Shows what a change does, and gives what is to be asked.
fn review(context: &Context, before: &[u8], after: &List<'_>) -> Result<Question, Failure> {
    for finding in findings(context, after)? {
        warn(&line(&finding));
    }
    let unresolved = after
        .header()
        .unresolved()
        .map(|group| format!("By the new list nobody gets in: group `@{group}` is not resolved."));
    // A list that was broken let nobody in: all that the new one gives is gained.
    let Ok(before) = List::parse(before) else {
        warn("the list that is there lets nobody in, since it is not understood");
        return Ok(unresolved.map_or(Question::Yes, Question::Word));
    };
    tell_changes(&before, after)?;
    if let Some(words) = unresolved {
        return Ok(Question::Word(words));
    }
    if losses(&before, after, None, &moment()).contains(&Loss::Root) {
        let words = "Nobody gets into root by the new list any more.";
        return Ok(Question::Word(words.to_owned()));
    }
    Ok(Question::YesOrFlag)
}

/// Says who gains and who loses. In groups that a directory service holds there is somebody.
fn tell_changes(before: &List<'_>, after: &List<'_>) -> Result<(), Failure> {
    let (before, after) = (before.clone(), after.clone());
    let (before, after) = (
        before.with_presumed_members(),
        after.with_presumed_members(),
    );
    let books = (Book::new(&before), Book::new(&after));
    for rule in rule_changes(&books.0, &books.1) {
        say(&rule_words(&rule));
    }
    for change in changes(&books.0, &books.1, &moment())? {
        say(&words(&change));
    }
    Ok(())
}

/// Puts the new list in place, if nobody else did meanwhile, with mode and owners of the one that is
/// there; and an index where there is one.
fn put(path: &Path, before: &[u8], after: &[u8]) -> Result<(), Failure> {
    if read(path)? != before {
        return Err(Failure::new("the list was changed meanwhile")
            .at(path.display().to_string())
            .hint("edit it again"));
    }
    let there = path.metadata().in_file(path)?;
    let staged = output::stage(path, after, there.mode() & 0o777)?;
    output::give_to_group(&staged, there.gid())?;
    let released: Result<(), _> = output::release(vec![staged]).into_iter().collect();
    released?;
    if beside(path, INDEX_ENDING).exists() {
        compile(path)?;
    }
    Ok(())
}

/// The copy that is edited, which also keeps a second editor out. It ends with the command.
struct Copy(PathBuf);

impl Copy {
    fn make(list: &Path, text: &[u8]) -> Result<Self, Failure> {
        let path = beside(list, ".edit");
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(&path);
        let mut file = match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Failure::new("somebody edits the list")
                    .at(path.display().to_string())
                    .hint("if nobody does, look at that file and remove it"));
            }
            made => made.in_file(&path)?,
        };
        let copy = Self(path);
        file.write_all(text).in_file(&copy.0)?;
        Ok(copy)
    }

    fn edit(&self) -> Result<(), Failure> {
        let editor = ["VISUAL", "EDITOR"]
            .iter()
            .find_map(|name| std::env::var(name).ok());
        let editor = editor.filter(|line| !line.trim().is_empty());
        let editor = editor.unwrap_or_else(|| "vi".to_owned());
        // Words, as visudo has it: `code --wait`.
        let mut words = editor.split_ascii_whitespace().map(OsString::from);
        let program = words.next().unwrap_or_default();
        let status = Command::new(&program).args(words).arg(&self.0).status();
        let status = status.at(format!("the editor {}", program.display()))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the editor ended with {status}, and nothing was changed"
        )))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark access edit /etc/ssh/access/access.list --dry-run
  punchmark access edit /etc/ssh/access/access.list
  EDITOR='code --wait' punchmark access edit access.list";
