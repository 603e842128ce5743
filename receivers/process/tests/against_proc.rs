//! Every metric against the kernel's files, read by other code before and after the sample, or against a process that
//! does a known thing.

use std::fs;
use std::os::unix::process::CommandExt;

use super::rig::{Points, Python, Rig, interpreter};

/// Everything there is, in one target.
fn rig_of(python: &Python) -> Rig {
    let yaml = format!(
        "targets: [{{name: app, pid: {}, open_files: {{db: '\\.db$', none: 'nowhere'}}}}]\nmetrics:\n  \
         process.cpu.utilization: {{enabled: true}}\n  process.memory.utilization: {{enabled: true}}\n  \
         process.signals_pending: {{enabled: true}}\n  sidelight.process.socket.count: {{enabled: true}}\n  \
         sidelight.process.memory.pss: {{enabled: true}}\n  sidelight.process.oom_score: {{enabled: true}}\n",
        python.pid()
    );
    Rig::new(&yaml)
}

/// `/proc/<pid>/stat` as words; number 1 is the first.
struct Stat(Vec<String>);

impl Stat {
    fn of(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("stat");
        // The name of the interpreter has no spaces.
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    fn field(&self, number: usize) -> f64 {
        self.0[number - 1].parse().expect("a number")
    }
}

/// A line of `/proc/<pid>/<file>`: the number after `key`.
fn number(pid: u32, file: &str, key: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).expect("a file");
    let line = text.lines().find(|line| line.starts_with(key)).expect(key);
    let word = line[key.len()..].split_whitespace().next().expect("a value");
    word.parse().expect("a number")
}

/// Figures by another way than the receiver's, under the names that it writes them under.
fn figures(pid: u32) -> Vec<(&'static str, &'static [&'static str], f64)> {
    let stat = Stat::of(pid);
    let status = |key| number(pid, "status", key);
    let io = |key| number(pid, "io", key);
    let uptime = fs::read_to_string("/proc/uptime").expect("uptime");
    let uptime: f64 = uptime
        .split(' ')
        .next()
        .expect("a word")
        .parse()
        .expect("seconds");
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).expect("fd").count() as f64;
    let task = |key: &str| -> f64 {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("task");
        let tids = threads.map(|thread| thread.expect("a thread").file_name());
        tids.map(|tid| number(pid, &format!("task/{}/status", tid.to_string_lossy()), key))
            .sum()
    };
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("children");
    let score = fs::read_to_string(format!("/proc/{pid}/oom_score")).expect("a score");
    vec![
        ("process.cpu.time", &["user"], stat.field(14) / 100.0),
        ("process.cpu.time", &["system"], stat.field(15) / 100.0),
        ("process.memory.usage", &[], status("VmRSS:") * 1024.0),
        ("process.memory.virtual", &[], stat.field(23)),
        ("process.disk.io", &["read"], io("read_bytes:")),
        ("process.disk.io", &["write"], io("write_bytes:")),
        ("process.disk.operations", &["read"], io("syscr:")),
        ("process.disk.operations", &["write"], io("syscw:")),
        ("process.thread.count", &[], stat.field(20)),
        ("process.unix.file_descriptor.count", &[], descriptors),
        (
            "process.context_switches",
            &["voluntary"],
            task("voluntary_ctxt_switches:"),
        ),
        (
            "process.context_switches",
            &["involuntary"],
            task("nonvoluntary_ctxt_switches:"),
        ),
        ("process.paging.faults", &["minor"], stat.field(10)),
        ("process.paging.faults", &["major"], stat.field(12)),
        ("process.uptime", &[], uptime - stat.field(22) / 100.0),
        (
            "sidelight.process.child.count",
            &[],
            children.split_whitespace().count() as f64,
        ),
        (
            "sidelight.process.file_descriptor.limit",
            &[],
            number(pid, "limits", "Max open files"),
        ),
        (
            "sidelight.process.memory.rss",
            &["anon"],
            status("RssAnon:") * 1024.0,
        ),
        (
            "sidelight.process.memory.rss",
            &["file"],
            status("RssFile:") * 1024.0,
        ),
        (
            "sidelight.process.memory.rss",
            &["shmem"],
            status("RssShmem:") * 1024.0,
        ),
        ("sidelight.process.memory.peak", &[], status("VmHWM:") * 1024.0),
        ("sidelight.process.memory.swap", &[], status("VmSwap:") * 1024.0),
        (
            "sidelight.process.memory.pss",
            &[],
            number(pid, "smaps_rollup", "Pss:") * 1024.0,
        ),
        (
            "sidelight.process.oom_score",
            &[],
            score.trim().parse().expect("a number"),
        ),
    ]
}

