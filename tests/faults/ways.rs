//! Ways to the platform: certificates, proxies, redirects, names and addresses.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, pki_types::PrivateKeyDer};

use super::harness::{Day, KEY};

/// Serves TLS for `host` before the day's simulator, with a certificate of an authority of its own,
/// which is written to `ca.pem`. Gives the address.
fn serve_tls(day: &Day, host: &str) -> SocketAddr {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(day.dir.path().join("ca.pem"), authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let behind = day.simulator.address();
    let listener = day.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    day.runtime.spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut near) = acceptor.accept(near).await else { return };
                let mut far = TcpStream::connect(behind).await.unwrap();
                drop(copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
    address
}

/// A proxy that leads everything to `behind`, and what it was asked for.
fn serve_proxy(day: &Day, behind: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let listener = day.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    day.runtime.spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                    if near.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let text = String::from_utf8_lossy(&head).into_owned();
                log.lock().unwrap().push(text.lines().next().unwrap_or_default().to_owned());
                let mut far = TcpStream::connect(behind).await.unwrap();
                if text.starts_with("CONNECT ") {
                    near.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
                } else {
                    // From `GET http://host/path` to `GET /path`, as an origin is asked.
                    let (method, rest) = text.split_once(" http://").unwrap();
                    let (_, path) = rest.split_once('/').unwrap();
                    far.write_all(format!("{method} /{path}").as_bytes()).await.unwrap();
                }
                drop(copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
    (address, asked)
}

#[test]
fn an_unknown_authority_is_refused_at_once_and_taken_with_ca_file() {
    let mut day = Day::with("");
    let address = serve_tls(&day, "localhost");
    day.env("CEKURA_API_URL", &format!("https://localhost:{}", address.port()));
    day.gate("20s", &[]).expect(5).says("--ca-file").says("the key was not sent").within(5);
    assert!(day.simulator.requests().is_empty());
    day.gate("20s", &["--ca-file", "ca.pem"]).expect(0);
}

#[test]
fn a_certificate_of_another_host_is_refused_even_from_a_known_authority() {
    let mut day = Day::with("");
    let address = serve_tls(&day, "elsewhere.example.com");
    day.env("CEKURA_API_URL", &format!("https://localhost:{}", address.port()));
    day.gate("20s", &["--ca-file", "ca.pem"]).expect(5).says("certificate").within(5);
    assert!(day.simulator.requests().is_empty());
}

#[test]
fn a_ca_file_that_is_none_is_refused_by_name() {
    let day = Day::with("");
    std::fs::write(day.dir.path().join("ca.pem"), "no certificate").unwrap();
    day.gate("20s", &["--ca-file", "ca.pem"]).expect(5).says("--ca-file");
    day.gate("20s", &["--ca-file", "nowhere.pem"]).expect(2).says("nowhere.pem");
}

#[test]
fn a_server_that_speaks_no_tls_is_told_as_such() {
    let mut day = Day::with("");
    let url = day.simulator.url().replace("http://127.0.0.1", "https://localhost");
    day.env("CEKURA_API_URL", &url);
    day.gate("1s", &[]).expect(5).says("got no answer").within(10);
}

#[test]
fn https_goes_through_the_proxy_which_sees_no_key() {
    let mut day = Day::with("");
    let tls = serve_tls(&day, "api.cekura.test");
    let (proxy, asked) = serve_proxy(&day, tls);
    day.env("CEKURA_API_URL", "https://api.cekura.test");
    // An upper-case variable that is set to nothing hides no lower-case one.
    day.env("HTTPS_PROXY", "");
    day.env("https_proxy", &format!("http://{proxy}"));
    day.gate("20s", &["--ca-file", "ca.pem"]).expect(0);
    let asked = asked.lock().unwrap();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|line| line == "CONNECT api.cekura.test:443 HTTP/1.1"), "{asked:?}");
}

#[test]
fn plain_http_to_another_host_goes_through_its_proxy() {
    let mut day = Day::with("");
    let (proxy, asked) = serve_proxy(&day, day.simulator.address());
    day.env("CEKURA_API_URL", "http://api.cekura.test");
    day.env("HTTP_PROXY", &format!("http://{proxy}"));
    day.gate("20s", &["--allow-http"]).expect(0);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|line| line.contains("http://api.cekura.test/")), "{asked:?}");
}

