"""What the table says about given samples."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cases import Case, Figure
from report import Samples, budget, table, verdict

SLOWER = Figure("p50_us", "a time", "us", ratio_at_most=3.0)
RATE = Figure("batch", "a rate", "/s", ratio_at_least=0.5, at_least=5000)
PLAIN = Figure("cpu_us", "a cost", "us", 1)
CASE = Case("case", "bare", [SLOWER, RATE, PLAIN], lambda bench, kind: {})


def samples(figure: str, holdfast: list[float | None], bare: list[float | None]) -> Samples:
    result = Samples()
    for kind, values in (("holdfast", holdfast), ("bare", bare)):
        for value in values:
            result.add("case", kind, None if value is None else {figure: value})
    return result


class VerdictTest(unittest.TestCase):
    def test_a_ratio_has_an_upper_bound(self) -> None:
        self.assertEqual(verdict(CASE, SLOWER, samples("p50_us", [290.0], [100.0])), "met")
        self.assertEqual(verdict(CASE, SLOWER, samples("p50_us", [310.0], [100.0])), "missed")

    def test_the_median_round_decides(self) -> None:
        self.assertEqual(verdict(CASE, SLOWER, samples("p50_us", [900.0, 200.0, 210.0], [100.0] * 3)), "met")

    def test_both_lower_bounds_hold(self) -> None:
        self.assertEqual(verdict(CASE, RATE, samples("batch", [6000.0], [11000.0])), "met")
        self.assertEqual(verdict(CASE, RATE, samples("batch", [6000.0], [13000.0])), "missed")
        self.assertEqual(verdict(CASE, RATE, samples("batch", [4900.0], [6000.0])), "missed")

    def test_a_failed_bout_misses_the_budget(self) -> None:
        self.assertEqual(verdict(CASE, RATE, samples("batch", [6000.0, None], [7000.0, 7000.0])), "missed")

    def test_without_a_peer_there_is_no_verdict_on_a_ratio(self) -> None:
        self.assertEqual(verdict(CASE, SLOWER, samples("p50_us", [100.0], [None])), "-")

    def test_a_row_without_a_budget_has_no_verdict(self) -> None:
        self.assertEqual(verdict(CASE, PLAIN, samples("cpu_us", [1.0], [1.0])), "")


class TableTest(unittest.TestCase):
    def test_a_row_shows_medians_spread_ratio_and_failures(self) -> None:
        text = table([CASE], samples("batch", [6000.0, 8000.0, None], [10000.0, 10000.0, 10000.0]))
        self.assertIn("7000 (6000-8000) 1!", text)
        self.assertIn("0.70 (0.60-0.80)", text)
        self.assertIn(budget(RATE), text)


if __name__ == "__main__":
    unittest.main()
