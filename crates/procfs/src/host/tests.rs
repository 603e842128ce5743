//! The parsers against texts of real kernels and against any bytes.

use proptest::prelude::*;

use super::cpu_list;
use super::diskstats::{Disk, disks};
use super::loadavg::LoadAverage;
use super::meminfo::MemInfo;
use super::mountinfo::{Mount, is_on_a_device, mounts};
use super::net_dev::{Traffic, interfaces};
use super::pressure::{Pressure, Stalled};
use super::sockets::SocketCounts;
use super::stat::{CpuTimes, Stat};
use super::states::States;
use super::swaps::{Swap, swaps};
use super::uptime;
use super::vmstat::VmStat;

#[test]
fn stat_has_the_modes_of_each_processor_and_what_was_counted() {
    let text = b"cpu  10 20 30 40 50 60 70 80 90 100\n\
        cpu0 1 2 3 4 5 6 7 8 9 10\n\
        cpu12 9 18 27 36\n\
        intr 14395150 0 0\n\
        ctxt 20188741\n\
        btime 1795550862\n\
        processes 323416\n\
        procs_running 3\n\
        procs_blocked 1\n\
        softirq 81249017 0 1019346\n";
    let mut stat = Stat::default();
    stat.parse(text);
    assert_eq!(stat.total.steal, 80, "guest times are in user and nice");
    assert_eq!((stat.total.total(), stat.total.busy()), (360, 270));
    assert_eq!(stat.cpus[0].1.softirq, 7);
    let old = CpuTimes {
        user: 9,
        nice: 18,
        system: 27,
        idle: 36,
        ..CpuTimes::default()
    };
    assert_eq!(stat.cpus[1], (12, old), "a kernel of 2.4 has four columns");
    assert_eq!(
        (stat.boot_time, stat.created),
        (Some(1_795_550_862), Some(323_416))
    );
    assert_eq!((stat.running, stat.blocked), (3, 1));
    stat.parse(b"");
    assert_eq!(stat, Stat::default(), "nothing stays of the last reading");
}

#[test]
fn meminfo_is_in_bytes_and_huge_pages_in_pages() {
    let info = MemInfo::parse(
        b"MemTotal:       24684092 kB\nMemFree:  100 kB\nMemAvailable:   24161880 kB\nInactive(anon): 1 kB\n\
          HugePages_Total:       7\nHugepagesize:       2048 kB\nCached: x kB\nBuffers:\n",
    );
    assert_eq!(info.total, Some(24_684_092 * 1024));
    assert_eq!(info.used(), Some((24_684_092 - 24_161_880) * 1024));
    assert_eq!((info.huge_total, info.huge_page_size), (Some(7), Some(2 << 20)));
    assert_eq!((info.cached, info.buffers, info.inactive), (None, None, None));
    let before_3_14 = MemInfo::parse(b"MemTotal: 100 kB\nMemFree: 20 kB\nBuffers: 3 kB\nCached: 7 kB\n");
    assert_eq!(before_3_14.used(), Some(70 * 1024));
    assert_eq!(MemInfo::default().used(), None);
}

#[test]
fn load_and_uptime_are_fractions() {
    let load = LoadAverage::parse(b"0.14 0.93 12.24 1/91 31403\n").expect("read");
    assert_eq!((load.one, load.five, load.fifteen), (0.14, 0.93, 12.24));
    assert_eq!(LoadAverage::parse(b"0.14 0.93"), None);
    assert_eq!(uptime::parse(b"13034.21 20030.92\n"), Some(13_034.21));
    assert_eq!(uptime::parse(b""), None);
}

