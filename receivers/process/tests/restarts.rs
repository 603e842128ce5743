//! One logical process across many processes.

use std::collections::{BTreeMap, BTreeSet};

use super::rig::{Point, Points, Python, Rig, Sleeper, unique_word};

/// What a series is told by.
fn series(point: &Point) -> (BTreeMap<String, String>, String, BTreeMap<String, String>) {
    (
        point.resource.clone(),
        point.metric.clone(),
        point.attributes.clone(),
    )
}

fn without_info(points: &Points) -> impl Iterator<Item = &Point> {
    points
        .0
        .iter()
        .filter(|point| point.metric != "sidelight.process.info")
}

#[test]
fn a_hundred_restarts_are_one_set_of_series_with_a_hundred_restarts_and_no_gap() {
    let word = unique_word();
    let yaml = format!("targets: [{{name: app, cmdline: {word}}}]");
    let mut rig = Rig::new(&yaml);
    let mut process = Sleeper::start(&word);
    let first = rig.sample();
    let expected: BTreeSet<_> = without_info(&first).map(series).collect();
    assert_eq!(expected.len(), without_info(&first).count(), "no series twice");
    let mut pids = BTreeSet::from([process.pid()]);
    let mut start = first
        .point("process.uptime", &[])
        .start
        .max(first.point("process.paging.faults", &["minor"]).start);
    for restarts in 1..=100 {
        process.kill();
        process = Sleeper::start(&word);
        pids.insert(process.pid());
        let points = rig.sample();
        let found: BTreeSet<_> = without_info(&points).map(series).collect();
        assert_eq!(found, expected, "after {restarts} restarts");
        assert_eq!(found.len(), without_info(&points).count(), "no series twice");
        assert!(without_info(&points).all(|point| point.value.is_some()));
        assert_eq!(points.value("sidelight.process.up", &[]), 1.0);
        assert_eq!(
            points.value("sidelight.process.restarts", &[]),
            f64::from(restarts)
        );
        // A counter of the new process begins when that process did.
        let faults = points.point("process.paging.faults", &["minor"]);
        assert!(faults.start >= start && faults.start <= faults.time, "{restarts}");
        start = faults.start;
        // The description of the old one ends as that of the new one begins.
        let info: Vec<_> = points
            .metric("sidelight.process.info")
            .map(|point| (point.attributes["process.pid"].clone(), point.value.is_some()))
            .collect();
        assert_eq!(info.len(), 2, "{info:?}");
        assert!(
            !info[0].1 && info[1] == (process.pid().to_string(), true),
            "{info:?}"
        );
    }
    assert_eq!(pids.len(), 101);
    let exits: f64 = rig
        .sample()
        .metric("sidelight.process.exits")
        .filter_map(|point| point.value)
        .sum();
    assert_eq!(exits, 100.0);
    assert!(rig.headline().contains("restarts 100"), "{}", rig.headline());
}

#[test]
fn what_has_ended_says_so_once_and_is_down_until_it_runs_again() {
    let word = unique_word();
    let mut rig = Rig::new(&format!(
        "targets: [{{name: app, cmdline: {word}, open_files: {{python: python}}}}]\nmetrics: {{sidelight.process.socket.count: \
         {{enabled: true}}, process.cpu.utilization: {{enabled: true}}}}"
    ));
    let mut process = Python::with(&word, |command| command);
    process.does("s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()");
    rig.sample();
    let running = rig.sample();
    assert_eq!(
        running.value("sidelight.process.socket.count", &["tcp", "listen"]),
        1.0
    );
    let lives = [
        "sidelight.process.up",
        "sidelight.process.restarts",
        "sidelight.process.exits",
    ];
    let is_life = |point: &Point| lives.contains(&point.metric.as_str());

    process.kill();
    let ended = rig.sample();
    let had: BTreeSet<_> = running
        .0
        .iter()
        .filter(|point| !is_life(point))
        .map(series)
        .collect();
    let over: BTreeSet<_> = ended
        .0
        .iter()
        .filter(|point| !is_life(point))
        .map(series)
        .collect();
    assert_eq!(had, over, "every series it had ends");
    assert!(
        ended
            .0
            .iter()
            .filter(|point| !is_life(point))
            .all(|point| point.value.is_none())
    );
    assert_eq!(ended.value("sidelight.process.up", &[]), 0.0);

    let down = rig.sample();
    assert!(down.0.iter().all(is_life), "{:?}", down.names());
    assert_eq!(down.value("sidelight.process.up", &[]), 0.0);
    assert!(
        rig.headline().starts_with("app DOWN since 10 s"),
        "{}",
        rig.headline()
    );

    let _again = Sleeper::start(&word);
    let again = rig.sample();
    assert_eq!(again.value("sidelight.process.up", &[]), 1.0);
    assert_eq!(again.value("sidelight.process.restarts", &[]), 1.0);
    assert!(again.0.iter().all(|point| point.value.is_some()));
}

