"""The load generator `blast`, driven by commands: it sends, it is the destination, and it keeps the independent account."""

import json
import os
import subprocess
import threading
from pathlib import Path

from verdict import Failed


class Loader:
    """A sender and a sink in one process that nobody kills. Times are seconds, rates items a second."""

    def __init__(self, port: int, sink_port: int, log: Path, seed: int, items: int = 100, attributes: int | None = None,
                 requests: int = 64, connections: int = 2, in_flight: int = 16, timeout: float = 5):
        command = [os.environ["BLAST"], "--driven", "--input", f"127.0.0.1:{port}", "--output", f"127.0.0.1:{sink_port}",
                   "--items", str(items), "--requests", str(requests), "--connections", str(connections),
                   "--inflight", str(in_flight), "--timeout", str(timeout), "--seed", str(seed)]
        if attributes is not None:
            command += ["--attrs", str(attributes)]
        self._log = log.open("ab")
        self._asking = threading.Lock()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True)

    def tell(self, command: str) -> dict:
        """One command, its answer. Safe from several threads; one that waits holds back the others."""
        with self._asking:
            try:
                self._process.stdin.write(command + "\n")
                self._process.stdin.flush()
                answer = self._process.stdout.readline()
            except BrokenPipeError:
                answer = ""
        if not answer:
            raise Failed(f"the load generator has ended, see {self._log.name}")
        told = json.loads(answer)
        if "error" in told:
            raise Failed(f"the load generator cannot `{command}`: {told['error']}")
        return told

    def status(self) -> dict:
        return self.tell("status")

    def settle(self, seconds: float) -> dict:
        """Waits until everything acknowledged has arrived, and compares."""
        return self.tell(f"settle {seconds}")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()