#[test]
fn every_figure_lies_between_what_the_kernel_said_before_and_after() {
    let mut python = Python::start();
    python
        .does("threads = [threading.Thread(target=time.sleep, args=(600,), daemon=True) for _ in range(5)]");
    python.does("_ = [thread.start() for thread in threads]");
    python.does("kids = [subprocess.Popen(['sleep', '600']) for _ in range(3)]");
    python.does("data = b'x' * 50_000_000; total = sum(i * i for i in range(2_000_000))");
    let mut rig = rig_of(&python);
    for _ in 0..3 {
        let before = figures(python.pid());
        let points = rig.sample();
        let after = figures(python.pid());
        for ((name, values, low), (_, _, high)) in before.into_iter().zip(after) {
            let found = points.value(name, values);
            // Clock ticks and the kernel's batches of memory counters are what a figure may be off.
            let slack = match name {
                "process.uptime" => 0.02,
                "process.memory.usage" => 512.0 * 1024.0,
                _ => 0.0,
            };
            let between = low.min(high) - slack..=high.max(low) + slack;
            assert!(
                between.contains(&found),
                "{name} {values:?}: {found} not in {between:?}"
            );
        }
        python.does("total = sum(i * i for i in range(1_000_000))");
    }
    assert_eq!(figures(python.pid())[8].2, 6.0, "it has six threads");
    python.does("_ = [kid.kill() for kid in kids]");
}

#[test]
fn the_table_above_has_every_metric_of_a_process_but_those_with_a_test_of_their_own() {
    let python = Python::start();
    let mut rig = rig_of(&python);
    rig.sample();
    let points = rig.sample();
    let compared: Vec<&str> = figures(python.pid()).iter().map(|(name, ..)| *name).collect();
    let own_tests = [
        // a_known_load_…, known_memory_…, signals_…, files_and_sockets_…
        "process.cpu.utilization",
        "process.memory.utilization",
        "process.signals_pending",
        "sidelight.process.open_files",
        "sidelight.process.socket.count",
        // `restarts` and `selecting`.
        "sidelight.process.up",
        "sidelight.process.restarts",
        "sidelight.process.exits",
        "sidelight.process.count",
        // what_the_process_is_…
        "sidelight.process.info",
    ];
    for name in points.names() {
        let is_group = name.starts_with("sidelight.process.cgroup.");
        assert!(
            compared.contains(&name) || own_tests.contains(&name) || is_group,
            "{name}"
        );
    }
}

