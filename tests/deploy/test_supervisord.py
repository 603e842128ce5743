"""deploy/supervisord/sidelight.conf under a real supervisord."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from installed import DEPLOY, PATIENCE, Installed, Request, SlowBackend, eventually, run, sidelight

SUPERVISORD = """
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
[unix_http_server]
file={folder}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/supervisor.sock
[include]
files={folder}/sidelight.conf
"""


class Supervisord:
    """supervisord with the program of deploy/, everything in one folder and with this user."""

    def __init__(self, folder: Path, variables: dict[str, str]):
        self._folder = folder
        for name in ("etc", "lib", "log"):
            (folder / name).mkdir()
        (folder / "etc/env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        (folder / "etc/pipeline.yaml").write_text((DEPLOY / "pipeline.yaml").read_text())
        program = (DEPLOY / "supervisord/sidelight.conf").read_text()
        for installed, here in (
            ("/usr/local/bin/sidelight", sidelight()),
            ("/etc/sidelight", f"{folder}/etc"),
            ("/var/lib/sidelight", f"{folder}/lib"),
            ("/var/log/sidelight", f"{folder}/log"),
            ("user=sidelight\n", ""),
        ):
            if installed not in program:
                raise AssertionError(f"{installed} is not in sidelight.conf")
            program = program.replace(installed, here)
        (folder / "sidelight.conf").write_text(program)
        self._config = folder / "supervisord.conf"
        self._config.write_text(SUPERVISORD.format(folder=folder))
        command = Path(sys.executable).with_name("supervisord")
        self._process = subprocess.Popen(
            [command, "-c", self._config], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )

    def _ctl(self, *words: str) -> list:
        return [Path(sys.executable).with_name("supervisorctl"), "-c", self._config, *words]

    def ctl(self, *words: str) -> str:
        return run(*self._ctl(*words)).stdout

    def begin(self, *words: str) -> subprocess.Popen:
        """The same, without waiting for its end."""
        return subprocess.Popen(self._ctl(*words), stdout=subprocess.DEVNULL)

    def is_running(self) -> bool:
        return "RUNNING" in self.ctl("status", "sidelight")

    def pid(self) -> int:
        return int(self.ctl("pid", "sidelight"))

    def log(self) -> str:
        return (self._folder / "supervisord.log").read_text()

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class UnderSupervisord(unittest.TestCase):
    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.backend = self.enterContext(SlowBackend())
        self.installed = Installed(self.backend.url)
        self.supervisord = Supervisord(folder, self.installed.variables)
        self.addCleanup(self.supervisord.end)
        eventually(
            "Sidelight runs and is healthy", lambda: self.supervisord.is_running() and self.installed.is_healthy()
        )

    def test_a_stop_delivers_what_is_under_way_and_ends_with_exit_code_0(self):
        request = Request(self.installed)
        self.assertTrue(self.backend.asked.wait(PATIENCE), "the backend was not asked")
        stop = self.supervisord.begin("stop", "sidelight")
        eventually("supervisord says stop", lambda: "STOPPING" in self.supervisord.ctl("status", "sidelight"))
        self.backend.may_answer.set()
        request.join(PATIENCE)
        self.assertEqual(request.status, 200)
        self.assertEqual(stop.wait(PATIENCE), 0)
        self.assertEqual(self.backend.answered, 1)
        self.assertRegex(self.supervisord.log(), r"stopped: sidelight \(exit status 0\)")

    def test_a_kill_is_answered_by_a_new_start(self):
        before = self.supervisord.pid()
        os.kill(before, signal.SIGKILL)
        eventually("it runs again", lambda: self.supervisord.is_running() and self.supervisord.pid() != before)
        eventually("it is healthy again", self.installed.is_healthy)
        self.assertEqual(
            len(re.findall(r"exited: sidelight \(terminated by SIGKILL; not expected\)", self.supervisord.log())), 1
        )


if __name__ == "__main__":
    unittest.main()
