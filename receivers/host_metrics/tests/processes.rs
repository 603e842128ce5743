//! Processes that are known, against their files.

use std::fs::read_to_string;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::rig::{Sample, parse, sampled_all};

/// A process that did known things and waits.
struct Known {
    child: Child,
    _input: ChildStdin,
    _output: BufReader<ChildStdout>,
}

impl Known {
    /// Starts `python3` under another name.
    fn start(name: &str, script: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sidelight-host-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("made");
        let program = folder.join(name);
        let python = std::fs::canonicalize("/usr/bin/python3").expect("python3");
        std::fs::copy(python, &program).expect("copied");
        let mut command = Command::new(&program);
        command
            .args(["-c", script, "--password=geheim"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = loop {
            match command.spawn() {
                // A process that another test starts has the copy open for a moment, as all that was open here.
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now()
                }
                started => break started.expect("started"),
            }
        };
        let (input, output) = (
            child.stdin.take().expect("piped"),
            child.stdout.take().expect("piped"),
        );
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line).expect("read");
        assert_eq!(line.trim(), "ready");
        std::fs::remove_dir_all(&folder).expect("removed");
        Self {
            child,
            _input: input,
            _output: output,
        }
    }

    fn file(&self, name: &str) -> String {
        read_to_string(format!("/proc/{}/{name}", self.child.id())).expect("read")
    }

    /// The number behind a key of `status` or `io`.
    fn figure(&self, file: &str, key: &str) -> f64 {
        let text = self.file(file);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap_or_else(|| panic!("no {key}"));
        line.split_whitespace()
            .next()
            .expect("a word")
            .parse()
            .expect("a number")
    }

    /// Field of `stat` as proc_pid_stat(5) numbers them.
    fn stat(&self, field: usize) -> f64 {
        let text = self.file("stat");
        let rest = text.rsplit_once(") ").expect("a name").1;
        rest.split(' ')
            .nth(field - 3)
            .expect("a field")
            .parse()
            .expect("a number")
    }

    fn find<'s>(&self, samples: &'s [Sample]) -> &'s Sample {
        let pid = self.child.id().to_string();
        let found: Vec<_> = samples
            .iter()
            .filter(|sample| sample.resource.get("process.pid") == Some(&pid))
            .collect();
        assert_eq!(found.len(), 1, "{pid}");
        found[0]
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

/// Allocates 50 MB and touches it, burns processor time, opens files, starts threads, then waits.
const BUSY: &str = "
import sys, threading, time
kept = bytearray(50_000_000)
for at in range(0, len(kept), 4096): kept[at] = 1
files = [open('/dev/null') for _ in range(17)]
stop = threading.Event()
for _ in range(3): threading.Thread(target=stop.wait, daemon=True).start()
begun = time.process_time()
while time.process_time() - begun < 0.15: pass
print('ready', flush=True)
sys.stdin.read()
";

const ALL: &str = "
  process:
    include: {names: [hm-busy], match_type: strict}
    metrics:
      process.cpu.utilization: {enabled: true}
      process.memory.utilization: {enabled: true}
      process.disk.operations: {enabled: true}
      process.thread.count: {enabled: true}
      process.unix.file_descriptor.count: {enabled: true}
      process.context_switches: {enabled: true}
      process.paging.faults: {enabled: true}
      process.signals_pending: {enabled: true}
      process.uptime: {enabled: true}
";

