"""Settings that let Prometheus and Sidelight scrape the same pages in the same way.

    settings.py --folder pages --port 9999 --work /tmp/x     writes prometheus.yml and pipeline.yaml into /tmp/x

The jobs are written once, and stand in both files; `$` is doubled for Sidelight where it would be a variable.
"""

import argparse
from pathlib import Path

from pages import saved

JOB = """\
- job_name: {job}
  metrics_path: {path}
  scrape_native_histograms: {native}
  static_configs:
  - targets: ['127.0.0.1:{port}']
    labels: {{environment: test}}
{more}"""

# Jobs that change what they scrape: name, page, further settings.
CHANGING = (
    ("honors", "awkward/text", "  honor_labels: true\n  honor_timestamps: false\n"),
    (
        "relabels",
        "node/text",
        """\
  relabel_configs:
  - {source_labels: [__address__], regex: '([^:]+):(?P<port>[0-9]+)', target_label: port, replacement: 'p${port}'}
  - {source_labels: [__address__, __metrics_path__], separator: '@', target_label: instance}
  - {regex: '__(scrape_interval)__', action: labelmap, replacement: 'its_$1'}
  metric_relabel_configs:
  - {source_labels: [__name__], regex: 'node_(cpu|disk|filesystem|network|memory)_.*', action: keep}
  - {source_labels: [device], regex: 'lo|loop.*', action: drop}
  - {source_labels: [__name__, device], modulus: 16, target_label: shard, action: hashmod}
  - {source_labels: [mode], target_label: MODE, action: uppercase}
  - {source_labels: [__name__], regex: 'node_memory_(.*)', target_label: __name__, replacement: 'memory_${1}'}
  - {source_labels: [cpu], target_label: mode, action: dropequal}
  - {source_labels: [fstype], regex: '(.*)fs', target_label: fs_$1, replacement: 'yes'}
  - {regex: 'fstype|mountpoint', action: labeldrop}
""",
    ),
    ("too_many", "node/text", "  sample_limit: 10\n"),
    ("too_long", "node/text", "  label_name_length_limit: 6\n"),
    ("too_large", "node/text", "  body_size_limit: 1KB\n"),
    ("classic", "prometheus/protobuf", "  always_scrape_classic_histograms: true\n"),
    ("missing", "none", ""),
)


def jobs(folder: Path, port: int) -> str:
    pages = saved(folder)
    plain = [(f"{name}_{form}", f"{name}/{form}", "") for name, form in pages]
    there = {f"{name}/{form}" for name, form in pages} | {"none"}
    changing = [job for job in CHANGING if job[1] in there]
    return "".join(
        JOB.format(job=job, path=f"/{page}", port=port, more=more, native=str("protobuf" in page).lower())
        for job, page, more in (*plain, *changing)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    # A step of relabelling for one page, which the comparison must notice.
    parser.add_argument("--planted", default="")
    given = parser.parse_args()
    text = "global: {scrape_interval: 2s}\nscrape_configs:\n" + jobs(given.folder, given.port)
    (given.work / "prometheus.yml").write_text(text)
    if given.planted:
        text = text.replace(
            "job_name: nginx_text\n",
            f"job_name: nginx_text\n  metric_relabel_configs: [{given.planted}]\n",
        )
    # Sidelight would take the group `${port}` for a variable; `$1` and `${1}` are groups as they are.
    text = text.replace("${port}", "$${port}")
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    (given.work / "pipeline.yaml").write_text(f"""\
receivers:
  prometheus:
    config:
{indented}exporters:
  file:
    path: {given.work}/metrics.json
    append: false
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    metrics:
      receivers: [prometheus]
      exporters: [file]
""")


if __name__ == "__main__":
    main()
