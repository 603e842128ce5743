"""What a step works with: a folder, free ports, a seed, the program and the load generator; all gone with the step."""

import random
import shutil
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

from loader import Loader
from program import Ports, Program, Settings


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Lab:
    """One step. `plant` names a fault that the step is to find: then failing is passing."""

    def __init__(self, step: str, kind: type[Program], binary: Path, seed: int, long: bool, plant: str | None = None):
        self.kind, self.binary, self.seed, self.long, self.plant = kind, binary, seed, long, plant
        self.dice = random.Random(f"{seed} {step}")
        self.folder = Path(tempfile.mkdtemp(prefix=f"sidelight-chaos-{step}."))
        self._ends = ExitStack()
        self._programs: list[Program] = []

    def ports(self) -> Ports:
        return Ports(*free_ports(4))

    def program(self, settings: Settings | None = None, ports: Ports | None = None, folder: str = "program") -> Program:
        home = self.folder / folder
        home.mkdir(parents=True, exist_ok=True)
        program = self.kind(self.binary, home, ports or self.ports(), settings)
        self._programs.append(program)
        self._ends.callback(program.end)
        return program

    def loader(self, ports: Ports, **settings) -> Loader:
        loader = Loader(ports.grpc, ports.sink, self.folder / "blast.log", self.seed, **settings)
        self._ends.callback(loader.end)
        return loader

    def at_the_end(self, call, *arguments) -> None:
        self._ends.callback(call, *arguments)

    def without_panic(self) -> None:
        for program in self._programs:
            program.without_panic()

    def end(self) -> None:
        self._ends.close()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
