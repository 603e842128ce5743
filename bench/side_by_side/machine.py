"""Facts about the machine that a figure is worth nothing without."""

import os
import platform
from pathlib import Path


def facts() -> dict:
    cpu = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
           if line.startswith("model name")]
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines()
                  if line.startswith("MemTotal"))
    return {"cpu": cpu[0] if cpu else "unknown", "cpus": os.cpu_count(), "memory_mib": int(memory) // 1024,
            "kernel": platform.release(), "load_at_start": os.getloadavg()[0]}


def described(machine: dict) -> str:
    return (f"{machine['cpus']} × {machine['cpu']}, {machine['memory_mib'] / 1024:.0f} GiB, Linux {machine['kernel']}, "
            f"load {machine['load_at_start']:.1f} at the start")
