//! A log, line by line: a file or stdin, as it is or compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::cli::base::failure::{At, Failure};

/// A log that is read.
pub(super) struct Input {
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
}

impl Input {
    /// Opens a log; `-` is stdin.
    pub(super) fn open(log: &Path) -> Result<Self, Failure> {
        let raw: Box<dyn Read> = if log.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(log).in_file(log)?)
        };
        Ok(Self {
            reader: unpacked(raw).in_file(log)?,
            line: Vec::new(),
        })
    }

    /// The next line, without its newline, up to a length beyond which nothing is looked at.
    pub(super) fn next_line(&mut self) -> io::Result<Option<String>> {
        self.line.clear();
        let read = (&mut self.reader)
            .take(LONGEST)
            .read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if read > 0 {
            self.pass_over()?;
        }
        let line = String::from_utf8_lossy(&self.line);
        Ok((read > 0).then(|| line.into_owned()))
    }

    /// Goes on to the end of a line. A device that never ends one is no log.
    fn pass_over(&mut self) -> io::Result<()> {
        let passed = (&mut self.reader)
            .take(MOST_PASSED_OVER)
            .skip_until(b'\n')?;
        if u64::try_from(passed).is_ok_and(|passed| passed < MOST_PASSED_OVER) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, ENDLESS))
    }
}

/// Unpacks what gzip packed; of other packers it says how.
fn unpacked(mut raw: Box<dyn Read>) -> Result<Box<dyn BufRead>, Failure> {
    let mut magic = Vec::new();
    (&mut raw).take(MAGIC).read_to_end(&mut magic)?;
    for (begin, program) in OTHERS {
        if magic.starts_with(begin) {
            return Err(Failure::new("the log is compressed, and not by gzip")
                .hint(format!("{program} FILE | punchmark ledger reconcile -")));
        }
    }
    let is_gzip = magic.starts_with(b"\x1f\x8b");
    let whole = Cursor::new(magic).chain(raw);
    Ok(if is_gzip {
        Box::new(BufReader::new(MultiGzDecoder::new(whole)))
    } else {
        Box::new(BufReader::new(whole))
    })
}

/// sshd writes at most 1,024 bytes, four times as many where all are escaped; the journal
/// puts some twenty fields around them.
const LONGEST: u64 = 64 * 1024;
/// Far more than any program logs in a line.
const MOST_PASSED_OVER: u64 = 16 << 20;
const ENDLESS: &str = "a line is longer than 16 MiB, so this is no log of sshd";
/// So many bytes tell how a file is packed.
const MAGIC: u64 = 6;
/// How files of other packers begin, and what unpacks them.
const OTHERS: [(&[u8], &str); 3] = [
    (b"\xfd7zXZ", "xzcat"),
    (b"\x28\xb5\x2f\xfd", "zstdcat"),
    (b"BZh", "bzcat"),
];
