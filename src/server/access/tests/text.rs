//! The text of a list: comments, blanks, ends of lines, limits, options, and the forms of directives.

use super::*;

fn is_valid(list: &str) -> bool {
    List::parse(list.as_bytes()).is_ok()
}

#[test]
fn blanks_tabs_and_comments_are_fine() {
    let list = "\n  # R\u{e4}ume \u{1f512}\n \t peter\twww  web1 \trestrict \t# why\n#\n\n";
    assert_eq!(
        printed(list, &["peter"], "www", "web1").as_deref(),
        Some("restrict peter")
    );
}

#[test]
fn a_hash_within_a_word_or_in_quotes_is_a_fault_that_is_named() {
    for list in [
        "peter www web1#x\n",
        "peter#x www web1\n",
        "peter www web1 command=\"a #b\"\n",
        "peter www web1 command=\"a#b\"\n",
        "@group g = a#b\npeter www *\n",
    ] {
        assert!(wrong(list).contains("where sshd cuts the line"), "{list}");
    }
}

#[test]
fn other_text_than_ascii_stands_in_comments_alone_and_shows_what_is_there() {
    assert!(wrong("p\u{e9}ter www *\n").contains("no printable ASCII"));
    assert!(wrong("peter www * command=\"\u{e9}\"\n").contains("no printable ASCII"));
    assert!(wrong("peter www * command=\"\u{1}\"\n").contains("no printable ASCII"));
    assert!(wrong("peter\0 www *\n").contains("byte 0x00"));
    assert_eq!(fault(b"peter www * # \xff\n").wrong, Wrong::Comment);
    for hidden in ['\u{1b}', '\u{202e}', '\u{2067}', '\u{2028}', '\u{85}'] {
        assert_eq!(
            fault(format!("peter www * # {hidden}\n").as_bytes()).wrong,
            Wrong::Comment
        );
    }
}

#[test]
fn a_carriage_return_and_a_byte_order_mark_are_named() {
    for list in [
        "peter www *\r\n",
        "peter www * # x\r\n",
        "\r\npeter www *\n",
        "peter www * command=\"a\rb\"\n",
    ] {
        assert!(wrong(list).contains("carriage return"), "{list:?}");
    }
    assert_eq!(
        fault(b"\xef\xbb\xbfpeter www *\n").wrong,
        Wrong::ByteOrderMark
    );
}

#[test]
fn a_file_that_is_cut_or_empty_is_invalid() {
    assert!(wrong("peter www web1").contains("half-written"));
    assert!(wrong("peter www web1 restrict\nerik www web1").starts_with("line 2,"));
    for list in ["", "\n", "# nobody\n", "@suffixes _file\n"] {
        assert!(
            wrong(list).contains("no line that lets in or denies"),
            "{list:?}"
        );
    }
    assert!(is_valid("!* * *\n"));
}

#[test]
fn a_line_has_at_most_4096_bytes_without_its_newline() {
    let line = |length: usize| format!("peter www * #{}\n", "x".repeat(length - 13));
    assert_eq!(line(4_096).len(), 4_097);
    assert!(is_valid(&line(4_096)));
    assert_eq!(fault(line(4_097).as_bytes()).wrong, Wrong::LongLine);
}

#[test]
fn the_forms_of_principals_files_get_an_error_that_shows_the_right_form() {
    for list in [
        "peter erik from=\"\" command=\"/bin/publish_website\"\n",
        "buildserver from=\"\" guestworker\n",
        "from=\"10.0.0.0/8\" peter\n",
        "peter www restrict,command=\"x\"\n",
        "peter erik anna www web1\n",
    ] {
        let words = wrong(list);
        assert!(words.contains("PRINCIPAL USER HOST [OPTIONS]"), "{words}");
        assert!(words.contains("peter,erik"), "{words}");
    }
    assert!(wrong("erik www\n").contains("2 of three columns"));
    assert!(wrong("erik\n").contains("1 of three columns"));
    assert!(wrong("peter www * restrict pty\n").contains("more than four columns"));
}

#[test]
fn names_hold_what_sshd_can_be_told() {
    for (list, words) in [
        ("peter,,erik www *\n", "an empty name"),
        (",peter www *\n", "an empty name"),
        ("peter www, *\n", "an empty name"),
        ("-peter www *\n", "'-'"),
        ("peter -www *\n", "'-'"),
        ("peter' www *\n", "'\\''"),
        ("peter @dba *\n", "groups are of principals"),
        ("peter www web/1\n", "'/'"),
        ("@ www *\n", "an empty name"),
        ("@a* www *\n", "'*'"),
    ] {
        assert!(wrong(list).contains(words), "{list}: {}", wrong(list));
    }
    let long = format!("{} www *\n", "p".repeat(256));
    assert_eq!(fault(long.as_bytes()).wrong, Wrong::LongName(255));
}

