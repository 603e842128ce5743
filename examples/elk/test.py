#!/usr/bin/env python3
"""test.py <path to sidelight> [elasticsearch] [opensearch]

Runs pipeline.yaml on the files of logs/ against real engines and compares whole documents, their indices and the mappings of
all indices with expected/, member by member; nothing is left out of the comparison. Exit code: 0 all the same, 1 not.
"""

import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "backends" / "search"))
from run import Engine, ask, wait_for  # noqa: E402


def filled(value, names):
    """The expected value with what only the run knows."""
    text = json.dumps(value)
    for name, said in names.items():
        text = text.replace("${" + name + "}", said)
    return json.loads(text)


def same(expected, found, started):
    """Equal; a time of reading is one within the run."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(expected[key], found[key], started) for key in expected)
    if expected == "${NOW}":
        when = datetime.datetime.fromisoformat(found.replace("Z", "+00:00"))
        return found.endswith("Z") and len(found) == 24 and started <= when <= datetime.datetime.now(datetime.UTC)
    return expected == found and type(expected) is type(found)


def compare(program, name, folder):
    logs = folder / "logs"
    shutil.copytree(HERE / "logs", logs)
    engine = Engine(name, folder)
    engine.start()
    started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(milliseconds=1)
    env = os.environ | {"LOGS": str(logs), "STATE_DIRECTORY": str(folder / "state"), "ELASTICSEARCH_URL": engine.url,
                        "ELASTICSEARCH_PRODUCT": name}
    log = folder / "sidelight.log"
    sidelight = subprocess.Popen([program, "--config", HERE / "pipeline.yaml"], env=env, stdout=open(log, "ab"), stderr=subprocess.STDOUT)
    wrong = []
    try:
        names = {"LOGS": str(logs), "TODAY": started.strftime("%Y.%m.%d")}
        documents = filled(json.loads((HERE / "expected" / "documents.json").read_text()), names)
        mappings = filled(json.loads((HERE / "expected" / "mappings.json").read_text()), names)
        wait_for(lambda: engine.count("*-20*") >= len(documents), 30)
        hits = ask(f"{engine.url}/*-20*/_search?size=1000", {})["hits"]["hits"]
        found = [(hit["_index"], hit["_source"]) for hit in hits]
        for document in documents:
            match = next((one for one in found if one[0] == document["index"] and same(document["source"], one[1], started)), None)
            if match:
                found.remove(match)
            else:
                wrong.append(f"not there: {json.dumps(document, ensure_ascii=False)}")
        wrong += [f"not expected: {json.dumps(one, ensure_ascii=False)}" for one in found]
        real = {index: about["mappings"] for index, about in ask(f"{engine.url}/*-20*/_mapping").items()}
        for index in sorted(real.keys() | mappings.keys()):
            if real.get(index) != mappings.get(index):
                wrong.append(f"mapping of {index}: {json.dumps(real.get(index))}\n  expected {json.dumps(mappings.get(index))}")
    finally:
        sidelight.send_signal(signal.SIGTERM)
        sidelight.wait(30)
        engine.stop()
    if wrong:
        print(log.read_text(errors="replace")[-3000:])
    print(f"{name}: {len(documents)} documents in {len(mappings)} indices" + (" as expected" if not wrong else ""))
    print("\n".join(wrong))
    return not wrong


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    results = []
    for name in sys.argv[2:] or ["elasticsearch", "opensearch"]:
        with tempfile.TemporaryDirectory() as folder:
            results.append(compare(os.path.abspath(sys.argv[1]), name, Path(folder)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
