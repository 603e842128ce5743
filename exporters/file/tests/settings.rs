use std::time::Duration;

use sidelight_component::Resource;

use super::*;

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (yaml, complaint) in [
        ("append: true", "path"),
        ("path: ''", "is empty"),
        ("path: '-'\nrotation: {}", "not possible for standard output"),
        ("path: a\ndirectory_permissions: 0755", "create_directory: true"),
        (
            "path: a\ncreate_directory: true\ndirectory_permissions: rwx",
            "octal",
        ),
        ("path: a\nrotation: {max_megabytes: 0}", "max_megabytes"),
        ("path: a\ncompression: gzip", "compression"),
        ("path: a\ngroup_by: {enabled: true}", "one file per resource"),
        ("path: a\nencoding: otlp_json", "use `format`"),
    ] {
        let mistakes = read(yaml).unwrap_err();
        assert!(mistakes.contains(complaint), "{yaml}: {mistakes}");
    }
}

#[test]
fn rotation_has_the_collectors_defaults_and_is_off_without_its_block() {
    let keep = |yaml: &str| read(yaml).unwrap().keep();
    assert_eq!(keep("path: a").max_bytes, None);
    let on = keep("path: a\nrotation:\n");
    assert_eq!(
        (on.max_bytes, on.max_age, on.max_backups, on.localtime),
        (Some(100 << 20), None, Some(100), false)
    );
    let all = keep("path: a\nrotation: {max_days: 2, max_backups: 0, localtime: true}");
    assert_eq!(
        (all.max_age, all.max_backups, all.localtime),
        (Some(Duration::from_secs(172_800)), None, true)
    );
}

#[test]
fn a_file_is_owned_and_a_stream_or_device_is_shared() {
    let resources = |path: &str| read(&format!("path: '{path}'")).unwrap().resources();
    let file = Resource::Write {
        path: "a/b.json".into(),
        setting: "path".to_owned(),
    };
    assert_eq!(resources("a/b.json"), [file]);
    for shared in ["-", "/dev/stdout", "/dev/stderr", "/dev/null"] {
        assert_eq!(resources(shared), [], "{shared}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_flushed_once_after_the_interval_and_at_the_end() {
    let rig = Rig::new();
    let config = read(&format!("path: {}\nflush_interval: 3s", rig.path().display())).unwrap();
    let cx = context(&rig.clock);
    let flushes = cx.metrics.counter(
        "sidelight_file_flushes",
        "",
        &[("exporter", "file/test"), ("result", "ok")],
    );
    let exporter = config.build(&cx).unwrap();
    exporter.start().await.unwrap();
    for _ in 0..2 {
        for _ in 0..3 {
            send(&*exporter, Signal::Logs, &payload(Signal::Logs, "a")).await;
        }
        let before = flushes.get();
        // Time goes on by itself while there is nothing to do but wait.
        while flushes.get() == before {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(flushes.get(), before + 1);
    }
    exporter.stop().await;
    assert_eq!(flushes.get(), 3);
}
