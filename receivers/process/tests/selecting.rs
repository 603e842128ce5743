//! Which process is meant.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::rig::{Points, Python, Rig, Sleeper, unique_word};

fn up(points: &Points) -> f64 {
    points.value("sidelight.process.up", &[])
}

fn pid(points: &Points) -> u32 {
    let info = points.point("sidelight.process.info", &[]);
    info.attributes["process.pid"].parse().expect("a pid")
}

#[test]
fn every_selector_finds_its_process_and_nothing_else() {
    let python = Python::start();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{}\n", python.pid())).expect("written");
    let path = file.path().display();
    for (selector, found) in [
        (format!("cmdline: 'python.*{}'", python.word), true),
        (format!("cmdline: 'python.*{}x'", python.word), false),
        (format!("pid: {}", python.pid()), true),
        (format!("pid_file: {path}"), true),
        ("pid_file: /nowhere/app.pid".to_owned(), false),
        ("executable: no-such-program".to_owned(), false),
        ("systemd_unit: no-such-unit".to_owned(), false),
        ("cgroup: no/such/group".to_owned(), false),
    ] {
        let mut rig = Rig::new(&format!("targets: [{{{selector}}}]"));
        let points = rig.sample();
        assert_eq!(up(&points), f64::from(u8::from(found)), "{selector}");
        if found {
            assert_eq!(pid(&points), python.pid(), "{selector}");
        } else {
            assert_eq!(
                points.names(),
                [
                    "sidelight.process.exits",
                    "sidelight.process.restarts",
                    "sidelight.process.up"
                ],
                "{selector}"
            );
        }
    }
}

#[test]
fn a_program_is_found_by_its_name_and_by_a_pattern_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("a-program-with-a-long-name");
    std::fs::copy("/bin/sleep", &program).expect("copied");
    let mut child = std::process::Command::new(&program)
        .arg("600")
        .spawn()
        .expect("started");
    for selector in [
        "executable: a-program-with-a-long-name",
        "executable: '^a-program.*name$', match_type: regexp",
    ] {
        let mut rig = Rig::new(&format!("targets: [{{{selector}}}]"));
        let points = rig.sample();
        assert_eq!(pid(&points), child.id(), "{selector}");
        let info = &points.point("sidelight.process.info", &[]).attributes;
        assert_eq!(info["process.executable.name"], "a-program-with-a-long-name");
        assert_eq!(info["process.executable.path"], program.display().to_string());
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn the_parent_is_the_process_that_started_us_with_its_tree() {
    let mut rig = Rig::new("targets: [{parent: true}]");
    let points = rig.sample();
    assert_eq!(pid(&points), std::os::unix::process::parent_id());
    assert_eq!(
        points.point("sidelight.process.up", &[]).resource["service.name"],
        "parent"
    );
}

#[test]
fn we_are_not_found_ourselves_nor_who_looks_for_the_same_pattern() {
    // The pattern finds every process there is, but for us.
    let mut rig = Rig::new("targets: [{cmdline: '.', match: all}]");
    let points = rig.sample();
    let own = std::process::id().to_string();
    let pids: Vec<&str> = points
        .metric("sidelight.process.info")
        .map(|point| point.attributes["process.pid"].as_str())
        .collect();
    assert!(pids.len() > 1 && !pids.contains(&own.as_str()), "{pids:?}");

    let word = unique_word();
    let looks = Python::with(&format!("{word}.*z"), |command| command);
    let mut rig = Rig::new(&format!("targets: [{{cmdline: '{word}.*z'}}]"));
    assert_eq!(up(&rig.sample()), 0.0);
    drop(looks);
}

#[test]
fn who_only_starts_the_process_is_not_it() {
    let word = unique_word();
    // A shell whose script has the word, and a launcher whose arguments have it; it starts the process that is meant.
    let shell = Python::with("a shell", |command| {
        *command = std::process::Command::new("sh");
        let script = format!("python3 -c \"$0\" other; : python3 {word}");
        let arguments = ["-c", &script, super::rig::OBEYS];
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
    });
    let launcher = Python::with("a launcher", |command| {
        *command = std::process::Command::new("timeout");
        let arguments = ["600", super::rig::interpreter(), "-c", super::rig::OBEYS, &word];
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
    });
    let mut rig = Rig::new(&format!("targets: [{{cmdline: 'python3.*{word}'}}]"));
    let points = rig.sample();
    let info = &points.point("sidelight.process.info", &[]).attributes;
    assert_eq!(info["process.command"], super::rig::interpreter());
    assert!(pid(&points) != launcher.pid() && pid(&points) != shell.pid());
}

#[test]
fn a_pid_file_that_is_older_than_the_process_with_its_pid_means_another() {
    let python = Python::start();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), python.pid().to_string()).expect("written");
    let old = SystemTime::now() - Duration::from_secs(3600);
    file.as_file().set_modified(old).expect("made old");
    let mut rig = Rig::new(&format!("targets: [{{pid_file: {}}}]", file.path().display()));
    assert_eq!(up(&rig.sample()), 0.0);
}

