//! Settings as users write them.

use super::rig::{parse, sampled};

#[test]
fn a_configuration_of_the_collector_is_taken_as_it_is() {
    let config = parse(
        "
collection_interval: 30s
initial_delay: 2s
timeout: 10s
root_path: /hostfs
metadata_collection_interval: 5m
scrapers:
  cpu:
    metrics:
      system.cpu.utilization:
        enabled: true
  memory:
    metrics:
      system.linux.memory.available: {enabled: true}
  load:
    cpu_average: true
  disk:
    include:
      devices: [sda, nvme0n1]
      match_type: strict
  filesystem:
    include_virtual_filesystems: true
    exclude_mount_points:
      mount_points: [/dev/*, /proc/*]
      match_type: regexp
    exclude_fs_types:
      fs_types: [tmpfs]
      match_type: strict
  network:
    exclude:
      interfaces: [lo]
      match_type: strict
    metrics:
      system.network.connections: {enabled: false}
  paging: {}
  processes:
  system:
",
    );
    config.expect("no mistake");
}

#[test]
fn mistakes_say_where_they_are_and_what_to_do() {
    for (text, parts) in [
        ("collection_interval: 1s\n", &["missing setting `scrapers`"][..]),
        ("scrapers:\n", &["nothing would be measured", "add scrapers"]),
        (
            "scrapers: {cpus: }\n",
            &["unknown setting `cpus`", "did you mean `cpu`?"],
        ),
        ("scrapers: {nfs: }\n", &["`nfs` is not supported", "remove it"]),
        (
            "scrapers: {cpu: }\nroot_path: hostfs\n",
            &["`root_path`", "is no absolute path", "/hostfs"],
        ),
        (
            "scrapers: {cpu: }\nsemconv: v2\n",
            &["must be `v1`, `legacy` or `dup`"],
        ),
        (
            "scrapers: {disk: {include: {devices: [a]}}}\n",
            &["missing setting `match_type`"],
        ),
        (
            "scrapers: {disk: {include: {devices: [a, '(b'], match_type: regexp}}}\n",
            &[
                "pipeline.yaml:1:42",
                "is no regular expression",
                "match_type: strict",
            ],
        ),
        (
            "scrapers: {network: {metrics: {system.network.conections: {enabled: true}}}}\n",
            &[
                "unknown metric `system.network.conections`",
                "did you mean `system.network.connections`?",
            ],
        ),
    ] {
        let mistakes = parse(text).expect_err(text);
        for part in parts {
            assert!(mistakes.contains(part), "{part} is not in\n{mistakes}");
        }
    }
}

#[tokio::test]
async fn devices_and_interfaces_that_are_left_out_have_no_series() {
    let settings = "
scrapers:
  network:
    include: {interfaces: ['^l'], match_type: regexp}
    exclude: {interfaces: [ifb0], match_type: strict}
  disk:
    exclude: {devices: ['.*'], match_type: regexp}
  filesystem:
    include_virtual_filesystems: true
    include_fs_types: {fs_types: [tmpfs], match_type: strict}
  load: {cpu_average: true}
";
    let (samples, ..) = sampled(settings, 1).await;
    let metrics = &samples[0].metrics;
    assert!(!metrics.contains_key("system.disk.io"));
    assert!(
        metrics["system.network.io"]
            .keys()
            .all(|point| point.contains("name=l"))
    );
    let mounts: Vec<&String> = metrics["system.filesystem.usage"].keys().collect();
    assert!(
        !mounts.is_empty() && mounts.iter().all(|point| point.contains("type=tmpfs")),
        "{mounts:?}"
    );
}
