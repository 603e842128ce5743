//! A host that does not show everything.

use std::fs;

use super::completeness::everything;
use super::rig::sampled;

fn failed(metrics: &sidelight_component::metrics::Registry) -> Vec<(String, f64)> {
    let families = metrics.snapshot();
    let family = families
        .into_iter()
        .find(|family| family.name == "sidelight_receiver_failed_reads");
    let series = family.map(|family| family.series).unwrap_or_default();
    let read = |labels: &[(String, String)]| {
        labels
            .iter()
            .find(|(name, _)| name == "read")
            .map(|(_, what)| what.clone())
    };
    series
        .iter()
        .map(|(labels, value)| (read(labels).unwrap_or_default(), *value))
        .collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_each_time_and_the_rest_is_measured() {
    let root = tempfile::tempdir().expect("a folder");
    let proc = root.path().join("proc");
    fs::create_dir_all(proc.join("1/net")).expect("made");
    for (pid, state) in [
        (1, "R"),
        (2, "S"),
        (3, "D"),
        (4, "I"),
        (50, "T"),
        (60, "t"),
        (7000, "Z"),
    ] {
        fs::create_dir_all(proc.join(pid.to_string())).expect("made");
        fs::write(
            proc.join(format!("{pid}/stat")),
            format!("{pid} (a) R) {state} 0 0"),
        )
        .expect("written");
    }
    for (file, text) in [
        ("loadavg", "0.50 0.25 0.10 1/91 31403\n"),
        (
            "stat",
            "cpu  100 0 50 800 0 0 0 0\ncpu0 100 0 50 800 0 0 0 0\nbtime 1700000000\nprocesses 7\n",
        ),
        (
            "1/net/dev",
            "h\nh\n eth9: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        ),
        (
            "1/net/tcp",
            "  sl  local_address\n   0: 00000000:07E8 00000000:0000 0A 0\n",
        ),
        (
            "1/mountinfo",
            "27 1 254:0 / / rw - ext4 /dev/vda rw\n28 1 254:0 / /away rw - ext4 /dev/vdb rw\n",
        ),
        ("filesystems", "\text4\n"),
        ("meminfo", "\u{0}garbage"),
        ("vmstat", ""),
    ] {
        fs::write(proc.join(file), text).expect("written");
    }
    let settings = everything(&format!("root_path: {}", root.path().display()));
    let (samples, metrics, headline) = sampled(&settings, 3).await;
    let last = &samples[2].metrics;
    assert_eq!(last["system.cpu.load_average.1m"][""], 0.5);
    assert_eq!(last["system.cpu.time"]["cpu.mode=system"], 0.5);
    assert_eq!(
        last["system.network.io"]["network.interface.name=eth9 network.io.direction=transmit"],
        9.0
    );
    assert_eq!(
        last["system.network.connection.count"]["network.connection.state=listen network.transport=tcp"],
        1.0
    );
    let states = &last["system.process.count"];
    for (state, count) in [
        ("running", 1.0),
        ("sleeping", 3.0),
        ("stopped", 2.0),
        ("defunct", 1.0),
    ] {
        assert_eq!(states[&format!("process.state={state}")], count, "{states:?}");
    }
    let found: Vec<&String> = last["system.filesystem.limit"].keys().collect();
    assert_eq!(
        found.len(),
        1,
        "the root is below root_path, `away` is not there: {found:?}"
    );
    assert!(!last.contains_key("system.disk.io") && !last.contains_key("system.memory.usage"));
    assert_eq!(
        samples[2].starts.iter().copied().collect::<Vec<_>>(),
        [1_700_000_000_000_000_000]
    );
    assert!(
        headline.contains("load 0.50") && !headline.contains("memory"),
        "{headline}"
    );
    let failed = failed(&metrics);
    for what in [
        "diskstats",
        "swaps",
        "uptime",
        "cpuinfo",
        "pressure/io",
        "nf_conntrack_max",
        "net/tcp6",
        "statvfs",
    ] {
        let count = failed
            .iter()
            .find(|(read, _)| read == what)
            .map_or(0.0, |(_, count)| *count);
        assert!(count >= 3.0, "{what}: {failed:?}");
    }
}

#[tokio::test]
async fn a_host_that_shows_nothing_gives_no_sample_and_no_end() {
    let root = tempfile::tempdir().expect("a folder");
    let filled = root.path().join("proc");
    let settings = format!(
        "root_path: {}\nscrapers: {{load: , memory: }}",
        root.path().display()
    );
    let sampling = tokio::spawn(async move { sampled(&settings, 1).await });
    tokio::task::yield_now().await;
    fs::create_dir(&filled).expect("made");
    fs::write(filled.join("loadavg"), "1.00 2.00 3.00\n").expect("written");
    let (samples, ..) = sampling.await.expect("no panic");
    assert_eq!(samples[0].metrics["system.cpu.load_average.15m"][""], 3.0);
}
