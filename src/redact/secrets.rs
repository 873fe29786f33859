//! Secrets that are known by their value: the key, passwords, what a header carries.
//!
//! They are looked for as they are and in the forms that they take on their way: within JSON, in an
//! address, in markup, in base64.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What stands in the place of a secret.
const MARK: &str = "[redacted: secret]";

/// Shorter secrets are not looked for: they would be found in ordinary words and numbers.
pub const SHORTEST: usize = 6;

/// Secrets that no text may show.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// Every form of every secret, the longest first, so that none is left in half.
    forms: Vec<String>,
}

impl Secrets {
    /// None yet.
    pub const NONE: Self = Self { forms: Vec::new() };

    /// Looks for another secret from now on, unless it is too short.
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.chars().count() < SHORTEST {
            return;
        }
        let mut forms: BTreeSet<String> = std::mem::take(&mut self.forms).into_iter().collect();
        let json = serde_json::Value::from(secret).to_string();
        let base64 = base64(secret.as_bytes());
        forms.extend([
            secret.to_owned(),
            json.trim_matches('"').to_owned(),
            percent(secret),
            markup(secret),
            base64.replace('+', "-").replace('/', "_"),
            base64,
        ]);
        self.forms = forms.into_iter().collect();
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// Looks for what a header carries: the whole value, and what stands behind the scheme.
    pub fn add_header(&mut self, name: &str, value: &str) {
        if is_plain_header(name, value) {
            return;
        }
        self.add(value);
        if let Some((_, rest)) = value.trim().split_once(' ') {
            self.add(rest);
        }
    }

    /// Looks for the name and the password of an address, and what they make of each other.
    pub fn add_address(&mut self, address: &str) {
        let Some((_, rest)) = address.split_once("://") else { return };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { return };
        if let Some((_, password)) = user.split_once(':') {
            self.add(password);
            self.add(&decoded(password));
            self.add(&decoded(user));
        }
        self.add(user);
    }

    /// Whether none is known.
    pub const fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The text without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = Cow::Owned(text.replace(form.as_str(), MARK));
            }
        }
        text
    }
}

/// Whether a header carries nothing secret: its name says so, or it is a single plain word.
fn is_plain_header(name: &str, value: &str) -> bool {
    const PLAIN: [&str; 6] =
        ["accept", "accept-language", "content-type", "host", "origin", "user-agent"];
    const SECRET: [&str; 7] = ["auth", "cookie", "token", "key", "secret", "pass", "sign"];
    let name = name.to_ascii_lowercase();
    let is_word = value.len() < 16 && value.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    PLAIN.contains(&name.as_str()) || (is_word && !SECRET.iter().any(|part| name.contains(part)))
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// A text without its percent signs.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let digits: String = bytes.clone().take(2).map(char::from).collect();
        let code = u8::from_str_radix(&digits, 16).ok();
        match code.filter(|_| byte == b'%' && digits.len() == 2) {
            Some(code) => {
                out.push(code);
                bytes.nth(1);
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn markup(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| DIGITS.get(bits as usize & 63).copied().map_or('=', char::from);
    let chunks = bytes.chunks(3).map(|chunk| {
        let bits =
            (0..3).fold(0, |sum, at| sum << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        let all = [digit(bits >> 18), digit(bits >> 12), digit(bits >> 6), digit(bits)];
        all.into_iter().take(chunk.len() + 1).collect::<String>()
    });
    // Without the signs at the end: some leave them out.
    chunks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form() {
        let mut secrets = Secrets::default();
        secrets.add("pa\"ss/wö<rd");
        let texts = [
            "pa\"ss/wö<rd",
            "pa\\\"ss/wö<rd",
            "pa%22ss%2Fw%C3%B6%3Crd",
            "pa&quot;ss/wö&lt;rd",
            "cGEic3Mvd8O2PHJk",
        ];
        for text in texts {
            assert_eq!(secrets.text(&format!("<{text}>")), format!("<{MARK}>"), "{text}");
        }
        assert_eq!(secrets.text("password"), "password");
    }

    #[test]
    fn a_short_secret_is_not_looked_for() {
        let mut secrets = Secrets::default();
        secrets.add("agent");
        assert!(secrets.is_empty());
    }

    #[test]
    fn the_parts_of_addresses_and_headers_are_found() {
        let mut secrets = Secrets::default();
        secrets.add_address("http://mia:hunter%232@proxy.example:3128/x");
        secrets.add_header("Authorization", "Bearer t0k3n.v4lue");
        secrets.add_header("X-Env", "staging");
        secrets.add_header("Content-Type", "application/json");
        for text in ["hunter%232", "hunter#2", "mia:hunter%232", "t0k3n.v4lue", "bWlhOmh1bnRlciMy"]
        {
            assert_eq!(secrets.text(text), MARK, "{text}");
        }
        assert_eq!(secrets.text("staging application/json mia"), "staging application/json mia");
    }
}
