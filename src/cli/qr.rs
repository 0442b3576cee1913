//! `punchmark qr`: a small file through a gap that no medium may cross, as a QR code, and back.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::base::context::Context;
use super::base::failure::{Advised, At, Exit, Failure};
use super::base::output_file::target;
use super::base::terminal::{columns_of_stdout, product_text, say};
use super::base::words::number_of;
use crate::config::read_bytes;
use crate::output;
use crate::output::page::Page;
use crate::wire::{QR_BYTES_MAX, QrCode, QrError, bytes_of_base32, hex, words};

/// Show a small file as a QR code, or read back what a scanner typed
///
/// For a request and its certificate where no medium may enter the room. The code holds the file in
/// base32, at error correction level M: 2,119 bytes at most. It goes to the terminal where that is wide
/// enough, to SVG, or to a page to be printed. Both ways tell the first words of the file's SHA-256, for
/// people to compare.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Qr {
    /// The file to show; with --read what a scanner typed [default with --read: stdin]
    #[arg(value_name = "FILE", required_unless_present = "read")]
    file: Option<PathBuf>,

    /// Read what a scanner typed, and write the file that it is
    #[arg(long, requires = "out")]
    read: bool,

    /// The file to write: the code as .svg or as a page in .html; with --read the file that was shown,
    /// which must not be there yet [default: the terminal; SVG on stdout where that is none]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// In what form a code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Svg,
    Page,
}

impl Qr {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match (self.file.as_deref(), self.out.as_deref()) {
            (text, Some(out)) if self.read => read_back(context, text, out)?,
            (Some(file), out) => show(context, file, out)?,
            // clap wants a file, or both of --read and --out.
            (None, _) => return Err(Failure::usage("no file was named")),
        }
        Ok(Exit::Done)
    }
}

fn show(context: &Context, file: &Path, out: Option<&Path>) -> Result<(), Failure> {
    // One more than there is room for, so that the refusal tells of the code.
    let length = file.metadata().in_file(file)?.len();
    if usize::try_from(length).is_ok_and(|length| length > QR_BYTES_MAX) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        return Err(Failure::from(QrError::TooLong { length }).at(file.display().to_string()));
    }
    let bytes = read_bytes(file, QR_BYTES_MAX).in_file(file)?;
    let code = QrCode::of_bytes(&bytes).in_file(file)?;
    match out {
        None if context.json() => return Err(Failure::usage(NO_JSON)),
        None => on_stdout(&code)?,
        Some(out) => {
            let text = match form(out)? {
                Form::Svg => code.svg(),
                Form::Page => page(file, &bytes, &code),
            };
            output::write(&target(out)?, text.as_bytes(), OUTPUT_MODE).at("cannot write")?;
        }
    }
    tell(context, "shown", file, &bytes)
}

/// The form of a file by its name.
fn form(out: &Path) -> Result<Form, Failure> {
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok(Form::Svg),
        Some("html") => Ok(Form::Page),
        _ => Err(Failure::usage(format!(
            "--out {}: a code is written to a file .svg or .html",
            out.display()
        ))),
    }
}

fn on_stdout(code: &QrCode) -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        return product_text(&code.svg());
    }
    let (wanted, there) = (code.columns(), columns_of_stdout().unwrap_or(80));
    if wanted > there {
        let narrow = format!("the code takes {wanted} columns, and the terminal has {there}");
        return Err(Failure::new(narrow).hint(
            "make it wider or its letters smaller, or write the code to a file: --out code.svg",
        ));
    }
    product_text(&format!("{}\n", code.lines().join("\n")))
}

/// One page with the code, and what people compare.
fn page(file: &Path, bytes: &[u8], code: &QrCode) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    let mut page = Page::new(&name.to_string_lossy(), "", "");
    page.code(code);
    page.named([
        ("Bytes".to_owned(), bytes.len().to_string()),
        ("SHA-256".to_owned(), hex(&Sha256::digest(bytes))),
        ("Its first words".to_owned(), first_words(bytes)),
        (
            "To be read by".to_owned(),
            "punchmark qr --read --out FILE, and a scanner that types".to_owned(),
        ),
    ]);
    page.end()
}

fn read_back(context: &Context, text: Option<&Path>, out: &Path) -> Result<(), Failure> {
    output::check(out)?;
    let typed = match text {
        Some(file) => crate::config::read_limited(file, TYPED_MAX).in_file(file)?,
        None => typed()?,
    };
    let bytes = bytes_of_base32(&typed)?;
    if bytes.len() > QR_BYTES_MAX {
        let length = bytes.len();
        return Err(QrError::TooLong { length }.into());
    }
    output::create(out, &bytes, OUTPUT_MODE)?;
    tell(context, "read", out, &bytes)
}

/// What is typed on stdin, to its end.
fn typed() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        say("Scan the code; when it stands here, press Enter and Ctrl-D.");
    }
    let mut typed = String::new();
    let mut stdin = io::stdin().lock().take(TYPED_MAX);
    stdin.read_to_string(&mut typed).at("standard input")?;
    Ok(typed)
}

fn tell(context: &Context, what: &str, file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let (name, words) = (file.display().to_string(), first_words(bytes));
    let size = number_of(bytes.len(), "byte");
    context.tell(
        &format!("{what} {name}: {size}, whose SHA-256 begins with the words: {words}"),
        json!({
            "file": name, "bytes": bytes.len(),
            "sha256": hex(&Sha256::digest(bytes)), "words": words,
        }),
    )
}

/// The first words of a file's SHA-256: whoever compares them sees a letter that was misread.
fn first_words(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    hash.first_chunk::<WORDS>()
        .map(|first| words(first))
        .unwrap_or_default()
}

impl Advised for QrError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::TooLong { .. } => "carry it as a file: a code can't be divided",
            Self::Letter { .. } | Self::Length { .. } => {
                "scan it again, with the keyboard's layout that the scanner has"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

const WORDS: usize = 8;
/// No secret.
const OUTPUT_MODE: u32 = 0o644;
/// Far more than the letters of a code, for line breaks between them.
const TYPED_MAX: u64 = 64 * 1024;
const NO_JSON: &str = "without --out the code itself is what is written, and there is no --json";
const EXAMPLES: &str = "\
Examples:
  punchmark qr peter.req
  punchmark qr peter-cert.pub --out peter.svg
  punchmark qr peter.req --out peter.html
  punchmark qr --read --out peter.req";
