//! A manifest, in both forms: whatever it holds, every row and fault is of a line that it has.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::batch::manifest::Form;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    for form in [Form::Csv, Form::Toml] {
        let Ok((rows, faults)) = form.rows(bytes) else {
            continue;
        };
        let numbers = rows.iter().map(|row| row.line);
        for line in numbers.chain(faults.iter().map(|fault| fault.line)) {
            assert!(line >= 1 && usize::try_from(line).is_ok_and(|line| line <= lines + 1));
        }
    }
});
