#!/usr/bin/env python3
"""Tests of the benchmarks' arithmetic and reporting: `python3 bench/test_bench.py`. Needs nothing."""
import argparse
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))
import common
import gpu


class Figures(unittest.TestCase):
    def test_summary_is_the_median_of_medians_and_the_least_minimum(self):
        repeats = [{"median": m, "min": m / 2} for m in (4.0, 2.0, 6.0)]
        self.assertEqual(common.summary(repeats), {"median": 4.0, "min": 1.0})
        self.assertEqual(common.summary(repeats[:2])["median"], 3.0)
        self.assertIsNone(common.summary([]))

    def test_ratio_is_to_the_faster_peer_that_is_there(self):
        ours = {"median": 2.0, "min": 1.0}
        self.assertEqual(common.ratio(ours, {"a": {"median": 5.0}, "b": {"median": 3.0}}), ("b", 1.5))
        self.assertEqual(common.ratio(ours, {"a": None, "b": {"median": 3.0}}), ("b", 1.5))
        self.assertEqual(common.ratio(None, {"a": {"median": 5.0}}), ("a", None))
        self.assertEqual(common.ratio(ours, {"a": None}), (None, None))

    def test_geometric_mean_leaves_out_what_is_missing(self):
        self.assertEqual(common.geometric_mean([2.0, None, 8.0]), 4.0)
        self.assertIsNone(common.geometric_mean([None]))

    def test_floor_is_that_of_the_measured_boundary(self):
        self.assertEqual(gpu.floor_us("resnet50", 1), 80)
        self.assertEqual(gpu.floor_us("resnet50", 8), 196)
        self.assertEqual([gpu.floor_us(m, 1) for m in ("mobilenet_v2", "squeezenet1_1", "googlenet")], [53, 31, 91])
        self.assertIsNone(gpu.floor_us("resnet50", 3))
        self.assertIsNone(gpu.floor_us("alexnet", 1))


class Agreement(unittest.TestCase):
    def setUp(self):
        try:
            import numpy as np
        except ImportError:
            self.skipTest("no NumPy")
        rng = np.random.default_rng(1)
        self.wanted = np.exp(rng.standard_normal((64, 100)))
        self.wanted /= self.wanted.sum(1, keepdims=True)
        self.factor = np.exp(0.02 * rng.standard_normal((64, 100)))
        self.half = self.wanted * self.factor

    def test_as_near_as_another_fp16_result_agrees(self):
        found = gpu.compare_fp16(self.wanted / self.factor, self.wanted, self.half)
        self.assertTrue(found["agrees"])
        self.assertAlmostEqual(found["rms_log"], found["pytorch_fp16"]["rms_log"])

    def test_farther_everywhere_does_not(self):
        self.assertFalse(gpu.compare_fp16(self.wanted * self.factor**1.6, self.wanted, self.half)["agrees"])

    def test_one_wrong_probability_does_not(self):
        for wrong in (1.3, 0.0, float("nan")):
            got = self.wanted.copy()
            got[5, 7] *= wrong
            self.assertFalse(gpu.compare_fp16(got, self.wanted, self.half)["agrees"], wrong)

    def test_rounding_alone_agrees_with_an_exact_peer(self):
        got = self.wanted.astype("float16")
        self.assertTrue(gpu.compare_fp16(got, self.wanted, self.wanted)["agrees"])


class Processes(unittest.TestCase):
    def python(self, text):
        return [sys.executable, "-c", text]

    def test_json_is_found_after_other_output(self):
        self.assertEqual(common.run_json(self.python("print('note'); print('{\"a\": 1}')"), 20), {"a": 1})
        self.assertEqual(common.run_json(self.python("print('note\\n{\\n \"a\": 1\\n}')"), 20), {"a": 1})

    def test_a_failure_says_why(self):
        for text, limit, why in (("raise ValueError('too odd')", 20, "too odd"), ("print('x')", 20, "not JSON"),
                                 ("import time; time.sleep(9)", 0.2, "over 0.2 s")):
            with self.assertRaisesRegex(common.Failure, why):
                common.run_json(self.python(text), limit)
        with self.assertRaisesRegex(common.Failure, "not there"):
            common.run(["no-such-command"], 5)

    def test_mistakes_in_the_call_are_found_before_measuring(self):
        self.assertEqual(common.sizes("1,8"), [1, 8])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "file").touch()
            self.assertEqual(common.report_file(f"{folder}/new/x.json"), f"{folder}/new/x.json")
            bad = ((common.sizes, "0"), (common.sizes, "1,-2"), (common.report_file, f"{folder}/file/x.json"),
                   (common.report_file, folder))
            for check, text in bad:
                with self.assertRaises(argparse.ArgumentTypeError):
                    check(text)
        for script, option in (("cpu.py", "--models"), ("gpu.py", "--model")):
            call = [sys.executable, BENCH / script, option, "resnet18", "--batch", "0"]
            self.assertEqual(subprocess.run(call, capture_output=True).returncode, 2)

    def test_an_error_has_its_line_under_the_table(self):
        rows = [{"model": "m", "batch": 2, "errors": {"tenfold": "bad"}}, {"model": "m", "batch": 1}]
        self.assertEqual(common.error_lines(rows), "m b2: tenfold: bad")


if __name__ == "__main__":
    unittest.main()
