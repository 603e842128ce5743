//! Against the processes of this machine.

use std::net::TcpListener;
use std::process::{Child, Command};

use proptest::prelude::*;

use super::*;
use crate::Pids;

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sleeper() -> Ends {
    Ends(Command::new("sleep").arg("600").spawn().expect("a child"))
}

fn hold(pid: u32) -> Process {
    let pids = Pids::open("/proc").expect("/proc");
    pids.dir().process(pid).expect("held")
}

#[test]
fn a_child_is_listed_and_read_either_way() {
    let (child, mut pids) = (sleeper(), Pids::open("/proc").expect("/proc"));
    let mut start = 0;
    let walked = pids.for_each(|dir, pid| {
        if pid == child.0.id() {
            let mut space = [0; 1024];
            let stat = Stat::parse(dir.read(pid, "stat", &mut space).expect("read")).expect("a stat");
            assert_eq!((stat.pid, stat.parent), (pid, std::process::id()));
            start = stat.start_ticks;
        }
    });
    walked.expect("listed");

    let (mut process, mut buffer) = (hold(child.0.id()), Vec::new());
    process.keep(PidFile::Stat).expect("kept");
    for _ in 0..3 {
        let text = process.read(PidFile::Stat, &mut buffer).expect("read");
        assert_eq!(Stat::parse(text).expect("a stat").start_ticks, start);
    }
    // Between `exec` and its first page a process has no command line.
    let last = std::iter::repeat_with(|| {
        let text = process.read(PidFile::Cmdline, &mut buffer).expect("read");
        arguments(text).last().map(<[u8]>::to_vec)
    });
    assert_eq!(
        last.take(100_000).find_map(|last| last).as_deref(),
        Some(&b"600"[..])
    );
}

#[test]
fn what_has_ended_says_so_by_every_way_of_reading() {
    let (mut child, mut buffer) = (sleeper(), Vec::new());
    let (loose, mut keeping) = (hold(child.0.id()), hold(child.0.id()));
    keeping.keep(PidFile::Stat).expect("kept");
    child.0.kill().expect("killed");
    child.0.wait().expect("ended");
    for process in [&loose, &keeping] {
        let error = process
            .read(PidFile::Stat, &mut buffer)
            .expect_err("it has ended");
        assert!(has_ended(&error), "{error}");
    }
}

#[test]
fn a_zombie_tells_how_it_ended() {
    let (mut child, mut buffer) = (sleeper(), Vec::new());
    let process = hold(child.0.id());
    child.0.kill().expect("killed");
    loop {
        let text = process
            .read(PidFile::Stat, &mut buffer)
            .expect("not waited for yet");
        let stat = Stat::parse(text).expect("a stat");
        if stat.is_zombie() {
            assert_eq!(stat.exit_code, 9);
            break;
        }
    }
}

#[test]
fn descriptors_are_counted_as_they_are_listed() {
    let open: Vec<_> = (0..37)
        .map(|_| std::fs::File::open("/proc/version").expect("opened"))
        .collect();
    let child = sleeper();
    let process = hold(child.0.id());
    // It opens and closes files while it starts.
    let agrees = |_| {
        let mut listed = 0;
        process.each_descriptor(|_| listed += 1).expect("listed");
        process.descriptor_count().expect("counted") == listed && listed > 0
    };
    assert!((0..10_000).any(agrees));
    let us = hold(std::process::id());
    let mut ours = 0;
    us.each_descriptor(|target| ours += usize::from(target == b"/proc/version"))
        .expect("listed");
    assert!(ours >= open.len(), "{ours}");
}

#[test]
fn a_listening_socket_is_found_by_its_inode() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let us = hold(std::process::id());
    let mut table = SocketTable::default();
    table.read(&us).expect("read");
    let mut states = Vec::new();
    us.each_descriptor(|target| states.extend(socket_inode(target).and_then(|inode| table.get(inode))))
        .expect("listed");
    assert!(states.contains(&(Transport::Tcp, 10)), "{states:?}");
    drop(listener);
}

#[test]
fn threads_and_children_are_those_that_were_started() {
    let (child, mut buffer) = (sleeper(), Vec::new());
    let us = hold(std::process::id());
    let (mut threads, mut children) = (0, Vec::new());
    let all = us.each_thread(|thread| {
        threads += 1;
        if let Ok(pids) = thread.children(&mut buffer) {
            children.extend(pids);
        }
    });
    assert!(all.expect("walked"));
    assert!(threads >= 2, "the test's own and the main thread: {threads}");
    assert!(children.contains(&child.0.id()), "{children:?}");
    let childless = hold(child.0.id());
    assert_eq!(
        childless
            .children_of_first_thread(&mut buffer)
            .expect("read")
            .count(),
        0
    );
}

#[test]
fn every_file_of_a_process_is_of_the_form_that_its_parser_knows() {
    let (child, mut buffer) = (sleeper(), Vec::new());
    let process = hold(child.0.id());
    let mut read = |file| process.read(file, &mut buffer).expect("read").to_vec();
    let statm = Statm::parse(&read(PidFile::Statm)).expect("statm");
    assert!(statm.resident_bytes > 0 && statm.virtual_bytes >= statm.resident_bytes);
    let status = Status::parse(&read(PidFile::Status)).expect("status");
    assert!(status.allowed_cpus >= 1 && status.peak_resident_bytes.is_some());
    Io::parse(&read(PidFile::Io)).expect("io");
    SmapsRollup::parse(&read(PidFile::SmapsRollup)).expect("smaps_rollup");
    assert!(open_files_limit(&read(PidFile::Limits)).is_some());
    assert!(process.executable().expect("a file").is_absolute());
    assert!(process.network_namespace().expect("one") > 0);
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        parse_all(&text);
    }

    #[test]
    fn no_damage_makes_a_parser_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for file in ["stat", "status", "statm", "io", "limits", "cgroup", "smaps_rollup"] {
            let mut text = std::fs::read(format!("/proc/self/{file}")).expect("read");
            if let Some(place) = (!text.is_empty()).then(|| at.index(text.len())) {
                text[place] = byte;
                text.truncate(cut.index(text.len() + 1));
            }
            parse_all(&text);
        }
    }
}

fn parse_all(text: &[u8]) {
    Stat::parse(text);
    Statm::parse(text);
    Status::parse(text);
    Io::parse(text);
    SmapsRollup::parse(text);
    open_files_limit(text);
    unified_path(text);
    is_below(text, "x");
    arguments(text).count();
    socket_inode(text);
}
