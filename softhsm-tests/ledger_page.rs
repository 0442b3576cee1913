//! The program in the page of the ledger's format, run on ledgers as they are and as they
//! should not be.

use std::path::{Path, PathBuf};

use punchmark::ledger::file::FileFrames;
use punchmark::ledger::merkle::{Frontier, leaf_hash};
use punchmark::ledger::settings::FileSettings;
use punchmark::ledger::store::{Frames as _, Head};
use tempfile::TempDir;

use crate::harness::process::{Ran, bounded, run};
use crate::harness::scratch;

/// A ledger, and the program of the page beside it.
struct Page {
    folder: TempDir,
}

impl Page {
    fn new() -> Self {
        let page = include_str!("../docs/formats/ledger.md");
        let (_, program) = page.split_once("```python\n").unwrap();
        let (program, _) = program.split_once("```").unwrap();
        let folder = scratch();
        std::fs::write(folder.path().join("read.py"), program).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A ledger of frames of one, two, three … entries; and its head.
    fn write(&self, frames: usize) -> Head {
        let settings = FileSettings {
            kept_heads_only: Some(vec![self.path("heads")]),
            allow: vec!["heads below".to_owned()],
            ..FileSettings::default()
        };
        let mut ledger = FileFrames::create(&self.path("ledger"), settings).unwrap();
        let mut tree = Frontier::default();
        for count in 1..=frames {
            let entries: Vec<Vec<u8>> = (0..count)
                .map(|number| entry(u8::try_from(number).unwrap()))
                .collect();
            entries
                .iter()
                .for_each(|entry| tree.push(leaf_hash(entry), |_, _| ()));
            let (before, root) = (ledger.end().0, tree.root());
            let size = tree.size();
            ledger
                .append(&before, &entries, &Head { size, root }, 0)
                .unwrap();
        }
        ledger.end().0
    }

    fn edit(&self, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(self.path("ledger")).unwrap();
        edit(&mut bytes);
        std::fs::write(self.path("ledger"), bytes).unwrap();
    }

    fn run(&self, ledger: &Path) -> Ran {
        let mut python = bounded("python3");
        python.arg(self.path("read.py")).arg(ledger);
        run(&mut python)
    }
}

/// As every entry begins: kind, time, salt.
fn entry(kind: u8) -> Vec<u8> {
    [
        &[kind],
        &1_795_000_000_u64.to_be_bytes()[..],
        &[7; 16],
        &[kind; 40],
    ]
    .concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_program_of_the_page_is_some_forty_lines() {
    let program = std::fs::read_to_string(Page::new().path("read.py")).unwrap();
    assert!((30..=45).contains(&program.lines().count()));
}

#[test]
fn the_program_of_the_page_reads_a_whole_ledger_and_finds_its_root() {
    let page = Page::new();
    let head = page.write(9);
    let ran = page.run(&page.path("ledger")).ok();
    assert_eq!(ran.stdout.lines().count(), 46, "{ran}");
    assert!(
        ran.stdout.starts_with("1 kind 0 time 1795000000\n"),
        "{ran}"
    );
    let last = format!("45 entries, root {}\n", hex(&head.root));
    assert!(ran.stdout.ends_with(&last), "{ran}");
}

#[test]
fn the_program_of_the_page_reads_a_torn_ledger_up_to_its_end() {
    let page = Page::new();
    page.write(3);
    let whole = page.run(&page.path("ledger")).ok().stdout;
    let end = std::fs::read(page.path("ledger")).unwrap();
    let end = end.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    page.edit(|bytes| bytes[end..end + 20].copy_from_slice(b"fram\0\0\0\xff0123456789ab"));
    let ran = page.run(&page.path("ledger")).exits(1);
    assert_eq!(ran.stdout, whole);
    assert_eq!(
        ran.stderr,
        format!("from byte {end} on stands no whole frame\n")
    );
}

#[test]
fn the_program_of_the_page_refuses_a_forged_ledger() {
    let page = Page::new();
    page.write(3);
    // The first byte of the first entry, and a checksum that is right again.
    page.edit(|bytes| {
        use sha2::{Digest, Sha256};
        let length = u32::from_be_bytes(bytes[68..72].try_into().unwrap());
        let end = 72 + usize::try_from(length).unwrap();
        bytes[120] ^= 1;
        let sum = Sha256::digest(&bytes[64..end - 32]);
        bytes[end - 32..end].copy_from_slice(&sum);
    });
    let ran = page.run(&page.path("ledger")).exits(1);
    ran.says("the frame at byte 64 has other entries than its root says");
    page.edit(|bytes| bytes[0] ^= 1);
    page.run(&page.path("ledger"))
        .exits(1)
        .says("not a ledger of format 4");
}