#[test]
fn known_memory_threads_descriptors_and_children_are_found() {
    let mut python = Python::start();
    let mut rig = rig_of(&python);
    let before = rig.sample();
    python.does("data = bytearray(100_000_000); data[::4096] = b'x' * len(data[::4096])");
    python.does("files = [open('/dev/null') for _ in range(50)]");
    python
        .does("threads = [threading.Thread(target=time.sleep, args=(600,), daemon=True) for _ in range(7)]");
    python.does("_ = [thread.start() for thread in threads]");
    python.does("kids = [subprocess.Popen(['sleep', '600']) for _ in range(4)]");
    let after = rig.sample();
    let grown = |name, values: &[&str]| after.value(name, values) - before.value(name, values);
    // Where the kernel gives huge pages out freely, each new thread's stack has one of 2 MiB.
    let with_stacks = 100e6..130e6;
    for (name, values) in [
        ("process.memory.usage", &[][..]),
        ("sidelight.process.memory.peak", &[]),
        ("sidelight.process.memory.rss", &["anon"]),
    ] {
        let grown = grown(name, values);
        assert!(with_stacks.contains(&grown), "{name}: {grown}");
    }
    // Its share of what it has in common with other Pythons changes when they start and end.
    let share = grown("sidelight.process.memory.pss", &[]);
    assert!((80e6..150e6).contains(&share), "{share}");
    assert!(grown("process.memory.virtual", &[]) >= 100e6);
    assert!(grown("process.paging.faults", &["minor"]) >= 100.0);
    assert_eq!(grown("process.unix.file_descriptor.count", &[]), 50.0);
    assert_eq!(grown("process.thread.count", &[]), 7.0);
    assert_eq!(grown("sidelight.process.child.count", &[]), 4.0);
    let total = number_of_host_memory();
    let share = after.value("process.memory.utilization", &[]);
    assert!((share - after.value("process.memory.usage", &[]) / total).abs() < 1e-6);
    python.does("_ = [kid.kill() for kid in kids]");
}

fn number_of_host_memory() -> f64 {
    let text = fs::read_to_string("/proc/meminfo").expect("meminfo");
    let word = text.split_whitespace().nth(1).expect("a value");
    word.parse::<f64>().expect("a number") * 1024.0
}

#[test]
fn bytes_that_were_written_to_the_disk_are_counted() {
    let mut python = Python::start();
    let mut rig = rig_of(&python);
    // Beside this program, which is on a disk; what is temporary may be in memory.
    let program = std::env::current_exe().expect("our own file");
    let folder = tempfile::tempdir_in(program.parent().expect("a folder")).expect("a folder");
    let before = rig.sample();
    let path = folder.path().join("data").display().to_string();
    python.does(&format!("fd = os.open({path:?}, os.O_CREAT | os.O_WRONLY)"));
    python.does("_ = [os.write(fd, b'x' * 1_048_576) for _ in range(8)]; os.fsync(fd); os.close(fd)");
    let after = rig.sample();
    let grown = |name, values: &[&str]| after.value(name, values) - before.value(name, values);
    let written = grown("process.disk.io", &["write"]);
    assert!(
        (8.0 * 1_048_576.0..9.0 * 1_048_576.0).contains(&written),
        "{written}"
    );
    assert!(grown("process.disk.operations", &["write"]) >= 8.0);
}

#[test]
fn files_are_counted_by_pattern_and_sockets_by_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut python = Python::start();
    let mut rig = rig_of(&python);
    python.does(&format!("os.chdir({:?})", folder.path().display().to_string()));
    python.does("files = [open(f'{n}.db', 'w') for n in range(3)] + [open('x.dbx', 'w')]");
    python.does("tcp = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]");
    python.does("client = socket.create_connection(tcp[0].getsockname()); server = tcp[0].accept()[0]");
    python.does("udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(('127.0.0.1', 0))");
    let points = rig.sample();
    assert_eq!(points.value("sidelight.process.open_files", &["db"]), 3.0);
    assert_eq!(points.value("sidelight.process.open_files", &["none"]), 0.0);
    let sockets = |points: &Points, transport, state| {
        points.value("sidelight.process.socket.count", &[transport, state])
    };
    assert_eq!(sockets(&points, "tcp", "listen"), 2.0);
    assert_eq!(sockets(&points, "tcp", "established"), 2.0);
    assert_eq!(sockets(&points, "udp", "closed"), 1.0);
    // A file that was removed and is still open counts; what is closed is 0 and not missing.
    python.does("os.remove('0.db'); files[1].close(); client.close(); server.close()");
    let points = rig.sample();
    assert_eq!(points.value("sidelight.process.open_files", &["db"]), 2.0);
    assert_eq!(sockets(&points, "tcp", "listen"), 2.0);
    assert_eq!(sockets(&points, "tcp", "established"), 0.0);
}

