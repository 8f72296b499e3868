"""What the table says about given samples."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cases import Case, Figure
from report import Samples, table, verdict

COST = Figure("cpu_us", "a cost", "us", 1, ratio_limit=0.95)
TIME = Figure("seconds", "a time", "s", 2, ratio_limit=1.0, ties=True)
SHARE = Figure("kept_percent", "a share", "%", 1, value_limit=10.0)


def samples(figure: str, holdfast: list[float | None], haproxy: list[float | None]) -> Samples:
    result = Samples()
    for kind, values in (("holdfast", holdfast), ("haproxy", haproxy)):
        for value in values:
            result.add("case", kind, None if value is None else {figure: value})
    return result


class VerdictTest(unittest.TestCase):
    def test_a_cost_is_judged_by_the_median_of_the_rounds_ratios(self):
        self.assertEqual(verdict(COST, samples("cpu_us", [9, 9, 20], [10, 10, 10]), "case"), "met")
        self.assertEqual(verdict(COST, samples("cpu_us", [10, 10, 1], [10, 10, 10]), "case"), "missed")

    def test_each_round_is_its_own_comparison(self):
        # The machine slowed down by a factor of ten between the rounds.
        self.assertEqual(verdict(COST, samples("cpu_us", [9, 90, 9], [10, 100, 10]), "case"), "met")

    def test_only_times_can_tie(self):
        self.assertEqual(verdict(TIME, samples("seconds", [1.1], [1.0]), "case"), "tie")
        self.assertEqual(verdict(TIME, samples("seconds", [1.2], [1.0]), "case"), "missed")
        self.assertEqual(verdict(COST, samples("cpu_us", [10], [10]), "case"), "missed")

    def test_a_failed_bout_misses_whatever_the_others_say(self):
        self.assertEqual(verdict(COST, samples("cpu_us", [1, None], [10, 10]), "case"), "missed")

    def test_a_value_limit_needs_no_peer(self):
        self.assertEqual(verdict(SHARE, samples("kept_percent", [3], []), "case"), "met")
        self.assertEqual(verdict(SHARE, samples("kept_percent", [30], []), "case"), "missed")

    def test_what_was_not_measured_is_not_judged(self):
        self.assertEqual(verdict(COST, samples("cpu_us", [], [10]), "case"), "-")
        self.assertEqual(verdict(COST, samples("cpu_us", [10], []), "case"), "-")
        self.assertEqual(verdict(COST, samples("cpu_us", [10], [None]), "case"), "-")


class TableTest(unittest.TestCase):
    def test_a_row_shows_median_spread_ratio_and_verdict(self):
        text = table([Case("case", [COST], None)], samples("cpu_us", [8, 9, 7], [10, 10, 10]), ["haproxy", "holdfast"])
        row = text.splitlines()[-1]
        for part in ("a cost", "not here", "8.0 (7.0-9.0)", "10.0 (10.0-10.0)", "0.80 (0.70-0.90)", "<= 0.95", "met"):
            self.assertIn(part, row)

    def test_failures_are_counted_beside_the_figures(self):
        text = table([Case("case", [COST], None)], samples("cpu_us", [8, None], [None, None]), ["haproxy", "holdfast"])
        self.assertIn("8.0 (8.0-8.0) 1!", text)
        self.assertIn("2 failed", text)


if __name__ == "__main__":
    unittest.main()
