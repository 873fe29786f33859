//! A start is never paid twice and never lost: the connection is cut at every byte of the request
//! and of its answer, and each time there is one result, and the gate has it, or there is none.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cekura_gate::api::client::Client;
use cekura_gate::api::error::ApiError;
use cekura_gate::api::options::{Limits, Options};
use cekura_gate::api::retry::Backoff;
use cekura_gate::api::start::Started;
use cekura_gate::plan::{Plan, StartRequest, carries_name};
use cekura_gate::simulate::faults::{DropWhen, Faults, Garble, Rule};
use cekura_gate::simulate::{RealClock, Simulator, World};
use cekura_gate::suite::model::{Mode, Suite, Transcripts, Websocket};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const A_FEW: usize = 20;
const STARTS: &str = "*/scenarios/run_scenarios*/";

fn world() -> World {
    let world = json!({
        "time_scale": 0,
        "agents": [{ "id": 1, "name": "Mia" }, { "id": 2, "name": "Ole" }],
        "scenarios": [{ "id": 1, "name": "Order" }, { "id": 2, "name": "Return" }],
    });
    serde_json::from_value(world).unwrap()
}

/// A simulator with these faults, and a client that gives up within milliseconds.
struct Fixture {
    simulator: Simulator,
    client: Client,
}

impl Fixture {
    async fn new(rules: Vec<Rule>) -> Self {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let faults = Faults { rules, ..Faults::default() };
        let started = Simulator::start_with_faults(world(), faults, bind, RealClock::start());
        let simulator = started.await.unwrap();
        let millis = Duration::from_millis;
        let limits = Limits {
            absence: millis(3),
            backoff: Backoff { base: millis(1), cap: millis(2) },
            ..Limits::PLATFORM
        };
        let options = Options { limits, ..Options::default() };
        let url = simulator.url().parse().unwrap();
        let client = Client::with(url, &"key".to_owned().into(), &options).unwrap();
        Self { simulator, client }
    }

    async fn start(&self, mode: Mode, key: usize) -> Result<Started, ApiError> {
        let (request, name) = order(mode, key);
        let until = Instant::now() + Duration::from_secs(30);
        self.client.start(&request, name.as_deref(), until).await
    }
}

fn order(mode: Mode, key: usize) -> (StartRequest, Option<String>) {
    let suite = Suite {
        agent: Some(1),
        scenarios: Some(vec![1]),
        mode: Some(mode),
        websocket: Some(Websocket {
            url: Some("wss://agent.example.com".into()),
            ..Websocket::default()
        }),
        ..Suite::default()
    };
    let plan = Plan::new(&suite, "Checkout", None, &format!("key{key:07}")).unwrap();
    (plan.request().unwrap(), carries_name(mode).then_some(plan.result_name))
}

fn starts(deed: Rule) -> Rule {
    Rule { path: Some(STARTS.into()), ..deed }
}

/// How long a start's request is, to the byte.
async fn request_length(mode: Mode) -> u64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let options = Options { time_scale: Some(0.0), ..Options::default() };
    let client = Client::with(url, &"key".to_owned().into(), &options).unwrap();
    let (request, name) = order(mode, 1);
    let until = Instant::now() + Duration::from_millis(500);
    let read = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"}") {
            stream.read_buf(&mut bytes).await.unwrap();
        }
        bytes.len() as u64
    };
    tokio::select! {
        length = read => length,
        end = client.start(&request, name.as_deref(), until) => panic!("{end:?}"),
    }
}

/// How long the answer to a start is, to the byte.
async fn answer_length(mode: Mode) -> u64 {
    let fixture = Fixture::new(Vec::new()).await;
    let (request, _) = order(mode, 1);
    let (path, body) = (request.path, request.body.to_string());
    let length = body.len();
    let mut stream = TcpStream::connect(fixture.simulator.address()).await.unwrap();
    let text = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nx-cekura-api-key: key\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 201"));
    answer.len() as u64
}

