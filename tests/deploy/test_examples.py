"""examples/own_names does what its README says, on a real process."""

import os
import re
import subprocess
import sys
import unittest
import urllib.request

from installed import PATIENCE, ROOT, eventually, free_ports, sidelight

# Holds 50 MiB and keeps a processor busy now and then.
APPLICATION = """
import sys, time
held = bytearray(b"x" * (50 << 20))
while True:
    end = time.process_time() + 0.01
    while time.process_time() < end: pass
    time.sleep(0.02)
"""
MIB = 1 << 20


class OwnNames(unittest.TestCase):
    def setUp(self):
        (self.port,) = free_ports(1)
        self.mark = f"own-names-{os.getpid()}-{self.port}"
        variables = {
            "WATCH": f" {self.mark}$",
            "APP_NAME": "desk",
            "INTERVAL": "200ms",
            "METRICS_PORT": str(self.port),
            "OWN_METRICS": "none",
        }
        configuration = ROOT / "examples/own_names/pipeline.yaml"
        self.start([sidelight(), "--config", configuration], os.environ | variables)

    def start(self, command: list, environment: dict | None = None) -> subprocess.Popen:
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.terminate)
        return process

    def shown(self) -> dict[str, float]:
        """The series under own names; the labels must be those of the README."""
        try:
            with urllib.request.urlopen(f"http://localhost:{self.port}/metrics", timeout=PATIENCE) as answer:
                page = answer.read().decode()
        except OSError:
            return {}
        lines = re.findall(r'^(app_\w+)\{instance="[0-9a-f-]{36}",job="desk"\} (\S+)$', page, re.MULTILINE)
        self.assertEqual(len(lines), len(re.findall("^app_", page, re.MULTILINE)), page)
        return {name: float(number) for name, number in lines}

    def application(self) -> subprocess.Popen:
        return self.start([sys.executable, "-c", APPLICATION, self.mark])

    def test_the_process_is_shown_under_own_names_goes_and_comes_back(self):
        application = self.application()
        names = {"app_up", "app_memory_usage_mb", "app_memory_usage_percent", "app_cpu_usage_percent", "app_threads"}
        eventually(
            "all is shown", lambda: self.shown().get("app_memory_usage_mb", 0) > 50 and names <= self.shown().keys()
        )
        eventually("it is busy", lambda: 0 < self.shown()["app_cpu_usage_percent"] <= 100)
        with open(f"/proc/{application.pid}/statm", encoding="ascii") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.assertAlmostEqual(self.shown()["app_memory_usage_mb"], resident / MIB, delta=5)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self.assertAlmostEqual(self.shown()["app_memory_usage_percent"], 100 * resident / memory, delta=0.1)

        application.kill()
        application.wait()
        eventually("it is down", lambda: self.shown() == {"app_up": 0})
        self.application()
        eventually("it is back", lambda: self.shown().get("app_up") == 1 and "app_memory_usage_mb" in self.shown())


if __name__ == "__main__":
    unittest.main()
