//! What the simulated callers and the agent say: a shop's calls, one topic each, that go well or
//! wrong in one of five ways. Only there so that reports made from a world look real.

use super::random::Random;

/// Who speaks, as the platform names the roles.
pub(super) const CALLER: &str = "Testing Agent";
/// The agent under test.
pub(super) const AGENT: &str = "Main Agent";

/// How a conversation goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mishap {
    /// The agent acts without verifying who calls.
    SkipsVerification,
    /// The agent says something that isn't so.
    WrongAnswer,
    /// The agent asks for the same thing again and again.
    Loops,
    /// The agent hands over to a person without a reason.
    HandsOver,
    /// The agent ends the call before the matter is settled.
    HangsUp,
}

impl Mishap {
    pub(super) const ALL: [Mishap; 5] = [
        Mishap::SkipsVerification,
        Mishap::WrongAnswer,
        Mishap::Loops,
        Mishap::HandsOver,
        Mishap::HangsUp,
    ];

    /// What went wrong, as the group of failures is described.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Mishap::SkipsVerification => {
                "The agent acted on the account without verifying the caller's identity first."
            }
            Mishap::WrongAnswer => {
                "The agent gave information that contradicts the order and the shop's policy."
            }
            Mishap::Loops => {
                "The agent asked for the same detail three times although the caller had given it."
            }
            Mishap::HandsOver => {
                "The agent handed over to a person although it had the tools to settle the matter."
            }
            Mishap::HangsUp => "The agent ended the call before the caller's request was settled.",
        }
    }

    /// A step against it: title and description.
    pub(super) const fn remedy(self) -> (&'static str, &'static str) {
        match self {
            Mishap::SkipsVerification => (
                "Verify before acting",
                "Say in the prompt that no account action is taken before the order number and the postcode match.",
            ),
            Mishap::WrongAnswer => (
                "Ground answers in the lookup",
                "Have the agent read dates and amounts from the tool's answer, and say so when there is none.",
            ),
            Mishap::Loops => (
                "Accept a detail the first time",
                "Let the agent repeat the number back once and go on; allow for spoken digits in the parser.",
            ),
            Mishap::HandsOver => (
                "Narrow the handover rule",
                "Hand over only when a tool failed twice or the caller asks for a person.",
            ),
            Mishap::HangsUp => (
                "Close only on a confirmation",
                "End the call only after the caller has confirmed that nothing else is open.",
            ),
        }
    }
}

/// What a caller wants.
#[derive(Debug)]
pub(super) struct Topic {
    /// Words in a scenario's name that make one think of it.
    words: &'static [&'static str],
    /// What the caller says.
    request: &'static str,
    /// What the agent asks for, and what the caller answers.
    question: &'static str,
    answer: &'static str,
    /// How the agent settles it, and how it gets it wrong.
    settled: &'static str,
    wrong: &'static str,
    /// What should come out.
    pub(super) outcome: &'static str,
}