#[test]
fn a_known_load_is_the_share_of_the_processors_that_it_may_use() {
    let mut python = Python::start();
    python.does("os.sched_setaffinity(0, {next(iter(os.sched_getaffinity(0)))})");
    let mut rig = rig_of(&python);
    let first = rig.sample();
    assert_eq!(
        first.metric("process.cpu.utilization").count(),
        0,
        "nothing to compare with"
    );
    python.does("end = time.process_time() + 0.5; exec('while time.process_time() < end: pass')");
    // It may use one processor.
    let second = rig.sample();
    let of = |points: &Points, name| -> f64 { points.metric(name).filter_map(|point| point.value).sum() };
    let used = of(&second, "process.cpu.time") - of(&first, "process.cpu.time");
    assert!(used >= 0.48, "{used}");
    let share = of(&second, "process.cpu.utilization");
    let time = |points: &Points| points.point("process.uptime", &[]).time;
    let seconds = (time(&second) - time(&first)) as f64 / 1e9;
    assert!((share - used / seconds).abs() < used / 1000.0, "{share} {used}");
    assert!(rig.headline().contains("cpu "), "{}", rig.headline());
}

#[test]
fn pending_signals_are_counted() {
    let mut python = Python::start();
    let mut rig = rig_of(&python);
    assert_eq!(rig.sample().value("process.signals_pending", &[]), 0.0);
    python.does("signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGUSR2])");
    python.does("os.kill(os.getpid(), signal.SIGUSR1); os.kill(os.getpid(), signal.SIGUSR2)");
    assert_eq!(rig.sample().value("process.signals_pending", &[]), 2.0);
}

#[test]
fn what_the_process_is_stands_on_one_metric_with_its_secrets_masked() {
    let python = Python::with("--password=hunter2", |command| {
        command.args(["--token", "hunter3", "postgres://joe:hunter4@db/x"])
    });
    let yaml = format!("targets: [{{pid: {}}}]\ncommand_args: true", python.pid());
    let mut rig = Rig::new(&yaml);
    let points = rig.sample();
    let info = &points.point("sidelight.process.info", &[]).attributes;
    assert_eq!(info["process.pid"], python.pid().to_string());
    assert_eq!(info["process.command"], interpreter());
    assert_eq!(info["process.owner"], "root");
    assert!(info["process.executable.path"].contains("python"));
    let arguments = &info["process.command_args"];
    assert!(
        arguments.contains("--password=**** --token **** postgres://joe:****@db/x"),
        "{arguments}"
    );
    assert!(!format!("{points:?}").contains("hunter"));

    // When it was made: what the kernel says, as another reads it.
    let boot = number_of("/proc/stat", "btime ");
    let created = boot + Stat::of(python.pid()).field(22) / 100.0;
    let written: jiff::Timestamp = info["process.creation.time"].parse().expect("a time");
    assert!(
        (written.as_millisecond() as f64 / 1e3 - created).abs() < 1.001,
        "{written} {created}"
    );
    assert!(points.0.iter().all(
        |point| point.metric == "sidelight.process.info" || !point.attributes.contains_key("process.pid")
    ));

    let mut rig = Rig::new(&format!("targets: [{{pid: {}}}]", python.pid()));
    let points = rig.sample();
    assert!(
        !points
            .point("sidelight.process.info", &[])
            .attributes
            .contains_key("process.command_args")
    );
}

fn number_of(path: &str, key: &str) -> f64 {
    let text = fs::read_to_string(path).expect("a file");
    let line = text.lines().find(|line| line.starts_with(key)).expect(key);
    line[key.len()..].trim().parse().expect("a number")
}

