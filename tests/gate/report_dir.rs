//! The directory of the reports is the gate's own: whose it is, who may write there, and what a gate
//! without a verdict leaves.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::gate::harness::{GOOD, Gate, SUITE, slow};

const MARKER: &str = "cekura-report/.cekura-gate";

fn write(gate: &Gate, path: &str, text: &str) {
    let path = gate.dir.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(gate: &Gate, path: &str) -> String {
    fs::read_to_string(gate.dir.path().join(path)).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn refused_without_a_call(gate: &Gate, args: &[&str], why: &str) {
    gate.run(&[&["run"], args].concat()).expect(2).says(why);
    assert_eq!(gate.requests(), Vec::<String>::new());
}

#[test]
fn a_directory_with_files_of_others_is_refused_untouched() {
    for theirs in ["summary.md", "junit.xml", "gates.json", "result.json", "html/a.html", "notes"] {
        let gate = Gate::against(GOOD, SUITE);
        write(&gate, &format!("d/{theirs}"), "mine");
        write(&gate, "d/z", "mine");
        let before = names(&gate.dir.path().join("d"));
        refused_without_a_call(&gate, &["--report-dir", "d"], "the reports cannot go to d");
        assert_eq!(read(&gate, &format!("d/{theirs}")), "mine");
        assert_eq!(names(&gate.dir.path().join("d")), before);
    }
    let gate = Gate::against(GOOD, SUITE);
    refused_without_a_call(
        &gate,
        &["--report-dir", "."],
        "cekura-gate.yml in it is not from a gate",
    );
    assert_eq!(names(gate.dir.path()), ["cekura-gate.yml"]);
}

#[test]
fn pages_of_others_in_a_directory_of_a_gate_are_refused_before_anything_goes() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    fs::remove_dir_all(gate.dir.path().join("cekura-report/html")).unwrap();
    write(&gate, "cekura-report/html/index.html", "mine");
    let before = read(&gate, "cekura-report/result.json");
    gate.run(&["run"]).expect(2).says("html in it exists, and no gate wrote it");
    assert_eq!(read(&gate, "cekura-report/result.json"), before);
    assert_eq!(read(&gate, "cekura-report/html/index.html"), "mine");
}

#[test]
fn a_gate_takes_its_own_directory_again_and_one_of_a_version_without_a_marker() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    assert!(read(&gate, MARKER).starts_with("This directory belongs to cekura-gate."));
    gate.run(&["run"]).expect(0);
    fs::remove_file(gate.dir.path().join(MARKER)).unwrap();
    gate.run(&["run"]).expect(0);
    assert!(gate.dir.path().join(MARKER).exists());
}

#[cfg(unix)]
#[test]
fn no_link_in_the_directory_is_followed() {
    use std::os::unix::fs::symlink;
    for name in [".summary.md.partial", "summary.md", "junit.xml", ".cekura-gate", "html"] {
        let gate = Gate::against(GOOD, SUITE);
        gate.run(&["run"]).expect(0);
        let calls = gate.requests().len();
        write(&gate, "theirs", "mine");
        let link = gate.dir.path().join("cekura-report").join(name);
        let _ = fs::remove_file(&link);
        let _ = fs::remove_dir_all(&link);
        symlink(gate.dir.path().join("theirs"), link).unwrap();
        gate.run(&["run"]).expect(2).says("nothing was changed");
        assert_eq!(gate.requests().len(), calls);
        assert_eq!(read(&gate, "theirs"), "mine");
    }
    let gate = Gate::against(GOOD, SUITE);
    fs::create_dir(gate.dir.path().join("home")).unwrap();
    symlink(gate.dir.path().join("home"), gate.dir.path().join("cekura-report")).unwrap();
    for dir in ["cekura-report", "cekura-report/", "cekura-report/."] {
        refused_without_a_call(&gate, &["--report-dir", dir], "it is a link");
    }
    assert_eq!(names(&gate.dir.path().join("home")), Vec::<String>::new());
}

#[test]
fn two_gates_do_not_hold_a_directory_at_the_same_time() {
    let gate = Gate::against(&slow(), SUITE);
    gate.run(&["run", "--simulate"]).expect(0);
    let marker = gate.dir.path().join(MARKER);
    let held = fs::OpenOptions::new().write(true).open(marker).unwrap();
    held.lock().unwrap();
    let summary = read(&gate, "cekura-report/summary.md");
    refused_without_a_call(&gate, &[], "another gate is writing its reports to cekura-report");
    assert_eq!(read(&gate, "cekura-report/summary.md"), summary);
}

/// The address of a platform that refuses the key.
fn refusing() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8192]);
            let refusal =
                "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(refusal.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_refused_start_keeps_the_baseline_that_the_next_one_reads() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run"]).expect(0);
    let baseline = read(&gate, "cekura-report/result.json");
    let args = ["run", "--baseline", "cekura-report/result.json"];
    gate.run(&[&args[..], &["--api-url", &refusing()]].concat()).expect(5);
    assert_eq!(read(&gate, "cekura-report/result.json"), baseline);
    gate.run(&args).expect(0);
}

