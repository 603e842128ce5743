"""The units are what systemd understands, leave little exposed, and work under a systemd that has booted."""

import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from installed import DEPLOY, PATIENCE, Installed, Request, SlowBackend, eventually, run, sidelight

UNITS = DEPLOY / "systemd"
# systemd's own scale, 0 to 10. systemd 252 says 1.1, 1.4 and 2.0; newer ones may look at more.
EXPOSURE = {(): 1.4, ("host.conf",): 1.7, ("processes.conf",): 2.3}
BOOT_PATIENCE = 60
CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE = 1 << 2, 1 << 19  # linux/capability.h


def unit_folder(folder: Path, drop_ins: tuple[str, ...]) -> Path:
    """The unit with these drop-ins, and with the program under test in place of the installed one."""
    text = (UNITS / "sidelight.service").read_text().replace("/usr/local/bin/sidelight", sidelight())
    unit = folder / "sidelight.service"
    unit.write_text(text)
    for name in drop_ins:
        (folder / "sidelight.service.d").mkdir(exist_ok=True)
        shutil.copy(UNITS / name, folder / "sidelight.service.d" / name)
    return unit


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Units(unittest.TestCase):
    def test_they_are_understood_and_leave_little_exposed(self):
        for drop_ins, most in EXPOSURE.items():
            with self.subTest(drop_ins=drop_ins), tempfile.TemporaryDirectory() as folder:
                unit = unit_folder(Path(folder), drop_ins)
                verified = run("systemd-analyze", "verify", unit)
                self.assertEqual((verified.returncode, verified.stderr), (0, ""))
                judged = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
                exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)[1])
                print(f"exposure with {', '.join(drop_ins) or 'no drop-in'}: {exposure}")
                self.assertLessEqual(exposure, most, judged.stdout)

    def test_a_stop_waits_longer_than_a_drain(self):
        drain = re.search(r"SIDELIGHT_DRAIN_TIMEOUT:-(\d+)s}", (DEPLOY / "pipeline.yaml").read_text())
        stop = re.search(r"^TimeoutStopSec=(\d+)s$", (UNITS / "sidelight.service").read_text(), re.MULTILINE)
        self.assertGreater(int(stop[1]), int(drain[1]))