#[test]
fn diskstats_of_every_kernel_since_2_6_are_read() {
    let text = b"   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n\
        254       0 vda 10 20 30 40 50 60 70 80 90 100 110 120 71 149256248 85158 3236 468\n\
        8 1 short 1 2 3\n\
        8 2 broken 1 2 3 4 x 6 7 8 9 10 11\n";
    let found: Vec<Disk<'_>> = disks(text).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].name, found[0].reads, found[0].weighted_ms),
        ("sda", 1, 11)
    );
    let vda = Disk {
        name: "vda",
        reads: 10,
        reads_merged: 20,
        sectors_read: 30,
        read_ms: 40,
        writes: 50,
        writes_merged: 60,
        sectors_written: 70,
        write_ms: 80,
        in_progress: 90,
        busy_ms: 100,
        weighted_ms: 110,
    };
    assert_eq!(found[1], vda);
}

#[test]
fn interfaces_with_and_without_a_space_behind_the_colon_are_read() {
    let text = b"Inter-|   Receive                                                |  Transmit\n \
        face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n    \
        lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
        eth0:995124278   59152    0    0    0     0          0         0  4644607   42564    0    0    0     0  0 0\n\
        eth0:1: 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36\n\
        cut: 1 2 3\n";
    let found: Vec<_> = interfaces(text).collect();
    assert_eq!(
        found.iter().map(|i| i.name).collect::<Vec<_>>(),
        ["lo", "eth0", "eth0:1"]
    );
    let traffic = |bytes, packets, errors, dropped| Traffic {
        bytes,
        packets,
        errors,
        dropped,
    };
    assert_eq!(
        (found[0].received, found[0].sent),
        (traffic(1, 2, 3, 4), traffic(9, 10, 11, 12))
    );
    assert_eq!(
        (found[1].received.bytes, found[1].sent.packets),
        (995_124_278, 42_564)
    );
}

#[test]
fn mounts_have_their_spaces_and_any_number_of_tags() {
    let text = b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
        98 25 0:53 / /mnt/my\\040disk ro,nosuid shared:29 master:1 - fuse.sshfs user@host:/a\\040b rw\n\
        99 25 0:53 / /broken rw\n";
    let found: Vec<Mount> = mounts(text).collect();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].mount_point.as_str(), found[0].read_only), ("/", false));
    let sshfs = Mount {
        mount_point: "/mnt/my disk".into(),
        device: "user@host:/a b".into(),
        fs_type: "fuse.sshfs".into(),
        read_only: true,
    };
    assert_eq!(found[1], sshfs);
    let types = b"nodev\tsysfs\nnodev\ttmpfs\n\text4\n\tfuseblk\n";
    for (fs_type, on_a_device) in [("tmpfs", false), ("ext4", true), ("zfs", true), ("sysfs", false)] {
        assert_eq!(is_on_a_device(types, fs_type), on_a_device, "{fs_type}");
    }
}

#[test]
fn swaps_vmstat_and_pressure_are_read() {
    let text = b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
        /dev/dm-1                               partition\t998396\t\t2048\t\t-2\n\
        /swap\\040file                          file\t\t10\t\t5\t\t-3\n";
    let found: Vec<Swap> = swaps(text).collect();
    assert_eq!((found[0].total, found[0].used), (998_396 * 1024, 2048 * 1024));
    assert_eq!(found[1].name, "/swap file");

    let counted = VmStat::parse(
        b"nr_free_pages 9\npgpgin 1\npgpgout 2\npswpin 3\npswpout 4\npgfault 50\npgmajfault 6\n",
    );
    assert_eq!((counted.paged_in, counted.paged_out), (1, 2));
    assert_eq!((counted.swapped_in, counted.swapped_out), (3, 4));
    assert_eq!((counted.faults, counted.major_faults), (50, 6));

    let text = b"some avg10=0.25 avg60=1.85 avg300=13.47 total=5940192583\n\
        full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
    let pressure = Pressure::parse(text).expect("read");
    let some = Stalled {
        avg10: 0.25,
        avg60: 1.85,
        avg300: 13.47,
        total_us: 5_940_192_583,
    };
    assert_eq!(pressure.some, some);
    assert_eq!(pressure.full.map(|full| full.total_us), Some(7));
    assert_eq!(Pressure::parse(b"full total=7\n"), None);
}

