//! Text that is no suite at all: broken, hostile, or made by chance.

use cekura_gate::document;
use proptest::prelude::*;

use super::{FULL, read, report};

#[test]
fn text_that_is_not_yaml_is_explained() {
    let rows = [
        "version: 1\nthresholds:\n  success_rate: >= 90%\n",
        "version: 1\n\tagent: 1\n",
        "version: 1\nname: \"abc\nagent: 1\n",
        "version: 1\nphone: { agent: ${RUNS} }\n",
        "version: 1\nscenarios: [1, 2\nagent: 3\n",
    ];
    insta::assert_snapshot!(rows.map(report).join("\n\n"), @r#"
error: `>` and `|` begin a block of text on the next line
 --> gate.yml:3:17
  |
3 |   success_rate: >= 90%
  |                 ^
  |
  = help: a check that begins with `>` needs quotes, for example `">= 90%"`

error: a tab is not allowed here
 --> gate.yml:2:1
  |
2 |     agent: 1
  | ^
  |
  = help: indent with spaces: YAML allows no tabs

error: the quoted text that began above is still open here
 --> gate.yml:3:1
  |
3 | agent: 1
  | ^
  |
  = help: is the closing quote missing above?

error: expected `,` or `}`
 --> gate.yml:2:18
  |
2 | phone: { agent: ${RUNS} }
  |                  ^
  |
  = help: within `{ }` and `[ ]` a `${VAR}` needs quotes: `"${VAR}"`

error: no key is allowed here
 --> gate.yml:3:6
  |
2 | scenarios: [1, 2
  |            - this is not closed
3 | agent: 3
  |      ^
  |
  = help: does the line above lack its `:` or a closing sign, or is this line indented too far?
"#);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let rows = [
        "version: 1\nname: a\u{1b}[31m\u{9b}31mb\n",
        "version: 1\n\"\\e[31m\": 1\n",
        "version: 1\nmode: \"\\e[31m\\u202e\\n\"\n",
        "version: 1\nname: \u{202e}x\nagnt: \u{202e}\n",
        "version: 1\nagent: 1\ntags: [\"a\\eb\", \"a\\eb\"]\n",
    ];
    for text in rows {
        let report = report(text);
        let bad = report.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{report:?}");
        assert!(report.contains("error: "));
    }
}

#[test]
fn bytes_that_are_not_text_are_refused_with_their_place() {
    let faults = document::decode("gate.yml", b"name: \xff").unwrap_err();
    insta::assert_snapshot!(faults.render(false), @r"
error: gate.yml is not UTF-8 text: byte 6 breaks it
 |
 = help: save it as UTF-8
");
    assert_eq!(document::decode("x", b"\xef\xbb\xbfa: 1").unwrap(), "a: 1");
}

#[test]
fn hostile_files_are_refused_in_few_words() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 9].join(",")
        ));
    }
    let unknown: String = (0..45_000).map(|n| format!("k{n}: 1\n")).collect();
    let entries = "x,".repeat(49_000);
    let one_line =
        format!("{{version: 1, scenarios: [{entries}], tags: [{}]}}", "[],".repeat(40_000));
    let line = format!("version: 1\nname: \"{}\"\nagnt: 1\n", "é".repeat(400_000));
    let files = [
        String::new(),
        "\0\0\0\0".to_owned(),
        "[".repeat(100_000),
        "[".repeat(10 << 20),
        "a".repeat(10 << 20),
        "a: ".repeat(10 << 20),
        "- ".repeat(300_000),
        bomb,
        unknown,
        one_line,
        line,
    ];
    for text in files {
        let shown = read(&text).unwrap_err().render(true);
        assert!(shown.len() < 40_000, "{:.40} gave {} bytes", text, shown.len());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
        let _ = report(&text);
    }

    #[test]
    fn yaml_signs_in_any_order_are_read_or_refused_without_a_panic(
        text in "[a:\\-\\[\\]{},&*#!|>'\"%@` \n\t$1é]{0,80}"
    ) {
        let _ = report(&text);
    }

    #[test]
    fn a_suite_with_a_few_changes_is_read_or_refused_without_a_panic(
        changes in prop::collection::vec((0..FULL.len(), 0..6_usize, "[a:\\-\\[\\]{},&*!|>'\" \n\t$0é]{0,4}"), 1..4)
    ) {
        let mut text = FULL.to_owned();
        for (at, width, new) in changes {
            let start = text.floor_char_boundary(at);
            let end = text.ceil_char_boundary(start + width);
            text.replace_range(start..end, &new);
        }
        let shown = report(&text);
        prop_assert!(shown.is_empty() || shown.contains("error: "));
    }
}
