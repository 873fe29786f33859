//! What is found and what is left alone.

use proptest::prelude::*;

use super::*;
use crate::record::{
    Insights, MetricRecord, MetricValue, NextStep, ResultRecord, RunRecord, Status,
};

fn known(rules: &[Known]) -> Redactor {
    let rules: Vec<Redact> = rules.iter().map(|known| Redact::Known(*known)).collect();
    Redactor::new(&rules)
}

fn all() -> Redactor {
    known(&[Known::PhoneNumbers, Known::Emails, Known::CardNumbers])
}

fn own(pattern: &str, what: Option<&str>) -> OwnPattern {
    OwnPattern { pattern: pattern.to_owned(), r#as: what.map(str::to_owned) }
}

#[test]
fn telephone_numbers_are_found_as_people_write_and_say_them() {
    let texts = [
        "+14155550100",
        "+1.4155550100",
        "+1 (415) 555-0100",
        "(415) 555-0100",
        "415.555.0100",
        "4155550100",
        "0049 30 901820",
        "030 901820-1",
        "+49/30/90 18 20",
        "555-0100",
        "0043 155",
        "1955 50 10 12",
        "4 1 5 5 5 5 0 1 0 0",
        "four one five, five five five, oh one double zero",
        "+1 415\u{202f}555\u{2011}0100",
        "415\n555\n0100",
        "4\u{200b}1\u{200b}5 555 0100",
        "415 555 0100 415 555 0101",
    ];
    for text in texts {
        let said = format!("call {text}, please");
        let shown = known(&[Known::PhoneNumbers]).text(&said).into_owned();
        assert_eq!(shown, "call [redacted: phone number], please", "{text:?}");
    }
}

#[test]
fn other_numbers_are_left_alone() {
    let texts = [
        "order 55 012",
        "p95 is 2310ms of 8 runs, wanted at most 2500ms",
        "on 2026-11-20 14:03:05",
        "p = 0.000123456",
        "one or two of the three, not seven",
        "1, 2, 3, 4, 5, 6, 7, 8, 9",
        "version 1.12.3, 45 of 100, $1,250.00",
        "me@ home, at 5 dot",
        "rows 1204 ---- 3381 ---- 7720",
    ];
    for text in texts {
        assert_eq!(all().text(text), text);
    }
}

#[test]
fn card_numbers_are_known_by_their_check_digit() {
    let redactor = known(&[Known::CardNumbers]);
    let card = "[redacted: card number]";
    let table = [
        ("4111 1111 1111 1111", card.to_owned()),
        ("it is 4111-1111-1111-1111 12/26 123", format!("it is {card} 12/26 123")),
        ("378282246310005", card.to_owned()),
        ("4111 1111 1111 1112", "4111 1111 1111 1112".to_owned()),
        ("4111111111111111 5500005555555559", format!("{card} {card}")),
        ("four one one one one one one one one one one one one one one one", card.to_owned()),
        ("four triple one triple one triple one triple one triple one", card.to_owned()),
        ("6304 1234 5678 9012 347", card.to_owned()),
    ];
    for (text, shown) in table {
        assert_eq!(redactor.text(text), shown, "{text}");
    }
}

#[test]
fn no_invisible_character_hides_a_number() {
    let hiding = "\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{200b}\u{200c}\u{200d}\u{202e}\u{2060}\u{2064}\u{3164}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{e0030}\u{e0100}\u{7}";
    for c in hiding.chars() {
        let card: String = "4111111111111111".chars().flat_map(|digit| [digit, c]).collect();
        let redactor = known(&[Known::CardNumbers]);
        assert_eq!(redactor.text(&card).trim_end_matches(c), "[redacted: card number]", "{c:?}");
        let secret: String = "s3cr3t-v4lue".chars().flat_map(|sign| [sign, c]).collect();
        let mut secrets = Secrets::default();
        secrets.add("s3cr3t-v4lue");
        let shown = Redactor::default().with(secrets).text(&secret).into_owned();
        assert_eq!(shown.trim_end_matches(c), "[redacted: secret]", "{c:?}");
    }
}

#[test]
fn known_secrets_are_taken_out_of_a_whole_report_and_leave_recordings() {
    let mut secrets = Secrets::default();
    secrets.add("s3cr3t-v4lue");
    let redactor = Redactor::default().with(secrets);
    let run = RunRecord {
        case_key: Some("of s3cr3t-v4lue".to_owned()),
        recording_url: Some("https://files.example/?t=s3cr3t-v4lue".to_owned()),
        ..RunRecord::default()
    };
    let mut record = ResultRecord { runs: vec![run], ..ResultRecord::default() };
    redactor.record(&mut record);
    let shown = format!("{record:?}");
    assert!(!shown.contains("s3cr3t") && shown.contains("https://files.example/"), "{shown}");
    let mut keys: std::collections::BTreeMap<String, u8> = [("s3cr3t-v4lue".to_owned(), 1)].into();
    redactor.document(&mut keys);
    assert_eq!(keys.into_keys().collect::<Vec<_>>(), ["[redacted: secret]"]);
}

#[test]
fn addresses_are_found_as_people_write_and_say_them() {
    let redactor = known(&[Known::Emails]);
    let texts = [
        "jo.o'neil+tag@mail.example.co.uk",
        "jörg@bücher.example",
        "jo dot smith at example dot com",
        "Jo Dot Smith At Example Dot Com",
        "jo＠example.com",
        "jo@exam\u{1b}[31mple.com",
    ];
    for text in texts {
        let said = format!("<{text}>");
        assert_eq!(redactor.text(&said), "<[redacted: e-mail address]>", "{text:?}");
    }
}

#[test]
fn a_pattern_of_the_users_own_says_what_was_there() {
    let rules = [
        Redact::Own(own(r"CUST-\d{6}", Some("customer number"))),
        Redact::Own(own("(?i)harbour", None)),
    ];
    assert_eq!(
        Redactor::new(&rules).text("CUST-123456 of Harbour & Pine ($1)"),
        "[redacted: customer number] of [redacted] & Pine ($1)"
    );
}

#[test]
fn what_a_pattern_hides_cannot_be_called_back_by_its_name() {
    let rules = [Redact::Own(own(r"CUST-(\d{6})", Some("$0 $1")))];
    assert_eq!(Redactor::new(&rules).text("CUST-123456"), "[redacted: $0 $1]");
}

#[test]
fn no_text_of_a_record_is_passed_over() {
    let secret = || "of Harbour & Pine".to_owned();
    let metric = |name: &str| MetricRecord {
        id: Some(1),
        name: name.to_owned(),
        aliases: vec![secret()],
        value: MetricValue::Label(Some(secret())),
        explanation: vec![secret()],
        unreadable: false,
    };
    let run = |key: &str| RunRecord {
        status: Status::Unknown(secret()),
        scenario_name: Some(secret()),
        case_key: Some(key.to_owned()),
        metrics: vec![metric("Tone")],
        ..RunRecord::default()
    };
    let step = NextStep { title: secret(), description: Some(secret()) };
    let mut record = ResultRecord {
        runs: vec![run(&secret()), run("harbour-key")],
        insights: Insights { next_steps: vec![step], ..Insights::default() },
        ..ResultRecord::default()
    };
    Redactor::new(&[Redact::Own(own("Harbour", None))]).record(&mut record);
    let shown = format!("{record:?}");
    assert!(!shown.contains("Harbour") && shown.contains("harbour-key"), "{shown}");
    // A case without a key is known by its name, also by the name that is shown.
    assert_eq!(record.runs[0].case_key, record.runs[0].scenario_name);
}

#[test]
fn a_pattern_that_cannot_be_used_is_refused_with_its_place_and_hides_everything() {
    assert_eq!(fault(&own("a(b", None)).unwrap(), "unclosed group, at character 2");
    assert_eq!(fault(&own(r"ä\q", None)).unwrap(), "unrecognized escape sequence, at character 2");
    assert_eq!(fault(&own("x*", None)).unwrap(), "it matches the empty text");
    assert_eq!(fault(&own(r"(?:\w{1000}){1000}", None)).unwrap(), "it is too large");
    assert_eq!(fault(&own("x+", None)), None);
    assert_eq!(Redactor::new(&[Redact::Own(own("a(b", None))]).text("anything"), "[redacted]");
}

#[test]
fn without_rules_nothing_is_touched() {
    let redactor = Redactor::new(&[]);
    assert!(redactor.is_idle());
    assert_eq!(redactor.text("+14155550100"), "+14155550100");
}

proptest! {
    #[test]
    fn no_number_survives_whatever_stands_around_it(
        digits in prop::collection::vec(0u8..10, 10),
        between in prop::collection::vec(prop::sample::select(vec!["", " ", "-", ".", ") ", "\u{200b}", "\u{1b}[1m"]), 10),
        before in "[a-z:#, ]{0,8}",
        after in "[a-z:#, ]{0,8}",
    ) {
        let number: String =
            digits.iter().zip(&between).map(|(digit, between)| format!("{digit}{between}")).collect();
        let shown = all().text(&format!("{before}+{number}{after}")).into_owned();
        let left = escape::visible(&shown).chars().filter(|c| c.is_ascii_digit()).count();
        prop_assert_eq!(left, 0, "{}", shown);
    }

    #[test]
    fn redacting_twice_is_redacting_once(text in "\\PC{0,60}", digits in "[-0-9 +().]{0,40}") {
        let text = format!("{text}{digits}{text}");
        let once = all().text(&text).into_owned();
        prop_assert_eq!(all().text(&once).into_owned(), once);
    }
}

fn rule(pattern: &str) -> Redact {
    Redact::Own(own(pattern, None))
}

#[test]
fn the_number_the_length_and_the_size_of_patterns_have_a_cap() {
    let many: Vec<Redact> = (0..MOST_PATTERNS).map(|at| rule(&format!("a{at}"))).collect();
    assert_eq!(faults(&many), []);
    let one_more = [&many[..], &[rule("b")]].concat();
    let [(at, why)] = faults(&one_more).try_into().unwrap();
    assert!(at == MOST_PATTERNS && why.contains("more than 64"), "{why}");
    assert!(faults(&[rule(&"a".repeat(1001))])[0].1.contains("longer than 1000 characters"));
    assert_eq!(faults(&[rule(r"[\p{L} ]{2,40}")]), []);
    assert!(faults(&[rule(r"\w{1,1000}")])[0].1.contains("too large"));
    // Each is small enough, all are not: what lies behind is not even looked at.
    let large = vec![rule(r"[\p{L} ]{2,40}"); 60];
    let [(at, why)] = faults(&large).try_into().unwrap();
    assert!(at < 8 && why.contains("too large together"), "{at}: {why}");
}