const TOPICS: [Topic; 8] = [
    Topic {
        words: &["return", "refund", "exchange"],
        request: "Hi, I'd like to send back a pair of shoes, they're too small.",
        question: "I can help with that. What's the order number, please?",
        answer: "It's four seven one nine two.",
        settled: "Thank you. I've sent the return label to your email. The refund of 64 euros reaches your card within five days of us receiving the parcel.",
        wrong: "Shoes can't be returned once the box is opened, I'm afraid.",
        outcome: "The agent sends a return label and names the refund's amount and time.",
    },
    Topic {
        words: &["book", "appointment", "reserv", "table", "slot", "schedule"],
        request: "Hello, could I get a fitting appointment this Thursday?",
        question: "Of course. Morning or afternoon?",
        answer: "Afternoon, around three if you can.",
        settled: "Thursday at 3:15 pm is free, and it's yours. You'll get a text message with the details in a minute.",
        wrong: "I've put you down for Tuesday at three then. Anything else?",
        outcome: "The agent books a free slot on the day asked for and confirms it.",
    },
    Topic {
        words: &["cancel"],
        request: "I ordered something an hour ago and want to cancel it.",
        question: "No problem. May I have the order number?",
        answer: "Five five oh three eight.",
        settled: "Order 55038 has not left the warehouse, so I've cancelled it. You won't be charged.",
        wrong: "It's cancelled. There's a fee of 15 euros for cancellations.",
        outcome: "The agent cancels the order, says that nothing is charged, and confirms.",
    },
    Topic {
        words: &["pay", "card", "invoice", "bill", "checkout", "charge"],
        request: "My card was declined at the checkout, but it works everywhere else.",
        question: "I'm sorry about that. Which email address is the basket under?",
        answer: "It's dana dot reyes at example dot com.",
        settled: "I see it: the bank asked for a confirmation that timed out. I've sent you a fresh payment link; the basket is kept until tonight.",
        wrong: "Just read me the long number on the card and I'll put it through.",
        outcome: "The agent explains the decline and sends a payment link, without asking for card numbers.",
    },
    Topic {
        words: &["address", "deliver to", "move"],
        request: "I've moved. Can you send my order to the new place?",
        question: "Sure. What's the order number and the new postcode?",
        answer: "Order three one eight four four, and the postcode is 10437.",
        settled: "I've changed the address of order 31844 to the one in 10437. Delivery stays on Friday.",
        wrong: "The address of order 31448 is changed to 10473.",
        outcome: "The agent changes the address of the right order and repeats it back.",
    },
    Topic {
        words: &["hour", "open", "store", "question", "faq", "product", "info"],
        request: "Are you open this Sunday? And do you have the blue kettle in stock?",
        question: "Let me look. Which of our shops do you mean?",
        answer: "The one at the station.",
        settled: "The shop at the station is open on Sunday from one to six, and the blue kettle is there, four of them.",
        wrong: "All our shops are closed on Sundays, and kettles are online only.",
        outcome: "The agent names Sunday's opening hours and the stock of that shop.",
    },
    Topic {
        words: &["complain", "angry", "damage", "broken", "escalat"],
        request: "The lamp you sent me arrived in pieces. I'm really quite annoyed.",
        question: "I'm very sorry, that shouldn't happen. Could you give me the order number?",
        answer: "Two nine nine six one.",
        settled: "Thank you. A new lamp leaves today and arrives on Wednesday; you can keep or throw away the broken one. I've added a voucher for the trouble.",
        wrong: "You'd have to take that up with the carrier, we only do sales.",
        outcome: "The agent apologizes, sends a replacement and says when it arrives.",
    },
    Topic {
        words: &["order", "status", "track", "where", "deliver", "parcel"],
        request: "Hi, I'm calling about an order, it should have been here yesterday.",
        question: "Let me check. What's the order number, please?",
        answer: "Eight two oh one seven.",
        settled: "Order 82017 is on the van and arrives today between two and four. I've sent you the tracking link.",
        wrong: "Your order 82071 was delivered last week, so I can't do anything.",
        outcome: "The agent finds the order, says when it arrives, and offers the tracking link.",
    },
];

/// The topic that a scenario's name makes one think of.
pub(super) fn topic(name: &str) -> &'static Topic {
    let name = name.to_lowercase();
    let [.., order] = &TOPICS;
    TOPICS.iter().find(|topic| topic.words.iter().any(|word| name.contains(word))).unwrap_or(order)
}

