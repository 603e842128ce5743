"""The images' files are good, and the program runs in a root that holds nothing but libc, as the final image does."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

from installed import DEPLOY, PATIENCE, ROOT, Installed, eventually, run, sidelight

DOCKER = DEPLOY / "docker"
# What gcr.io/distroless/cc-debian12 has, and the kernel.
LIBRARIES = {
    "linux-vdso.so.1",
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
}
NOBODY = 65532


def needed() -> dict[str, str]:
    """The libraries that the program needs: name → path, empty for what is not a file."""
    lines = run("ldd", sidelight()).stdout.splitlines()
    found = {}
    for line in lines:
        name, _, path = line.strip().partition(" => ")
        path = (path or name).split(" ")[0]
        found[Path(name.split(" ")[0]).name] = path if path.startswith("/") else ""
    return found


class Files(unittest.TestCase):
    def test_the_dockerfiles_are_good(self):
        hadolint = Path(sys.executable).with_name("hadolint")
        checked = run(hadolint, "--no-color", *sorted(DOCKER.glob("*Dockerfile")))
        self.assertEqual((checked.returncode, checked.stdout), (0, ""), checked.stderr)

    def test_what_the_dockerfiles_copy_is_there_and_not_left_out(self):
        left_out = [
            line for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
        ]
        for path in sorted(DOCKER.glob("*Dockerfile")):
            for line in re.findall(r"^COPY (?!--from)(.+)$", path.read_text(), re.MULTILINE):
                for source in line.split()[:-1]:
                    with self.subTest(dockerfile=path.name, source=source):
                        self.assertTrue(source == "." or list(ROOT.glob(source)), source)
                        if path.name == "Dockerfile":
                            self.assertFalse(any(source.startswith(folder) for folder in left_out), source)

    def test_compose_can_be_loaded_by_the_library_that_docker_compose_uses(self):
        resolved = run(os.environ["COMPOSE_CONFIG"], DOCKER / "compose.yaml")
        self.assertEqual(resolved.returncode, 0, resolved.stderr)
        services = json.loads(resolved.stdout)["services"]
        self.assertEqual(services.keys(), {"trading-app", "sidelight", "jaeger", "prometheus"})
        self.assertEqual(services["sidelight"]["environment"]["SIDELIGHT_JAEGER"], "jaeger:4317")
        for name in ("sidelight", "trading-app"):
            build = services[name]["build"]
            self.assertTrue((Path(build["context"]) / build["dockerfile"]).is_file(), build)

    def test_a_compose_file_with_a_mistake_is_noticed(self):
        text = (DOCKER / "compose.yaml").read_text()
        for good, bad in (
            ("service:trading-app", "service:nothing"),
            ("restart:", "restarts:"),
            ("source: prometheus", "source: x"),
        ):
            with self.subTest(bad=bad), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "compose.yaml"
                path.write_text(text.replace(good, bad))
                self.assertNotEqual(run(os.environ["COMPOSE_CONFIG"], path).returncode, 0)

    def test_prometheus_takes_its_configuration(self):
        promtool = os.environ["PROMTOOL"]
        compose = yaml.safe_load((DOCKER / "compose.yaml").read_text())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "prometheus.yml"
            path.write_text(compose["configs"]["prometheus"]["content"])
            checked = run(promtool, "check", "config", path)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


class Image(unittest.TestCase):
    def test_the_program_needs_nothing_but_libc(self):
        self.assertLessEqual(needed().keys(), LIBRARIES)

    @unittest.skipUnless(run("unshare", "--mount", "true").returncode == 0, "mount and chroot need root's rights")
    def test_it_runs_healthy_and_stops_in_a_read_only_root_of_libc_alone_as_nobody(self):
        installed = Installed("http://127.0.0.1:9")
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            self._fill(root)
            # A mount name space: the root read only, a state folder that is nobody's, no /proc, no /dev.
            script = (
                f"set -e; mount --bind {root} {root}; "
                f"mount -t tmpfs -o uid={NOBODY},mode=700 tmpfs {root}/var/lib/sidelight; "
                f"mount -o remount,bind,ro {root}; "
                f"exec chroot --userspec={NOBODY}:{NOBODY} {root} "
                "/usr/local/bin/sidelight --config /etc/sidelight/pipeline.yaml"
            )
            variables = installed.variables | {"STATE_DIRECTORY": "/var/lib/sidelight", "PATH": os.environ["PATH"]}
            log = root.parent / f"{root.name}.log"
            self.addCleanup(log.unlink, missing_ok=True)
            with open(log, "w") as output:
                process = subprocess.Popen(
                    ["unshare", "--mount", "sh", "-c", script], env=variables, stdout=output, stderr=subprocess.STDOUT
                )
            try:
                eventually("the program is healthy: " + log.read_text(), installed.is_healthy)
                process.terminate()
                self.assertEqual(process.wait(PATIENCE), 0, log.read_text())
            finally:
                process.kill()
                process.wait()

    def _fill(self, root: Path) -> None:
        for path in needed().values():
            if path:
                target = root / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        for source, target in (
            (sidelight(), "usr/local/bin/sidelight"),
            (DEPLOY / "pipeline.yaml", "etc/sidelight/pipeline.yaml"),
        ):
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / target)
        (root / "var/lib/sidelight").mkdir(parents=True)
        root.chmod(0o755)


if __name__ == "__main__":
    unittest.main()
