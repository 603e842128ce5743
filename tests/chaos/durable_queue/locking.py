"""Two processes on one folder, and who may read it."""

import stat

from lab import Lab
from verdict import ensure, nothing_lost


def run(lab: Lab) -> str:
    ports = lab.ports()
    first, loader = lab.program(ports=ports), lab.loader(ports)
    first.start_ready()
    loader.tell("sink away")
    loader.tell("start 2000")
    second = lab.program(folder="second")
    second.storage = first.storage if lab.plant != "apart" else second.folder / "queue"
    second.start()
    code = second.wait(10) if lab.plant != "apart" else second.exit_code()
    said = " ".join(line for line in second.said().splitlines() if "file_storage" in line)
    ensure(code not in (0, None), f"the second process was let in (exit {code})")
    ensure(str(first.storage) in said and "process" in said, f"the second process does not say why it ended: {said}")
    loader.tell("stop")
    if lab.plant == "open":
        next(first.storage.rglob("*.wal")).chmod(0o644)
    files = for_owner_alone(first)
    loader.tell("sink take")
    check = loader.settle(20)
    nothing_lost(check)
    return f"the second process ends with {code}: {said.partition('extension ')[2]}; the first goes on, 0 of {check['acked']:,} lost; {files}"


def for_owner_alone(program) -> str:
    """Files are 0600, folders 0700: they hold what others must not read."""
    files = folders = 0
    for path in [program.storage, *program.storage.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = 0o700 if path.is_dir() else 0o600
        ensure(mode == wanted, f"{path} is {mode:o}, not {wanted:o}")
        files, folders = files + path.is_file(), folders + path.is_dir()
    ensure(files > 1, "there are no files to look at")
    return f"{files} files 0600, {folders} folders 0700"
