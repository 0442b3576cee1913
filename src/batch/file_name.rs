//! Names of files that are made out of what a certificate says.

/// The text with `_` for whatever is no plain letter of a file's name, and nothing before it that
/// would hide the file or read as an option.
pub(super) fn plain_name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
    let name: String = text
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    name.trim_start_matches(['.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn a_name_leads_into_no_other_folder_and_is_no_option() {
        assert_eq!(
            plain_name("../../etc/peter, laptop"),
            "_.._etc_peter__laptop"
        );
        assert_eq!(plain_name("-rf"), "rf");
    }
}
