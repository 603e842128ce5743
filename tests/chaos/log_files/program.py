"""The program under test, which writes what it reads to a file."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from account import Failed
from steps import Step

BODY = re.compile(rb'"stringValue":"(\d{3}) (\d{9}) x*"')
# The longest wait for the last lines, seconds.
PATIENCE = 40


class Program:
    def __init__(self, binary: Path, folder: Path, step: Step):
        self.binary, self.folder = binary, folder
        self.output, self.log = folder / "lines.json", folder / "program.log"
        self.process: subprocess.Popen | None = None
        # Links that are about to be swapped in have other names.
        include = [f"{folder}/logs/*.log", f"{folder}/logs/*.log.*"]
        config = {
            "receivers": {"file_log": {"include": include, "exclude": [f"{folder}/logs/*.new"], "start_at": "beginning",
                                       "compression": "auto", "include_file_name": False}},
            "exporters": {"file": {"path": str(self.output)}},
            "service": {"telemetry": {"metrics": {"level": "none"}, "logs": {"level": "debug"}}, "pipelines": {"logs": {"receivers": ["file_log"], "exporters": ["file"]}}},
        }
        # JSON is YAML.
        (folder / "pipeline.yaml").write_text(json.dumps(config, indent=1))

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "--config", self.folder / "pipeline.yaml"], stdout=log, stderr=log,
                env={**os.environ, "STATE_DIRECTORY": str(self.folder / "state"), "RUST_BACKTRACE": "0"})

    def lives(self) -> None:
        if self.process is None or self.process.poll() is not None:
            raise Failed(f"the program ended by itself: {self.log}")
        if b"panicked" in self.log.read_bytes():
            raise Failed(f"a panic: {self.log}")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def drain(self, lines: int) -> None:
        """Waits for what is still to come, and ends the program as a user would."""
        until, before, quiet = time.monotonic() + PATIENCE, -1, time.monotonic()
        while time.monotonic() < until and time.monotonic() - quiet < 8:
            size = self.output.stat().st_size if self.output.exists() else 0
            if size != before:
                before, quiet = size, time.monotonic()
            if time.monotonic() - quiet > 1 and len(self.arrived()) >= lines:
                break
            time.sleep(0.5)
        self.lives()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired as error:
            raise Failed("it does not end") from error
        if code:
            raise Failed(f"it ended with {code}: {self.log}")

    def arrived(self) -> Counter:
        """How often each line of each file has arrived."""
        arrived: Counter = Counter()
        with self.output.open("rb") as output:
            for request in output:
                arrived.update((int(source), int(number)) for source, number in BODY.findall(request))
        return arrived

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.kill()
