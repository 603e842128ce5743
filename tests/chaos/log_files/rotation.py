"""How files are rotated."""

import os
import subprocess
from pathlib import Path

from steps import Step

# Old files that are kept.
KEPT = 5


class Rotation:
    def __init__(self, folder: Path, step: Step):
        self.step = step
        self.logs, self.out = folder / "logs", folder / "out"
        for made in (self.logs, self.out):
            made.mkdir()
        # A log that others could write to is not rotated by logrotate.
        self.logs.chmod(0o755)
        self.paths = [self.logs / f"app-{number:03}.log" for number in range(step.files)]
        self.number = 0
        self.reopens = "copytruncate" not in step.rotate and step.rotate != "cut"
        self.config = folder / "logrotate.conf"
        if step.needs_logrotate:
            self.config.write_text(self._config())
        if step.rotate == "symlink":
            self._swap()

    def _config(self) -> str:
        words = self.step.rotate.split()[1:]
        lines = ["rotate 1000", "size 1", "missingok", "su root root" if os.getuid() == 0 else ""]
        if "compress" in words or "delaycompress" in words:
            lines += ["compress", "compresscmd /bin/gzip", "compressoptions -1"]
        if "olddir" in words:
            words.remove("olddir")
            lines.append(f"olddir {self.out}")
        lines += words if "create" not in words else ["create 0644"]
        if "compress" in words or "delaycompress" in words:
            lines.append("create 0644")
        body = "\n".join(f"  {line}" for line in lines if line)
        return f"{self.logs}/*.log {{\n{body}\n}}\n"

    def rotate(self) -> None:
        self.number += 1
        kind = self.step.rotate
        if kind.startswith("logrotate"):
            state = self.config.with_suffix(".state")
            done = subprocess.run(["logrotate", "-f", "-s", state, self.config], capture_output=True, text=True)
            # A writer that has not noticed yet writes while gzip reads: gzip warns of it, as it does everywhere.
            errors = [line for line in done.stderr.splitlines() if line and "while zipping" not in line and "Compressing program" not in line]
            if any("error" in line for line in errors) or (done.returncode and not done.stderr):
                raise RuntimeError(f"logrotate: {done.stderr}")
        elif kind == "symlink":
            self._swap()
        else:
            for path in self.paths:
                self._rotate_one(kind, path)

    def _rotate_one(self, kind: str, path: Path) -> None:
        match kind:
            case "rename":
                for number in range(KEPT, 0, -1):
                    old = path.with_name(f"{path.name}.{number}")
                    if old.exists():
                        old.rename(path.with_name(f"{path.name}.{number + 1}"))
                path.rename(path.with_name(f"{path.name}.1"))
            case "rename out":
                path.rename(self.out / f"{path.name}.{self.number}")
            case "delete":
                path.unlink()
            case "cut":
                os.truncate(path, 0)

    def _swap(self) -> None:
        for path in self.paths:
            target = self.out / f"{path.name}.{self.number}"
            target.touch()
            new = path.with_name(path.name + ".new")
            new.symlink_to(target)
            new.rename(path)
