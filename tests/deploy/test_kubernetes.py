"""The manifest is good for Kubernetes 1.29 and newer, and its parts agree with each other."""

import tempfile
import unittest
from pathlib import Path

import kubernetes_validate
import yaml

from installed import DEPLOY, validate

MANIFEST = DEPLOY / "kubernetes/sidecar.yaml"


def documents() -> list[dict]:
    return list(yaml.safe_load_all(MANIFEST.read_text()))


def pod() -> dict:
    return next(d for d in documents() if d["kind"] == "Deployment")["spec"]["template"]["spec"]


def sidecar() -> dict:
    return next(c for c in pod()["initContainers"] if c["name"] == "sidelight")


def pipeline() -> str:
    return next(d for d in documents() if d["kind"] == "ConfigMap")["data"]["pipeline.yaml"]


class Manifest(unittest.TestCase):
    def test_it_is_what_the_schemas_ask_for(self):
        for version in ("1.29", "1.32", kubernetes_validate.latest_version()):
            for document in documents():
                with self.subTest(version=version, kind=document["kind"]):
                    kubernetes_validate.validate(document, version, strict=True)

    def test_a_mistake_is_noticed(self):
        document = next(d for d in documents() if d["kind"] == "Deployment")
        document["spec"]["template"]["spec"]["initContainers"][0]["restartPolice"] = "Always"
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)

    def test_the_pipeline_in_it_is_good(self):
        variables = {one["name"]: one.get("value", "something") for one in sidecar()["env"]}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pipeline.yaml"
            path.write_text(pipeline())
            checked = validate(path, environment=variables)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_probes_and_ports_are_those_of_the_pipeline(self):
        ports = {port["name"]: port["containerPort"] for port in sidecar()["ports"]}
        read = yaml.safe_load(pipeline())
        self.assertEqual(read["extensions"]["health_check"]["endpoint"], f"0.0.0.0:{ports['health']}")
        page = read["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
        self.assertEqual(page["port"], ports["metrics"])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            kind = sidecar()[probe].get("httpGet") or sidecar()[probe]["tcpSocket"]
            self.assertEqual(kind["port"], "health")

    def test_it_is_a_native_sidecar_that_stops_within_the_pods_time_and_has_no_rights(self):
        self.assertEqual(sidecar()["restartPolicy"], "Always")
        drain = yaml.safe_load(pipeline())["service"]["sidelight"]["drain_timeout"]
        self.assertIn(":-10s}", drain)
        self.assertGreaterEqual(pod()["terminationGracePeriodSeconds"], 30)
        self.assertTrue(pod()["securityContext"]["runAsNonRoot"])
        context = sidecar()["securityContext"]
        self.assertTrue(context["readOnlyRootFilesystem"])
        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})

    def test_every_volume_that_is_mounted_is_there(self):
        there = {volume["name"] for volume in pod()["volumes"]}
        for container in pod()["initContainers"] + pod()["containers"]:
            self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, there)


if __name__ == "__main__":
    unittest.main()
