//! What programs read, by `--json`: objects, one a line, each with the number of its shape.
//!
//! The product stands on stdout, all else on stderr, and there too each line is an object:
//! an `error`, a `warning`, a `hint` or a `note`. `docs/formats/json.md` tells the fields.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::failure::Kind;
use super::monitoring;

/// The number of the shape. It counts up when a field that was there is taken away, or comes to
/// mean something else.
pub(crate) const SCHEMA: u64 = 1;

/// Who reads this run. It is set once, before anything is printed: words are said in places
/// that know no command line, and by threads that wait for a device.
static FOR_PROGRAMS: AtomicBool = AtomicBool::new(false);

/// Notes that a program reads what this run prints.
pub(crate) fn speak_to_programs() {
    FOR_PROGRAMS.store(true, Ordering::Relaxed);
}

pub(crate) fn is_for_programs() -> bool {
    FOR_PROGRAMS.load(Ordering::Relaxed)
}

/// The line of an object; what is no object stands in one, as `value`.
pub(crate) fn line(value: Value) -> String {
    let mut fields = match value {
        Value::Object(fields) => fields,
        other => serde_json::Map::from_iter([("value".to_owned(), other)]),
    };
    fields.insert("schema".to_owned(), SCHEMA.into());
    without_controls(Value::Object(fields).to_string())
}

/// JSON lets DEL and the controls of C1 stand as they are, and a terminal obeys them.
fn without_controls(line: String) -> String {
    if !line.contains(char::is_control) {
        return line;
    }
    let escaped = line.chars().map(|c| match c {
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    escaped.collect()
}

/// An error as a program reads it on stderr: the words, the ways out, and how the program ends
/// by it.
pub(crate) fn of_error(words: &str, hints: &[String], kind: Kind) -> Value {
    json!({
        "error": words, "hints": hints, "kind": kind.as_str(),
        "exit": monitoring::exit(kind.exit()).code(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_an_object_that_names_its_shape() {
        assert_eq!(line(json!({ "a": 1 })), r#"{"a":1,"schema":1}"#);
        assert_eq!(line(json!([1])), r#"{"schema":1,"value":[1]}"#);
    }

    #[test]
    fn what_would_steer_a_terminal_is_escaped_as_json_has_it() {
        let name = "a\u{1b}[2J\u{7f}\u{9b}1m\n";
        let line = line(json!({ "file": name }));
        assert!(!line.contains(char::is_control));
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["file"], name);
    }

    #[test]
    fn an_error_carries_its_ways_out_and_its_exit_code() {
        let hints = ["name one with -I".to_owned()];
        assert_eq!(
            line(of_error("no key ID", &hints, Kind::Usage)),
            r#"{"error":"no key ID","exit":2,"hints":["name one with -I"],"kind":"usage","schema":1}"#
        );
    }
}