#[test]
fn of_several_the_oldest_the_newest_all_or_their_sum_is_meant() {
    let word = unique_word();
    // Those of the same tick are in the order of their pids.
    let workers: Vec<Sleeper> = (0..3).map(|_| Sleeper::start(&word)).collect();
    let pids: Vec<u32> = workers.iter().map(Sleeper::pid).collect();
    let rig = |matching: &str| {
        Rig::new(&format!(
            "targets: [{{cmdline: {word}, name: w, match: {matching}}}]"
        ))
    };

    assert_eq!(pid(&rig("oldest").sample()), pids[0]);
    assert_eq!(pid(&rig("first").sample()), pids[0]);
    assert_eq!(pid(&rig("newest").sample()), pids[2]);

    let mut sum = rig("sum");
    let points = sum.sample();
    assert_eq!(points.value("sidelight.process.count", &[]), 3.0);
    assert_eq!(points.value("process.thread.count", &[]), 3.0);
    assert!(sum.headline().contains("processes 3"), "{}", sum.headline());

    let mut all = rig("all");
    let points = all.sample();
    let found: Vec<(u32, String)> = points
        .metric("sidelight.process.info")
        .map(|point| {
            let slot = point.resource["sidelight.process.slot"].clone();
            (point.attributes["process.pid"].parse().expect("a pid"), slot)
        })
        .collect();
    let expected: Vec<(u32, String)> = pids
        .iter()
        .zip(0..)
        .map(|(pid, slot)| (*pid, slot.to_string()))
        .collect();
    assert_eq!(found, expected);
    let ids: Vec<_> = points
        .metric("process.uptime")
        .map(|point| &point.resource["service.instance.id"])
        .collect();
    assert!(
        ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2],
        "{ids:?}"
    );
}

#[test]
fn sums_of_several_stay_what_they_were_when_one_ends() {
    let word = unique_word();
    let (mut first, mut second) = (
        Python::with(&word, |command| command),
        Python::with(&word, |command| command),
    );
    second.does("sum(i * i for i in range(3_000_000))");
    let mut rig = Rig::new(&format!("targets: [{{cmdline: {word}, match: sum}}]"));
    let of = |points: &Points| {
        let cpu = points.value("process.cpu.time", &["user"]);
        (cpu, points.value("process.paging.faults", &["minor"]))
    };
    let before = of(&rig.sample());
    second.kill();
    let points = rig.sample();
    let after = of(&points);
    assert!(after.0 >= before.0 && after.1 >= before.1, "{before:?} {after:?}");
    assert_eq!(points.value("sidelight.process.count", &[]), 1.0);
    assert_eq!(points.value("sidelight.process.restarts", &[]), 0.0);
    first.does("sum(i * i for i in range(3_000_000))");
    assert!(of(&rig.sample()).0 > after.0);
    first.kill();
    let points = rig.sample();
    assert_eq!(points.value("sidelight.process.up", &[]), 0.0);
    assert_eq!(points.point("process.cpu.time", &["user"]).value, None);
}

#[test]
fn a_tree_is_the_process_with_its_children_and_theirs() {
    let mut root = Python::start();
    root.does("kids = [subprocess.Popen(['sh', '-c', 'sleep 600 & sleep 601 & wait']) for _ in range(2)]");
    let mut rig = Rig::new(&format!("targets: [{{pid: {}, tree: true}}]", root.pid()));
    let count = |points: &Points| points.value("sidelight.process.count", &[]);
    // The root, two shells, four that sleep: as soon as the shells have started them.
    assert!((0..1000).any(|_| count(&rig.sample()) == 7.0));
    root.does("subprocess.run(['pkill', '-P', str(kids[0].pid)]); kids[0].kill(); kids[0].wait()");
    let points = rig.sample();
    assert_eq!(count(&points), 4.0);
    root.does("subprocess.run(['pkill', '-P', str(kids[1].pid)]); kids[1].kill(); kids[1].wait()");
    let points = rig.sample();
    assert_eq!(count(&points), 1.0);
    root.kill();
    let points = rig.sample();
    assert_eq!(up(&points), 0.0);
    assert_eq!(points.value("sidelight.process.exits", &["unknown"]), 1.0);
}
