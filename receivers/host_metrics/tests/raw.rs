//! Every metric as it is in the kernel's files, read with code of its own.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::process::Command;

use super::rig::Points;

fn text(path: &str) -> String {
    read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn number(word: &str) -> f64 {
    word.parse().unwrap_or_else(|_| panic!("{word:?} is no number"))
}

fn point(attributes: &str, value: f64) -> (String, f64) {
    (attributes.to_owned(), value)
}

fn run(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().expect("run");
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// What the kernel says about the metric now. `None` for those that are not one figure of a file.
pub(super) fn points(metric: &str) -> Option<Points> {
    Some(match metric {
        "system.cpu.time" => cpu_time(),
        "system.cpu.logical.count" => one(number(&run("nproc --all"))),
        "system.cpu.physical.count" => one(number(&run(
            "grep -E '^(physical|core) id' /proc/cpuinfo | paste - - | sort -u | wc -l",
        ))),
        "system.cpu.frequency" => frequencies(),
        "system.memory.usage" => memory_usage(1.0),
        "system.memory.utilization" => memory_usage(meminfo("MemTotal")),
        "system.memory.limit" => one(meminfo("MemTotal")),
        "system.memory.linux.available" => one(meminfo("MemAvailable")),
        "system.memory.linux.dirty" => one(meminfo("Dirty")),
        "system.memory.linux.shared" => one(meminfo("Shmem")),
        "system.memory.page_size" => one(number(&run("getconf PAGESIZE"))),
        "system.memory.linux.slab.usage" => Points::from([
            point(
                "system.memory.linux.slab.state=reclaimable",
                meminfo("SReclaimable"),
            ),
            point(
                "system.memory.linux.slab.state=unreclaimable",
                meminfo("SUnreclaim"),
            ),
        ]),
        "system.memory.linux.hugepages.limit" => one(meminfo("HugePages_Total")),
        "system.memory.linux.hugepages.reserved" => one(meminfo("HugePages_Rsvd")),
        "system.memory.linux.hugepages.surplus" => one(meminfo("HugePages_Surp")),
        "system.memory.linux.hugepages.page_size" => one(meminfo("Hugepagesize")),
        "system.memory.linux.hugepages.usage" => {
            let free = meminfo("HugePages_Free");
            Points::from([
                point("system.memory.linux.hugepages.state=free", free),
                point(
                    "system.memory.linux.hugepages.state=used",
                    meminfo("HugePages_Total") - free,
                ),
            ])
        }
        "system.cpu.load_average.1m" => one(loadavg(0)),
        "system.cpu.load_average.5m" => one(loadavg(1)),
        "system.cpu.load_average.15m" => one(loadavg(2)),
        "system.disk.io" => disks(&[("read", 5, 512.0), ("write", 9, 512.0)]),
        "system.disk.operations" => disks(&[("read", 3, 1.0), ("write", 7, 1.0)]),
        "system.disk.merged" => disks(&[("read", 4, 1.0), ("write", 8, 1.0)]),
        "system.disk.operation_time" => disks(&[("read", 6, 0.001), ("write", 10, 0.001)]),
        "system.disk.io_time" => disks(&[("", 12, 0.001)]),
        "system.disk.weighted_io_time" => disks(&[("", 13, 0.001)]),
        "system.disk.pending_operations" => disks(&[("", 11, 1.0)]),
        "system.filesystem.usage" => file_systems(&["used", "free", "reserved"]),
        "system.filesystem.inodes.usage" => file_systems(&["inodes used", "inodes free"]),
        "system.filesystem.limit" => file_systems(&["total"]),
        "system.filesystem.utilization" => file_systems(&["utilization"]),
        "system.network.io" => interfaces("network.interface.name", 1, 9),
        "system.network.packet.count" => interfaces("system.device", 2, 10),
        "system.network.errors" => interfaces("network.interface.name", 3, 11),
        "system.network.packet.dropped" => interfaces("network.interface.name", 4, 12),
        "system.network.connection.count" => connections(),
        "system.network.conntrack.count" => {
            one(number(text("/proc/sys/net/netfilter/nf_conntrack_count").trim()))
        }
        "system.network.conntrack.max" => {
            one(number(text("/proc/sys/net/netfilter/nf_conntrack_max").trim()))
        }
        "system.paging.faults" => {
            let major = vmstat("pgmajfault");
            Points::from([
                point("system.paging.fault.type=major", major),
                point("system.paging.fault.type=minor", vmstat("pgfault") - major),
            ])
        }
        "system.paging.operations" => Points::from([
            point(
                "system.paging.direction=in system.paging.fault.type=major",
                vmstat("pswpin"),
            ),
            point(
                "system.paging.direction=out system.paging.fault.type=major",
                vmstat("pswpout"),
            ),
            point(
                "system.paging.direction=in system.paging.fault.type=minor",
                vmstat("pgpgin"),
            ),
            point(
                "system.paging.direction=out system.paging.fault.type=minor",
                vmstat("pgpgout"),
            ),
        ]),
        "system.paging.usage" => swaps(false),
        "system.paging.utilization" => swaps(true),
        "system.process.count" => process_states(),
        "system.process.created" => one(stat("processes")),
        "system.process.limit" => one(number(text("/proc/sys/kernel/threads-max").trim())),
        "system.uptime" => one(number(
            text("/proc/uptime").split(' ').next().expect("two numbers"),
        )),
        "sidelight.system.pressure.stalled" => pressure(),
        "system.cpu.utilization" | "system.memory.linux.hugepages.utilization" => return None,
        unknown => panic!("{unknown} is held against nothing: say here where the kernel has it"),
    })
}

fn one(value: f64) -> Points {
    Points::from([point("", value)])
}

fn stat(key: &str) -> f64 {
    let text = text("/proc/stat");
    let line = text.lines().find(|line| line.split(' ').next() == Some(key));
    number(
        line.and_then(|line| line.split(' ').nth(1))
            .unwrap_or_else(|| panic!("no {key}")),
    )
}

fn cpu_time() -> Points {
    let stat = text("/proc/stat");
    let mut ticks = stat
        .lines()
        .next()
        .expect("cpu")
        .split_whitespace()
        .skip(1)
        .map(number);
    let hertz = number(&run("getconf CLK_TCK"));
    let mut next = || ticks.next().expect("eight modes") / hertz;
    let [user, nice, system, idle, iowait, irq, softirq, steal] = std::array::from_fn(|_| next());
    let modes = [
        ("user", user),
        ("nice", nice),
        ("system", system),
        ("idle", idle),
        ("iowait", iowait),
        ("interrupt", irq + softirq),
        ("steal", steal),
    ];
    modes
        .into_iter()
        .map(|(mode, time)| point(&format!("cpu.mode={mode}"), time))
        .collect()
}

fn frequencies() -> Points {
    let cpuinfo = text("/proc/cpuinfo");
    let frequencies = cpuinfo.lines().filter(|line| line.starts_with("cpu MHz"));
    let hertz = frequencies.map(|line| 1e6 * number(line.rsplit(' ').next().expect("a number")));
    hertz
        .enumerate()
        .map(|(n, hertz)| point(&format!("cpu.logical_number={n}"), hertz))
        .collect()
}

fn meminfo(key: &str) -> f64 {
    let text = text("/proc/meminfo");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let words: Vec<&str> = line
        .unwrap_or_else(|| panic!("no {key}"))
        .split_whitespace()
        .collect();
    number(words[0]) * if words.len() > 1 { 1024.0 } else { 1.0 }
}

fn memory_usage(of: f64) -> Points {
    let states = [
        ("used", meminfo("MemTotal") - meminfo("MemAvailable")),
        ("free", meminfo("MemFree")),
        ("cached", meminfo("Cached")),
        ("buffers", meminfo("Buffers")),
    ];
    states
        .into_iter()
        .map(|(state, bytes)| point(&format!("system.memory.state={state}"), bytes / of))
        .collect()
}

fn loadavg(nth: usize) -> f64 {
    number(text("/proc/loadavg").split(' ').nth(nth).expect("three numbers"))
}

fn vmstat(key: &str) -> f64 {
    let text = text("/proc/vmstat");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    number(line.unwrap_or_else(|| panic!("no {key}")))
}

/// Columns as `Documentation/admin-guide/iostats.rst` counts them, major and minor number being 0 and 1.
fn disks(columns: &[(&str, usize, f64)]) -> Points {
    let mut found = Points::new();
    for line in text("/proc/diskstats").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words[3..].iter().all(|word| *word == "0") {
            continue;
        }
        for (direction, column, factor) in columns {
            let device = format!("system.device={}", words[2]);
            let attributes = match *direction {
                "" => device,
                direction => format!("disk.io.direction={direction} {device}"),
            };
            found.insert(attributes, number(words[*column]) * factor);
        }
    }
    found
}

fn file_systems(figures: &[&str]) -> Points {
    let types = text("/proc/filesystems");
    let mut found = Points::new();
    for line in text("/proc/self/mountinfo").lines() {
        let (mount, source) = line.split_once(" - ").expect("a separator");
        let (mount, source): (Vec<&str>, Vec<&str>) =
            (mount.split(' ').collect(), source.split(' ').collect());
        if types.lines().any(|line| line == format!("nodev\t{}", source[0])) {
            continue;
        }
        let mode = if mount[5].split(',').any(|option| option == "ro") {
            "ro"
        } else {
            "rw"
        };
        // Blocks, free, available, size of a block, inodes, free inodes.
        let answer = run(&format!("stat -f -c '%b %f %a %S %c %d' '{}'", mount[4]));
        let answer: Vec<f64> = answer.split(' ').map(number).collect();
        let [blocks, free, available, size, inodes, inodes_free] = answer[..] else {
            panic!("{answer:?}")
        };
        for figure in figures {
            let (state, value) = match *figure {
                "used" => ("used", (blocks - free) * size),
                "free" => ("free", available * size),
                "reserved" => ("reserved", (free - available) * size),
                "inodes used" => ("used", inodes - inodes_free),
                "inodes free" => ("free", inodes_free),
                "total" => ("", blocks * size),
                _ => ("", (blocks - free) / (blocks - free + available)),
            };
            let mut attributes = vec![
                format!("system.device={}", source[1]),
                format!("system.filesystem.mode={mode}"),
                format!("system.filesystem.mountpoint={}", mount[4]),
                format!("system.filesystem.type={}", source[0]),
            ];
            if !state.is_empty() {
                attributes.push(format!("system.filesystem.state={state}"));
            }
            attributes.sort();
            found.insert(attributes.join(" "), value);
        }
    }
    found
}

fn interfaces(key: &str, received: usize, sent: usize) -> Points {
    let mut found = Points::new();
    for line in text("/proc/self/net/dev").lines().skip(2) {
        let (name, figures) = line.split_once(':').expect("a colon");
        let figures: Vec<&str> = figures.split_whitespace().collect();
        for (direction, column) in [("receive", received), ("transmit", sent)] {
            let mut attributes = [
                format!("{key}={}", name.trim()),
                format!("network.io.direction={direction}"),
            ];
            attributes.sort();
            found.insert(attributes.join(" "), number(figures[column - 1]));
        }
    }
    found
}

fn connections() -> Points {
    const STATES: [&str; 11] = [
        "established",
        "syn_sent",
        "syn_received",
        "fin_wait_1",
        "fin_wait_2",
        "time_wait",
        "closed",
        "close_wait",
        "last_ack",
        "listen",
        "closing",
    ];
    let mut found: Points = STATES
        .iter()
        .map(|state| {
            point(
                &format!("network.connection.state={state} network.transport=tcp"),
                0.0,
            )
        })
        .chain([point("network.transport=udp", 0.0)])
        .collect();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        for line in text(&format!("/proc/self/net/{table}")).lines().skip(1) {
            let state =
                usize::from_str_radix(line.split_whitespace().nth(3).expect("a state"), 16).expect("hex");
            let attributes = match table.starts_with("tcp") {
                true => format!(
                    "network.connection.state={} network.transport=tcp",
                    STATES[state - 1]
                ),
                false => "network.transport=udp".to_owned(),
            };
            *found.entry(attributes).or_default() += 1.0;
        }
    }
    found
}

