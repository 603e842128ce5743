//! What cannot be forced here: limits and kills of control groups of version 2, damaged files, in a made-up root
//! directory.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::rig::{Points, Rig};

/// A host with one process in a control group.
struct Host(TempDir);

const PID: u32 = 4711;

const GROUP: &str = "sys/fs/cgroup/system.slice/app.service";

impl Host {
    fn new() -> Self {
        let host = Self(tempfile::tempdir().expect("a folder"));
        host.write("proc/stat", "cpu  0 0 0 0\nbtime 1700000000\n");
        host.write("proc/uptime", "5000.00 9000.00\n");
        host.write("proc/meminfo", "MemTotal:       1000 kB\n");
        host.write("proc/sys/kernel/task_delayacct", "1\n");
        host.write("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
        host.write("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
        host.write(
            "sys/fs/cgroup/system.slice/memory.events",
            "low 0\nhigh 0\nmax 0\noom 0\noom_kill 7\n",
        );
        host.process(PID, "S", 100_000);
        for (file, text) in [
            (
                "cpu.stat",
                "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 100\nnr_throttled 40\nthrottled_usec 1500000\n",
            ),
            ("cpu.max", "200000 100000\n"),
            ("memory.current", "123456\n"),
            ("memory.max", "200000\n"),
            ("memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"),
            ("pids.current", "12\n"),
            ("pids.max", "max\n"),
            (
                "io.stat",
                "8:0 rbytes=10 wbytes=20 rios=1 wios=2\n8:16 rbytes=1 wbytes=1 rios=1 wios=1\n",
            ),
            (
                "cpu.pressure",
                "some avg10=1.00 avg60=0.00 avg300=0.00 total=4000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            ),
            (
                "memory.pressure",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=250000\n",
            ),
        ] {
            host.write(&format!("{GROUP}/{file}"), text);
        }
        host
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn process(&self, pid: u32, state: &str, start: u64) {
        let stat = format!(
            "{pid} (app) {state} 1 1 1 0 -1 0 111 0 22 0 300 200 0 0 20 0 4 0 {start} 1000000 100 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 50 0 0 0 0 0 0 0 0 0 9\n"
        );
        let status = "Name:\tapp\nUid:\t0\t0\t0\t0\nRssAnon:\t1 kB\nRssFile:\t1 kB\nRssShmem:\t0 kB\nVmHWM:\t9 kB\nVmSwap:\t0 kB\n\
                      Cpus_allowed:\tff\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n";
        for (file, text) in [
            ("stat", &*stat),
            ("status", status),
            ("statm", "250 25 5 0 0 0 0\n"),
            ("cmdline", "/usr/bin/app\0--serve\0"),
            ("cgroup", "0::/system.slice/app.service\n"),
            ("limits", "Max open files            1024   4096   files\n"),
        ] {
            self.write(&format!("proc/{pid}/{file}"), text);
        }
        for folder in ["fd", &format!("task/{pid}")] {
            fs::create_dir_all(self.path().join(format!("proc/{pid}/{folder}"))).expect("made");
        }
    }

    fn rig(&self, target: &str) -> Rig {
        let root = self.path().display();
        Rig::new(&format!(
            "root_path: {root}\ntargets: [{{name: app, {target}}}]\nmetrics: {{process.cpu.utilization: {{enabled: true}}}}"
        ))
    }
}

fn down(points: &Points) -> bool {
    points.value("sidelight.process.up", &[]) == 0.0
}

#[test]
fn limits_usage_throttling_and_pressure_of_the_control_group_are_its_files() {
    let host = Host::new();
    let points = host.rig("systemd_unit: app").sample();
    let of = |name: &str, values: &[&str]| points.value(&format!("sidelight.process.cgroup.{name}"), values);
    assert_eq!(of("cpu.time", &["user"]), 2.0);
    assert_eq!(of("cpu.time", &["system"]), 1.0);
    assert_eq!(of("cpu.limit", &[]), 2.0);
    assert_eq!(of("cpu.periods", &[]), 100.0);
    assert_eq!(of("cpu.throttled.periods", &[]), 40.0);
    assert_eq!(of("cpu.throttled.time", &[]), 1.5);
    assert_eq!(of("memory.usage", &[]), 123_456.0);
    assert_eq!(of("memory.limit", &[]), 200_000.0);
    for (event, count) in [
        ("low", 1.0),
        ("high", 2.0),
        ("max", 3.0),
        ("oom", 4.0),
        ("oom_kill", 5.0),
    ] {
        assert_eq!(of("memory.events", &[event]), count);
    }
    assert_eq!(of("pids.count", &[]), 12.0);
    assert_eq!(
        points.metric("sidelight.process.cgroup.pids.limit").count(),
        0,
        "there is none"
    );
    assert_eq!(
        (of("disk.io", &["read"]), of("disk.io", &["write"])),
        (11.0, 21.0)
    );
    assert_eq!(
        (
            of("disk.operations", &["read"]),
            of("disk.operations", &["write"])
        ),
        (2.0, 3.0)
    );
    assert_eq!(of("pressure.time", &["cpu", "some"]), 4.0);
    assert_eq!(of("pressure.time", &["memory", "full"]), 0.25);
    assert_eq!(
        points.metric("sidelight.process.cgroup.pressure.time").count(),
        4,
        "io has no such file"
    );
    let start = points.point("sidelight.process.cgroup.cpu.time", &["user"]).start;
    assert_eq!(start, 1_700_000_000_000_000_000);
    assert_eq!(points.value("process.cpu.time", &["wait"]), 0.5);
    let start = points.point("process.cpu.time", &["user"]).start;
    assert_eq!(start, 1_700_001_000_000_000_000, "the boot and 100,000 ticks");
}

#[test]
fn a_limit_that_is_taken_away_ends_its_series() {
    let host = Host::new();
    let mut rig = host.rig("cgroup: system.slice");
    let limit = "sidelight.process.cgroup.memory.limit";
    assert_eq!(rig.sample().value(limit, &[]), 200_000.0);
    host.write(&format!("{GROUP}/memory.max"), "max\n");
    assert_eq!(rig.sample().point(limit, &[]).value, None);
    assert_eq!(rig.sample().metric(limit).count(), 0);
    host.write(&format!("{GROUP}/memory.max"), "300000\n");
    assert_eq!(rig.sample().value(limit, &[]), 300_000.0);
}

#[test]
fn the_quota_of_any_group_above_limits_what_the_process_could_use() {
    let host = Host::new();
    let mut rig = host.rig("executable: app");
    let first = rig.sample();
    // Half a processor by the slice, two by its own group, eight by affinity; it used 100 ticks more.
    let stat = fs::read_to_string(host.path().join(format!("proc/{PID}/stat"))).expect("a stat");
    host.write(
        &format!("proc/{PID}/stat"),
        &stat.replace(" 300 200 ", " 400 200 "),
    );
    let second = rig.sample();
    let time = |points: &Points| points.point("process.uptime", &[]).time;
    let seconds = (time(&second) - time(&first)) as f64 / 1e9;
    let share = second.value("process.cpu.utilization", &["user"]);
    assert!((share - 1.0 / (seconds * 0.5)).abs() < 1e-6, "{share}");
}

#[test]
fn a_kill_for_want_of_memory_is_the_cause_when_the_group_counted_one() {
    for (counted, cause) in [(true, "oom_kill"), (false, "signal")] {
        let host = Host::new();
        let mut rig = host.rig("executable: app");
        assert!(!down(&rig.sample()));
        if counted {
            host.write(&format!("{GROUP}/memory.events"), "oom 5\noom_kill 6\n");
        }
        host.process(PID, "Z", 100_000);
        let points = rig.sample();
        assert!(down(&points));
        assert_eq!(points.value("sidelight.process.exits", &[cause]), 1.0);
        let line = rig.headline();
        assert_eq!(
            line.contains("(killed by the kernel: out of memory)"),
            counted,
            "{line}"
        );
    }
}

#[test]
fn a_group_that_its_manager_removed_is_asked_for_above() {
    let host = Host::new();
    let mut rig = host.rig("executable: app");
    rig.sample();
    host.write("sys/fs/cgroup/system.slice/memory.events", "oom 0\noom_kill 8\n");
    fs::remove_dir_all(host.path().join(GROUP)).expect("removed");
    host.process(PID, "Z", 100_000);
    assert_eq!(rig.sample().value("sidelight.process.exits", &["oom_kill"]), 1.0);
}

#[test]
fn another_process_with_the_pid_is_a_restart() {
    let host = Host::new();
    let mut rig = host.rig("executable: app");
    let first = rig.sample();
    host.process(PID, "S", 400_000);
    let second = rig.sample();
    assert_eq!(second.value("sidelight.process.restarts", &[]), 1.0);
    let start = |points: &Points| points.point("process.paging.faults", &["minor"]).start;
    assert_eq!(start(&second) - start(&first), 3_000_000_000_000);
}

#[test]
fn files_that_are_not_what_they_should_be_are_missing_and_nothing_more() {
    for text in [
        "",
        "x",
        "-1",
        "99999999999999999999999",
        "\0\0",
        "a: b\nc=d\n",
        ")(",
        "4711 (app) S",
    ] {
        for file in [
            "status",
            "statm",
            "limits",
            "cgroup",
            "cmdline",
            "io",
            "smaps_rollup",
        ] {
            let host = Host::new();
            let mut rig = host.rig("executable: app");
            host.write(&format!("proc/{PID}/{file}"), text);
            let points = rig.sample();
            assert!(!down(&points), "{file} {text:?}");
            assert_eq!(points.value("process.thread.count", &[]), 4.0);
        }
        let host = Host::new();
        host.write(&format!("proc/{PID}/stat"), text);
        assert!(down(&host.rig("executable: app").sample()), "{text:?}");
    }
}

#[test]
fn parents_in_a_circle_are_a_tree_that_ends() {
    let host = Host::new();
    for (pid, parent) in [(10, 11), (11, 10)] {
        host.process(pid, "S", 1000);
        let path = format!("proc/{pid}/stat");
        let stat = fs::read_to_string(host.path().join(&path)).expect("a stat");
        host.write(&path, &stat.replace(") S 1 ", &format!(") S {parent} ")));
    }
    let points = host.rig("pid: 10, tree: true").sample();
    assert_eq!(points.value("sidelight.process.count", &[]), 2.0);
}

#[test]
fn more_processes_than_may_be_are_left_out_and_counted() {
    let host = Host::new();
    for pid in 10..30 {
        host.process(pid, "S", 1000 + u64::from(pid));
    }
    for matching in ["all", "sum"] {
        let root = host.path().display();
        let mut rig = Rig::new(&format!(
            "root_path: {root}\ntargets: [{{executable: app, match: {matching}}}]\nmax_processes: 5"
        ));
        let points = rig.sample();
        let running: f64 = points
            .metric("sidelight.process.count")
            .filter_map(|point| point.value)
            .sum();
        assert_eq!(running, 5.0, "{matching}");
        let families = rig.cx.metrics.snapshot();
        let left_out = families
            .iter()
            .find(|family| family.name == "sidelight_process_left_out");
        assert_eq!(left_out.expect("counted").series[0].1, 16.0, "{matching}");
    }
}