#[tokio::test]
async fn every_figure_of_a_process_is_what_its_files_say() {
    let busy = Known::start("hm-busy", BUSY);
    let hertz = 100.0;
    let read = || {
        [
            ("process.cpu.time", "cpu.mode=user", busy.stat(14) / hertz),
            ("process.cpu.time", "cpu.mode=system", busy.stat(15) / hertz),
            (
                "process.memory.usage",
                "",
                busy.figure("status", "VmRSS:") * 1024.0,
            ),
            (
                "process.memory.virtual",
                "",
                busy.figure("status", "VmSize:") * 1024.0,
            ),
            (
                "process.disk.io",
                "disk.io.direction=read",
                busy.figure("io", "read_bytes:"),
            ),
            (
                "process.disk.io",
                "disk.io.direction=write",
                busy.figure("io", "write_bytes:"),
            ),
            (
                "process.disk.operations",
                "disk.io.direction=read",
                busy.figure("io", "syscr:"),
            ),
            (
                "process.disk.operations",
                "disk.io.direction=write",
                busy.figure("io", "syscw:"),
            ),
            ("process.thread.count", "", busy.figure("status", "Threads:")),
            ("process.unix.file_descriptor.count", "", descriptors(&busy)),
            (
                "process.context_switches",
                "process.context_switch.type=voluntary",
                busy.figure("status", "voluntary_ctxt_switches:"),
            ),
            (
                "process.paging.faults",
                "system.paging.fault.type=minor",
                busy.stat(10),
            ),
            (
                "process.paging.faults",
                "system.paging.fault.type=major",
                busy.stat(12),
            ),
            ("process.signals_pending", "", 0.0),
        ]
    };
    let before = read();
    let (samples, metrics, _) = sampled_all(&format!("scrapers:{ALL}"), 3).await;
    let after = read();
    let last = &samples[2];
    assert_eq!(
        last.len(),
        1,
        "no other process is wanted, and the host has no metrics"
    );
    let found = busy.find(last);
    for ((metric, attributes, before), (.., after)) in before.into_iter().zip(after) {
        let value = found.metrics[metric].get(attributes).copied();
        let value = value.unwrap_or_else(|| panic!("{metric} {attributes}: {:?}", found.metrics[metric]));
        assert!(
            (before.min(after)..=before.max(after)).contains(&value),
            "{metric}: {value} not in {before}..{after}"
        );
    }
    let value = |metric: &str| found.metrics[metric][""];
    assert!(value("process.memory.usage") > 50e6);
    assert!(found.metrics["process.cpu.time"].values().sum::<f64>() >= 0.14);
    assert_eq!(value("process.thread.count"), 4.0);
    let memory =
        value("process.memory.usage") / (super::raw::points("system.memory.limit").expect("known")[""]);
    assert!((value("process.memory.utilization") - memory).abs() < 1e-9);
    assert!(
        found.metrics["process.cpu.utilization"]
            .values()
            .all(|share| (0.0..=1.0).contains(share))
    );
    check_resource(&busy, found);
    assert!(
        metrics
            .snapshot()
            .iter()
            .all(|family| family.name != "sidelight_receiver_failed_reads")
    );
}

fn descriptors(process: &Known) -> f64 {
    std::fs::read_dir(format!("/proc/{}/fd", process.child.id()))
        .expect("listed")
        .count() as f64
}

fn check_resource(busy: &Known, found: &Sample) {
    let attribute = |key: &str| found.resource.get(key).map(String::as_str).unwrap_or_default();
    assert_eq!(attribute("service.name"), "sidelight");
    assert_eq!(attribute("process.executable.name"), "hm-busy");
    assert!(
        attribute("process.executable.path").ends_with("/hm-busy"),
        "{}",
        attribute("process.executable.path")
    );
    assert!(attribute("process.command").ends_with("/hm-busy"));
    assert_eq!(attribute("process.parent_pid"), std::process::id().to_string());
    let owner = Command::new("id").arg("-un").output().expect("run").stdout;
    assert_eq!(attribute("process.owner"), String::from_utf8_lossy(&owner).trim());
    assert!(
        !format!("{found:?}").contains("geheim"),
        "arguments may hold secrets"
    );
    // Sums begin with the process, which the kernel tells in ticks since the boot.
    let starts: Vec<u64> = found.starts.iter().copied().collect();
    let boot = sysinfo::System::boot_time().expect("known") as f64;
    let expected = boot + busy.stat(22) / 100.0;
    assert!(
        (starts[0] as f64 / 1e9 - expected).abs() < 2.0 && starts.len() == 1,
        "{starts:?}"
    );
    let created: jiff::Timestamp = attribute("process.creation.time").parse().expect("ISO 8601");
    assert_eq!(
        created.as_nanosecond() / 10_000_000,
        i128::from(starts[0] / 10_000_000)
    );
}

