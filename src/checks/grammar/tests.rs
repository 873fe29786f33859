//! What a check may be written as, and what it means.

use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> String {
    text.parse::<Check>().unwrap().to_string()
}

#[test]
fn every_form_of_the_grammar_reads_back() {
    let rows = [
        ("90%", ">= 90%"),
        (">= 90%", ">= 90%"),
        ("rate>=90 %", "rate >= 90%"),
        ("p95 <= 2500ms", "p95 <= 2500ms"),
        ("P99.9 < 3 s", "p99.9 < 3s"),
        ("mean >= 4.2", "mean >= 4.2"),
        ("median != 3", "median != 3"),
        ("min > -1", "min > -1"),
        ("max == 0", "max == 0"),
        ("sum <= 10m", "sum <= 10m"),
        ("count >= 20", "count >= 20"),
        ("share(\"angry\") <= 5%", "share(\"angry\") <= 5%"),
        ("share( \"a \\\" b\" )<5%", "share(\"a \\\" b\") < 5%"),
    ];
    for (written, expected) in rows {
        assert_eq!(shown(written), expected);
    }
}

#[test]
fn a_bare_number_is_refused_with_the_mend() {
    let error = "90".parse::<Check>().unwrap_err();
    assert!(error.message.contains("bare number"), "{error}");
    assert!(error.help.unwrap().contains("`90%`"));
    let error = "rate >= 0.9".parse::<Check>().unwrap_err();
    assert_eq!(error.help.as_deref(), Some("write `90%`"));
}

#[test]
fn a_number_without_an_operator_is_read_whatever_its_sign() {
    assert_eq!(shown(".5%"), ">= 0.5%");
    assert_eq!(shown("+5%"), ">= 5%");
    for text in ["-5", "+5", ".5"] {
        let error = text.parse::<Check>().unwrap_err();
        assert!(error.message.contains("bare number"), "{text}: {error}");
    }
}

#[test]
fn what_is_wrong_with_a_check_is_answered_with_the_mend() {
    let endless = format!("mean >= {}", "9".repeat(400));
    for (text, help) in [
        ("rate = 90%", "write `==` for equal, or `>=`, `<=`"),
        ("rate ≥ 90%", "write `>=`"),
        ("rate ≤ 90%", "write `<=`"),
        ("rate 90%", "the operators are >= > <= < == !="),
        (">= 90% and <= 95%", "write two checks as a list: [\">= 90%\", \"<= 95%\"]"),
        (">= 90%, <= 95%", "write two checks as a list: [\">= 90%\", \"<= 95%\"]"),
        ("mean >= 5h", "the units are %, ms, s and m (minutes)"),
        (endless.as_str(), EXAMPLES),
    ] {
        let error = text.parse::<Check>().unwrap_err();
        assert_eq!(error.help.as_deref(), Some(help), "{text}: {error}");
    }
}

#[test]
fn a_mistyped_aggregate_is_answered_with_the_nearest() {
    let error = "medain >= 3".parse::<Check>().unwrap_err();
    assert!(error.help.unwrap().contains("did you mean `median`?"));
}

#[test]
fn units_belong_to_their_aggregates() {
    for text in ["mean >= 90%", "rate >= 5ms", "count >= 5s", "share(\"x\") < 5", ">= 101%"] {
        assert!(text.parse::<Check>().is_err(), "{text}");
    }
}

#[test]
fn junk_is_refused() {
    for text in [
        "",
        "  ",
        ">=",
        "mean",
        "mean >=",
        "p101 < 3",
        "share(angry) < 5%",
        "= 3",
        "mean >= 1e3",
        "mean >= 5h",
        "share(\"\") < 5%",
        "> 5 % of runs",
        "2500ms",
        "≥ 90%",
    ] {
        assert!(text.parse::<Check>().is_err(), "{text}");
    }
}

#[test]
fn a_rate_that_equals_its_threshold_but_for_rounding_meets_it() {
    assert!(Operator::AtLeast.holds(0.1 + 0.2, 0.3));
    assert!(!Operator::Above.holds(0.1 + 0.2, 0.3));
    assert!(Operator::AtLeast.holds(0.7 * 10.0 / 10.0, 0.7));
    assert!(!Operator::AtLeast.holds(0.899_999, 0.9));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_without_a_panic(text in "\\PC{0,40}") {
        let _ = text.parse::<Check>();
    }

    #[test]
    fn what_parses_reads_back_equal(
        text in "(rate|mean|p[0-9]{1,2}|share\\(\"[a-z ]{1,5}\"\\)|) ?(>=|<|==|!=) ?[0-9]{1,2}(\\.[0-9])?(%|ms|s|m|)"
    ) {
        if let Ok(check) = text.parse::<Check>() {
            prop_assert_eq!(check.to_string().parse::<Check>().unwrap(), check);
        }
    }
}
