//! An entry as a directory service gives it: attributes, of which Active Directory gives a part at a
//! time where they are many.

/// An entry and those of its attributes that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its distinguished name, as the server writes it.
    pub dn: String,
    /// Descriptions of attributes, with their options (RFC 4512, section 2.5), and their values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// What an entry says that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    /// A part of the values that is none, or not the one that comes next.
    #[error("attribute {0} is not a range that continues the one before")]
    Range(String),
    /// A distinguished name or a login name that is no text.
    #[error("a value of {0} is no text")]
    Text(&'static str),
    /// Flags that are no number.
    #[error("userAccountControl is no number")]
    Control,
    /// A name that isn't there, or can't be read by this program.
    #[error("no attribute {0} to name it by")]
    NoName(String),
    /// Nobody knows which of them is the name.
    #[error("{count} values of attribute {attribute}, and one is its name")]
    Names {
        /// The attribute.
        attribute: String,
        /// How many.
        count: usize,
    },
}

/// The values that an answer holds of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) values: Vec<Vec<u8>>,
    /// The place of the first value of the next part, if this isn't all.
    pub(super) next: Option<usize>,
}

impl Entry {
    /// The values of an attribute from place `first` on. Where they are many, Active Directory
    /// answers with `member;range=0-1499`, and `*` in the place of the last number at the end
    /// (MS-ADTS 3.1.1.3.1.3.3).
    ///
    /// # Errors
    /// [`EntryFault::Range`].
    pub(super) fn part(&self, attribute: &str, first: usize) -> Result<Part, EntryFault> {
        let mut part = Part::default();
        let mut ranges = 0_u32;
        for (description, values) in &self.attributes {
            if description.eq_ignore_ascii_case(attribute) {
                part.values.extend(values.iter().cloned());
                continue;
            }
            let Some((from, to)) = range_of(description, attribute)? else {
                continue;
            };
            let fault = || EntryFault::Range(description.clone());
            let count = to.map(|to| to.checked_sub(from).and_then(|less| less.checked_add(1)));
            let whole = count.is_none_or(|count| count == Some(values.len()));
            ranges = ranges.saturating_add(1);
            if from != first || !whole || ranges > 1 {
                return Err(fault());
            }
            part.values.extend(values.iter().cloned());
            part.next = match to {
                Some(to) => Some(to.checked_add(1).ok_or_else(fault)?),
                None => None,
            };
        }
        // Who asks for a later part gets a later part.
        if first > 0 && ranges == 0 {
            return Err(EntryFault::Range(attribute.to_owned()));
        }
        Ok(part)
    }

    /// Whether it is a group, by its object classes: of RFC 4519, RFC 2307, or of Active Directory.
    pub(super) fn is_group(&self) -> bool {
        let classes = self.whole("objectClass");
        let mut classes = classes.map(|class| String::from_utf8_lossy(class).to_ascii_lowercase());
        classes.any(|class| GROUP_CLASSES.contains(&class.as_str()))
    }

    /// Whether it is an account of Active Directory that was switched off (`ACCOUNTDISABLE`,
    /// MS-ADTS 2.2.16).
    ///
    /// # Errors
    /// [`EntryFault::Control`].
    pub(super) fn is_disabled(&self) -> Result<bool, EntryFault> {
        let mut values = self.whole("userAccountControl");
        let Some(value) = values.next() else {
            return Ok(false);
        };
        // The flags are a signed number of 32 bits.
        let number = std::str::from_utf8(value).ok();
        let number = number.and_then(|text| text.parse::<i32>().ok());
        let flags = number.filter(|_| values.next().is_none());
        let flags = flags.ok_or(EntryFault::Control)?;
        Ok(flags & ACCOUNT_DISABLE != 0)
    }

    /// The one value of the attribute that names it.
    ///
    /// # Errors
    /// [`EntryFault::NoName`] or [`EntryFault::Names`].
    pub(super) fn name(&self, attribute: &str) -> Result<&[u8], EntryFault> {
        let values: Vec<_> = self.whole(attribute).collect();
        match values.as_slice() {
            [name] => Ok(name),
            [] => Err(EntryFault::NoName(attribute.to_owned())),
            several => Err(EntryFault::Names {
                attribute: attribute.to_owned(),
                count: several.len(),
            }),
        }
    }

    /// The values of an attribute that are given at once.
    pub(super) fn whole(&self, attribute: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.attributes.iter();
        let named = named.filter(move |(name, _)| name.eq_ignore_ascii_case(attribute));
        named.flat_map(|(_, values)| values).map(Vec::as_slice)
    }
}

/// The places of the first and the last value that a description names, if it is a range of this
/// attribute; no last place if nothing follows.
fn range_of(
    description: &str,
    attribute: &str,
) -> Result<Option<(usize, Option<usize>)>, EntryFault> {
    let Some((name, option)) = description.split_once(';') else {
        return Ok(None);
    };
    if !name.eq_ignore_ascii_case(attribute) {
        return Ok(None);
    }
    let fault = || EntryFault::Range(description.to_owned());
    let option = option.to_ascii_lowercase();
    // Other options are other attributes: `member;lang-en` is none of ours.
    let Some(range) = option.strip_prefix("range=") else {
        return Ok(None);
    };
    let (from, to) = range.split_once('-').ok_or_else(fault)?;
    let from = place(from).ok_or_else(fault)?;
    match to {
        "*" => Ok(Some((from, None))),
        to => Ok(Some((from, Some(place(to).ok_or_else(fault)?)))),
    }
}