fn swaps(as_share: bool) -> Points {
    let mut found = Points::new();
    for line in text("/proc/swaps").lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (total, used) = (number(words[2]) * 1024.0, number(words[3]) * 1024.0);
        for (state, bytes) in [("used", used), ("free", total - used)] {
            let value = if as_share { bytes / total } else { bytes };
            found.insert(
                format!("system.device={} system.paging.state={state}", words[0]),
                value,
            );
        }
    }
    found
}

fn process_states() -> Points {
    let mut counts: BTreeMap<&str, f64> = ["running", "sleeping", "stopped", "defunct"]
        .map(|state| (state, 0.0))
        .into();
    for entry in std::fs::read_dir("/proc").expect("listed").flatten() {
        let Ok(status) = read_to_string(entry.path().join("status")) else {
            continue;
        };
        let Some(state) = status.lines().find_map(|line| line.strip_prefix("State:")) else {
            continue;
        };
        let state = match state.trim().chars().next() {
            Some('R') => "running",
            Some('S' | 'D' | 'I') => "sleeping",
            Some('T' | 't') => "stopped",
            Some('Z' | 'X') => "defunct",
            other => panic!("{other:?}"),
        };
        *counts.get_mut(state).expect("one of four") += 1.0;
    }
    counts
        .into_iter()
        .map(|(state, count)| point(&format!("process.state={state}"), count))
        .collect()
}

fn pressure() -> Points {
    let mut found = Points::new();
    for resource in ["cpu", "memory", "io"] {
        for line in text(&format!("/proc/pressure/{resource}")).lines() {
            let (share, rest) = line.split_once(' ').expect("a word");
            let total = rest.rsplit_once("total=").expect("a total").1;
            let attributes =
                format!("sidelight.pressure.resource={resource} sidelight.pressure.share={share}");
            found.insert(attributes, number(total) / 1e6);
        }
    }
    found
}
