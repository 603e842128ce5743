//! Targets that come, go, fail and come back; the drain.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rig::{Answer, Rig, Target, text};

#[tokio::test]
async fn a_target_that_fails_ends_its_series_and_begins_them_again() {
    let target = Target::start(|_, number| match number {
        2 => Answer::Last(Vec::new()),
        // The kept connection broke; the request was sent once more.
        3 => Answer::Last(Vec::new()),
        _ => text("# TYPE a counter\na 5\n"),
    })
    .await;
    let mut rig = Rig::start(&target.job("j", "")).await;
    let first = rig.find(|_| true).await;
    assert_eq!((first.is_up(), first.value("a")), (true, Some(5.0)));
    let down = rig.find(|_| true).await;
    assert_eq!(
        (
            down.is_up(),
            down.value("a"),
            down.0.resource_metrics[0].scope_metrics[0].metrics.len()
        ),
        (false, None, 6)
    );
    assert!(rig.find(|_| true).await.is_up());
    assert_eq!(rig.counted("sidelight_receiver_failed_scrapes"), 1.0);
    rig.stop().await;
}

#[tokio::test]
async fn a_steady_target_is_scraped_over_one_connection() {
    let target = Target::start(|_, number| text(&format!("a {number}\n"))).await;
    let mut rig = Rig::start(&target.job("j", "")).await;
    for _ in 0..5 {
        assert!(rig.find(|_| true).await.is_up());
    }
    assert_eq!(*target.connections.lock().expect("no panic"), 1);
    rig.stop().await;
}

#[tokio::test]
async fn a_slow_target_delays_no_other_and_is_asked_one_request_at_a_time() {
    let open = Arc::new(AtomicUsize::new(0));
    let counted = open.clone();
    let slow = Target::start(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Answer::Endless(Vec::new(), Vec::new(), std::time::Duration::from_secs(3600))
    })
    .await;
    let fast = Target::start(|_, _| text("a 1\n")).await;
    let jobs = slow.job("slow", ", scrape_interval: 1h, scrape_timeout: 1h") + &fast.job("fast", "");
    let mut rig = Rig::start(&jobs).await;
    for _ in 0..10 {
        assert!(rig.find(|_| true).await.is_up());
    }
    assert!(open.load(Ordering::SeqCst) <= 1);
    rig.stop().await;
}

#[tokio::test]
async fn targets_in_a_file_come_and_go_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("targets.yml");
    let (one, two) = (
        Target::start(|_, _| text("a 1\n")).await,
        Target::start(|_, _| text("b 2\n")).await,
    );
    std::fs::write(&file, format!("- targets: ['{}']\n", one.address)).expect("written");
    let job = format!(
        "  - {{job_name: j, file_sd_configs: [{{files: ['{}'], refresh_interval: 20ms}}]}}\n",
        file.display()
    );
    let mut rig = Rig::start(&job).await;
    assert!(rig.find(|scrape| scrape.value("a").is_some()).await.is_up());
    std::fs::write(
        &file,
        format!("- targets: ['{}']\n  labels: {{x: yy}}\n", two.address),
    )
    .expect("written");
    let gone = rig.find(|scrape| scrape.value("up").is_none()).await;
    assert!(gone.instance().contains(&one.address.to_string()));
    assert!(rig.find(|scrape| scrape.value("b").is_some()).await.is_up());
    rig.stop().await;
}

#[tokio::test]
async fn more_targets_than_allowed_are_all_down_and_not_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let target = Target::start(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        text("a 1\n")
    })
    .await;
    let job = format!(
        "  - {{job_name: j, target_limit: 1, static_configs: [{{targets: ['{}', 'localhost:1']}}]}}\n",
        target.address
    );
    let mut rig = Rig::start(&job).await;
    for _ in 0..4 {
        assert!(!rig.find(|_| true).await.is_up());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    rig.stop().await;
}

#[tokio::test]
async fn the_headline_says_how_many_targets_are_up() {
    let target = Target::start(|_, _| text("a 1\nb 2\n")).await;
    let jobs = target.job("j", "") + "  - {job_name: k, static_configs: [{targets: ['127.0.0.1:1']}]}\n";
    let mut rig = Rig::start(&jobs).await;
    let (mut up, mut down) = (false, false);
    while !(up && down) {
        let is_up = rig.find(|_| true).await.is_up();
        up |= is_up;
        down |= !is_up;
    }
    let headline = rig.board.snapshot()[0].2.headlines.concat();
    assert_eq!(headline, "1 of 2 targets up  2 samples");
    rig.stop().await;
}
