//! The tags in what a simulated caller says: `<silence time="2s" />`.
//!
//! Pure. Only what looks like a tag is read; any other `<` is text.

/// A tag as it stands in an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name in lower case.
    pub(super) name: String,
    /// Its attributes in their order.
    attributes: Vec<(String, String)>,
    /// Whether it closes another: `</spell>`.
    closes: bool,
    /// Whether it stands for itself: `<endcall />`.
    alone: bool,
    /// Where it begins and ends, in bytes.
    start: usize,
    end: usize,
}

/// What is wrong with an action's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The platform refuses it: the message and how to fix it.
    Error(String, &'static str),
    /// The platform takes it, and it does not do what it seems to do.
    Warning(String),
}

/// A tag that the platform knows: its name, the attributes that it needs, all that it takes (none
/// where that is not known), and whether it can enclose text.
type Known = (&'static str, &'static [&'static str], &'static [&'static str], bool);

const KNOWN: [Known; 18] = [
    ("ivr", &["text"], &[], false),
    ("voicemail", &[], &[], false),
    ("endcall", &[], &[], false),
    ("silence", &["time"], &["time"], false),
    ("hold", &["time"], &["time"], false),
    ("spell", &[], &[], true),
    ("speed", &["ratio"], &["ratio"], false),
    ("volume", &["ratio"], &["ratio"], false),
    ("voice", &["provider", "id"], &[], true),
    ("dtmf", &["digits"], &[], false),
    ("send_sms", &["text"], &[], false),
    ("client_message", &["t"], &[], false),
    ("interruption", &["time"], &["time"], false),
    ("background_noise", &["sound"], &[], true),
    ("noise", &["sound"], &[], false),
    ("network_simulation", &["packet_loss"], &["packet_loss"], true),
    ("ignore_interruptions", &[], &[], true),
    ("audio", &[], &[], false),
];

/// The tags that must be all that an action holds.
const WHOLE: [&str; 2] = ["ivr", "voicemail"];
/// The tags that must come first.
const FIRST: [&str; 3] = ["interruption", "speed", "volume"];

impl Tag {
    /// Whether the platform knows it.
    pub(super) fn is_known(&self) -> bool {
        known(&self.name).is_some()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.0 == name)
}

/// The tags of an action in their order.
pub(super) fn of(action: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut from = 0;
    while let Some(found) = action.get(from..).and_then(|rest| rest.find('<')) {
        let start = from + found;
        match tag_at(action, start) {
            Some(tag) => {
                from = tag.end;
                tags.push(tag);
            }
            None => from = start + 1,
        }
    }
    tags
}

/// The tag that begins here; none where it is mere text, such as `a < b`.
fn tag_at(action: &str, start: usize) -> Option<Tag> {
    let inner = action.get(start + 1..)?;
    let (closes, inner) = match inner.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, inner),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let length = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
    let name = inner.get(..length)?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut attributes = Vec::new();
    let mut rest = inner.get(length..)?.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            let alone = rest.starts_with('/');
            let (name, end) = (name.to_ascii_lowercase(), action.len() - after.len());
            return Some(Tag { name, attributes, closes, alone, start, end });
        }
        let length = rest.find(|c| !is_name(c))?;
        let key = rest.get(..length).filter(|key| !key.is_empty())?;
        let value = rest.get(length..)?.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
        let (value, after) = value.get(1..)?.split_once(quote)?;
        attributes.push((key.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
}

/// What is wrong with the tags of an action.
pub(super) fn faults(action: &str) -> Vec<Fault> {
    let tags = of(action);
    let mut faults = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    for tag in &tags {
        let Some((name, needed, taken, encloses)) = known(&tag.name) else {
            faults.push(Fault::Warning(format!(
                "the platform has no tag `<{}>`: the caller says it as text",
                tag.name
            )));
            continue;
        };
        if tag.closes {
            if open.pop() != Some(*name) {
                let message = format!("`</{name}>` has no `<{name}>` before it");
                faults.push(Fault::Error(message, "close each tag once, the last one first"));
            }
            continue;
        }
        if *encloses && !tag.alone {
            open.push(name);
        }
        for attribute in needed.iter().filter(|key| tag.attribute(key).is_none_or(str::is_empty)) {
            let message = format!("`<{name}>` needs `{attribute}`");
            // A simulated network without a loss of packets is no network fault.
            faults.push(match *name {
                "network_simulation" => Fault::Warning(message),
                _ => Fault::Error(message, "write it as the platform's documentation has it"),
            });
        }
        for (key, _) in tag
            .attributes
            .iter()
            .filter(|(key, _)| !taken.is_empty() && !taken.contains(&key.as_str()))
        {
            faults.push(Fault::Warning(format!("`<{name}>` ignores `{key}`")));
        }
        values(tag, &mut faults);
        let around = action.get(..tag.start).into_iter().chain(action.get(tag.end..));
        if WHOLE.contains(name) && around.into_iter().any(|text| !text.trim().is_empty()) {
            faults.push(Fault::Error(
                format!("`<{name}>` is not the whole action"),
                "put what comes before or after it into an `action_followup`",
            ));
        }
        // One may stand behind another of those that come first.
        let before = action.get(..tag.start).unwrap_or_default();
        let only_first = of(before).iter().all(|one| FIRST.contains(&one.name.as_str()));
        let text = without_tags(before);
        if FIRST.contains(name) && !(text.trim().is_empty() && only_first) {
            faults.push(Fault::Warning(format!("`<{name}>` works at the start of an action only")));
        }
    }
    for name in open {
        let message = format!("`<{name}>` is not closed");
        faults.push(Fault::Error(message, "add the closing tag, or end it with `/>`"));
    }
    faults
}

/// What is wrong with the values of a tag's attributes. One that holds `{{…}}` is known at run time.
fn values(tag: &Tag, faults: &mut Vec<Fault>) {
    let given = |key: &str| tag.attribute(key).filter(|value| !value.contains("{{"));
    let mut error = |message: String, help| faults.push(Fault::Error(message, help));
    if let Some(time) = given("time").filter(|_| tag.name != "noise") {
        let seconds = time.trim().strip_suffix('s').and_then(|time| time.parse::<f64>().ok());
        if !seconds.is_some_and(|seconds| seconds.is_finite() && seconds >= 0.0) {
            error(
                format!("`<{}>` has the time `{time}`", tag.name),
                "write seconds: `time=\"2s\"` or `time=\"1.5s\"`",
            );
        }
    }
    if let Some(ratio) = given("ratio") {
        let (least, most) = if tag.name == "speed" { (0.8, 1.2) } else { (0.0, 2.0) };
        let number = ratio.trim().parse::<f64>().ok();
        if !number.is_some_and(|number| (least..=most).contains(&number)) {
            error(
                format!(
                    "`<{}>` has the ratio `{ratio}`: it lies between {least} and {most}",
                    tag.name
                ),
                "write a number within these bounds",
            );
        }
    }
    if let Some(digits) = given("digits")
        && !digits.chars().all(|c| c.is_ascii_digit() || "#*".contains(c))
    {
        error(format!("`<dtmf>` has the digits `{digits}`"), "digits, `#` and `*` only");
    }
    if tag.name == "ivr"
        && tag
            .attribute("text")
            .is_some_and(|text| text.contains("<hold") || text.contains("<audio"))
    {
        error(
            "the text of `<ivr>` contains another tag".to_owned(),
            "play clips and pauses within `<ignore_interruptions>`",
        );
    }
}

fn without_tags(action: &str) -> String {
    let mut text = action.to_owned();
    for tag in of(action).iter().rev() {
        text.replace_range(tag.start..tag.end, "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(action: &str) -> Vec<String> {
        let error = |fault| match fault {
            Fault::Error(message, _) => Some(message),
            Fault::Warning(_) => None,
        };
        faults(action).into_iter().filter_map(error).collect()
    }

    #[test]
    fn the_tags_of_the_platforms_documentation_are_fine() {
        for action in [
            "",
            "2 < 3 and 5 > 4, a<b",
            "Let me think <silence time=\"2s\" /> I'll take it",
            "First <hold time='2s' /> second <hold time='3.5s' /> third <endcall />",
            "My code is <spell>{{test_profile.number}}</spell>",
            "<speed ratio=\"1.2\" /> <volume ratio=\"0.5\" /> Hurry",
            "<dtmf digits=\"{{test_profile.customer_number}}#\" /> done",
            "<ivr text=\"Press 1\" />",
            "<voicemail />",
            "<voice provider=\"cartesia\" id=\"b7\">Hi. <silence time=\"1s\" /></voice> Hello",
            "<ignore_interruptions> <audio id=\"a\"/> <hold time=\"5s\" /> </ignore_interruptions>",
            "<client_message t=\"args\" d='{\"job\":\"JB-42\"}' />",
            "<background_noise sound=\"coffee-shop\" volume=\"0.3\">Hi</background_noise>",
            "<network_simulation packet_loss='10' /> Hello",
        ] {
            assert_eq!(faults(action), [], "{action}");
        }
    }

    #[test]
    fn what_the_platform_refuses_is_an_error() {
        for (action, expected) in [
            ("<silence /> x", "`<silence>` needs `time`"),
            ("<hold time=\"2\" /> x", "`<hold>` has the time `2`"),
            ("<speed ratio=\"3\" /> x", "`<speed>` has the ratio `3`: it lies between 0.8 and 1.2"),
            ("<dtmf digits=\"1a\" />", "`<dtmf>` has the digits `1a`"),
            ("Hello <voicemail />", "`<voicemail>` is not the whole action"),
            ("<spell>ABC", "`<spell>` is not closed"),
            ("ABC</spell>", "`</spell>` has no `<spell>` before it"),
            ("<ivr text='a <hold time=\"1s\"/> b' />", "the text of `<ivr>` contains another tag"),
        ] {
            assert_eq!(errors(action), [expected], "{action}");
        }
    }

    #[test]
    fn any_text_is_read_without_a_fault_of_ours() {
        for action in ["<", "</", "<a", "<a b", "<a b=", "<a b='", "<é>", "<ivr text=\"é\" />é<"]
        {
            let tags = of(action);
            assert!(tags.iter().all(|tag| action.get(tag.start..tag.end).is_some()), "{action}");
            let _ = faults(action);
        }
    }
}
