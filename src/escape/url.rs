//! Addresses that came from the platform, before they become a link.

/// The address without the name and password that may stand before its host.
pub fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => address.to_owned(),
    }
}

/// The address with every character encoded that a surface could misread; none if it is not an
/// absolute `http` or `https` address of at most 2,000 bytes.
pub fn web(text: &str) -> Option<String> {
    let text = &without_user(text.trim());
    let (scheme, host) = text.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    if !known || !host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c) {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    (out.len() <= 2000).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::tests::hostile;

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(
            web(" https://app.cekura.ai/1?a=b&c=(d) \n").as_deref(),
            Some("https://app.cekura.ai/1?a=b&c=%28d%29")
        );
        for text in ["javascript://x", "javascript:alert(1)", "//x", "https://", "http:// x", ""] {
            assert_eq!(web(text), None, "{text}");
        }
    }

    #[test]
    fn a_link_shows_no_password() {
        assert_eq!(web("https://me:pw@host/a@b?c@d").as_deref(), Some("https://host/a@b?c@d"));
        assert_eq!(without_user("https://me:p@w@host"), "https://host");
    }

    proptest! {
        #[test]
        fn an_address_ends_no_link_and_opens_nothing(text in hostile()) {
            if let Some(url) = web(&format!("https://x{text}")) {
                prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(!url.contains(['<', '>', '(', ')', '[', ']', '"', '\'', '`', '|', '*', '\\']));
            }
        }
    }
}
