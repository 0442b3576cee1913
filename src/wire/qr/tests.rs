use super::*;

#[test]
fn base32_is_that_of_rfc_4648_without_padding() {
    for (bytes, text) in [
        ("f", "MY"),
        ("fo", "MZXQ"),
        ("foo", "MZXW6"),
        ("foob", "MZXW6YQ"),
        ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ] {
        assert_eq!(base32(bytes.as_bytes()), text);
        assert_eq!(bytes_of_base32(text), Ok(bytes.as_bytes().to_vec()));
    }
}

#[test]
fn any_bytes_read_back_in_any_case_and_with_breaks() {
    for length in 1..300_u32 {
        let bytes: Vec<_> = (0..length)
            .map(|at| u8::try_from(at * 37 % 256).unwrap())
            .collect();
        let text = base32(&bytes);
        assert_eq!(bytes_of_base32(&text), Ok(bytes.clone()));
        let broken = text.to_lowercase().replace('a', "A\r\n");
        assert_eq!(bytes_of_base32(&broken), Ok(bytes));
    }
}

#[test]
fn what_no_bytes_are_written_as_is_refused() {
    assert_eq!(bytes_of_base32(" \n"), Err(QrError::Empty));
    let letter = |number, letter| Err(QrError::Letter { number, letter });
    assert_eq!(bytes_of_base32("MZ XW1"), letter(5, '1'));
    assert_eq!(bytes_of_base32("MY======"), letter(3, '='));
    for (text, letters) in [("M", 1), ("MZX", 3), ("MZXW6Y", 6), ("MZ", 2), ("MZXR", 4)] {
        assert_eq!(
            bytes_of_base32(text),
            Err(QrError::Length { letters }),
            "{text}"
        );
    }
}

#[test]
fn a_code_is_as_large_as_its_bytes_need_and_one_that_has_no_room_is_refused() {
    // What a request and its certificate have.
    assert_eq!(QrCode::of_bytes(&[0xa5; 607]).unwrap().modules(), 101);
    assert_eq!(QrCode::of_bytes(&[0xa5; 594]).unwrap().modules(), 97);
    assert_eq!(
        QrCode::of_bytes(&[0xa5; QR_BYTES_MAX]).unwrap().modules(),
        177
    );
    for length in [QR_BYTES_MAX + 1, 2300] {
        assert_eq!(
            QrCode::of_bytes(&vec![0xa5; length]),
            Err(QrError::TooLong { length })
        );
    }
    assert_eq!(QrCode::of_bytes(&[]), Err(QrError::Empty));
    let refused = QrCode::of_text(&"ä".repeat(2000));
    assert_eq!(refused, Err(QrError::TooLong { length: 4000 }));
}

#[test]
fn svg_and_lines_show_the_same_modules_and_the_whole_margin() {
    let code = QrCode::of_text("ssh-ed25519 AAAA").unwrap();
    let dark = code.dark.iter().filter(|dark| **dark).count();
    assert_eq!(code.svg().matches("h1v1h-1z").count(), dark);
    let lines = code.lines();
    let count = |sign: char, modules: usize| lines.concat().matches(sign).count() * modules;
    assert_eq!(count('█', 2) + count('▀', 1) + count('▄', 1), dark);
    let plain = |line: &String| {
        let inner = line.strip_prefix("\u{1b}[30;107m").unwrap();
        inner.strip_suffix("\u{1b}[0m").unwrap().to_owned()
    };
    assert!(
        lines
            .iter()
            .all(|line| plain(line).chars().count() == code.columns())
    );
    assert!(lines[..2].iter().all(|line| plain(line).trim().is_empty()));
    assert!(lines.iter().all(|line| plain(line).starts_with("    ")));
}