#[test]
fn a_suite_that_is_called_like_a_report_has_a_directory_of_another_name() {
    let gate = Gate::against(GOOD, SUITE);
    for (file, name) in [("html.yml", "A"), ("junit.xml.yml", "B"), ("summary.yml", "C")] {
        write(&gate, file, &SUITE.replace("Checkout", name));
    }
    gate.run(&["run", "html.yml", "junit.xml.yml", "summary.yml"]).expect(0);
    assert!(gate.dir.path().join("cekura-report/html-2/result.json").exists());
    assert!(gate.dir.path().join("cekura-report/html/index.html").exists());
}

#[test]
fn a_refused_gate_leaves_no_pass_of_an_earlier_one() {
    let mut gate = Gate::against(GOOD, SUITE);
    gate.env("GITLAB_CI", "true");
    gate.run(&["run"]).expect(0);
    assert!(read(&gate, "cekura-report/gate.env").contains("VERDICT=pass\n"));
    let evidence = read(&gate, "cekura-report/result.json");
    gate.run(&["run", "--frequency", "0"]).expect(2);
    let summary = read(&gate, "cekura-report/summary.md");
    assert!(summary.starts_with("## ❔ Refused: nothing was started\n"), "{summary}");
    let outputs = read(&gate, "cekura-report/gate.env");
    assert!(outputs.starts_with("VERDICT=refused\nEXIT_CODE=2\nPASSED=false\n"), "{outputs}");
    assert_eq!(read(&gate, "cekura-report/result.json"), evidence);
    for gone in ["junit.xml", "html", "annotations.json"] {
        assert!(!gate.dir.path().join("cekura-report").join(gone).exists(), "{gone}");
    }
    // The suite names the directory also where it is invalid otherwise.
    let broken = "version: 1\nreports: { dir: other }\nnonsense: 1\n";
    write(&gate, "cekura-gate.yml", &format!("{SUITE}reports: {{ dir: other }}\n"));
    gate.run(&["run"]).expect(0);
    write(&gate, "cekura-gate.yml", broken);
    gate.run(&["run"]).expect(2);
    assert!(read(&gate, "other/summary.md").contains("Refused"));
}

#[test]
fn a_refused_gate_writes_nothing_where_no_gate_has_been() {
    let gate = Gate::alone(SUITE);
    write(&gate, "cekura-report/summary.md", "mine");
    gate.run(&["run", "--frequency", "0"]).expect(2);
    assert_eq!(names(&gate.dir.path().join("cekura-report")), ["summary.md"]);
    assert_eq!(read(&gate, "cekura-report/summary.md"), "mine");
    gate.run(&["run", "--frequency", "0", "--report-dir", "new"]).expect(2);
    assert!(!gate.dir.path().join("new").exists());
}

#[test]
fn a_suite_may_not_send_its_reports_out_of_the_repository() {
    let list = "version: 1\nsuites: [cekura-gate.yml]\nreport_dir: ../../out\n";
    for dir in ["../../out", "/out", "made/../../../out", "link/out"] {
        let suite = format!("{SUITE}reports: {{ dir: {dir} }}\n");
        let gate = Gate::against(GOOD, "");
        write(&gate, "repository/.git/HEAD", "");
        write(&gate, "repository/sub/cekura-gate.yml", &suite);
        write(&gate, "repository/sub/list.yml", list);
        #[cfg(unix)]
        std::os::unix::fs::symlink("../..", gate.dir.path().join("repository/sub/link")).unwrap();
        let sub = gate.dir.path().join("repository/sub");
        let run = |args: &[&str]| {
            let mut command = gate.command(args);
            command.current_dir(&sub);
            crate::gate::harness::Finished::of(command.output().unwrap(), &sub)
        };
        run(&["run"]).expect(2).says("it is outside the repository");
        run(&["check"]).expect(2);
        assert_eq!(gate.requests(), Vec::<String>::new());
        assert!(!gate.dir.path().join("out").exists(), "{dir}");
        run(&["run", "--report-dir", "../../mine"]).expect(0);
        assert!(gate.dir.path().join("mine/summary.md").exists());
    }
    let gate = Gate::against(GOOD, SUITE);
    write(&gate, "repository/.git/HEAD", "");
    write(&gate, "repository/sub/cekura-gate.yml", SUITE);
    write(&gate, "repository/sub/list.yml", list);
    let sub = gate.dir.path().join("repository/sub");
    let mut command = gate.command(&["run", "list.yml"]);
    command.current_dir(&sub);
    let refused = crate::gate::harness::Finished::of(command.output().unwrap(), &sub);
    refused.expect(2).says("it is outside the repository");
    let mut command = gate.command(&["run", "list.yml", "--allow-outside"]);
    command.current_dir(&sub);
    crate::gate::harness::Finished::of(command.output().unwrap(), &sub).expect(0);
    assert!(gate.dir.path().join("out/gates.json").exists());
}

#[test]
fn what_a_refused_gate_leaves_stays_within_the_repository() {
    let gate = Gate::against(GOOD, SUITE);
    gate.run(&["run", "--report-dir", "theirs"]).expect(0);
    let summary = read(&gate, "theirs/summary.md");
    write(&gate, "repository/.git/HEAD", "");
    let broken = "version: 1\nreports: { dir: ../theirs }\nnonsense: 1\n";
    write(&gate, "repository/cekura-gate.yml", broken);
    let mut command = gate.command(&["run"]);
    command.current_dir(gate.dir.path().join("repository"));
    crate::gate::harness::Finished::of(command.output().unwrap(), gate.dir.path()).expect(2);
    assert_eq!(read(&gate, "theirs/summary.md"), summary);
}
