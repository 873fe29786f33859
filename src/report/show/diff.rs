//! Two texts to a unified diff: as a file that `patch` reads, and for the terminal.

use similar::{ChangeTag, TextDiff};

use super::super::console::{Ink, Style};
use crate::escape::terminal::neutral;
use crate::escape::visible;

/// A unified diff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// The diff as `patch` reads it; empty when the texts are the same.
    pub text: String,
    /// How many lines were added.
    pub added: usize,
    /// How many lines were removed.
    pub removed: usize,
}

/// The diff that turns `old` into `new`, for the file `name`.
pub fn diff(name: &str, old: &str, new: &str) -> Diff {
    let diff = TextDiff::from_lines(old, new);
    let count = |tag: ChangeTag| diff.iter_all_changes().filter(|c| c.tag() == tag).count();
    let name = super::one_line(name);
    let text = match old == new {
        true => String::new(),
        false => diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string(),
    };
    Diff { text, added: count(ChangeTag::Insert), removed: count(ChangeTag::Delete) }
}

impl Diff {
    /// The diff for the terminal.
    pub fn show(&self, style: Style) -> String {
        let mut out = String::new();
        for line in self.text.lines() {
            let ink = match line.as_bytes() {
                [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Ink::Title,
                [b'+', ..] => Ink::Good,
                [b'-', ..] => Ink::Bad,
                _ => Ink::Faint,
            };
            for part in visible(line).lines() {
                out.push_str(&style.paint(ink, part));
                out.push('\n');
            }
        }
        neutral(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_what_patch_reads() {
        let diff = diff("prompts/agent.md", "Be kind.\nBe quick.\n", "Be kind.\nAsk first.\n");
        assert_eq!((diff.added, diff.removed), (1, 1));
        insta::assert_snapshot!(diff.text, @r"
        --- a/prompts/agent.md
        +++ b/prompts/agent.md
        @@ -1,2 +1,2 @@
         Be kind.
        -Be quick.
        +Ask first.
        ");
    }

    #[test]
    fn texts_that_are_the_same_have_no_diff() {
        assert_eq!(diff("a", "x", "x"), Diff::default());
    }

    #[test]
    fn a_hostile_prompt_neither_paints_nor_commands() {
        let style = Style { color: false, width: 80 };
        let shown = diff("a", "", "::error::x\n\u{1b}[2Jwiped\n##vso[task]\n").show(style);
        assert!(!shown.contains('\u{1b}') && !shown.contains("##vso["), "{shown}");
    }
}
