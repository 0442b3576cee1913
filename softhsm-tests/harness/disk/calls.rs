//! What strace(1) says of a run, as steps on the disk.

use super::*;

/// Reads a log of strace: strings and names of descriptors in hexadecimal.
pub(super) fn steps(folder: &Path, log: &str) -> Vec<Step> {
    let mut offsets = BTreeMap::new();
    whole_lines(log)
        .iter()
        .filter_map(|line| Call::read(line))
        .filter_map(|call| call.step(&mut offsets))
        .filter(|step| step.path().starts_with(folder))
        .collect()
}

/// Puts calls together that another thread's call divided.
fn whole_lines(log: &str) -> Vec<String> {
    let mut waiting: BTreeMap<&str, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in log.lines() {
        let (process, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            waiting.insert(process, begun.to_owned());
        } else if let Some((_, rest)) = call.strip_prefix("<... ").and_then(|c| c.split_once('>')) {
            let begun = waiting.remove(process).unwrap_or_default();
            lines.push(begun + rest.trim_start_matches(" resumed"));
        } else {
            lines.push(call.to_owned());
        }
    }
    lines
}

/// One call, as far as a step needs it.
#[derive(Debug)]
struct Call {
    name: String,
    /// Numbers, and what stands in quotes or behind a descriptor, in order.
    strings: Vec<Vec<u8>>,
    arguments: String,
    result: i64,
    result_path: Option<Vec<u8>>,
}

impl Call {
    /// None for a line that is no call, or one that failed.
    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let digits: String = result
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '-')
            .collect();
        let result_number = digits.parse().ok().filter(|number| *number >= 0)?;
        Some(Self {
            name: name.to_owned(),
            strings: strings(arguments),
            arguments: without_strings(arguments),
            result: result_number,
            result_path: strings(result).pop(),
        })
    }

    fn step(&self, offsets: &mut BTreeMap<i64, usize>) -> Option<Step> {
        let descriptor = || self.number(0);
        Some(match self.name.as_str() {
            "openat" | "open" | "creat" => {
                offsets.insert(self.result, 0);
                let path = path(self.result_path.as_ref()?, None);
                let created = self.arguments.contains("O_CREAT");
                created.then_some(Step::Create(path))?
            }
            "pwrite64" => {
                let offset = usize::try_from(self.last_number()).unwrap();
                Step::Write(self.path(0), offset, self.strings[1].clone())
            }
            "write" => {
                let offset = offsets.entry(descriptor()).or_default();
                let step = Step::Write(self.path(0), *offset, self.strings[1].clone());
                *offset += usize::try_from(self.result).unwrap();
                step
            }
            "lseek" => {
                offsets.insert(descriptor(), usize::try_from(self.result).unwrap());
                return None;
            }
            "ftruncate" => Step::Length(self.path(0), usize::try_from(self.last_number()).unwrap()),
            "fsync" | "fdatasync" => Step::Sync(self.path(0)),
            "rename" => Step::Rename(self.path(0), self.path(1)),
            "link" => Step::Link(self.path(0), self.path(1)),
            "unlink" => Step::Remove(self.path(0)),
            // The folder of a descriptor stands before each name.
            "renameat" | "renameat2" if self.arguments.contains("EXCHANGE") => {
                Step::Exchange(self.path_at(0), self.path_at(2))
            }
            "renameat" | "renameat2" => Step::Rename(self.path_at(0), self.path_at(2)),
            "linkat" => Step::Link(self.path_at(0), self.path_at(2)),
            "unlinkat" => Step::Remove(self.path_at(0)),
            _ => return None,
        })
    }

    fn path(&self, number: usize) -> PathBuf {
        path(&self.strings[number], None)
    }

    fn path_at(&self, number: usize) -> PathBuf {
        path(&self.strings[number + 1], Some(&self.strings[number]))
    }

    fn number(&self, argument: usize) -> i64 {
        let argument = self.arguments.split(',').nth(argument).unwrap();
        argument.trim().parse().unwrap_or(-1)
    }

    fn last_number(&self) -> i64 {
        let last = self.arguments.rsplit(',').next().unwrap();
        last.trim().trim_end_matches(')').parse().unwrap()
    }
}

fn path(bytes: &[u8], folder: Option<&[u8]>) -> PathBuf {
    let path = PathBuf::from(OsString::from_vec(bytes.to_vec()));
    let folder = folder.map(|folder| PathBuf::from(OsString::from_vec(folder.to_vec())));
    let whole = folder.unwrap_or_default().join(path);
    whole
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// The strings between `"` or `<` and `>`, decoded.
fn strings(text: &str) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '<']) {
        let end = if rest.as_bytes()[start] == b'"' {
            '"'
        } else {
            '>'
        };
        let content = &rest[start + 1..];
        let length = content.find(end).unwrap();
        strings.push(unhex(&content[..length]));
        rest = &content[length + 1..];
    }
    strings
}

/// The arguments with what stands in quotes or angles left out.
fn without_strings(text: &str) -> String {
    let mut kept = String::new();
    let mut until = None;
    for letter in text.chars() {
        match until {
            Some(end) if letter == end => until = None,
            Some(_) => {}
            None if letter == '"' => until = Some('"'),
            None if letter == '<' => until = Some('>'),
            None => kept.push(letter),
        }
    }
    kept
}

fn unhex(text: &str) -> Vec<u8> {
    let bytes = text.split("\\x").skip(1);
    bytes
        .map(|digits| u8::from_str_radix(digits.get(..2).unwrap(), 16).unwrap())
        .collect()
}

pub(super) const CALLS: &str = "trace=openat,open,creat,write,pwrite64,lseek,ftruncate,fsync,fdatasync,rename,\
    renameat,renameat2,link,linkat,unlink,unlinkat";
