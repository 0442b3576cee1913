//! Lines that differ only in `from`.

use super::*;

fn print(list: &str) -> String {
    printed(list, &["peter"], "www", "web1").unwrap()
}

#[test]
fn lines_that_differ_only_in_from_are_one_at_the_place_of_the_first() {
    let list = "peter www * restrict,from=\"10.0.0.0/8\",pty\nother www *\npeter www * restrict,pty,FROM=\"192.0.2.7,*.example.org\"\npeter www * restrict,pty\n";
    // The last has the same columns and options, but no `from`: nothing is joined.
    assert_eq!(print(list), "restrict,from=\"10.0.0.0/8\",pty peter");
    let joined = list.replace("peter www * restrict,pty\n", "");
    assert_eq!(
        print(&joined),
        "restrict,from=\"10.0.0.0/8,192.0.2.7,*.example.org\",pty peter"
    );
    let decision = decision(&joined, &["peter"], "www", "web1");
    let Outcome::Line { line, joined, .. } = decision.outcome else {
        panic!("{decision:?}");
    };
    assert_eq!((line, joined), (1, vec![3]));
}

#[test]
fn nothing_is_joined_by_a_negated_pattern_or_over_another_line_that_fits() {
    let first = "peter www * from=\"10.0.0.0/8\"\n";
    let second = "peter www * from=\"192.0.2.7\"\n";
    let negated = "peter www * from=\"!192.0.2.8,192.0.2.*\"\n";
    let alone = "from=\"10.0.0.0/8\" peter";
    assert_eq!(print(&format!("{first}{negated}")), alone);
    assert_eq!(print(&format!("{first}{second}{negated}")), alone);
    assert_eq!(print(&format!("{first}peter,x www *\n{second}")), alone);
    // A line that doesn't fit, or is over, stands between none.
    let both = "from=\"10.0.0.0/8,192.0.2.7\" peter";
    assert_eq!(print(&format!("{first}peter db *\n{second}")), both);
    let over = "peter,x www * expiry-time=\"20200101Z\"\n";
    assert_eq!(print(&format!("{first}{over}{second}")), both);
}

#[test]
fn columns_are_compared_byte_for_byte_and_other_options_in_their_order() {
    let list = |second: &str| format!("peter www *,a restrict,from=\"10.0.0.0/8\",pty\n{second}\n");
    let alone = "restrict,from=\"10.0.0.0/8\",pty peter";
    for second in [
        "peter www a,* restrict,from=\"192.0.2.7\",pty",
        "peter,peter www *,a restrict,from=\"192.0.2.7\",pty",
        "peter www *,a pty,from=\"192.0.2.7\",restrict",
        "peter www *,a restrict,from=\"192.0.2.7\"",
        "peter www *,a restrict,from=\"192.0.2.7\",pty,command=\"x\"",
    ] {
        assert_eq!(print(&list(second)), alone, "{second}");
    }
    let same = list("peter\t www   *,a  Restrict,from=\"192.0.2.7\",PTY  # why");
    assert_eq!(
        print(&same),
        "restrict,from=\"10.0.0.0/8,192.0.2.7\",pty peter"
    );
}

#[test]
fn a_network_that_does_not_fit_its_address_makes_the_file_invalid() {
    for from in [
        "10.0.0.1/8",
        "10.0.0.0/33",
        "!10.0.0.1/8",
        "a,10/8",
        "2001:db8::1/32",
        "x/8",
        "10.0.0.0/",
    ] {
        let list = format!("peter www * from=\"{from}\"\n");
        assert!(wrong(&list).contains("is no network"), "{list}");
    }
    for from in ["", ",", "a,,b", "!", "10.0.0.0/8, 192.0.2.7"] {
        let list = format!("peter www * from=\"{from}\"\n");
        assert!(
            wrong(&list).contains("is no value of `from`"),
            "{list}: {}",
            wrong(&list)
        );
    }
}
