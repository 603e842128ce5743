"""Runs one program on one row with `blast`, and takes down what came of it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import sync_rate
from .programs import Ports, Program
from .rows import Row

# A collector that grows without bound is killed before the machine suffers.
MEMORY_MAX_MIB = 6144


@dataclass(frozen=True)
class Bench:
    """What all runs of a comparison share."""

    blast: Path
    ports: Ports
    folder: Path
    seconds: float
    warmup: float
    pin: str | None

    def run(self, row: Row, program: Program | None, offered: int = 0) -> dict:
        """One run; `program` None sends straight to the sink. The result holds `void`, a list of reasons."""
        seconds = self.seconds
        told = [str(self.blast), *row.arguments(), "--output", self.ports.output(), "--label", row.key]
        if row.kind == "overload":
            told += ["--rate", str(offered), "--stall", f"1:{seconds}", "--timeout", "5", "--drain", "30",
                     "--memory-max", str(MEMORY_MAX_MIB), "--warmup", "0"]
        else:
            told += ["--warmup", str(self.warmup)]
        told += ["--seconds", str(seconds)] + (["--pin", self.pin] if self.pin else [])
        environment = dict(os.environ)
        if program is None:
            told.append("--direct")
        else:
            command = program.command(row, self.ports, self.folder)
            told += ["--input", self.ports.input(row), "--cmd", " ".join(command)]
            if self.pin:
                environment |= program.environment
        limit = seconds * 4 + 180
        try:
            done = subprocess.run(told, capture_output=True, text=True, timeout=limit, env=environment)
        except subprocess.TimeoutExpired:
            return {"command": told, "void": [f"blast did not end within {limit:.0f} s"]}
        try:
            result = json.loads(done.stdout)
        except ValueError:
            result = {"void": [done.stderr.strip() or f"blast ended with status {done.returncode}"]}
        if row.storage and program is not None:
            result["left_on_disk"] = program.left_on_disk(row, self.folder)
        if row.storage == "fsync" and "work" in result:
            size = int(result["work"]["wire_bytes_per_item"] * row.items)
            result["raw_syncs_per_s"] = sync_rate.of(self.folder, size, seconds=min(seconds, 5))
        return result | {"command": told}