#[test]
fn an_option_that_sshd_would_skip_or_refuse_makes_the_file_invalid() {
    for (options, words) in [
        ("permit-pty", "is no option"),
        ("restricted", "is no option"),
        ("no-restrict", "is no option"),
        ("web1", "is no option"),
        ("restrict,", "empty option"),
        (",restrict", "empty option"),
        ("restrict,,pty", "empty option"),
        ("restrict=\"x\"", "takes no value"),
        ("command", "double quotes"),
        ("command=x", "double quotes"),
        ("command=\"x\"y", "is no option"),
        ("command=\"x", "not closed"),
        ("command=\"x\\\"", "not closed"),
        ("command=\"x\",command=\"x\"", "stands twice"),
        ("from=\"a\",FROM=\"b\"", "stands twice"),
        ("cert-authority", "authorized_keys"),
        ("principals=\"x\"", "authorized_keys"),
        ("expiry-time=\"tomorrow\"", "YYYYMMDD"),
        ("expiry-time=\"20270230\"", "YYYYMMDD"),
        ("environment=\"A-B=1\"", "NAME=value"),
        ("environment=\"A\"", "NAME=value"),
        ("permitopen=\"host\"", "HOST:PORT"),
        ("permitopen=\"::1:80\"", "HOST:PORT"),
        ("permitopen=\"host:0\"", "HOST:PORT"),
        ("permitlisten=\"http\"", "[HOST:]PORT"),
        ("tunnel=\"x\"", "a number"),
    ] {
        let list = format!("peter www * {options}\n");
        let words_of = wrong(&list);
        assert!(words_of.contains(words), "{options}: {words_of}");
    }
    for options in [
        "restrict,pty,no-user-rc,X11-forwarding",
        "command=\"/bin/sh -c \\\"echo x, y\\\"\",no-pty",
        "from=\"10.0.0.0/8,!10.1.0.0/16,*.example.org,2001:db8::/32,192.0.2.7\"",
        "expiry-time=\"20270101\",expiry-time=\"202701010000Z\"",
        "environment=\"A_1=x y\",environment=\"B=\"",
        "permitopen=\"[::1]:80\",permitopen=\"host:*\",permitlisten=\"8080\",permitlisten=\"*:1\"",
        "tunnel=\"any\"",
        "tunnel=\"0\",no-touch-required,verify-required",
    ] {
        assert!(is_valid(&format!("peter www * {options}\n")), "{options}");
    }
}

#[test]
fn a_directive_in_another_form_than_its_own_shows_its_form() {
    for (directive, words) in [
        ("@suffixes", "@suffixes SUFFIX..."),
        ("@suffixes file", "is no suffix"),
        ("@suffixes _file _my_file", "ends in suffix"),
        ("@suffixes _file _file", "ends in suffix"),
        ("@suffixes _file\n@suffixes _x1", "in line 1 already"),
        ("@ca users", "@ca NAME"),
        ("@ca users MD5:00", "is no fingerprint"),
        ("@ca users SHA256:AAAA", "is no fingerprint"),
        ("@group dba anna", "@group NAME ="),
        ("@group dba=anna", "@group NAME ="),
        ("@group d*a = anna", "'*'"),
        ("@group dba = !anna", "`!` stands once"),
        ("@group ops = directory \"cn=ops\"", "directory \"DN\""),
        (
            "@group ops = directory \"\" suffix _file",
            "directory \"DN\"",
        ),
        (
            "@group ops = directory \"cn=ops\" suffix file",
            "is no suffix",
        ),
        ("@hosts", "@hosts NAME ="),
        ("@stale", "@stale AGE"),
        ("@stale soon @ops", "length of time"),
        ("@stale 0s", "length of time"),
        ("@known root", "@known USERS"),
        ("@known root 2h", "without `@ca`"),
        ("@fresh x", "is no fingerprint"),
        ("@version -1", "Unix time"),
        ("@version 1\n@version 2", "in line 1 already"),
        ("@needs", "@needs VERSION"),
        ("@needs 99.1", "needs punchmark 99.1"),
        ("@sufixes _a _b", "group `@sufixes`"),
    ] {
        let list = format!("{directive}\npeter www *\n");
        assert!(
            wrong(&list).contains(words),
            "{directive}: {}",
            wrong(&list)
        );
    }
    let fresh = certificate::fingerprint(b"key");
    for directive in [
        "@needs 0.0.1",
        "@group empty =",
        "@group g = a,b c",
        "@group ops = directory \"cn=ops,ou=x y,dc=example\" attribute uid suffix _physical",
        "@version 1795000000",
        &format!("@fresh {fresh}"),
        &format!("@ca users {fresh}\n@known root,*postgres 90m"),
    ] {
        assert!(
            is_valid(&format!("{directive}\npeter www *\n")),
            "{directive}"
        );
    }
}

#[test]
fn the_list_of_the_format_s_page_is_valid() {
    let page = include_str!("../../../../docs/formats/access-list.md");
    let list: String = page
        .lines()
        .skip_while(|line| !line.starts_with("    @suffixes"))
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    assert!(list.contains("!contractor_*"));
    List::parse(list.as_bytes()).unwrap();
}
