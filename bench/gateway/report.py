"""The table: medians, spread, ratios to HAProxy, budgets."""

import statistics
from dataclasses import dataclass, field

from cases import Case, Figure

# A difference in time of less than this is no difference; costs in CPU and memory are steadier and get no such room.
TIE = 1.15
WIDTHS = (38, 4, 19, 19, 19, 13, 17, 7, 6)


@dataclass
class Samples:
    """All that one run has found: per case and kind a list of bouts, `None` where one failed, and why they failed."""

    bouts: dict[str, dict[str, list[dict | None]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, case: str, kind: str, bout: dict | None) -> None:
        self.bouts.setdefault(case, {}).setdefault(kind, []).append(bout)

    def values(self, case: str, kind: str, figure: str) -> list[float]:
        return [bout[figure] for bout in self.bouts.get(case, {}).get(kind, []) if bout is not None]

    def failed(self, case: str, kind: str) -> int:
        return sum(bout is None for bout in self.bouts.get(case, {}).get(kind, []))

    def paired_ratios(self, case: str, kind: str, to: str, figure: str) -> list[float]:
        """Ratios of bouts that ran one after the other in the same round."""
        of_case = self.bouts.get(case, {})
        return [mine[figure] / other[figure]
                for mine, other in zip(of_case.get(kind, []), of_case.get(to, []))
                if mine is not None and other is not None and other[figure] > 0]


def verdict(figure: Figure, samples: Samples, case: str, kind: str = "holdfast") -> str:
    """`met`, `tie` (a time within the tie's width), `missed`, or `-` when there is nothing to judge."""
    values = samples.values(case, kind, figure.name)
    if samples.failed(case, kind):
        return "missed"
    if not values:
        return "-"
    if figure.value_limit is not None:
        return "met" if statistics.median(values) <= figure.value_limit else "missed"
    ratios = samples.paired_ratios(case, kind, "haproxy", figure.name)
    if not ratios or figure.ratio_limit is None:
        return "-"
    ratio = statistics.median(ratios)
    if ratio <= figure.ratio_limit:
        return "met"
    return "tie" if figure.ties and ratio <= figure.ratio_limit * TIE else "missed"


def table(cases: list[Case], samples: Samples, kinds: list[str]) -> str:
    head = ("median (min-max)", "unit", "floor", "HAProxy", "Holdfast", "floor/HAProxy", "Holdfast/HAProxy", "budget", "")
    lines = [_row(head), _row(tuple("-" * width for width in WIDTHS))]
    for case in cases:
        for figure in case.figures:
            lines.append(_row(_cells(case, figure, samples, kinds)))
    return "\n".join(lines)


def _cells(case: Case, figure: Figure, samples: Samples, kinds: list[str]) -> tuple[str, ...]:
    spread = [_spread(samples, case.name, kind, figure, kind in kinds) for kind in ("floor", "haproxy", "holdfast")]
    judged_by_ratio = figure.ratio_limit is not None
    budget = f"<= {figure.ratio_limit:.2f}" if judged_by_ratio else f"<= {figure.value_limit:.0f} {figure.unit}"
    floor = samples.paired_ratios(case.name, "floor", "haproxy", figure.name) if judged_by_ratio else []
    mine = samples.paired_ratios(case.name, "holdfast", "haproxy", figure.name) if judged_by_ratio else []
    return (figure.title, figure.unit, *spread, f"{statistics.median(floor):.2f}" if floor else "-",
            f"{statistics.median(mine):.2f} ({min(mine):.2f}-{max(mine):.2f})" if mine else "-",
            budget, verdict(figure, samples, case.name))


def _spread(samples: Samples, case: str, kind: str, figure: Figure, present: bool) -> str:
    values = samples.values(case, kind, figure.name)
    failed = samples.failed(case, kind)
    if not present:
        return "not here"
    if not values:
        return f"{failed} failed" if failed else "-"
    n = figure.digits
    text = f"{statistics.median(values):.{n}f} ({min(values):.{n}f}-{max(values):.{n}f})"
    return text + (f" {failed}!" if failed else "")


def _row(cells: tuple[str, ...]) -> str:
    parts = [cells[0].ljust(WIDTHS[0]), cells[1].ljust(WIDTHS[1])]
    parts += [cell.rjust(width) for cell, width in zip(cells[2:], WIDTHS[2:])]
    return "  ".join(parts).rstrip()
