#!/usr/bin/env python3
"""Compares sekisho with labelled examples of another project.

    bench/labelled.py CASES BINARY [--map bench/labelled.yaml] [--framework cfn]

CASES holds one JSON object a line: id, check, title, framework, expected (PASS or FAIL), source.
labelled.yaml says which controls ask the same as a check. Each source is written to a file of its
own and scanned. FAIL agrees when one of these controls fails on it. PASS agrees when none fails and
none is unknown. An unknown where nothing fails is undecided, neither agreement nor disagreement.

Prints Markdown: the score, and every case that does not agree. Exit 0; 2 when the cases, the map or
the binary are not as they should be.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SUFFIX = {"cfn": "yaml", "tf": "tf"}


def stop(message):
    print(f"labelled.py: {message}", file=sys.stderr)
    raise SystemExit(2)


def read_map(path):
    """check -> ("controls", [id, …]) | ("none", why) | ("gap", why)"""
    entries, open_check = {}, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if match := re.fullmatch(r"([A-Z0-9-]+): \[([a-z0-9, -]+)\]", line):
            check, value = match[1], ("controls", [part.strip() for part in match[2].split(",")])
            open_check = None
        elif match := re.fullmatch(r"([A-Z0-9-]+):", line):
            open_check = match[1]
            continue
        elif open_check and (match := re.fullmatch(r"  (none|gap): (.+)", line)):
            check, value = open_check, (match[1], match[2])
            open_check = None
        else:
            stop(f"{path}:{number}: not understood: {line}")
        if check in entries:
            stop(f"{path}:{number}: {check} stands here twice")
        entries[check] = value
    return entries


def run(binary, arguments, folder=None):
    done = subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        stop(f"{' '.join(arguments)}: exit {done.returncode}, no JSON: {done.stderr.strip()[:300]}")


def verdicts(binary, case, controls):
    """The verdicts of these controls, in an empty folder, so that no configuration is found."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"case.{SUFFIX[case['framework']]}"
        pathlib.Path(folder, name).write_text(case["source"], encoding="utf-8")
        chosen = [word for control in controls for word in ("--control", control)]
        report = run(binary, ["scan", name, "--format", "json", "--verdicts", "all", *chosen], folder)
    return [v for v in report["verdicts"] if v["control"] in controls]


def compare(expected, found):
    kinds = {v["verdict"] for v in found}
    if expected == "FAIL":
        if "fail" in kinds:
            return "agrees"
    elif "fail" in kinds:
        return "disagrees"
    elif "unknown" not in kinds:
        return "agrees"
    return "undecided" if "unknown" in kinds else "disagrees"


def answer(found):
    """What was said, in one cell: fails and unknowns first, else passes, else nothing asked."""
    for kind in ("fail", "unknown", "pass"):
        said = sorted({(v["control"], v["reason"] or "") for v in found if v["verdict"] == kind})
        if said:
            return "; ".join(f"{kind} {c}" + (f" ({r})" if r and kind == "unknown" else "") for c, r in said)
    return "not applicable"


def short(case):
    return re.sub(r"^trivy:|cloudformation:|terraform:", "", case["id"]).replace(":", " ").replace("#", " ")


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=pathlib.Path)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--map", type=pathlib.Path, default=pathlib.Path(__file__).with_name("labelled.yaml"))
    parser.add_argument("--framework", choices=sorted(SUFFIX), default="cfn")
    options = parser.parse_args()
    binary = str(options.binary.resolve())
    if not os.access(binary, os.X_OK):
        stop(f"{options.binary} cannot be run")

    entries = read_map(options.map)
    known = {control["id"] for control in run(binary, ["controls", "--format", "json"])["controls"]}
    named = {c for kind, value in entries.values() if kind == "controls" for c in value}
    if missing := sorted(named - known):
        stop(f"{options.map}: no such control: {', '.join(missing)}")

    try:
        lines = options.cases.read_text(encoding="utf-8").splitlines()
        cases = [c for c in map(json.loads, lines) if c["framework"] == options.framework]
    except (OSError, ValueError, KeyError) as error:
        stop(f"{options.cases}: {error}")
    if missing := sorted({c["check"] for c in cases} - set(entries)):
        stop(f"{options.map}: says nothing about {', '.join(missing)}")

    asked = [c for c in cases if entries[c["check"]][0] == "controls"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda c: verdicts(binary, c, entries[c["check"]][1]), asked))
    results = [(c, found, compare(c["expected"], found)) for c, found in zip(asked, answers)]

    def count(*kinds):
        return sum(r[2] in kinds for r in results)

    def without(kind):
        chosen = [c for c in cases if entries[c["check"]][0] == kind]
        return f"{len(chosen)} cases of {len({c['check'] for c in chosen})} checks"

    print("| cases | compared | agree | undecided | disagree | no counterpart by design | no counterpart yet |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    print(f"| {len(cases)} | {len(results)} | {count('agrees')} ({count('agrees') / max(len(results), 1):.1%}) "
          f"| {count('undecided')} | {count('disagrees')} | {without('none')} | {without('gap')} |")
    print()
    for expected in ("FAIL", "PASS"):
        part = [r for r in results if r[0]["expected"] == expected]
        print(f"{expected} expected: {sum(r[2] == 'agrees' for r in part)} of {len(part)} agree.")
    silent = [r for r in results if r[2] == "agrees" and not any(v["verdict"] in ("pass", "fail") for v in r[1])]
    print(f"Agree only because no control applied: {', '.join(short(r[0]) for r in silent) or 'none'}.")
    for kind in ("disagrees", "undecided"):
        print(f"\n### {kind.capitalize()}\n\n| case | expected | here |\n|---|---|---|")
        for case, found, result in sorted(results, key=lambda r: r[0]["id"]):
            if result == kind:
                print(f"| {short(case)}: {cell(case['title'])} "
                      f"| {case['expected']} | {cell(answer(found))} |")


if __name__ == "__main__":
    main()
