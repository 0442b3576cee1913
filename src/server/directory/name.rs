//! From a value of an attribute to a principal of a list.

use super::super::access::is_exact_principal;

/// Why a value of a directory service is no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// Bytes that are no text.
    #[error("the name is no UTF-8 text")]
    Text,
    /// A character that no principal has, or that a list would read as something else.
    #[error(
        "`{0}` can't be a principal: printable ASCII without white space, comma, quote, `#`, `=`, `*` or `?`, not beginning with `-`, `@` or `!`, at most 255 bytes with its suffix"
    )]
    Principal(String),
    /// A name that claims what the CA alone says.
    #[error("`{name}` ends in `{suffix}`, which the CA alone writes")]
    Reserved {
        /// The name.
        name: String,
        /// The suffix.
        suffix: String,
    },
}

/// The principal that a value and the suffix of the list make. `reserved` are the suffixes that no name
/// may end in by itself.
pub(super) fn principal(
    value: &[u8],
    suffix: &str,
    reserved: &[String],
) -> Result<String, NameFault> {
    let name = std::str::from_utf8(value).map_err(|_no_text| NameFault::Text)?;
    if let Some(ending) = reserved.iter().find(|ending| name.ends_with(*ending)) {
        return Err(NameFault::Reserved {
            name: name.to_owned(),
            suffix: ending.clone(),
        });
    }
    let whole = format!("{name}{suffix}");
    // An empty name would be that of nobody.
    if name.is_empty() || name.contains('=') || !is_exact_principal(&whole) {
        return Err(NameFault::Principal(name.escape_debug().to_string()));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::access::List;
    use super::*;

    #[test]
    fn a_name_gets_its_suffix_and_nothing_else_does() {
        let reserved = ["_physical".to_owned(), "_file".to_owned()];
        let made = |value: &[u8]| principal(value, "_physical", &reserved);
        assert_eq!(made(b"anna"), Ok("anna_physical".to_owned()));
        assert_eq!(made(b"web1$"), Ok("web1$_physical".to_owned()));
        assert_eq!(
            made(b"anna@EXAMPLE.ORG"),
            Ok("anna@EXAMPLE.ORG_physical".to_owned())
        );
        for odd in [
            &b""[..],
            b"*",
            b"a?",
            b"a b",
            b"a,b",
            b"a\nb",
            b"-a",
            b"@ops",
            b"!a",
            b"a#",
            b"a\"",
            b"a=b",
            "jörg".as_bytes(),
            &[b'a'; 250],
        ] {
            assert!(matches!(made(odd), Err(NameFault::Principal(_))), "{odd:?}");
        }
        assert_eq!(made(b"\xff"), Err(NameFault::Text));
        for claims in ["anna_physical", "anna_file"] {
            let fault = made(claims.as_bytes()).unwrap_err();
            assert!(matches!(fault, NameFault::Reserved { .. }), "{claims}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_one_member_of_a_list(value in ".{0,40}") {
            if let Ok(name) = principal(value.as_bytes(), "_file", &[]) {
                let text = format!("@group g = {name}\n@g www *\n");
                let list = List::parse(text.as_bytes()).unwrap();
                let group = list.header().groups().get("g").unwrap();
                prop_assert_eq!(group.members().named(), [name.into_boxed_str()]);
            }
        }
    }
}
