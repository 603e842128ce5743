"""The kinds of rotation, and what each promises."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    name: str
    # How files are rotated: see rotation.py.
    rotate: str
    # Bytes a second in all files.
    rate: int = 1_000_000
    files: int = 1
    # Each file begins with the same 4 KiB.
    same_head: bool = False
    # The program is killed at random moments.
    kills: bool = False
    # Lines may be lost that were written so many seconds before a file was cut, or while it was being rotated.
    window: float | None = None
    # It is not part of the gate: now and then it finds something that is not repaired yet, see the README.
    is_open: bool = False

    @property
    def needs_logrotate(self) -> bool:
        return self.rotate.startswith("logrotate")


STEPS = [
    Step("rename", "logrotate create", rate=10_000_000),
    Step("rename-kills", "logrotate create", kills=True),
    Step("compress", "logrotate compress"),
    Step("compress-kills", "logrotate delaycompress", kills=True),
    Step("copytruncate", "logrotate copytruncate", rate=5_000_000, window=0.0, is_open=True),
    Step("copytruncate-kills", "logrotate copytruncate", kills=True, window=0.0, is_open=True),
    Step("copytruncate-out", "logrotate copytruncate olddir", window=0.5, is_open=True),
    Step("rename-out", "rename out"),
    Step("delete", "delete"),
    Step("cut", "cut", window=0.5, is_open=True),
    Step("symlink", "symlink"),
    Step("same-head", "rename", same_head=True),
    Step("same-head-kills", "rename", same_head=True, kills=True, is_open=True),
    Step("200-files", "rename", files=200, same_head=True),
    Step("200-files-kills", "rename", files=200, same_head=True, kills=True, is_open=True),
]
