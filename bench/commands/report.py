"""The table: medians, spread, ratios of Holdfast to its peer in the same round, budgets."""

import statistics
from dataclasses import dataclass, field

from cases import Case, Figure

WIDTHS = (40, 4, 26, 26, 18, 20, 6)


@dataclass
class Samples:
    """All that one run has found: per case and kind a list of bouts, `None` where one failed, and why they failed."""

    bouts: dict[str, dict[str, list[dict | None]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, case: str, kind: str, bout: dict | None) -> None:
        self.bouts.setdefault(case, {}).setdefault(kind, []).append(bout)

    def values(self, case: str, kind: str | None, figure: str) -> list[float]:
        bouts = self.bouts.get(case, {}).get(kind, [])
        return [bout[figure] for bout in bouts if bout is not None and figure in bout]

    def failed(self, case: str, kind: str | None) -> int:
        return sum(bout is None for bout in self.bouts.get(case, {}).get(kind, []))

    def ratios(self, case: Case, figure: str) -> list[float]:
        """Ratios of bouts of the same round."""
        of_case = self.bouts.get(case.name, {})
        return [mine[figure] / other[figure]
                for mine, other in zip(of_case.get("holdfast", []), of_case.get(case.peer, []))
                if mine is not None and other is not None and mine.get(figure) and other.get(figure)]


def verdict(case: Case, figure: Figure, samples: Samples) -> str:
    """`met`, `missed`, or nothing when there is no budget or no figure to hold against it."""
    if figure.ratio_at_most is None and figure.ratio_at_least is None and figure.at_least is None:
        return ""
    if samples.failed(case.name, "holdfast"):
        return "missed"
    values, ratios = samples.values(case.name, "holdfast", figure.name), samples.ratios(case, figure.name)
    if not values or (figure.at_least is None and not ratios):
        return "-"
    met = [statistics.median(values) >= figure.at_least] if figure.at_least is not None else []
    if ratios and figure.ratio_at_most is not None:
        met.append(statistics.median(ratios) <= figure.ratio_at_most)
    if ratios and figure.ratio_at_least is not None:
        met.append(statistics.median(ratios) >= figure.ratio_at_least)
    return "met" if all(met) else "missed"


def budget(figure: Figure) -> str:
    parts = []
    if figure.ratio_at_most is not None:
        parts.append(f"<= {figure.ratio_at_most:.1f} x")
    if figure.ratio_at_least is not None:
        parts.append(f">= {figure.ratio_at_least:.1f} x")
    if figure.at_least is not None:
        parts.append(f">= {figure.at_least:.0f} {figure.unit}")
    return ", ".join(parts)


def table(cases: list[Case], samples: Samples) -> str:
    lines = []
    for case in cases:
        peer = {"bare": "without Holdfast", "floor": "SQLite alone", None: ""}[case.peer]
        lines.append(_row((f"{case.name}: median (min-max)", "unit", peer, "Holdfast", "ratio", "budget", "")))
        lines.append(_row(tuple("-" * width for width in WIDTHS)))
        for figure in case.figures:
            ratios = samples.ratios(case, figure.name)
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})" if ratios else ""
            lines.append(_row((figure.title, figure.unit, _spread(samples, case.name, case.peer, figure),
                               _spread(samples, case.name, "holdfast", figure), ratio, budget(figure),
                               verdict(case, figure, samples))))
        lines.append("")
    return "\n".join(lines)


def _spread(samples: Samples, case: str, kind: str | None, figure: Figure) -> str:
    values = samples.values(case, kind, figure.name)
    failed = samples.failed(case, kind)
    if not any(values):
        return f"{failed} failed" if failed else ""
    n = figure.digits
    text = f"{statistics.median(values):.{n}f} ({min(values):.{n}f}-{max(values):.{n}f})"
    return text + (f" {failed}!" if failed else "")


def _row(cells: tuple[str, ...]) -> str:
    parts = [cells[0].ljust(WIDTHS[0]), cells[1].ljust(WIDTHS[1])]
    parts += [cell.rjust(width) for cell, width in zip(cells[2:], WIDTHS[2:])]
    return "  ".join(parts).rstrip()