#[test]
fn an_address_on_this_machine_goes_through_the_proxy_too() {
    let mut day = Day::with("");
    let (proxy, asked) = serve_proxy(&day, day.simulator.address());
    day.env("HTTP_PROXY", &format!("http://{proxy}"));
    day.gate("20s", &[]).expect(0);
    assert!(!asked.lock().unwrap().is_empty());
}

#[test]
fn the_hosts_of_no_proxy_are_reached_directly() {
    let mut day = Day::with("");
    let (proxy, asked) = serve_proxy(&day, day.simulator.address());
    day.env("NO_PROXY", "127.0.0.1");
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        day.env(name, &format!("http://{proxy}"));
    }
    day.gate("20s", &[]).expect(0);
    day.env("CEKURA_API_URL", "https://api.cekura.invalid");
    day.env("NO_PROXY", "cekura.invalid");
    day.gate("1s", &[]).expect(5);
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn a_proxy_that_is_away_and_one_that_is_no_address_are_told() {
    let mut day = Day::with("");
    day.env("CEKURA_API_URL", "https://api.cekura.test");
    day.env("HTTPS_PROXY", "http://me:pa55word@127.0.0.1:9");
    let finished = day.gate("1s", &[]).expect(5).says("HTTPS_PROXY");
    assert!(!finished.said.contains("pa55word"), "{}", finished.said);
    day.env("HTTPS_PROXY", "http://me:pa55word@:no:address");
    let finished = day.gate("1s", &[]).expect(5).says("HTTPS_PROXY is not an address");
    assert!(!finished.said.contains("pa55word"), "{}", finished.said);
}

#[test]
fn a_redirect_is_not_followed_and_the_key_goes_nowhere_else() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let to = other.local_addr().unwrap();
    for path in ["*/run_scenarios/", "*/results/*/"] {
        let day = Day::with(&format!("{{ path: '{path}', redirect: 'http://{to}/' }}"));
        day.gate("20s", &[]).expect(5).says("redirects are not followed").says("--api-url");
    }
    assert!(other.accept().is_err(), "someone came");
}

#[test]
fn a_page_that_leads_to_another_host_takes_no_key_there() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let to = other.local_addr().unwrap();
    // A platform whose list goes on elsewhere.
    let platform = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut day = Day::with("");
    day.env("CEKURA_API_URL", &format!("http://{}", platform.local_addr().unwrap()));
    let serving = std::thread::spawn(move || {
        let pages = [
            format!(r#"{{"results": [{{"id": 1, "name": "a"}}], "next": "http://{to}/x?page=2"}}"#),
            r#"{"results": [], "next": null}"#.to_owned(),
        ];
        let mut asked = Vec::new();
        for page in pages {
            let (mut stream, _) = platform.accept().unwrap();
            let mut buffer = [0; 4096];
            let len = stream.read(&mut buffer).unwrap();
            asked.push(String::from_utf8_lossy(buffer.get(..len).unwrap()).into_owned());
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length";
            write!(stream, "{head}: {}\r\n\r\n{page}", page.len()).unwrap();
        }
        asked
    });
    std::fs::write(
        day.dir.path().join("cekura-gate.yml"),
        "{ version: 1, agent: 1, tags: [smoke], mode: livekit_v2, budget: { max_runs: 0 } }"
            .replace(", budget: { max_runs: 0 }", ""),
    )
    .unwrap();
    day.gate("1s", &[]).expect(5);
    let asked = serving.join().unwrap();
    assert!(asked.iter().all(|request| request.contains(KEY)), "{asked:?}");
    assert!(asked.last().unwrap().starts_with("GET /test_framework/v1/scenarios/?page=2"));
    assert!(other.accept().is_err(), "someone came");
}