/// Starts once for each rule, one after the other, and says how many results each made and how it
/// ended. A new simulator every few starts keeps the lists short, and the test fast.
async fn each(mode: Mode, deeds: Vec<Rule>) -> Vec<(usize, Result<Started, ApiError>)> {
    let mut ends = Vec::new();
    for few in deeds.chunks(A_FEW) {
        let numbered = few.iter().cloned().zip(1..);
        let rules = numbered.map(|(deed, nth)| starts(Rule { nth: Some(vec![nth]), ..deed }));
        let fixture = Fixture::new(rules.collect()).await;
        for key in 0..few.len() {
            let before = fixture.simulator.starts();
            let end = fixture.start(mode, key).await;
            ends.push((fixture.simulator.starts() - before, end));
        }
    }
    ends
}

/// The id of the result that the start at this place made: they are numbered from 2001.
fn id_at(place: usize) -> u64 {
    2001 + (place % A_FEW) as u64
}

#[tokio::test]
async fn a_request_that_is_cut_at_any_byte_starts_nothing_and_the_gate_says_so() {
    let request = request_length(Mode::Voice).await;
    let cut = |at| Rule { cut_request: Some(at), ..Rule::default() };
    for (at, (started, end)) in
        each(Mode::Voice, (0..request).map(cut).collect()).await.iter().enumerate()
    {
        assert_eq!(*started, 0, "cut at {at}");
        assert!(matches!(end, Err(ApiError::StartLost { .. })), "cut at {at}: {end:?}");
    }
}