class Machine:
    """A Debian whose systemd has booted in a container of systemd-nspawn, with Sidelight installed and enabled.

    Everything the machine writes is gone with it. It shares this machine's network, so it is on free ports.
    """

    def __init__(self, system: Path, folder: Path, variables: dict[str, str], more: dict[Path, str]):
        (folder / "env").write_text("".join(f'{name}="{value}"\n' for name, value in variables.items()))
        self._log = folder / "boot.log"
        inside = {
            sidelight(): "/usr/local/bin/sidelight",
            DEPLOY / "pipeline.yaml": "/etc/sidelight/pipeline.yaml",
            folder / "env": "/etc/sidelight/env",
            UNITS / "sidelight.service": "/etc/systemd/system/sidelight.service",
        }
        binds = [f"--bind-ro={source}:{target}" for source, target in (inside | more).items()]
        binds.append("--bind-ro=/etc/hosts")
        command = [
            "systemd-nspawn",
            "--quiet",
            f"--directory={system}",
            "--volatile=overlay",
            "--register=no",
            "--keep-unit",
        ]
        command += [f"--machine=sidelight-{os.getpid()}", "--console=pipe", *binds, "--boot"]
        with open(self._log, "w") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self._leader = None

    def wait_until_booted(self) -> None:
        end = time.monotonic() + BOOT_PATIENCE
        while "running" not in self.run("systemctl", "is-system-running").stdout.split():
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError(f"the machine did not boot: {self._log.read_text()}")
            time.sleep(0.2)

    def run(self, *command) -> subprocess.CompletedProcess:
        """Runs a command inside."""
        if self._leader is None:
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            if not children:
                return subprocess.CompletedProcess(command, 1, "", "not there yet")
            self._leader = children[-1]
        return run("nsenter", f"--target={self._leader}", "--mount", "--pid", "--ipc", "--uts", "--cgroup", *command)

    def property(self, name: str) -> str:
        return self.run("systemctl", "show", "--value", f"--property={name}", "sidelight").stdout.strip()

    def journal(self) -> str:
        return self.run("journalctl", "--unit=sidelight", "--no-pager").stdout

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@unittest.skipUnless(
    os.environ.get("SYSTEMD_MACHINE"), "booting a systemd needs root's rights and install.sh systemd-machine"
)
class Booted(unittest.TestCase):
    def boot(self, variables: dict[str, str] | None = None, more: dict[Path, str] | None = None) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.backend = self.enterContext(SlowBackend())
        self.installed = Installed(self.backend.url)
        variables = self.installed.variables | (variables or {})
        self.machine = Machine(Path(os.environ["SYSTEMD_MACHINE"]), folder, variables, more or {})
        self.addCleanup(self.machine.end)
        self.machine.wait_until_booted()
        self.machine.run("systemctl", "start", "sidelight")
        eventually("Sidelight is healthy:\n" + self.machine.journal(), self.installed.is_healthy)

    def test_it_runs_without_rights_is_started_again_after_a_kill_and_drains_at_a_stop(self):
        self.boot()
        self.assertEqual(self.machine.property("ActiveState"), "active")
        self.check_rights(self.machine.property("MainPID"))

        before = self.machine.property("MainPID")
        self.machine.run("systemctl", "kill", "--signal=KILL", "sidelight")
        eventually("it is started again", lambda: self.machine.property("MainPID") not in ("0", before))
        eventually("it is healthy again", self.installed.is_healthy)

        request = Request(self.installed)
        self.assertTrue(self.backend.asked.wait(PATIENCE), "the backend was not asked:\n" + self.machine.journal())
        self.machine.run("systemctl", "stop", "--no-block", "sidelight")
        eventually("systemd stops it", lambda: self.machine.property("ActiveState") == "deactivating")
        self.backend.may_answer.set()
        request.join(PATIENCE)
        self.assertEqual(request.status, 200)
        eventually("it has stopped", lambda: self.machine.property("ActiveState") == "inactive")
        self.assertEqual(self.backend.answered, 1)
        self.assertEqual((self.machine.property("ExecMainStatus"), self.machine.property("Result")), ("0", "success"))

    def test_with_its_drop_in_the_machine_is_measured_without_a_capability(self):
        self.boot(
            {"SIDELIGHT_ARGUMENTS": "--config /etc/sidelight/host.yaml", "SIDELIGHT_HOST_INTERVAL": "1s"},
            {
                DEPLOY / "host.yaml": "/etc/sidelight/host.yaml",
                UNITS / "host.conf": "/etc/systemd/system/sidelight.service.d/host.conf",
            },
        )
        self.backend.may_answer.set()
        wanted = [
            b"system.cpu.time",
            b"system.memory.usage",
            b"system.filesystem.usage",
            b"system.network.connection.count",
        ]
        eventually(
            "the machine is measured", lambda: any(all(name in body for name in wanted) for body in self.backend.bodies)
        )
        self.check_rights(self.machine.property("MainPID"))
        warnings = [line for line in self.machine.journal().splitlines() if " warn " in line]
        self.assertEqual(warnings, [])

    def test_with_its_drop_in_a_process_of_another_user_is_measured_with_two_capabilities(self):
        self.boot(
            {
                "SIDELIGHT_ARGUMENTS": "--config /etc/sidelight/process.yaml",
                "SIDELIGHT_PROCESS": "dbus-daemon --system",
                "SIDELIGHT_PROCESS_INTERVAL": "1s",
            },
            {
                DEPLOY / "process.yaml": "/etc/sidelight/process.yaml",
                UNITS / "processes.conf": "/etc/systemd/system/sidelight.service.d/processes.conf",
            },
        )
        self.backend.may_answer.set()
        wanted = [b"process.cpu.utilization", b"process.disk.io", b"process.unix.file_descriptor.count"]
        eventually("it is measured", lambda: any(all(name in body for name in wanted) for body in self.backend.bodies))
        self.check_rights(self.machine.property("MainPID"), CAP_SYS_PTRACE | CAP_DAC_READ_SEARCH)
        warnings = [line for line in self.machine.journal().splitlines() if " warn " in line]
        self.assertEqual(warnings, [])

    def check_rights(self, pid: str, capabilities: int = 0) -> None:
        status = dict(
            line.split(":\t", 1)
            for line in self.machine.run("cat", f"/proc/{pid}/status").stdout.splitlines()
            if ":\t" in line
        )
        self.assertNotEqual(status["Uid"].split()[0], "0")
        for kind in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind], 16), capabilities, kind)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(self.machine.property("MemoryMax"), str(256 << 20))
        owner = self.machine.run("stat", "--format=%a", "/var/lib/private/sidelight").stdout.strip()
        self.assertEqual(owner, "700")


if __name__ == "__main__":
    unittest.main()