#[test]
fn a_platform_that_refuses_connections_is_told_with_what_was_wanted_where_how_often_and_why_once() {
    let mut day = Day::with("");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    day.env("CEKURA_API_URL", &format!("http://{closed}"));
    let finished = day.gate("4s", &["--quiet"]).expect(5);
    let error = finished.said.trim();
    let (start, rest) = error.split_once(", tried ").unwrap();
    let (times, rest) = rest.split_once(" times in ").unwrap();
    assert!(times.parse::<u32>().unwrap() > 1, "{error}");
    assert_eq!(
        start,
        format!(
            "error: suite `Checkout` was not started: POST \
             /test_framework/v1/scenarios/run_scenarios/ got no answer from http://{closed}"
        )
    );
    let (span, rest) = rest.split_once(": ").unwrap();
    assert!(span.ends_with('s') && span.len() < 6, "{error}");
    let (reason, advice) = rest.split_once("; ").unwrap();
    assert!(reason.starts_with("Connection refused") && !reason.contains(':'), "{error}");
    assert_eq!(advice, "check the network, the proxy (HTTPS_PROXY, NO_PROXY) and --api-url");
}

#[test]
fn a_platform_that_goes_away_while_it_is_waited_for_is_told_with_the_result() {
    let day = Day::with("{ method: GET, path: '*/results/*/', drop: before }");
    let url = day.simulator.url();
    let finished = day.gate("20s", &[]).expect(5);
    finished
        .says("waiting for result 2001: GET /test_framework/v1/results/2001/ got no answer from")
        .says(&format!("from {url}, tried 21 times in"))
        .says("s: connection closed before message completed; check the network");
}

#[test]
fn a_host_that_nobody_knows_is_told_by_name() {
    let mut day = Day::with("");
    day.env("CEKURA_API_URL", "https://api.cekura.invalid");
    day.gate("2s", &[])
        .expect(5)
        .says("the host `api.cekura.invalid` cannot be found")
        .says("check --api-url")
        .within(6);
}

#[test]
fn the_platform_may_be_at_an_ipv6_address() {
    let Ok(probe) = TcpListener::bind("[::1]:0") else {
        println!("this machine has no IPv6: passed over");
        return;
    };
    drop(probe);
    let day = Day::of(super::harness::GOOD, "", "[::1]:0".parse().unwrap());
    assert!(day.simulator.url().starts_with("http://[::1]:"));
    day.gate("20s", &[]).expect(0);
}

#[test]
fn a_side_that_would_start_much_later_than_the_others_does_not_start() {
    let day =
        Day::with("{ method: POST, path: '*/run_scenarios_text/', status: 429, retry_after: 120 }");
    let sides = "[{ scenarios: [1] }, { scenarios: [2], mode: text }]";
    let suite = format!("{{ version: 1, agent: 1, together: {sides} }}");
    std::fs::write(day.dir.path().join("cekura-gate.yml"), suite).unwrap();
    day.gate("10m", &[]).expect(5).says("did not all start").within(20);
    let ended = |path: &str| path.ends_with("/end_calls/");
    assert_eq!(day.simulator.requests().iter().filter(|one| ended(&one.path)).count(), 1);
    assert_eq!(day.simulator.starts(), 1);
}

#[test]
fn a_platform_without_the_validation_endpoint_prices_test_cases_by_the_starts_dry_run() {
    let world = format!("{}price_per_run: 0.5\n", super::harness::GOOD);
    let rules = "{ path: '*/validate_scenarios_json/', status: 404 }";
    let day = Day::of(&world, rules, "127.0.0.1:0".parse().unwrap());
    let suite = "version: 1\nagent: 1\nbudget: { max_cost: 1 }\n\
                 cases: [{ name: A, instructions: x, frequency: 4 }]\n";
    std::fs::write(day.dir.path().join("cekura-gate.yml"), suite).unwrap();
    day.gate("20s", &[]).expect(2).says("2.00");
    let asked = day.simulator.requests();
    assert!(asked.iter().any(|one| one.path.ends_with("run_scenarios_json/?dry_run=true")));
    assert_eq!(day.simulator.starts(), 0);
}

#[test]
fn a_balance_that_is_too_low_is_named() {
    let day = Day::with("{ path: '*/run_scenarios/', status: 402 }");
    day.gate("20s", &[]).expect(5).says("the balance is too low");
}

#[test]
fn the_platforms_own_name_for_its_address_is_read_too() {
    let mut day = Day::with("");
    let url = day.simulator.url();
    day.env("CEKURA_API_URL", "");
    day.env("CEKURA_BASE_URL", &url);
    day.gate("20s", &[]).expect(0);
}
