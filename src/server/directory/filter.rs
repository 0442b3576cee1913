//! Filters of a search, and the distinguished names that stand in them.

/// A filter for entries whose attribute has exactly this value.
pub(super) fn equals(attribute: &str, value: &str) -> String {
    format!("({attribute}={})", escaped(value))
}

/// A filter for members of a group, near and far, which Active Directory alone understands
/// (`LDAP_MATCHING_RULE_IN_CHAIN`, MS-ADTS 3.1.1.3.4.4.3).
pub(super) fn in_chain(group: &str) -> String {
    format!("(memberOf:{IN_CHAIN}:={})", escaped(group))
}

/// A filter for entries that any of these filters takes.
pub(super) fn any_of(filters: &[String]) -> String {
    format!("(|{})", filters.concat())
}

/// A filter for entries that this filter takes, and another one, if there is one.
pub(super) fn all_of(filter: &str, other: Option<&str>) -> String {
    match other {
        Some(other) => format!("(&{filter}{other})"),
        None => filter.to_owned(),
    }
}

/// A value as it stands in a filter (RFC 4515, section 3): what would end or widen the filter, and
/// what isn't printable ASCII, as `\` and two hexadecimal digits.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'*' | b'(' | b')' | b'\\' => text.push_str(&format!("\\{byte:02x}")),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:02x}")),
        }
    }
    text
}

const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_widen_a_filter_is_escaped() {
        assert_eq!(equals("uid", "*)(uid=root"), "(uid=\\2a\\29\\28uid=root)");
        assert_eq!(
            equals("memberOf", "cn=a\\,b,dc=x"),
            "(memberOf=cn=a\\5c,b,dc=x)"
        );
        assert_eq!(equals("cn", "Jörg\0"), "(cn=J\\c3\\b6rg\\00)");
        assert_eq!(
            in_chain("cn=ops"),
            "(memberOf:1.2.840.113556.1.4.1941:=cn=ops)"
        );
        assert_eq!(
            any_of(&[equals("uid", "a"), equals("uid", "b")]),
            "(|(uid=a)(uid=b))"
        );
    }

    proptest! {
        #[test]
        fn whatever_a_value_is_a_filter_stays_one_comparison(value in ".*") {
            let filter = equals("uid", &value);
            let inner = filter.strip_prefix("(uid=").and_then(|text| text.strip_suffix(')'));
            let inner = inner.unwrap();
            let widens = |c: char| matches!(c, '(' | ')' | '*') || !c.is_ascii() || c == '\0';
            prop_assert!(!inner.contains(widens));
        }
    }
}