#[test]
fn the_state_stands_behind_the_last_parenthesis() {
    let mut states = States::default();
    for stat in [
        "1 (systemd) S 0 1 1",
        "2 (a) R (b) R 0",
        "3 (:) Z) D 1",
        "4 (x) t 1",
        "5 (x) T 1",
        "6 (x) Z 1",
        "7 (x) I 1",
        "8 (x",
        "",
    ] {
        states.count(stat.as_bytes());
    }
    let expected = States {
        running: 1,
        sleeping: 1,
        waiting: 1,
        idle: 1,
        stopped: 2,
        defunct: 1,
        other: 2,
    };
    assert_eq!((states, states.total()), (expected, 9));
}

#[test]
fn lists_of_processors_are_counted() {
    for (list, processors) in [
        ("0", Some(1)),
        ("0-3,8\n", Some(5)),
        ("0-1,4-5,9", Some(5)),
        ("3-1", None),
        ("", None),
        ("a", None),
        ("0-18446744073709551615", None),
    ] {
        assert_eq!(cpu_list::count(list.as_bytes()), processors, "{list:?}");
    }
}

#[test]
fn a_table_of_sockets_is_counted_by_state() {
    let mut counts = SocketCounts::default();
    let table = "  sl  local_address rem_address   st tx_queue rx_queue\n   \
        0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000\n   \
        1: 0100007F:07E8 0100007F:9C40 01 00000000:00000000 00:00000000\n   \
        2: 0100007F:07E8 0100007F:9C41 06 00000000:00000000 03:00000000\n   \
        3: 0100007F:07E8 0100007F:9C41 0C 00000000:00000000 03:00000000\n   \
        4: 0100007F:07E8 0100007F:9C41 FF 00000000:00000000\n   \
        5:\n";
    for line in table.lines() {
        counts.count_line(line.as_bytes());
    }
    let some: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        some,
        [
            ("established", 1),
            ("syn_received", 1),
            ("time_wait", 1),
            ("listen", 1)
        ]
    );
    assert_eq!((counts.total(), counts.iter().count()), (4, 11));
}

/// Text that looks like the files', broken in places.
fn nearly_a_file() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just("cpu".to_owned()),
        Just("cpu0".to_owned()),
        Just("MemTotal:".to_owned()),
        Just("some".to_owned()),
        Just("avg10=".to_owned()),
        Just("-".to_owned()),
        Just("eth0:".to_owned()),
        Just("nodev".to_owned()),
        Just(") ".to_owned()),
        Just("\\".to_owned()),
        Just("\\0".to_owned()),
        Just("kB".to_owned()),
        "[0-9]{1,22}",
        "[0-9.=:,-]{0,8}",
    ];
    let separator = prop_oneof![4 => Just(" "), 1 => Just("\n"), 1 => Just("\t"), 1 => Just("")];
    let pieces = proptest::collection::vec((word, separator), 0..60);
    prop_oneof![
        pieces.prop_map(|pieces| pieces
            .into_iter()
            .flat_map(|(a, b)| [a.into_bytes(), b.into()].concat())
            .collect()),
        proptest::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(text in nearly_a_file()) {
        Stat::default().parse(&text);
        let _ = MemInfo::parse(&text).used();
        let _ = LoadAverage::parse(&text);
        let _ = uptime::parse(&text);
        let _ = disks(&text).count();
        let _ = interfaces(&text).count();
        let _ = mounts(&text).count();
        let _ = is_on_a_device(&text, "ext4");
        let _ = swaps(&text).count();
        let _ = VmStat::parse(&text);
        let _ = Pressure::parse(&text);
        let _ = cpu_list::count(&text);
        States::default().count(&text);
        SocketCounts::default().count_line(&text);
    }
}
