"""What the disk gives: one write at the end of a file and `fdatasync`, one after another, of the size of a request."""

import os
import time
from pathlib import Path

# A file that is so large is begun anew: the probe is to cost no disk.
FILE_MAX = 256 << 20


def of(folder: Path, size: int, seconds: float) -> float:
    """Writes a second that were synced, each of `size` bytes."""
    path, body = folder / "sync-rate", os.urandom(size)
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
    try:
        done, offset, began = 0, 0, time.monotonic()
        while time.monotonic() < began + seconds:
            if offset + size > FILE_MAX:
                os.ftruncate(file, 0)
                offset = 0
            offset += os.pwrite(file, body, offset)
            os.fdatasync(file)
            done += 1
        return done / (time.monotonic() - began)
    finally:
        os.close(file)
        path.unlink()
