//! A printer that is a program: what is handed to it lies in a folder, and is rendered by Ghostscript.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::browser::codes;
use super::process::{bounded, run};
use super::{scratch, write};

/// A program and the folder that it puts sheets into.
pub(crate) struct Printer {
    folder: TempDir,
}

impl Printer {
    /// One that takes every sheet.
    pub(crate) fn new() -> Self {
        Self::that("cat > \"$sheet\"")
    }

    /// One that does this in shell with the sheet on its standard input; `$sheet` is where it would go, and `$count` how
    /// many there were before.
    pub(crate) fn that(does: &str) -> Self {
        let folder = scratch();
        let at = folder.path().display();
        // What it was started with and what its environment holds is kept, too.
        let script = format!(
            "#!/bin/sh\ncd {at} || exit 9\ncount=$(ls | grep -c started)\nsheet={at}/$count.new\n\
             echo \"$0 $*\" > \"$count.started\"\nenv >> \"$count.started\"\n{{ {does}; }} || exit\n\
             [ ! -s \"$sheet\" ] || mv \"$sheet\" {at}/$count.ps\n"
        );
        write(&folder.path().join("printer"), script, 0o755);
        Self { folder }
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.folder.path().join("printer")
    }

    /// How often it was started.
    pub(crate) fn starts(&self) -> usize {
        self.files("started").len()
    }

    /// What it was started with, and with what environment, each time.
    pub(crate) fn started(&self) -> String {
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        self.files("started").iter().map(read).collect()
    }

    /// The sheets, in the order in which they were printed.
    pub(crate) fn sheets(&self) -> Vec<PathBuf> {
        self.files("ps")
    }

    fn files(&self, ends: &str) -> Vec<PathBuf> {
        let all = std::fs::read_dir(self.folder.path()).unwrap();
        let all = all.map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = all
            .filter(|path| path.extension().is_some_and(|end| end == ends))
            .collect();
        let number = |path: &PathBuf| -> usize {
            path.file_stem().unwrap().to_str().unwrap().parse().unwrap()
        };
        all.sort_by_key(number);
        all
    }
}

/// What people read on a sheet: its text, and its code.
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) code: String,
}

/// A sheet as Ghostscript renders it, as a PDF whose text is read and as a picture whose code is.
pub(crate) fn rendered(sheet: &Path, size: &str) -> Read {
    let folder = scratch();
    let (pdf, picture) = (
        folder.path().join("sheet.pdf"),
        folder.path().join("sheet.png"),
    );
    for (device, to) in [("pdfwrite", &pdf), ("png16m", &picture)] {
        let mut gs = bounded("gs");
        gs.args(["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-r150"]);
        gs.arg(format!("-sPAPERSIZE={size}"));
        gs.arg(format!("-sDEVICE={device}"));
        gs.arg(format!("-sOutputFile={}", to.display()));
        run(gs.arg(sheet)).ok();
    }
    let text = run(bounded("pdftotext").arg("-layout").arg(&pdf).arg("-")).ok();
    let pages = text.stdout.matches('\u{c}').count();
    assert_eq!(pages, 1, "{}", text.stdout);
    let codes = codes(&picture);
    assert_eq!(codes.len(), 1, "{codes:?}");
    Read {
        text: text.stdout,
        code: codes[0].clone(),
    }
}
