//! `punchmark man`: a man page of each command, out of what its `--help` is made of.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::base::failure::{At, Exit, Failure};
use super::base::terminal::product_text;
use crate::output;

/// Print the man page of a command, or write those of all
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManPages {
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out_dir: Option<PathBuf>,

    /// The command, word for word [default: punchmark itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

impl ManPages {
    pub(crate) fn run(self, program: Command) -> Result<Exit, Failure> {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        match self.out_dir {
            Some(folder) => write_all(&program, &folder)?,
            None => product_text(&page(find(&program, &self.command)?)?)?,
        }
        Ok(Exit::Done)
    }
}

fn find<'a>(program: &'a Command, words: &[String]) -> Result<&'a Command, Failure> {
    words.iter().try_fold(program, |command, word| {
        command.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("{} has no command `{word}`", name(command)))
                .hint("`punchmark --help` lists the commands")
        })
    })
}

/// Writes the page of this command, and those of all below it.
fn write_all(command: &Command, folder: &Path) -> Result<(), Failure> {
    let file = folder.join(format!("{}.1", name(command)));
    output::write(&file, page(command)?.as_bytes(), 0o644)?;
    for below in command.get_subcommands() {
        write_all(below, folder)?;
    }
    Ok(())
}

/// The name of a command's page: `punchmark-ledger-list`.
fn name(command: &Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

/// The page in roff, section 1.
fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    render(command, &mut page).at(format!("the page of {}", name(command)))?;
    Ok(with_one_preamble(&String::from_utf8_lossy(&page)))
}

fn render(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    // Without a date: the version says which program it is, and two builds are equal.
    let version = concat!("punchmark ", env!("CARGO_PKG_VERSION"));
    // clap's own line of usage: clap_mangen's would show options without their values.
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let man = Man::new(command.clone().override_usage(usage))
        .title(name(command).to_uppercase())
        .source(version)
        .manual("Punchmark");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    man.render_options_section(page)?;
    if let Some(after) = command.get_after_help() {
        after_help(&after.to_string()).to_writer(page)?;
    }
    Ok(())
}

/// Each section brings the same two lines along, which define the apostrophe.
fn with_one_preamble(page: &str) -> String {
    let first = page.lines().take(PREAMBLE);
    let preamble: Vec<_> = first.clone().collect();
    let others = page.lines().skip(PREAMBLE);
    let rest = others.filter(|line| !preamble.contains(line));
    first.chain(rest).map(|line| format!("{line}\n")).collect()
}

/// What stands behind the options: examples and exit codes, line for line.
fn after_help(text: &str) -> Roff {
    let mut roff = Roff::new();
    let (examples, notes): (Vec<_>, Vec<_>) = text
        .split("\n\n")
        .partition(|paragraph| paragraph.starts_with("Examples:"));
    for paragraph in examples {
        roff.control("SH", ["EXAMPLES"]);
        as_typed(&mut roff, paragraph.lines().skip(1));
    }
    if !notes.is_empty() {
        roff.control("SH", ["NOTES"]);
    }
    for paragraph in notes {
        roff.control("PP", []);
        as_typed(&mut roff, paragraph.lines());
    }
    roff
}

/// Lines that a reader of the page copies: no line is filled, joined or cut.
fn as_typed<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}

const PREAMBLE: usize = 2;

const EXAMPLES: &str = "\
Examples:
  punchmark man sign | man -l -
  punchmark man ledger list | man -l -
  punchmark man --out-dir ~/.local/share/man/man1";