/// Runs `work` on a thread without the rights of root, which these tests may have: the kernel keeps users by thread.
fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let nobody = rustix::thread::Uid::from_raw(65_534);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).expect("root may");
            work()
        });
        thread.join().expect("no panic")
    })
}

#[test]
fn what_another_user_may_not_see_is_missing_and_counted_and_everything_else_flows() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let python = Python::start();
    let mut rig = rig_of(&python);
    let points = as_nobody(|| {
        rig.sample();
        rig.sample()
    });
    let missing = [
        "process.disk.io",
        "process.disk.operations",
        "sidelight.process.open_files",
        "sidelight.process.socket.count",
        "sidelight.process.memory.pss",
    ];
    for name in missing {
        assert_eq!(points.metric(name).count(), 0, "{name}");
    }
    for (name, values, _) in figures(python.pid()) {
        if !missing.contains(&name) {
            assert!(points.value(name, values) >= 0.0);
        }
    }
    let failed = |read: &str| {
        let families = rig.cx.metrics.snapshot();
        let family = families
            .iter()
            .find(|family| family.name == "sidelight_receiver_failed_reads");
        let label = ("read".to_owned(), read.to_owned());
        let series = family
            .expect("counted")
            .series
            .iter()
            .find(|(labels, _)| labels.contains(&label));
        series.map(|(_, count)| *count)
    };
    for read in ["io", "fd", "smaps_rollup"] {
        assert_eq!(failed(read), Some(2.0), "{read}");
    }
    let info = &points.point("sidelight.process.info", &[]).attributes;
    assert_eq!(info["process.owner"], "root");
    assert!(!info.contains_key("process.executable.path"));
}

#[test]
fn the_owner_is_who_the_process_runs_as() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let mut command = std::process::Command::new("sleep");
    let mut nobody = command
        .arg("600")
        .uid(65_534)
        .gid(65_534)
        .spawn()
        .expect("started");
    let points = Rig::new(&format!("targets: [{{pid: {}}}]", nobody.id())).sample();
    nobody.kill().expect("killed");
    nobody.wait().expect("ended");
    let info = &points.point("sidelight.process.info", &[]).attributes;
    assert_eq!(info["process.owner"], "nobody");
}

#[test]
fn legacy_names_are_the_collectors_and_both_can_be_had() {
    let python = Python::start();
    let rig = |semconv: &str| {
        let more = "metrics: {process.memory.utilization: {enabled: true}}";
        Rig::new(&format!(
            "targets: [{{pid: {}}}]\nsemconv: {semconv}\n{more}",
            python.pid()
        ))
    };
    let (v1, legacy, both) = (rig("v1").sample(), rig("legacy").sample(), rig("dup").sample());
    assert_eq!(
        legacy.point("process.cpu.time", &["user"]).attributes["state"],
        "user"
    );
    assert_eq!(
        v1.point("process.cpu.time", &["user"]).attributes["cpu.mode"],
        "user"
    );
    let attributes: Vec<&String> = both
        .point("process.cpu.time", &["user"])
        .attributes
        .keys()
        .collect();
    assert_eq!(attributes, ["cpu.mode", "state"]);
    for (new, old) in [
        ("process.thread.count", "process.threads"),
        (
            "process.unix.file_descriptor.count",
            "process.open_file_descriptors",
        ),
    ] {
        let has = |points: &Points, name| points.names().contains(&name);
        assert!(has(&v1, new) && !has(&v1, old));
        assert!(!has(&legacy, new) && has(&legacy, old));
        assert!(has(&both, new) && has(&both, old));
    }
    let share = |points: &Points| points.value("process.memory.utilization", &[]);
    assert!(
        (share(&legacy) / share(&v1) - 100.0).abs() < 10.0,
        "the Collector's is in per cent"
    );
}
