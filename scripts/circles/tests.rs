//! Each rule is broken once, and each false alarm that was feared is not given.

use std::path::Path;

use crate::breach::{Breach, breaches};
use crate::faults;
use crate::source::{Crate, module, source};

/// The breaches among these files, each with the names of the children at fault.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files
        .iter()
        .map(|(path, text)| (module(Path::new(path)), source(text)));
    let sources: Crate = sources.collect();
    let breaches = breaches(&sources).into_iter().map(|breach| {
        let children: Vec<_> = breach.children.into_iter().collect();
        format!("{}: {}", breach.parent, children.join(" "))
    });
    breaches.collect()
}

#[test]
fn finds_a_circle_however_it_is_named() {
    for (one, other) in [
        ("use crate::b::B;\nstruct A;", "use crate::a::A;\nstruct B;"),
        (
            "use super::b::B;\nstruct A;",
            "fn f() -> super::a::A {}\nstruct B;",
        ),
        (
            "use crate::b;\nstruct A;\nfn f() { b::f() }",
            "use crate::{a::{A as C}};\nfn f() {}",
        ),
        (
            "use crate::{\n    b::{self, B},\n};\nstruct A;",
            "const X: crate::a::A = 1;\nstruct B;",
        ),
        (
            "pub(crate) fn a() { let c = 'c'; crate::b::b() }",
            "fn b<'a>() { crate::a::a() }",
        ),
    ] {
        let files = [("lib.rs", "mod a;\nmod b;"), ("a.rs", one), ("b.rs", other)];
        assert_eq!(found(&files), [": a b"], "{one}");
    }
}

#[test]
fn a_longer_circle_and_one_through_names_handed_on_are_found() {
    let files = [
        (
            "lib.rs",
            "pub mod a;\npub mod b;\npub mod c;\npub use c::C;",
        ),
        ("a.rs", "mod inner;\npub use inner::A;\npub use inner::*;"),
        (
            "a/inner.rs",
            "use crate::b::B;\npub struct A;\npub struct Other;",
        ),
        ("b.rs", "pub struct B;\nfn f(_: crate::C) {}"),
        ("c.rs", "pub struct C;\nuse crate::a::Other;"),
    ];
    assert_eq!(found(&files), [": a b c"]);
}

#[test]
fn a_child_that_names_its_parents_own_item_closes_a_circle() {
    let files = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "mod inner;\nstruct A;\nfn f() { crate::b::b() }"),
        ("a/inner.rs", "pub fn inner() -> super::A {}"),
        ("b.rs", "fn b() { crate::a::inner::inner() }"),
    ];
    assert_eq!(found(&files), [": a b"]);
}

#[test]
fn words_tests_and_a_parent_with_its_children_are_no_circle() {
    let files = [
        ("lib.rs", "mod a;\nmod b;"),
        (
            "a.rs",
            "mod inner;\npub use inner::I;\nstruct A;\nfn f() { inner::f(crate::b::B) }",
        ),
        ("a/inner.rs", "use super::A;\nstruct I;\nfn f(_: A) {}"),
        (
            "b.rs",
            "// crate::a::A\nstruct B;\nconst X: &str = \"crate::a::A\";\nconst Y: &str = r#\"\"crate::a::A\"#;\n\
             #[cfg(test)]\nmod tests {\n use crate::a::A;\n}\nfn f() { other::a::A }",
        ),
    ];
    assert_eq!(found(&files), [""; 0]);
}

#[test]
fn no_command_needs_another_and_what_they_share_needs_none() {
    let files = [
        ("lib.rs", "mod cli;"),
        (
            "cli.rs",
            "mod base;\nmod one;\nmod other;\nfn f() { one::f() }",
        ),
        ("cli/base.rs", "pub fn f() {}\nuse super::other::g;"),
        ("cli/one.rs", "pub fn f() { super::base::f() }"),
        (
            "cli/other.rs",
            "pub fn g() {}\nfn h() { crate::cli::one::f() }",
        ),
    ];
    assert_eq!(
        found(&files),
        ["cli: base one other", "cli: base other", "cli: one other"]
    );
}

#[test]
fn a_breach_that_is_known_passes_until_it_is_mended() {
    let breach = |children: &[&str]| Breach {
        parent: "signer".to_owned(),
        children: children.iter().map(|child| (*child).to_owned()).collect(),
        words: "broken".to_owned(),
    };
    let allowed = "# why\nsigner: error file agent\n";
    assert_eq!(faults(&[breach(&["error", "file"])], allowed), [""; 0]);
    assert_eq!(
        faults(&[breach(&["error", "key"])], allowed)
            .first()
            .unwrap(),
        "broken"
    );
    assert!(faults(&[], allowed)[0].starts_with("this is mended"));
}