fn place(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The classes of groups, in lower case.
const GROUP_CLASSES: &[&str] = &[
    "group",
    "groupofnames",
    "groupofuniquenames",
    "groupofmembers",
    "groupofentries",
    "groupofurls",
    "posixgroup",
];
const ACCOUNT_DISABLE: i32 = 2;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::server::directory) fn entry_at(
        dn: &str,
        attributes: &[(&str, &[&str])],
    ) -> Entry {
        let attributes = attributes.iter().map(|(name, values)| {
            let values = values.iter().map(|value| value.as_bytes().to_vec());
            ((*name).to_owned(), values.collect())
        });
        Entry {
            dn: dn.to_owned(),
            attributes: attributes.collect(),
        }
    }

    fn entry(attributes: &[(&str, &[&str])]) -> Entry {
        entry_at("cn=x", attributes)
    }

    fn part(
        attributes: &[(&str, &[&str])],
        first: usize,
    ) -> Result<(usize, Option<usize>), String> {
        let part = entry(attributes).part("member", first);
        part.map(|part| (part.values.len(), part.next))
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn values_come_whole_or_a_range_at_a_time() {
        assert_eq!(part(&[("MEMBER", &["a", "b"])], 0), Ok((2, None)));
        assert_eq!(part(&[], 0), Ok((0, None)));
        // Active Directory answers with the plain attribute beside its range, and empty.
        let first: &[(&str, &[&str])] = &[("member", &[]), ("member;range=0-1", &["a", "b"])];
        assert_eq!(part(first, 0), Ok((2, Some(2))));
        assert_eq!(part(&[("member;Range=2-*", &["c"])], 2), Ok((1, None)));
        assert_eq!(part(&[("member;range=2-*", &[])], 2), Ok((0, None)));
        // Recorded from Samba 4.17, which was asked for 1598-2000 of 1,600.
        let last: &[(&str, &[&str])] = &[(
            "member;range=1598-*",
            &["CN=c0792,OU=many,DC=ad", "CN=c0041,OU=many,DC=ad"],
        )];
        assert_eq!(part(last, 1598), Ok((2, None)));
        assert_eq!(part(&[("member;lang-de", &["a"])], 0), Ok((0, None)));
    }

    #[test]
    fn a_range_that_leaves_values_out_is_none() {
        for (description, values, first) in [
            ("member;range=0-1", &["a"][..], 0),
            ("member;range=0-1", &["a", "b", "c"], 0),
            ("member;range=1-2", &["a", "b"], 0),
            ("member;range=0-1", &["a", "b"], 2),
            ("member;range=2-1", &[], 2),
            ("member;range=2", &["a"], 2),
            ("member;range=+2-*", &["a"], 2),
            ("member;range=-*", &["a"], 0),
            ("member;range=0-18446744073709551615", &["a"], 0),
            // Who asks from the third on, and gets the first again.
            ("member", &["a"], 2),
        ] {
            let fault = EntryFault::Range(description.to_owned()).to_string();
            assert_eq!(part(&[(description, values)], first), Err(fault), "{first}");
        }
        let twice: &[(&str, &[&str])] =
            &[("member;range=0-0", &["a"]), ("member;range=0-*", &["a"])];
        let fault = EntryFault::Range("member;range=0-*".to_owned());
        assert_eq!(part(twice, 0), Err(fault.to_string()));
    }

    #[test]
    fn a_group_is_known_by_its_class_in_any_case() {
        for class in ["groupOfNames", "GROUP", "posixGroup", "groupOfUniqueNames"] {
            assert!(
                entry(&[("objectclass", &["top", class])]).is_group(),
                "{class}"
            );
        }
        assert!(!entry(&[("objectClass", &["posixAccount", "person"])]).is_group());
    }

    #[test]
    fn an_account_that_is_switched_off_is_known_by_one_flag() {
        let disabled = |values: &[&str]| entry(&[("useraccountcontrol", values)]).is_disabled();
        for (value, expected) in [
            ("512", false),
            ("514", true),
            ("66050", true),
            ("-2147483646", true),
        ] {
            assert_eq!(disabled(&[value]), Ok(expected), "{value}");
        }
        assert_eq!(entry(&[]).is_disabled(), Ok(false));
        for odd in [&["x"][..], &[""], &["512", "514"], &["4294967298"]] {
            assert_eq!(disabled(odd), Err(EntryFault::Control), "{odd:?}");
        }
    }

    #[test]
    fn one_value_names_an_entry() {
        let one = entry(&[("uid", &["anna"]), ("mail", &["a@x", "b@x"])]);
        assert_eq!(one.name("UID"), Ok(&b"anna"[..]));
        assert_eq!(one.name("cn"), Err(EntryFault::NoName("cn".to_owned())));
        assert!(matches!(
            one.name("mail"),
            Err(EntryFault::Names { count: 2, .. })
        ));
    }
}
