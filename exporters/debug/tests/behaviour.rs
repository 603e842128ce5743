//! What happens when there is much to show, or nobody to look.

use std::time::Duration;

use super::samples::request;
use super::*;

#[tokio::test]
async fn beyond_the_sampling_batches_are_taken_and_not_shown() {
    let rig = Rig::start("sampling_initial: 1\nsampling_thereafter: 2\n");
    for _ in 0..5 {
        rig.send(&request(Signal::Logs, "text")).await;
    }
    assert_eq!(rig.listener.text().lines().count(), 3);
    rig.clock.advance(Duration::from_secs(1));
    rig.send(&request(Signal::Logs, "text")).await;
    assert_eq!(rig.listener.text().lines().count(), 4);
}

#[tokio::test]
async fn a_closed_output_neither_holds_up_nor_ends_anything() {
    let rig = Rig::start("verbosity: detailed");
    rig.listener.change(|heard| heard.is_closed = true);
    for _ in 0..3 {
        rig.send(&request(Signal::Traces, "text")).await;
    }
    assert_eq!((rig.unshown("failed"), rig.unshown("stalled")), (3.0, 0.0));
    rig.listener.change(|heard| heard.is_closed = false);
    rig.send(&request(Signal::Traces, "text")).await;
    assert!(rig.listener.text().contains("Span #1"));
    assert_eq!(rig.unshown("failed"), 3.0);
}

/// Time stands still but when all wait for it: then the exporter's patience is over at once.
#[tokio::test(start_paused = true)]
async fn an_output_that_blocks_holds_up_one_batch_for_a_second_and_the_others_not_at_all() {
    let rig = Rig::start("");
    rig.listener.change(|heard| heard.is_blocked = true);
    let began = tokio::time::Instant::now();
    rig.send(&request(Signal::Logs, "text")).await;
    rig.listener.wait_for(|heard| heard.writes > 0);
    for _ in 1..40 {
        rig.send(&request(Signal::Logs, "text")).await;
    }
    assert_eq!(began.elapsed().as_secs(), 1);
    // The thread holds one batch; sixteen more are waiting for it.
    assert_eq!((rig.unshown("failed"), rig.unshown("stalled")), (0.0, 23.0));
    rig.listener.change(|heard| heard.is_blocked = false);
    rig.listener.wait_for(|heard| heard.text.lines().count() == 17);
    tokio::time::resume();
    while rig.listener.text().lines().count() < 18 {
        rig.send(&request(Signal::Logs, "text")).await;
    }
    assert_eq!(rig.unshown("stalled"), 23.0);
}

#[tokio::test]
async fn after_stop_batches_are_taken_and_not_shown() {
    let rig = Rig::start("");
    rig.exporter.stop().await;
    rig.send(&request(Signal::Logs, "text")).await;
    assert_eq!(rig.listener.text(), "");
}

#[tokio::test]
async fn files_are_appended_to_with_mode_0600_and_a_full_disk_is_counted() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown.txt");
    let yaml = format!("output_paths: [{}, /dev/full]\n", path.display());
    let (clock, metrics) = (Clock::virtual_at(NOW), Registry::default());
    let config = read(&yaml).unwrap();
    for _ in 0..2 {
        let exporter = config.build(&context(&clock, &metrics)).unwrap();
        exporter.start().await.unwrap();
        assert_eq!(
            exporter
                .send(&request(Signal::Logs, "text"), Instant::now())
                .await,
            Sent::Accepted
        );
        exporter.stop().await;
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let unshown = metrics
        .snapshot()
        .into_iter()
        .flat_map(|f| f.series)
        .map(|(_, value)| value)
        .sum::<f64>();
    assert_eq!(unshown, 2.0);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_forbids_the_start() {
    let config = read("output_paths: [/nowhere/at/all.txt]").unwrap();
    let exporter = config
        .build(&context(&Clock::system(), &Registry::default()))
        .unwrap();
    let error = exporter.start().await.unwrap_err();
    assert_eq!(error.setting.as_deref(), Some("output_paths"));
    assert!(error.message.contains("/nowhere/at/all.txt"), "{error}");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (yaml, complaint) in [
        (
            "use_internal_logger: true\noutput_paths: [stderr]\n",
            "has no meaning",
        ),
        ("output_paths: []\n", "is empty"),
        ("verbosity: loud\n", "verbosity"),
        ("output: {}\n", "attributes` processor"),
    ] {
        let mistakes = read(yaml).unwrap_err();
        assert!(mistakes.contains(complaint), "{yaml}: {mistakes}");
    }
    assert!(!read("").unwrap().sending_queue.enabled);
}