#[test]
fn the_cause_is_known_while_nobody_has_asked_for_the_status() {
    for (end, cause, text) in [
        ("os.kill(os.getpid(), 9)", "signal", "signal 9"),
        ("os._exit(3)", "error", "exit status 3"),
        ("os._exit(0)", "success", "exit status 0"),
    ] {
        // The child is a zombie until the Python that started it asks for its status.
        let mut parent = Python::start();
        let word = unique_word();
        parent.does(&format!(
            "r, w = os.pipe(); kid = subprocess.Popen([sys.executable, '-c', 'import os, sys; os.read(0, 1); {end}', '{word}'], stdin=r)"
        ));
        let mut rig = Rig::new(&format!("targets: [{{name: app, cmdline: {word}}}]"));
        let is_up = |points: &Points| points.value("sidelight.process.up", &[]) == 1.0;
        assert!(
            std::iter::repeat_with(|| rig.sample())
                .take(1000)
                .any(|points| is_up(&points))
        );
        parent.does("_ = os.write(w, b'x')");
        parent.does("_ = os.waitid(os.P_PID, kid.pid, os.WEXITED | os.WNOWAIT)");
        let points = rig.sample();
        assert!(!is_up(&points));
        assert_eq!(points.value("sidelight.process.exits", &[cause]), 1.0, "{end}");
        assert_eq!(rig.headline(), format!("app DOWN since 0 s ({text})"));
    }
}

#[test]
fn places_of_many_are_filled_again_and_empty_ones_are_silent() {
    let word = unique_word();
    let mut workers: Vec<Sleeper> = (0..3).map(|_| Sleeper::start(&word)).collect();
    let mut rig = Rig::new(&format!(
        "targets: [{{cmdline: {word}, match: all}}]\nrescan_interval: 100ms"
    ));
    let slots = |points: &Points| -> Vec<(String, Option<f64>)> {
        let up = points.metric("sidelight.process.up");
        up.map(|point| (point.resource["sidelight.process.slot"].clone(), point.value))
            .collect()
    };
    let slot = |number: u32, value: Option<f64>| (number.to_string(), value);
    let running: Vec<_> = (0..3).map(|number| slot(number, Some(1.0))).collect();
    assert_eq!(slots(&rig.sample()), running);
    workers.pop().expect("one").kill();
    let ended = rig.sample();
    assert_eq!(
        slots(&ended),
        [slot(0, Some(1.0)), slot(1, Some(1.0)), slot(2, None)]
    );
    assert_eq!(slots(&rig.sample()), [slot(0, Some(1.0)), slot(1, Some(1.0))]);
    workers.push(Sleeper::start(&word));
    let points = rig.sample();
    assert_eq!(slots(&points), running);
    let restarts = points
        .metric("sidelight.process.restarts")
        .filter_map(|point| point.value)
        .sum::<f64>();
    assert_eq!(restarts, 1.0);
}