#[tokio::test]
async fn a_start_whose_answer_is_cut_at_any_byte_is_found_and_paid_once() {
    // Without a name it takes three times the requests: there, a part of the bytes must do.
    for (mode, step) in [(Mode::Voice, 1), (Mode::Websocket, 7)] {
        let answer = answer_length(mode).await;
        assert!(answer > 300, "{answer}");
        let cut = |at| Rule { cut_answer: Some(at), ..Rule::default() };
        let ends = each(mode, (0..answer).step_by(step).map(cut).collect()).await;
        for (at, (started, end)) in ends.iter().enumerate() {
            assert_eq!(*started, 1, "{mode:?}, cut at {at}");
            match end {
                Ok(Started::Found(result)) => assert_eq!(result.id, id_at(at)),
                other => panic!("{mode:?}, cut at {at}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_truncated_anywhere_is_no_answer() {
    let answer = answer_length(Mode::Voice).await;
    let truncate = |at| Rule { truncate: Some(at), ..Rule::default() };
    for (at, (started, end)) in
        each(Mode::Voice, (0..answer - 200).map(truncate).collect()).await.iter().enumerate()
    {
        assert_eq!(*started, 1, "truncated to {at}");
        match end {
            Ok(Started::Found(result) | Started::Answered(result)) => {
                assert_eq!(result.id, id_at(at));
            }
            other => panic!("truncated to {at}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_refused_late_or_of_someone_else_is_found_and_paid_once() {
    let lost = [
        Rule { drop: Some(DropWhen::After), ..Rule::default() },
        Rule { status: Some(500), processed: true, ..Rule::default() },
        Rule { status: Some(502), processed: true, ..Rule::default() },
        Rule { status: Some(503), processed: true, ..Rule::default() },
        Rule { status: Some(504), processed: true, ..Rule::default() },
        Rule { status: Some(408), processed: true, ..Rule::default() },
        Rule { garble: Some(Garble::Html), ..Rule::default() },
        Rule { garble: Some(Garble::Empty), ..Rule::default() },
        Rule { garble: Some(Garble::Foreign), ..Rule::default() },
        Rule { garble: Some(Garble::WrongTypes), ..Rule::default() },
        Rule { garble: Some(Garble::Bytes), ..Rule::default() },
        Rule { garble: Some(Garble::Deep), ..Rule::default() },
        Rule { endless: true, ..Rule::default() },
        Rule { gzip_bomb: Some(64), ..Rule::default() },
    ];
    for mode in [Mode::Voice, Mode::LivekitV2, Mode::Websocket] {
        for (at, (started, end)) in each(mode, lost.to_vec()).await.iter().enumerate() {
            assert_eq!(*started, 1, "{mode:?} {:?}", lost[at]);
            match end {
                Ok(Started::Found(result)) => assert_eq!(result.id, id_at(at)),
                other => panic!("{mode:?} {:?}: {other:?}", lost[at]),
            }
        }
    }
}

#[tokio::test]
async fn what_was_refused_before_processing_is_repeated_and_paid_once() {
    let refused = [
        Rule { status: Some(429), ..Rule::default() },
        Rule { status: Some(425), ..Rule::default() },
        Rule { status: Some(503), retry_after: Some(0), ..Rule::default() },
    ];
    let rules = refused.into_iter().zip(1..);
    let rules = rules.map(|(deed, nth)| starts(Rule { nth: Some(vec![nth]), ..deed })).collect();
    let fixture = Fixture::new(rules).await;
    let started = fixture.start(Mode::Voice, 1).await;
    assert!(matches!(started, Ok(Started::Answered(_))), "{started:?}");
    assert_eq!(fixture.simulator.starts(), 1);
    assert_eq!(fixture.client.traffic().retries, 3);
}

/// What stands before the platform says "come again" although it has handed the start on.
fn come_again() -> Vec<Rule> {
    let wait = |status, retry_after| Rule {
        status: Some(status),
        retry_after,
        processed: true,
        ..Rule::default()
    };
    vec![wait(503, Some(0)), wait(429, Some(0)), wait(429, None), wait(425, None)]
}

#[tokio::test]
async fn a_start_that_was_taken_although_it_was_told_to_come_again_is_found_and_paid_once() {
    for mode in [Mode::Voice, Mode::LivekitV2] {
        for (at, (started, end)) in each(mode, come_again()).await.iter().enumerate() {
            assert_eq!(*started, 1, "{mode:?} {:?}", come_again()[at]);
            match end {
                Ok(Started::Found(result)) => assert_eq!(result.id, id_at(at)),
                other => panic!("{mode:?} {:?}: {other:?}", come_again()[at]),
            }
        }
    }
}

#[tokio::test]
async fn a_start_that_was_taken_is_found_also_where_there_is_no_time_to_come_again() {
    for status in [503, 429] {
        let asks = Rule {
            status: Some(status),
            retry_after: Some(3600),
            processed: true,
            ..Rule::default()
        };
        let fixture = Fixture::new(vec![starts(asks)]).await;
        let end = fixture.start(Mode::Voice, 1).await;
        assert!(matches!(end, Ok(Started::Found(_))), "{status}: {end:?}");
        assert_eq!(fixture.simulator.starts(), 1);
    }
}

#[tokio::test]
async fn a_start_that_was_not_taken_keeps_the_platforms_words_where_there_is_no_time_to_come_again()
{
    let asks = Rule { status: Some(503), retry_after: Some(3600), ..Rule::default() };
    let fixture = Fixture::new(vec![starts(asks)]).await;
    let end = fixture.start(Mode::Voice, 1).await;
    assert!(matches!(end, Err(ApiError::Refused { status: 503, .. })), "{end:?}");
}

#[tokio::test]
async fn a_start_is_not_sent_again_where_its_result_cannot_be_looked_for() {
    let rules = vec![
        starts(Rule { status: Some(503), retry_after: Some(0), ..Rule::default() }),
        Rule { path: Some("*/results/".into()), status: Some(403), ..Rule::default() },
    ];
    let fixture = Fixture::new(rules).await;
    let error = fixture.start(Mode::Voice, 1).await.unwrap_err();
    assert!(matches!(error, ApiError::StartLost { .. }), "{error:?}");
    let words = error.to_string();
    assert!(words.contains("status 503") && words.contains("status 403"), "{words}");
    assert!(words.contains("was not started again"), "{words}");
    assert_eq!(fixture.simulator.starts(), 0);
    assert_eq!(fixture.client.traffic().retries, 0);
}

#[tokio::test]
async fn without_a_name_to_look_for_the_platform_is_taken_at_its_word() {
    let fixture = Fixture::new(vec![starts(Rule {
        nth: Some(vec![1]),
        status: Some(503),
        retry_after: Some(0),
        ..Rule::default()
    })])
    .await;
    let end = fixture.start(Mode::Websocket, 1).await;
    assert!(matches!(end, Ok(Started::Answered(_))), "{end:?}");
    assert_eq!(fixture.simulator.starts(), 1);
}

#[tokio::test]
async fn a_result_that_appears_late_is_waited_for() {
    let list = "*/results/";
    let rules = vec![
        starts(Rule { drop: Some(DropWhen::After), ..Rule::default() }),
        // First it isn't there yet, then the platform is away for longer than one request is tried.
        Rule {
            path: Some(list.into()),
            first: Some(1),
            garble: Some(Garble::Empty),
            ..Rule::default()
        },
        Rule {
            path: Some(list.into()),
            first: Some(60),
            drop: Some(DropWhen::Before),
            ..Rule::default()
        },
    ];
    let fixture = Fixture::new(rules).await;
    let started = fixture.start(Mode::Voice, 1).await;
    assert!(matches!(started, Ok(Started::Found(_))), "{started:?}");
    assert_eq!(fixture.simulator.starts(), 1);
}

#[tokio::test]
async fn a_start_that_was_never_processed_is_not_repeated_on_a_guess() {
    for mode in [Mode::Voice, Mode::Websocket] {
        let before = starts(Rule { drop: Some(DropWhen::Before), ..Rule::default() });
        let fixture = Fixture::new(vec![before]).await;
        let error = fixture.start(mode, 1).await.unwrap_err();
        let words = error.to_string();
        assert!(words.contains("was not started again") && words.contains("cekura-gate watch"));
        assert!(words.contains("did not appear"), "{words}");
        assert_eq!(fixture.simulator.starts(), 0);
        let posts = fixture.simulator.requests().iter().filter(|one| one.method == "POST").count();
        assert_eq!(posts, 0);
    }
}

#[tokio::test]
async fn without_a_name_two_results_that_fit_are_told_and_neither_is_taken() {
    let rules = vec![starts(Rule {
        nth: Some(vec![1]),
        drop: Some(DropWhen::After),
        delay: 0.5,
        ..Rule::default()
    })];
    let fixture = Fixture::new(rules).await;
    let (request, _) = order(Mode::Websocket, 1);
    let until = Instant::now() + Duration::from_secs(5);
    let other = async {
        while fixture.simulator.starts() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        fixture.client.start(&request, Some("someone else's"), until).await
    };
    let (ours, _) = tokio::join!(fixture.client.start(&request, None, until), other);
    let words = ours.unwrap_err().to_string();
    assert!(words.contains("more than one new result fits it: 2001, 2002"), "{words}");
}

#[tokio::test]
async fn without_a_name_a_result_of_another_kind_is_not_taken() {
    let rules =
        vec![starts(Rule { nth: Some(vec![2]), drop: Some(DropWhen::Before), ..Rule::default() })];
    let fixture = Fixture::new(rules).await;
    // An older result of the same kind.
    fixture.start(Mode::Websocket, 1).await.unwrap();
    let error = fixture.start(Mode::Websocket, 1).await.unwrap_err();
    assert!(matches!(error, ApiError::StartLost { .. }), "{error}");
}

#[tokio::test]
async fn without_a_name_and_without_the_earlier_results_nothing_is_guessed() {
    let rules = vec![
        Rule {
            path: Some("*/results/".into()),
            nth: Some(vec![1]),
            status: Some(403),
            ..Rule::default()
        },
        starts(Rule { drop: Some(DropWhen::After), ..Rule::default() }),
    ];
    let fixture = Fixture::new(rules).await;
    let words = fixture.start(Mode::Websocket, 1).await.unwrap_err().to_string();
    assert!(words.contains("was not looked for") && words.contains("403"), "{words}");
    assert_eq!(fixture.simulator.starts(), 1);
}

#[tokio::test]
async fn a_simulator_is_known_by_its_answers_and_not_by_its_address() {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let simulator = Simulator::start(world(), bind, RealClock::start()).await.unwrap();
    let client = |url: String| {
        let key = "key".to_owned().into();
        Client::with(url.parse().unwrap(), &key, &Options::default()).unwrap()
    };
    let until = Instant::now() + Duration::from_secs(30);
    let known = client(simulator.url());
    assert_eq!(known.time_scale(), None, "nobody has answered yet");
    assert!(known.result(1, Transcripts::None, until).await.is_err());
    assert_eq!(known.time_scale(), Some(0.0), "a refusal says it too");

    let listener = TcpListener::bind(bind).await.unwrap();
    let tunnel = client(format!("http://{}", listener.local_addr().unwrap()));
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read_buf(&mut Vec::new()).await.unwrap();
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(answer).await.unwrap();
    };
    let (answer, ()) = tokio::join!(tunnel.result(1, Transcripts::None, until), serve);
    assert!(answer.is_err());
    assert_eq!(tunnel.time_scale(), None, "loopback is asked at the platform's pace");
}
