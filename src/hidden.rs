//! Characters that show nothing themselves: they hide text, reorder it, or keep apart what the eye
//! sees as one.
//!
//! Pure. What is done with them is decided by whoever writes or searches a text: they are removed
//! from reports, written as an escape where a message repeats a file, and looked through where
//! numbers are searched.

/// Whether a character shows nothing or changes the order of the text around it, control characters
/// apart. In a few places writing needs some of them: see [`belongs`].
pub const fn hides(c: char) -> bool {
    matches!(
        c,
        // Soft hyphen, grapheme joiner, the sign of Arabic's direction.
        '\u{ad}' | '\u{34f}' | '\u{61c}'
        // Fillers of Hangul, inherent vowels of Khmer, selectors of Mongolian.
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        // Zero-width characters, directions, invisible operators.
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{ffa0}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        // Variation selectors.
        | '\u{fe00}'..='\u{fe0f}'
        // Controls of shorthand and music, tags, further variation selectors.
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a character that [`hides`] belongs to the writing between its neighbours: what picks the
/// look of an emoji or an ideograph, joins emoji, or joins letters of Arabic and of Indian scripts.
/// It never does next to a digit.
pub fn belongs(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        // A digit in a box: `1`, the selector, the box.
        '\u{fe0f}' if matches!(before, '0'..='9' | '#' | '*') => after == Some('\u{20e3}'),
        '\u{fe0e}' | '\u{fe0f}' => is_emoji(before),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => is_ideograph(before),
        '\u{180b}'..='\u{180d}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        '\u{200d}' if is_emoji(before) || before == '\u{fe0f}' => after.is_some_and(is_emoji),
        '\u{200c}' | '\u{200d}' => is_joined(before) && !before.is_numeric(),
        _ => false,
    }
}

const fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2100}'..='\u{2bff}' | '\u{3030}'
        | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

const fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character is of a script that needs joiners between its letters.
fn is_joined(c: char) -> bool {
    !hides(c)
        && matches!(c, '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}')
}

#[cfg(test)]
mod tests {
    /// The text without what hides and does not belong.
    fn shown(text: &str) -> String {
        crate::escape::visible(text)
    }

    #[test]
    fn what_hides_is_removed_and_what_writing_needs_stays() {
        for c in "\u{ad}\u{34f}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{200b}\u{2060}\u{feff}\u{180e}\u{fe0f}\u{200d}\u{e0034}\u{e0100}\u{fffa}\u{2028}".chars() {
            let text = shown(&format!("4{c}1"));
            assert!(text == "41" || (c == '\u{2028}' && text == "4\n1"), "{c:?}: {text:?}");
        }
        for text in [
            "✔\u{fe0f}",
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "葛\u{e0100}",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("🏴\u{e0067}\u{e0062}\u{e007f}"), "🏴");
    }
}
