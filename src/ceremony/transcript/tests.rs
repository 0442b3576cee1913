use super::*;

fn done(step: &str) -> Event {
    Event::Done {
        step: step.to_owned(),
    }
}

fn sample() -> (Transcript, Vec<u8>) {
    let mut transcript = Transcript::default();
    let begin = Event::Begin {
        plan: hex(&[1; 32]),
        purpose: "user CA".to_owned(),
        program: "punchmark 0.2.0".to_owned(),
        random: "getrandom".to_owned(),
    };
    let events = [
        begin,
        done("people"),
        Event::Intent {
            step: "key users".to_owned(),
            locator: "pkcs11:object=a".to_owned(),
        },
        done("key users"),
        Event::End {
            ledger: "l".to_owned(),
            size: 1,
            root: hex(&[2; 32]),
        },
    ];
    let lines = (100..)
        .zip(events)
        .map(|(time, event)| transcript.push(time, event).unwrap());
    let bytes = lines.collect::<Vec<_>>().concat();
    (transcript, bytes)
}

#[test]
fn lines_read_back_and_their_value_is_the_hash_of_the_last() {
    let (transcript, bytes) = sample();
    assert_eq!(Transcript::parse(&bytes), Ok(transcript.clone()));
    let last = bytes
        .trim_ascii_end()
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap();
    assert_eq!(transcript.value(), *Sha256::digest(last));
    assert!(transcript.is_done("people") && !transcript.is_done("end"));
    assert_eq!(transcript.intent("key users"), Some("pkcs11:object=a"));
    assert!(transcript.has_ended());
}

#[test]
fn a_line_dropped_doubled_swapped_or_changed_is_found_at_its_place() {
    let (_, bytes) = sample();
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let last = lines.len() - 1;
    for at in 0..lines.len() {
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut dropped = lines.clone();
        dropped.remove(at);
        let mut found = vec![(doubled, LineFault::Number, at + 2)];
        if at < last {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            found.push((dropped, LineFault::Number, at + 1));
            found.push((swapped, LineFault::Number, at + 1));
        }
        for (lines, fault, line) in found {
            let error = Transcript::parse(&lines.concat()).unwrap_err();
            assert_eq!(error, TranscriptError { line, fault }, "{at}");
        }
    }
}

#[test]
fn a_change_of_content_breaks_the_chain_or_changes_the_value() {
    let (transcript, bytes) = sample();
    let text = String::from_utf8(bytes).unwrap();
    let changed = text.replace("\"step\":\"people\"", "\"step\":\"peopel\"");
    let error = Transcript::parse(changed.as_bytes()).unwrap_err();
    assert_eq!(
        error,
        TranscriptError {
            line: 3,
            fault: LineFault::Chain
        }
    );
    let changed = text.replace("\"size\":1", "\"size\":2");
    let other = Transcript::parse(changed.as_bytes()).unwrap();
    assert_ne!(other.value(), transcript.value());
}

#[test]
fn what_is_torn_later_than_the_next_or_spelt_otherwise_is_refused() {
    let (_, bytes) = sample();
    let torn = Transcript::parse(&bytes[..bytes.len() - 1]).unwrap_err();
    assert_eq!(
        torn,
        TranscriptError {
            line: 5,
            fault: LineFault::Torn
        }
    );
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("{\"number\":1,", "{ \"number\":1,"),
        ("\"number\":1,", "\"number\":1,\"x\":1,"),
    ] {
        let error = Transcript::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(
            error,
            TranscriptError {
                line: 1,
                fault: LineFault::Form
            }
        );
    }
    let mut transcript = Transcript::default();
    transcript.push(100, done("a")).unwrap();
    assert_eq!(transcript.push(99, done("b")), Err(LineFault::Time));
}
