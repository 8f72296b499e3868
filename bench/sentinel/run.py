#!/usr/bin/env python3
"""Measures how soon a dead or frozen Redis master is replaced: by stock sentinels, by Holdfast's, by both together."""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import machine
from cases import SETS, Many, Set, Strike, bout_of_many, bout_of_set, median
from processes import BenchError, end_all
from scene import find_redis
from stage import Tools

MANY = (1, 10, 50, 100)
MANY_DOWN_AFTER_MS = 5000
MANY_BUDGET_SECONDS = 5.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two strikes each and ten masters: does it work, not how fast")
    parser.add_argument("--strikes", type=int, help="kills and hangs of each set (10; 2 with --quick)")
    parser.add_argument("--only", choices=["sets", "many"], help="only this part")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--check", action="store_true", help="end with status 1 when a budget is missed")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="directory of the built programs")
    return parser.parse_args()


def spread(values: list[float]) -> str:
    return f"{median(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def print_sets(found: list[tuple[Set, str, list[Strike]]]) -> list[str]:
    """The table; gives back the budgets that were missed."""
    missed = []
    head = ("set, down-after", "how", "agreed", "first switch", "last switch", "first write", "2nd", "budget", "")
    print(f"{head[0]:<30}{head[1]:<6}{head[2]:<22}{head[3]:<22}{head[4]:<22}{head[5]:<22}{head[6]:<5}{head[7]:<9}{head[8]}")
    for case, how, strikes in found:
        written = [one.written for one in strikes]
        second = sum(one.second for one in strikes)
        wanted = "" if case.budget is None else f"{(case.down_after_ms / 1000 if not case.early_ms else 0) + case.budget:.2f}"
        verdict = ""
        if wanted:
            slack = 1 if how == "hang" and case.needs_stock else 0
            verdict = "met" if median(written) <= float(wanted) + slack and second == 0 else "missed"
        if verdict == "missed":
            missed.append(f"{case.name}, {how}")
        print(f"{case.name + f', {case.down_after_ms} ms':<30}{how:<6}{spread([one.agreed for one in strikes]):<22}"
              f"{spread([one.switched_first for one in strikes]):<22}{spread([one.switched_last for one in strikes]):<22}"
              f"{spread(written):<22}{second:<5}{wanted:<9}{verdict}")
    return missed


def print_many(found: list[tuple[str, Many]]) -> list[str]:
    missed = []
    print(f"\n{'masters killed at once':<30}{'by':<12}{'switched':<12}{'after: median, last':<26}{'aborted':<9}budget")
    for kind, many in found:
        times = f"{median(many.switched):.2f}, {max(many.switched):.2f}" if many.switched else "-"
        bound = MANY_DOWN_AFTER_MS / 1000 + MANY_BUDGET_SECONDS
        ok = len(many.switched) == many.masters and max(many.switched) <= bound and many.aborted == 0
        verdict = "" if kind == "stock" else ("met" if ok else "missed")
        if verdict == "missed":
            missed.append(f"{many.masters} masters")
        print(f"{str(many.masters) + f', {MANY_DOWN_AFTER_MS} ms':<30}{kind:<12}{len(many.switched):<12}{times:<26}"
              f"{many.aborted:<9}{verdict}")
    return missed


def main() -> int:
    args = arguments()
    run_dir = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    holdfast, redis = args.build / "src/cli/holdfast", find_redis(run_dir)
    if not holdfast.is_file():
        sys.exit(f"bench: {holdfast} is not built. Run: ./dev build")
    if redis is None:
        sys.exit("bench: redis-tools is not on this machine")
    tools = Tools(holdfast, *redis)
    strikes = args.strikes or (2 if args.quick else 10)
    sets: list[tuple[Set, str, list[Strike]]] = []
    many: list[tuple[str, Many]] = []
    failures = []
    header = f"{machine.describe()}\n{strikes} strikes each; seconds, median (min-max); load at the start {machine.load_now():.2f}"
    try:
        for case in SETS if args.only != "many" else []:
            for how in ("kill", "hang") if case.only is None else (case.only,):
                print(f"  {case.name}, {case.down_after_ms} ms, {how}", file=sys.stderr, flush=True)
                try:
                    sets.append((case, how, bout_of_set(tools, run_dir, case, how, strikes)))
                except BenchError as error:
                    failures.append(f"{case.name}, {how}: {error}")
        for masters in ((10,) if args.quick else MANY) if args.only != "sets" else ():
            for kind in ("stock", "holdfast"):
                print(f"  {masters} masters, {kind}", file=sys.stderr, flush=True)
                try:
                    many.append((kind, bout_of_many(tools, run_dir, kind, masters, MANY_DOWN_AFTER_MS)))
                except BenchError as error:
                    failures.append(f"{masters} masters, {kind}: {error}")
    except KeyboardInterrupt:
        print("bench: interrupted; the tables show what was measured until then")
    finally:
        end_all()
        shutil.rmtree(run_dir, ignore_errors=True)
    print("\n" + header + "\n")
    missed = print_sets(sets) + print_many(many)
    for failure in failures:
        print(f"failed: {failure}")
    if args.json:
        args.json.write_text(json.dumps({"machine": header, "failures": failures,
                                         "sets": [{"set": case.name, "down_after_ms": case.down_after_ms, "how": how,
                                                   "strikes": [asdict(one) for one in found]} for case, how, found in sets],
                                         "many": [{"by": kind, **asdict(one)} for kind, one in many]}, indent=1) + "\n")
    return 1 if args.check and (missed or failures) else 0


if __name__ == "__main__":
    sys.exit(main())
