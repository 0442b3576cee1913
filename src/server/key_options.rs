//! The options before a key or a principal (sshd(8), AUTHORIZED_KEYS FILE FORMAT), as text.

/// Options between commas; a value stands in quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyOptions(String);

impl KeyOptions {
    /// Options as they are written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a flag such as `cert-authority` is there, in whatever case.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|found| found.eq_ignore_ascii_case(name))
    }

    /// The value of an option such as `from`, without its quotes.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        split(&self.0).find_map(|option| {
            let (found, value) = option.split_once('=')?;
            let value = value.strip_prefix('"').unwrap_or(value);
            let value = value.strip_suffix('"').unwrap_or(value);
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The first option that sshd doesn't know: it passes the whole line over, in silence.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        self.names().find(|name| {
            let name = name.to_ascii_lowercase();
            let flag = name.strip_prefix("no-").unwrap_or(&name);
            let plain = ["restrict", "cert-authority"].contains(&name.as_str());
            !plain && !FLAGS.contains(&flag) && !VALUED.contains(&name.as_str())
        })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let options = split(&self.0).filter(|option| !option.is_empty());
        options.map(|option| option.split('=').next().unwrap_or(option))
    }
}

/// Where options end: the first blank outside of quotes; `\"` within them ends none.
#[must_use]
pub fn end_of_options(text: &str) -> Option<usize> {
    let mut quotes = Quotes::default();
    text.find(|c| !quotes.within(c) && (c == ' ' || c == '\t'))
}

fn split(options: &str) -> impl Iterator<Item = &str> {
    let mut quotes = Quotes::default();
    options.split(move |c| !quotes.within(c) && c == ',')
}

/// Whether a character stands within quotes, in their order.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn within(&mut self, c: char) -> bool {
        let within = self.open;
        if c == '"' && !self.escaped {
            self.open = !self.open;
        }
        self.escaped = c == '\\' && !self.escaped;
        within
    }
}

/// Each also with `no-` before it.
const FLAGS: [&str; 7] = [
    "port-forwarding",
    "agent-forwarding",
    "x11-forwarding",
    "touch-required",
    "verify-required",
    "pty",
    "user-rc",
];

const VALUED: [&str; 8] = [
    "command",
    "principals",
    "from",
    "expiry-time",
    "environment",
    "permitopen",
    "permitlisten",
    "tunnel",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_commas_and_quotes_that_are_escaped() {
        let options = KeyOptions::new("no-pty,command=\"a \\\" b,c\",From=\"10.0.0.0/8\"");
        assert_eq!(options.value("command"), Some("a \\\" b,c"));
        assert_eq!(options.value("from"), Some("10.0.0.0/8"));
        assert!(options.has("no-pty") && !options.has("pty"));
        assert_eq!(options.unknown(), None);
    }

    #[test]
    fn an_option_that_sshd_does_not_know_is_found() {
        for (text, unknown) in [
            ("", None),
            ("restrict,pty", None),
            ("no-verify-required", None),
            ("no-restrict", Some("no-restrict")),
            ("pty,form=\"x\"", Some("form")),
        ] {
            assert_eq!(KeyOptions::new(text).unknown(), unknown, "{text}");
        }
    }
}
