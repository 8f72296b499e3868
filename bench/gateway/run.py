#!/usr/bin/env python3
"""Measures Holdfast, HAProxy and a bare relay side by side. See bench/README.md for what the figures mean."""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import machine
import proxies
import report
from cases import CASES, Bench, Case, bout_sticky
from processes import BenchError, end_all

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("hf_bench_backend", "hf_bench_load", "hf_bench_floor")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short bouts and two rounds: does it work, not how fast")
    parser.add_argument("--rounds", type=int, help="rounds of every case (5; 2 with --quick)")
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES], metavar="CASE",
                        help="only this case; may be repeated: " + ", ".join(case.name for case in CASES))
    parser.add_argument("--kinds", default="floor,haproxy,holdfast", help="which proxies (floor,haproxy,holdfast)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every bout's figures there")
    parser.add_argument("--check", action="store_true", help="end with status 1 when a budget is missed")
    parser.add_argument("--tools", type=Path, help="directory of the hf_bench programs")
    parser.add_argument("--holdfast", type=Path, help="the holdfast program")
    parser.add_argument("--keep", action="store_true", help="keep the directory with settings and logs")
    return parser.parse_args()


def find_program(name: str, given: Path | None, places: list[str]) -> Path | None:
    candidates = [given] if given else [ROOT / place for place in places]
    for place in candidates:
        program = place / name if place.is_dir() else place
        if program.is_file() and program.name == name:
            return program
    return None


def find_tools(args: argparse.Namespace) -> proxies.Tools:
    places = ["build/release/bench/gateway"]
    found = [find_program(name, args.tools, places) for name in TOOLS]
    if None in found:
        sys.exit("bench: the hf_bench programs are not built. Run: cmake --preset release && "
                 f"cmake --build --preset release --target {' '.join(TOOLS)}")
    holdfast = find_program("holdfast", args.holdfast, ["build/release/src/cli", "build/release"])
    return proxies.Tools(*found, haproxy=proxies.find_haproxy(), holdfast=holdfast)


def usable_kinds(args: argparse.Namespace, tools: proxies.Tools) -> list[str]:
    kinds = []
    for kind in args.kinds.split(","):
        if kind not in ("floor", "haproxy", "holdfast"):
            sys.exit(f"bench: there is no proxy kind {kind!r}")
        if getattr(tools, kind) is None:
            print(f"bench: {kind} is not on this machine (or not built); its columns stay empty")
        else:
            kinds.append(kind)
    return kinds


def check_sticky(bench: Bench, kinds: list[str]) -> list[str]:
    """Leaves out a proxy that does not send the same client to the same node: it would be measured doing less."""
    sound = []
    for kind in kinds:
        try:
            result = bout_sticky(bench, kind)
        except BenchError as error:
            print(f"bench: {kind} is left out: {error}")
            continue
        if result["moved"] or result["nodes"] < 2:
            print(f"bench: {kind} is left out: {result['moved']:.0f} of 40 clients came to another node when they came "
                  f"again, {result['nodes']:.0f} nodes were used")
            continue
        sound.append(kind)
    return sound


def run_case(bench: Bench, case: Case, kinds: list[str], rounds: int, samples: report.Samples) -> None:
    """Alternates the kinds, and starts each round with another one, so that a slow drift meets all alike."""
    for number in range(rounds):
        turn = number % len(kinds)
        order = kinds[turn:] + kinds[:turn]
        direct = _bout(bench, case, "direct", number, samples) if case.needs_direct else None
        for kind in order:
            bout = _bout(bench, case, kind, number, samples)
            if case.needs_direct and bout is not None:
                bout = {**bout, "added_us": bout["median_us"] - direct["median_us"]} if direct else None
            samples.add(case.name, kind, bout)


