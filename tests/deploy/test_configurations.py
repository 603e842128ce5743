"""Every configuration of examples/ and deploy/ is good, and every variable of deploy/ is documented and works."""

import re
import unittest

import yaml

from installed import DEPLOY, ROOT, validate

VARIABLE = re.compile(r"\$\{env:(\w+):-([^}]*)\}")
DOCUMENTED = re.compile(r"^\| `([A-Z_]+)` \| ?`?([^|`]*)`? \|", re.MULTILINE)
# What systemd and supervisord put on the command line.
ARGUMENTS = {"SIDELIGHT_ARGUMENTS": ""}
INSTALLED = (DEPLOY / "pipeline.yaml", DEPLOY / "host.yaml", DEPLOY / "process.yaml")
# What makes no sense without another one.
COMPANIONS = {"SIDELIGHT_METRICS_HOST": {"SIDELIGHT_ADMIN_INSECURE": "true"}}
# Where any text, number or word will not do: another value than the default.
OTHER_VALUES = {
    "write": "fsync",
    "127.0.0.1": "0.0.0.0",
    "http://127.0.0.1:9090": "https://prometheus.example",
    "true": "false",
    "false": "true",
    "info": "debug",
    "console": "json",
    "64MiB": "128MiB",
    "10s": "25s",
}


def configurations():
    yield ROOT / "pipeline.yaml"
    for folder in (ROOT / "examples", DEPLOY):
        yield from sorted(folder.rglob("*pipeline.yaml"))


def variables() -> dict[str, str]:
    """The variables of the configurations and their defaults."""
    found = {}
    for name, default in VARIABLE.findall("".join(path.read_text() for path in INSTALLED)):
        if found.setdefault(name, default) != default:
            raise AssertionError(f"{name} has two defaults: {found[name]} and {default}")
    return found


class Configurations(unittest.TestCase):
    def test_every_configuration_is_good_without_a_variable_set(self):
        for paths in (*((path,) for path in configurations()), INSTALLED):
            with self.subTest(paths=[str(path.relative_to(ROOT)) for path in paths]):
                checked = validate(*paths)
                self.assertEqual(checked.returncode, 0, checked.stderr)
                self.assertIn("0 errors, 0 warnings", checked.stdout, checked.stderr)

    def test_each_variable_can_be_set(self):
        for name, default in variables().items():
            value = OTHER_VALUES.get(default, str(int(default) + 1) if default.isdigit() else default + "x")
            if ":" in default and default not in OTHER_VALUES:
                value = default.split(":")[0] + ":1" + default.split(":")[1][-3:]
            with self.subTest(variable=name, value=value):
                checked = validate(*INSTALLED, environment={name: value} | COMPANIONS.get(name, {}))
                self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_a_value_that_is_no_good_is_a_mistake_at_its_place(self):
        for name in ("SIDELIGHT_MEMORY_BUDGET", "SIDELIGHT_OTLP_GRPC", "SIDELIGHT_JAEGER_INSECURE"):
            with self.subTest(variable=name):
                checked = validate(DEPLOY / "pipeline.yaml", environment={name: "no good"})
                self.assertEqual(checked.returncode, 2)
                self.assertRegex(checked.stderr, r"pipeline\.yaml:\d+:\d+")

    def test_the_readme_lists_the_variables_with_their_defaults(self):
        documented = dict(DOCUMENTED.findall((DEPLOY / "README.md").read_text()))
        self.assertEqual(documented, variables() | ARGUMENTS)

    def test_the_example_of_an_environment_names_only_variables_there_are(self):
        named = re.findall(r"^#?(SIDELIGHT_\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE)
        self.assertLessEqual(set(named), (variables() | ARGUMENTS).keys())
        self.assertTrue(named)

    def test_compose_sets_only_variables_there_are(self):
        services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]
        self.assertLessEqual(services["sidelight"]["environment"].keys(), variables().keys())


if __name__ == "__main__":
    unittest.main()
