//! Names and members of accounts, from the local files; of a directory service there are
//! numbers only.

/// What `/etc/passwd` and `/etc/group` say.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    passwd: String,
    group: String,
}

impl Accounts {
    /// Reads both files; one that can't be read is empty.
    pub(super) fn of_this_machine() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self {
            passwd: read("/etc/passwd"),
            group: read("/etc/group"),
        }
    }

    #[cfg(test)]
    pub(super) fn of(passwd: &str, group: &str) -> Self {
        Self {
            passwd: passwd.to_owned(),
            group: group.to_owned(),
        }
    }

    /// The user's name, else the number.
    pub(super) fn user(&self, uid: u32) -> String {
        let mut lines = self.passwd.lines().map(fields);
        let line = lines.find(|line| number(line, 2) == Some(uid));
        name(line.as_deref()).unwrap_or_else(|| uid.to_string())
    }

    /// The group's name, else the number.
    pub(super) fn group(&self, gid: u32) -> String {
        let mut lines = self.group.lines().map(fields);
        let line = lines.find(|line| number(line, 2) == Some(gid));
        name(line.as_deref()).unwrap_or_else(|| gid.to_string())
    }

    /// The number of a group by its name.
    pub(super) fn group_by_name(&self, wanted: &str) -> Option<u32> {
        let mut lines = self.group.lines().map(fields);
        let line = lines.find(|line| line.first() == Some(&wanted))?;
        number(&line, 2)
    }

    /// Whether the group has this user and nobody else, as Debian gives each user one: who
    /// may write as the group is then who may write as the user.
    pub(super) fn is_private_group_of(&self, gid: u32, uid: u32) -> bool {
        let owner = self.user(uid);
        let primary: Vec<_> = self
            .passwd
            .lines()
            .map(fields)
            .filter(|line| number(line, 3) == Some(gid))
            .map(|line| number(&line, 2))
            .collect();
        let mut groups = self.group.lines().map(fields);
        let members = groups
            .find(|line| number(line, 2) == Some(gid))
            .and_then(|line| line.get(3).map(|members| (*members).to_owned()))
            .unwrap_or_default();
        let others = members
            .split(',')
            .any(|member| !member.is_empty() && member != owner);
        primary == [Some(uid)] && !others
    }
}

fn fields(line: &str) -> Vec<&str> {
    line.split(':').collect()
}

fn number(fields: &[&str], at: usize) -> Option<u32> {
    fields.get(at)?.parse().ok()
}

fn name(fields: Option<&[&str]>) -> Option<String> {
    fields?.first().map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\npeter:x:1000:1000::/:\nerik:x:1001:100::/:\n\
        anna:x:1002:100::/:\n";
    const GROUP: &str =
        "root:x:0:\npeter:x:1000:\nusers:x:100:\nca:x:200:peter,erik\nown:x:1003:peter,erik\n";

    #[test]
    fn a_private_group_has_its_user_alone() {
        let accounts = Accounts::of(PASSWD, GROUP);
        assert!(accounts.is_private_group_of(1000, 1000));
        assert!(!accounts.is_private_group_of(100, 1001), "anna's too");
        assert!(
            !accounts.is_private_group_of(200, 1000),
            "nobody's primary group"
        );
        let shared = Accounts::of(PASSWD, "peter:x:1000:erik\n");
        assert!(!shared.is_private_group_of(1000, 1000));
    }

    #[test]
    fn names_are_given_where_they_are_known() {
        let accounts = Accounts::of(PASSWD, GROUP);
        assert_eq!(
            (accounts.user(1001), accounts.user(7)),
            ("erik".into(), "7".into())
        );
        assert_eq!(accounts.group(200), "ca");
        assert_eq!(accounts.group_by_name("ca"), Some(200));
        assert_eq!(accounts.group_by_name("nosuch"), None);
    }
}