/// What is said, in turn: the speaker and the words.
pub(super) fn turns(
    topic: &Topic,
    mishap: Option<Mishap>,
    random: &mut Random,
) -> Vec<(&'static str, &'static str)> {
    const GREETINGS: [&str; 3] = [
        "Thanks for calling Harbour & Pine, this is Mia. How can I help?",
        "Harbour & Pine, you're speaking with Mia. What can I do for you?",
        "Hello, this is Mia at Harbour & Pine. How can I help you today?",
    ];
    const THANKS: [&str; 3] = [
        "Great, that's all I needed. Thank you!",
        "Perfect, thanks a lot for your help.",
        "Wonderful. No, nothing else, thanks.",
    ];
    let greeting = random.pick(&GREETINGS).copied().unwrap_or_default();
    let thanks = random.pick(&THANKS).copied().unwrap_or_default();
    let mut turns = vec![(AGENT, greeting), (CALLER, topic.request)];
    if mishap != Some(Mishap::SkipsVerification) {
        turns.extend([(AGENT, topic.question), (CALLER, topic.answer)]);
        turns.extend([
            (AGENT, "Thank you. And the postcode, so that I know it's you?"),
            (CALLER, "One oh four three seven."),
        ]);
    }
    match mishap {
        None => turns.extend([
            (AGENT, "One moment while I look that up."),
            (AGENT, topic.settled),
            (CALLER, thanks),
            (AGENT, "You're welcome. Have a good day!"),
        ]),
        Some(Mishap::SkipsVerification) => turns.extend([
            (AGENT, "Got it, I have your account open."),
            (CALLER, "Oh, don't you need my order number or anything?"),
            (AGENT, topic.settled),
            (CALLER, "All right then."),
        ]),
        Some(Mishap::WrongAnswer) => turns.extend([
            (AGENT, topic.wrong),
            (CALLER, "That can't be right. Could you check that again?"),
            (AGENT, "That is what the system says."),
            (CALLER, "Well, then I'll have to call again."),
        ]),
        Some(Mishap::Loops) => turns.extend([
            (AGENT, topic.question),
            (CALLER, topic.answer),
            (AGENT, "Sorry, I didn't catch that. Could you say it once more?"),
            (CALLER, topic.answer),
            (AGENT, topic.question),
            (CALLER, "I've told you three times now. Never mind."),
        ]),
        Some(Mishap::HandsOver) => turns.extend([
            (AGENT, "I'll pass you on to a colleague for that."),
            (CALLER, "Can't you do it? It's a small thing."),
            (AGENT, "A colleague will be with you shortly. Please hold."),
        ]),
        Some(Mishap::HangsUp) => turns.extend([
            (AGENT, "I've noted that down. Thank you for calling, goodbye."),
            (CALLER, "Wait, and what happens now? Hello?"),
        ]),
    }
    turns
}

/// Why the expected outcome was met or missed, as the platform's judge writes it.
pub(super) fn explanation(mishap: Option<Mishap>) -> Vec<&'static str> {
    match mishap {
        None => vec![
            "✅ The agent verified the caller before it acted.",
            "✅ The caller's request was settled and confirmed.",
        ],
        Some(Mishap::SkipsVerification) => vec![
            "❌ The agent did not verify the order number and the postcode before it acted.",
            "✅ The caller's request was settled.",
        ],
        Some(Mishap::WrongAnswer) => vec![
            "✅ The agent verified the caller before it acted.",
            "❌ The agent's answer contradicts the order data, and it did not check again.",
        ],
        Some(Mishap::Loops) => vec![
            "❌ The agent asked for the same detail three times.",
            "❌ The caller gave up before the request was settled.",
        ],
        Some(Mishap::HandsOver) => vec![
            "✅ The agent verified the caller before it acted.",
            "❌ The agent handed over without trying to settle the request.",
        ],
        Some(Mishap::HangsUp) => vec![
            "✅ The agent verified the caller before it acted.",
            "❌ The agent ended the call while the request was still open.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenarios_name_says_what_the_caller_wants() {
        for (name, expected) in [
            ("Return worn shoes", "The agent sends a return label"),
            ("Book a fitting", "The agent books a free slot"),
            ("Cancel within an hour", "The agent cancels the order"),
            ("Where is my parcel?", "The agent finds the order"),
            ("Something else", "The agent finds the order"),
        ] {
            assert!(topic(name).outcome.starts_with(expected), "{name}");
        }
    }

    #[test]
    fn every_conversation_begins_with_the_agents_greeting() {
        let mishaps = Mishap::ALL.map(Some).into_iter().chain([None]);
        for mishap in mishaps {
            let turns = turns(&TOPICS[0], mishap, &mut Random::new(&[1]));
            assert_eq!(turns[0].0, AGENT);
            assert!(turns.len() >= 6, "{mishap:?}");
        }
    }
}