#[tokio::test]
async fn all_processes_have_each_its_resource_and_the_host_has_its_own() {
    let (samples, ..) = sampled_all("scrapers: {process: , load: }", 2).await;
    let processes: Vec<&Sample> = samples[1]
        .iter()
        .filter(|sample| sample.resource.contains_key("process.pid"))
        .collect();
    assert_eq!(processes.len() + 1, samples[1].len());
    let own = std::process::id().to_string();
    assert!(
        processes
            .iter()
            .any(|sample| sample.resource["process.pid"] == own)
    );
    // Defaults of the Collector.
    let first = processes
        .iter()
        .find(|sample| sample.resource["process.pid"] == own)
        .expect("there");
    let names: Vec<&str> = first.metrics.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "process.cpu.time",
            "process.disk.io",
            "process.memory.usage",
            "process.memory.virtual"
        ]
    );
    let mut ids: Vec<&String> = processes
        .iter()
        .map(|sample| &sample.resource["service.instance.id"])
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "every process is an instance");
}

#[tokio::test]
async fn what_is_too_young_or_not_wanted_is_left_out_and_attributes_are_chosen() {
    let busy = Known::start(
        "hm-young",
        "print('ready', flush=True)\nimport sys\nsys.stdin.read()",
    );
    let settings = "
semconv: legacy
scrapers:
  load:
  process:
    scrape_process_delay: 1h
    include: {names: [hm-young], match_type: strict}
";
    let (samples, ..) = sampled_all(settings, 1).await;
    assert_eq!(samples[0].len(), 1, "only the host");
    let settings = "
semconv: legacy
scrapers:
  process:
    include: {names: ['^hm-you'], match_type: regexp}
    metrics: {process.threads: {enabled: true}, process.cpu.time: {enabled: false}}
    resource_attributes: {process.owner: {enabled: false}, process.command: {enabled: false}}
";
    let (samples, ..) = sampled_all(settings, 1).await;
    let found = busy.find(&samples[0]);
    assert!(found.metrics.contains_key("process.threads") && !found.metrics.contains_key("process.cpu.time"));
    let direction = &found.metrics["process.disk.io"];
    assert!(direction.contains_key("direction=read"), "{direction:?}");
    assert!(!found.resource.contains_key("process.owner") && !found.resource.contains_key("process.command"));
    assert!(found.resource.contains_key("process.executable.name"));
}

#[tokio::test]
async fn a_program_that_is_replaced_is_described_anew_and_keeps_its_counters() {
    // `exec` replaces the shell when a line comes.
    let mut child = Command::new("sh")
        .args(["-c", "echo ready; read line; exec sleep 600"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let pid = child.id().to_string();
    let names = |samples: &[Vec<Sample>]| -> Vec<String> {
        let all = samples
            .iter()
            .flatten()
            .filter(|sample| sample.resource["process.pid"] == pid);
        all.map(|sample| sample.resource["process.command"].clone())
            .collect()
    };
    let settings = "scrapers: {process: {include: {names: [dash, bash, sh, sleep], match_type: strict}}}";
    let (samples, ..) = sampled_all(settings, 1).await;
    assert_eq!(names(&samples), ["sh"]);
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(b"\n")
        .expect("written");
    while !read_to_string(format!("/proc/{pid}/comm"))
        .expect("read")
        .contains("sleep")
    {
        tokio::task::yield_now().await;
    }
    let (samples, ..) = sampled_all(settings, 1).await;
    assert_eq!(names(&samples), ["sleep"]);
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn settings_of_the_collector_that_do_nothing_here_are_harmless_and_unknown_attributes_are_told() {
    let taken = parse("scrapers: {process: {mute_process_name_error: true, mute_process_all_errors: true}}");
    taken.expect("no mistake");
    for (attribute, part) in [
        ("process.command_line", "with secrets masked"),
        ("process.ownr", "did you mean `process.owner`?"),
        ("colour", "the attributes are process.command"),
    ] {
        let text =
            format!("scrapers: {{process: {{resource_attributes: {{{attribute}: {{enabled: true}}}}}}}}");
        let mistakes = parse(&text).expect_err(attribute);
        assert!(mistakes.contains(part), "{part} is not in\n{mistakes}");
    }
}
