"""What the comparison must notice, change by change. `python3 test_compare.py`"""

import copy
import unittest

from compare import differences
from series import Native, Scraped


def scraped() -> Scraped:
    of_job = Scraped()
    of_job.put("up", {"job": "j"}, 1.0)
    of_job.put("requests_total", {"job": "j", "code": "200"}, 5.0)
    of_job.put("wait_seconds_bucket", {"job": "j", "le": "+Inf"}, float("nan"))
    of_job.put("size", {"job": "j"}, Native(3.0, 4.5, [(1.0, 2.0, 3.0)]))
    of_job.families |= {
        "requests_total": ("counter", "Requests.", ""),
        "wait_seconds_bucket": ("unknown", "", ""),
        "size": ("histogram", "Sizes.", ""),
    }
    return of_job


class Comparison(unittest.TestCase):
    def changed(self, change) -> list[str]:
        found = scraped()
        change(found)
        return differences(scraped(), found)

    def test_the_same_is_the_same(self):
        self.assertEqual(self.changed(lambda found: None), [])
        self.assertEqual(self.changed(lambda found: found.put("x_created", {}, 1.0))[0][:12], "only in OTLP")

    def test_a_bound_is_a_number_however_it_is_written(self):
        self.assertIn(("wait_seconds_bucket", (("job", "j"), ("le", "inf"))), scraped().series)

    def test_every_change_is_noticed(self):
        requests = ("requests_total", (("code", "200"), ("job", "j")))
        size = ("size", (("job", "j"),))
        for name, change in {
            "missing in OTLP: requests": lambda found: found.series.pop(requests),
            "value of requests": lambda found: found.series.update({requests: 5.5}),
            "value of up": lambda found: found.put("up", {"job": "j"}, 0.0),
            "only in OTLP: requests": lambda found: found.put("requests_total", {"job": "j"}, 5.0),
            "twice in OTLP": lambda found: found.put("requests_total", {"job": "j", "code": "200"}, 5.0),
            "value of size": lambda found: found.series[size].buckets.append((2.0, 4.0, 1.0)),
            "value of size{": lambda found: found.series.update({size: Native(3.0, 4.0, [(1.0, 2.0, 3.0)])}),
            "family requests_total": lambda found: found.families.update(requests_total=("gauge", "Requests.", "")),
            "family size": lambda found: found.families.update(size=("histogram", "Size.", "")),
            "family size:": lambda found: found.families.update(size=("histogram", "Sizes.", "By")),
        }.items():
            with self.subTest(change=name):
                lines = self.changed(change)
                self.assertTrue(any(line.startswith(name) for line in lines), lines)

    def test_a_start_time_is_no_series_in_otlp(self):
        expected = copy.deepcopy(scraped())
        expected.put("requests_created", {"job": "j"}, 1.0)
        self.assertEqual(differences(expected, scraped()), [])


if __name__ == "__main__":
    unittest.main()