def _bout(bench: Bench, case: Case, kind: str, number: int, samples: report.Samples) -> dict | None:
    started = time.monotonic()
    try:
        bout = case.bout(bench, kind)
    except BenchError as error:
        samples.failures.append(f"{case.name}, {kind}, round {number + 1}: {error}")
        print(f"  {case.name:<11}{kind:<9} round {number + 1}: failed: {error}", file=sys.stderr, flush=True)
        return None
    shown = ", ".join(f"{name} {value:.4g}" for name, value in bout.items() if value)
    print(f"  {case.name:<11}{kind:<9} round {number + 1}: {shown} ({time.monotonic() - started:.1f} s)",
          file=sys.stderr, flush=True)
    if kind == "direct":
        samples.add(case.name, kind, bout)
    return bout


def print_result(cases: list[Case], samples: report.Samples, kinds: list[str], header: list[str]) -> bool:
    """Prints all of it; true when nothing was missed."""
    print()
    print("\n".join(header))
    print()
    print(report.table(cases, samples, kinds))
    print()
    busy = _busy(cases, samples, kinds)
    if busy:
        print("Share of its core that the proxy used (median): " + "; ".join(busy))
    direct = samples.values("round-trip", "direct", "median_us")
    if direct:
        print(f"Round trip without a proxy: {statistics.median(direct):.1f} us (the zero of the added round trip)")
    if "holdfast" not in kinds:
        print("Holdfast was not measured: no verdicts.")
    for failure in samples.failures:
        print(f"failed: {failure}")
    verdicts = [report.verdict(figure, samples, case.name) for case in cases for figure in case.figures]
    return "missed" not in verdicts


def _busy(cases: list[Case], samples: report.Samples, kinds: list[str]) -> list[str]:
    parts = []
    for case in cases:
        bouts = samples.bouts.get(case.name, {})
        shares = {kind: [bout["busy"] for bout in bouts.get(kind, []) if bout and "busy" in bout] for kind in kinds}
        shown = [f"{kind} {100 * statistics.median(values):.0f} %" for kind, values in shares.items() if values]
        if shown:
            parts.append(f"{case.name}: {', '.join(shown)}")
    return parts


def main() -> int:
    args = arguments()
    tools = find_tools(args)
    congestion = machine.settle_congestion_control()
    cores = machine.choose_cores()
    run_dir = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    bench = Bench(tools, cores, run_dir, machine.descriptor_limit(), args.quick)
    cases = [case for case in CASES if not args.only or case.name in args.only]
    rounds = args.rounds or (2 if args.quick else 5)
    header = [machine.describe(), f"congestion control: {congestion}",
              f"proxy on core {cores.proxy}, all else on core {cores.others}; {rounds} alternating rounds"
              + (", short bouts: the figures show that it works, not how fast" if args.quick else ""),
              f"load average at the start: {machine.load_now():.2f}"]
    if cores.proxy == cores.others:
        header.append("only one core is usable: proxy and peers share it, and CPU figures suffer")
    if tools.haproxy:
        header.append(proxies.haproxy_version(tools.haproxy))
    samples = report.Samples()
    kinds = usable_kinds(args, tools)
    try:
        kinds = check_sticky(bench, kinds)
        if not kinds:
            sys.exit("bench: nothing to measure")
        for case in cases:
            run_case(bench, case, kinds, rounds * (1 if args.quick else case.rounds_factor), samples)
    except KeyboardInterrupt:
        print("bench: interrupted; the table shows what was measured until then")
    finally:
        end_all()
        if args.keep:
            print(f"bench: settings and logs are in {run_dir}")
        else:
            shutil.rmtree(run_dir, ignore_errors=True)
    good = print_result(cases, samples, kinds, header)
    if args.json:
        args.json.write_text(json.dumps({"machine": header, "rounds": rounds, "quick": args.quick,
                                         "bouts": samples.bouts, "failures": samples.failures}, indent=1) + "\n")
    return 1 if args.check and not good else 0


if __name__ == "__main__":
    sys.exit(main())
