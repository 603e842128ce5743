"""The two programs with one configuration, each before a Prometheus of its own; what they show."""

import gzip
import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import page
from cases import LAST

BACKENDS = Path(__file__).resolve().parents[1]
PATIENCE = 60  # seconds: the longest wait for anything that is bound to come
MARK = LAST.replace(".", "_")

# Settings of the exporter `prometheus`, and the formats that it is asked for.
TEXT = "text/plain;version=0.0.4"
TEXT_UTF8 = "text/plain;version=1.0.0;escaping=allow-utf-8"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
VARIANTS = {
    "default": ({}, [TEXT, OPENMETRICS, PROTOBUF]),
    "open metrics": ({"enable_open_metrics": True}, [OPENMETRICS, PROTOBUF]),
    "resource": ({"resource_to_telemetry_conversion": {"enabled": True}}, [TEXT]),
    "without scope": ({"without_scope_info": True}, [TEXT]),
    "no suffixes": ({"translation_strategy": "UnderscoreEscapingWithoutSuffixes"}, [TEXT]),
    "UTF-8": ({"translation_strategy": "NoUTF8EscapingWithSuffixes"}, [TEXT_UTF8, TEXT]),
    "no translation": ({"translation_strategy": "NoTranslation"}, [TEXT_UTF8]),
    "labelled": (
        {"namespace": "desk", "const_labels": {"site": "s1", "odd.name": "x"}, "send_timestamps": True},
        [TEXT],
    ),
}


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def eventually(what: str, answer):
    """The first true answer; an error when there is none in time."""
    end = time.monotonic() + PATIENCE
    while not (found := answer()):
        if time.monotonic() > end:
            raise SystemExit(f"not within {PATIENCE} s: {what}")
        time.sleep(0.1)
    return found


def get(url: str, accept: str | None = None) -> tuple[str, bytes] | None:
    """Content type and body; nothing while nobody answers, or is not ready to."""
    request = urllib.request.Request(url, headers={"accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
            if answer.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            return answer.headers.get("content-type", ""), body
    except urllib.error.HTTPError as error:
        if error.code == 503:  # it starts
            return None
        raise SystemExit(f"{url}: HTTP {error.code}\n{error.read().decode(errors='replace')[:2000]}") from error
    except OSError:
        return None


class Side:
    """One program, its Prometheus, and their ports."""

    def __init__(self, name: str, program: list[str], folder: Path, with_pages: bool, remote_write: bool):
        self.name, self._folder = name, folder
        self.variants = VARIANTS if with_pages else {}
        self._otlp, self._prometheus, *pages = free_ports(2 + len(self.variants))
        self._pages = dict(zip(self.variants, pages, strict=True))
        self._running: list[subprocess.Popen] = []
        self.remote_write = remote_write
        folder.mkdir()
        config = folder / "pipeline.yaml"
        config.write_text(json.dumps(self._config(), indent=1))  # JSON is YAML
        if remote_write:
            start = {"PROMETHEUS_PORT": str(self._prometheus), "BACKENDS_DATA": str(folder)}
            features = "--enable-feature=exemplar-storage"
            self._start("prometheus", [BACKENDS / "start-prometheus.sh"], start | {"PROMETHEUS_ARGS": features})
            eventually(f"{name}: Prometheus is ready", lambda: self._prometheus_ready())
        self._start("program", [*program, "--config", config], {})
        eventually(f"{name} listens, see {folder}/program.log", self._listens)

    def _config(self) -> dict:
        exporters = {
            f"prometheus/{name.replace(' ', '_')}": {"endpoint": f"127.0.0.1:{self._pages[name]}"} | settings
            for name, (settings, _) in self.variants.items()
        }
        if self.remote_write:
            exporters["prometheus_remote_write"] = {
                "endpoint": f"http://127.0.0.1:{self._prometheus}/api/v1/write",
                "tls": {"insecure": True},
                "send_metadata": True,
            }
        return {
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{self._otlp}"}}}},
            "exporters": exporters,
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {"metrics": {"receivers": ["otlp"], "exporters": list(exporters)}},
            },
        }

    def _start(self, name: str, command: list, environment: dict) -> None:
        with open(self._folder / f"{name}.log", "w") as log:
            started = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT)
        self._running.append(started)

    def _listens(self) -> bool:
        if self._running[-1].poll() is not None:
            raise SystemExit(f"{self.name} ended:\n{(self._folder / 'program.log').read_text()[-3000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._otlp)) == 0

    def _prometheus_ready(self) -> bool:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self._prometheus)):
                return False
        return get(f"http://127.0.0.1:{self._prometheus}/-/ready") is not None

    def end(self) -> None:
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def feed(self, request: dict) -> None:
        body = json.dumps(request).encode()
        posted = urllib.request.Request(
            f"http://127.0.0.1:{self._otlp}/v1/metrics", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(posted, timeout=30) as answer:
            told = answer.read().decode()
        if told not in ("{}", '{"partialSuccess":{}}'):
            print(f"{self.name} answered: {told}")

    def pages(self) -> dict[str, page.Page]:
        """What every variant shows in every format, once everything has come."""
        found = {}
        for name, (_, formats) in self.variants.items():
            url = f"http://127.0.0.1:{self._pages[name]}/metrics"
            eventually(
                f"{self.name}: {name} shows what was sent",
                lambda url=url: (seen := get(url)) and re.search(rb"last.of.all", seen[1]),
            )
            for accept in formats:
                kind, body = get(url, accept)
                (self._folder / f"{name}.{formats.index(accept)}.page").write_bytes(body)
                read = page.from_protobuf(body) if "protobuf" in kind else page.from_text(body.decode())
                read.families["(the answer)"] = {"content type": kind.replace(" ", "")}
                found[f"{name}, {short(accept)}"] = read
        return found

    # === what its Prometheus got by remote write

    def _ask(self, path: str, **parameters):
        _, body = get(f"http://127.0.0.1:{self._prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        return json.loads(body)["data"]

    def written(self, at: float) -> page.Page:
        """The newest value of each series, the metadata and the exemplars, once everything has come."""
        eventually(
            f"{self.name}: remote write has brought {MARK}",
            lambda: self._ask("query", query=f'{{__name__=~"{MARK}.*"}}', time=at)["result"],
        )
        found = page.Page()
        for series in self._ask("query", query='{__name__!=""}', time=at)["result"]:
            labels = dict(series["metric"])
            number = series["value"][1] if "value" in series else series["histogram"][1]
            found.add(labels.pop("__name__"), labels, page.Sample(float(number) if isinstance(number, str) else number))
        for name, metadata in self._ask("metadata").items():
            found.families[name] = {key: one for key, one in metadata[0].items() if one}
        for entry in self._ask("query_exemplars", query='{__name__!=""}', start=at - 3600, end=at + 3600):
            labels = dict(entry["seriesLabels"])
            key = page.Key(labels.pop("__name__"), tuple(sorted(labels.items())))
            exemplars = sorted(str((e["labels"], e["value"], e["timestamp"])) for e in entry["exemplars"])
            found.samples.setdefault(key, page.Sample(None)).exemplar = tuple(exemplars)
        return found


def short(accept: str) -> str:
    return {TEXT: "text", TEXT_UTF8: "text with UTF-8", OPENMETRICS: "OpenMetrics", PROTOBUF: "protobuf"}[accept]
