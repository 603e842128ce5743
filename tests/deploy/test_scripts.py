"""The project's shell scripts pass shellcheck."""

import sys
import unittest
from pathlib import Path

from installed import ROOT, run


class Scripts(unittest.TestCase):
    def test_they_pass_shellcheck(self):
        scripts = [ROOT / path for path in run("git", "-C", ROOT, "ls-files", "*.sh").stdout.split()]
        self.assertTrue(scripts)
        checked = run(Path(sys.executable).with_name("shellcheck"), "-x", "-P", "SCRIPTDIR", *scripts, cwd=ROOT)
        self.assertEqual(checked.stdout, "")


if __name__ == "__main__":
    unittest.main()
