#!/usr/bin/env python3
"""Measures commands through Holdfast beside the same without it. See bench/README.md for what the figures mean."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import machine
import report
from cases import CASES, Bench, Case
from processes import BenchError, end_all
from scene import Tools, find_mosquitto


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short bouts and one round: does it work, not how fast")
    parser.add_argument("--rounds", type=int, help="rounds of every case (5; 1 with --quick)")
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES], metavar="CASE",
                        help="only this case; may be repeated: " + ", ".join(case.name for case in CASES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every bout's figures there")
    parser.add_argument("--check", action="store_true", help="end with status 1 when a budget is missed")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="directory of the built programs")
    parser.add_argument("--keep", action="store_true", help="keep the directory with settings and logs")
    return parser.parse_args()


def find_tools(build: Path) -> Tools:
    bench, holdfast = build / "bench/commands/hf_bench_commands", build / "src/cli/holdfast"
    for program in (bench, holdfast):
        if not program.is_file():
            sys.exit(f"bench: {program} is not built. Run: ./dev build")
    mosquitto = find_mosquitto()
    if mosquitto is None:
        sys.exit("bench: mosquitto is not on this machine, and everything here rests on it")
    return Tools(bench, holdfast, mosquitto)


def run_case(bench: Bench, case: Case, rounds: int, samples: report.Samples) -> None:
    """Alternates the kinds, and starts each round with another one, so that a slow drift meets both alike."""
    kinds = ["holdfast"] if case.peer is None else [case.peer, "holdfast"]
    for number in range(rounds):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            samples.add(case.name, kind, _bout(bench, case, kind, number, samples))


def _bout(bench: Bench, case: Case, kind: str, number: int, samples: report.Samples) -> dict | None:
    started = time.monotonic()
    try:
        bout = case.bout(bench, kind)
    except BenchError as error:
        samples.failures.append(f"{case.name}, {kind}, round {number + 1}: {error}")
        print(f"  {case.name:<7}{kind:<9} round {number + 1}: failed: {error}", file=sys.stderr, flush=True)
        return None
    shown = ", ".join(f"{figure.name} {bout[figure.name]:.5g}" for figure in case.figures if bout.get(figure.name))
    print(f"  {case.name:<7}{kind:<9} round {number + 1}: {shown} ({time.monotonic() - started:.1f} s)",
          file=sys.stderr, flush=True)
    return bout


def main() -> int:
    args = arguments()
    run_dir = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    bench = Bench(find_tools(args.build), run_dir, args.quick)
    cases = [case for case in CASES if not args.only or case.name in args.only]
    rounds = args.rounds or (1 if args.quick else 5)
    header = [machine.describe(),
              f"{rounds} alternating rounds" + (", short: the figures show that it works, not how fast" if args.quick else ""),
              f"load average at the start: {machine.load_now():.2f}"]
    samples = report.Samples()
    try:
        for case in cases:
            run_case(bench, case, rounds, samples)
    except KeyboardInterrupt:
        print("bench: interrupted; the table shows what was measured until then")
    finally:
        end_all()
        if args.keep:
            print(f"bench: settings and logs are in {run_dir}")
        else:
            shutil.rmtree(run_dir, ignore_errors=True)
    print("\n" + "\n".join(header) + "\n\n" + report.table(cases, samples))
    for failure in samples.failures:
        print(f"failed: {failure}")
    if args.json:
        args.json.write_text(json.dumps({"machine": header, "rounds": rounds, "quick": args.quick,
                                         "bouts": samples.bouts, "failures": samples.failures}, indent=1) + "\n")
    verdicts = [report.verdict(case, figure, samples) for case in cases for figure in case.figures]
    return 1 if args.check and "missed" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
