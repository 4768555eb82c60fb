#!/usr/bin/env python3
"""Time sekisho beside other tools: CPU seconds, peak memory, ratio.

    run.py --sekisho target/release/sekisho
    run.py --sekisho BIN --guard BIN --guard-rules DIR --checkov BIN --markdown out.md

Builds nothing. Makes the inputs with generate.py (checked against inputs.sha256)
and runs each tool on each of them. What is missing is printed as "not run".

CPU seconds are user + system of the process and all its children, so that a
tool gains nothing by using more cores. Memory is the peak of the largest
process. Both are what the kernel counted (wait4). Medians are shown, with the
number of runs.
"""

import argparse
import ctypes
import hashlib
import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
# Runs its arguments in the background, with their output in files, and says
# which process it is. See measure().
LAUNCH = 'out=$1 err=$2; shift 2; "$@" </dev/null >"$out" 2>"$err" & echo $!'
PR_SET_CHILD_SUBREAPER = 36


class Run:
    def __init__(self, cpu, peak, status, written, stopped):
        self.cpu, self.peak, self.status, self.written, self.stopped = cpu, peak, status, written, stopped


def adopt_orphans():
    """Let this process, and not init, wait for a child's orphaned children."""
    try:
        return ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def measure(command, output, timeout):
    """Run once. `output` is the file in which the tool's result is expected.

    A process inherits the peak memory of the one that started it, up to its
    exec. Python's is larger than that of a small tool, so a shell of about 2 MB
    starts the tool and ends, and the tool is waited for here as an orphan.
    """
    if os.path.exists(output):
        os.remove(output)
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        target = out.name if "{output}" in " ".join(command) else output
        command = [part.replace("{output}", output) for part in command]
        shell = subprocess.run(["/bin/sh", "-c", LAUNCH, "sh", target, err.name, *command], stdout=subprocess.PIPE, check=True)
        pid = int(shell.stdout)
        stopped = threading.Event()

        def stop():
            stopped.set()
            os.kill(pid, signal.SIGKILL)

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            _, status, usage = os.wait4(pid, 0)
        finally:
            timer.cancel()
        code = os.waitstatus_to_exitcode(status)
        written = os.path.getsize(output) if os.path.exists(output) else 0
        if written == 0 and not stopped.is_set():
            sys.stderr.write(open(err.name, errors="replace").read()[-1000:])
        return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code, written, stopped.is_set())


# -- tools ------------------------------------------------------------------


class Tool:
    def __init__(self, name, program, arguments, version=("--version",), runs=3, most=None, once_above=None):
        self.name, self.program, self.arguments = name, program, arguments
        self.runs, self.most, self.once_above = runs, most, once_above
        self.version = self.ask(version) if program and version else None

    def ask(self, arguments):
        try:
            text = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=120).stdout
        except OSError as error:
            sys.exit(f"run.py: {self.name}: {error}")
        except subprocess.TimeoutExpired:
            return "?"
        return (text.strip().splitlines() or ["?"])[0]

    def command(self, path):
        flag = "-d" if os.path.isdir(path) else "-f"
        return [self.program] + [a.replace("{input}", path).replace("{flag}", flag) for a in self.arguments]

    def runs_on(self, size):
        if not self.program or (self.most and size > self.most):
            return 0
        return 1 if self.once_above and size > self.once_above else self.runs


def tools(options, rules):
    sekisho = ["scan", "{input}", "--format", "json"]
    if options.sekisho_output == "file":
        sekisho += ["--output", "{output}"]
    guard = ["validate", "-r", rules or "", "-d", "{input}", "--structured", "-o", "json", "-S", "none"]
    checkov = "--skip-download --compact --quiet -o json --framework cloudformation {flag} {input}".split()
    limits = {"runs": options.rival_runs, "once_above": options.rival_once_above}
    return [
        Tool("sekisho", options.sekisho, sekisho, runs=options.runs),
        Tool("cfn-guard", options.guard if rules else None, guard, most=options.guard_most, **limits),
        Tool("Checkov", options.checkov, checkov, most=options.checkov_most, **limits),
    ]


def parser_alone(text, options):
    if not text:
        return None
    program, *arguments = shlex.split(text)
    if not any("{input}" in a for a in arguments):
        arguments.append("{input}")
    return Tool("parser alone", program, arguments, version=(), runs=options.runs)


def checked_rules(folder):
    """The number of rules that are those of guard-rules.sha256, or why not."""
    expected = {}
    for line in open(os.path.join(HERE, "guard-rules.sha256")):
        value, path = line.split()
        expected[os.path.basename(path)] = value
    found = {}
    for name in os.listdir(folder):
        if name.endswith((".guard", ".ruleset")):
            found[name] = digest(os.path.join(folder, name))
    if found == expected:
        return f"{len(found)} rules as in guard-rules.sha256"
    same = sum(found.get(name) == digest for name, digest in expected.items())
    return f"{len(found)} rules, {same} of the {len(expected)} in guard-rules.sha256"


# -- inputs -----------------------------------------------------------------


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Input:
    """A file or a folder. The digest of a folder is that of its files' digests, in the order of their names."""

    def __init__(self, label, path, size=None):
        self.label, self.path, self.size = label, path, size
        files = [path]
        if os.path.isdir(path):
            files = sorted(os.path.join(d, f) for d, _, names in os.walk(path) for f in names)
        self.files = len(files)
        self.bytes = sum(os.path.getsize(f) for f in files)
        self.digest = digest(path) if files == [path] else hashlib.sha256("".join(map(digest, files)).encode()).hexdigest()


def generated(options, folder):
    def make(*arguments):
        subprocess.run([sys.executable, os.path.join(HERE, "generate.py"), *arguments], check=True)

    inputs = []
    if options.start_up:
        path = os.path.join(folder, "trivial.json")
        make("--trivial", path)
        inputs.append(Input("start-up (1 trivial resource)", path, 1))
    for form in options.forms:
        for size in options.series:
            seed = ["-n", str(size), "--seed", str(options.seed)]
            if form in ("json", "yaml"):
                path = os.path.join(folder, f"one-{size}.{form}")
                make(*seed, path)
                inputs.append(Input(f"one template, {form.upper()}", path, size))
            elif size >= 200:
                path = os.path.join(folder, f"files-{size}")
                make(*seed, "--per-file", "200", path)
                inputs.append(Input("templates of 200, JSON", path, size))
    return inputs


def pinned():
    path = os.path.join(HERE, "inputs.sha256")
    if not os.path.exists(path):
        return {}
    return {name: value for value, name in (line.split() for line in open(path) if line.strip())}


# -- table ------------------------------------------------------------------


def seconds(value):
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def megabytes(count):
    return f"{count / 1e6:.2f}" if count < 1e7 else f"{count / 1e6:.1f}"


def machine():
    model = "unknown processor"
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{len(os.sched_getaffinity(0))} cores, {model}"


def run_all(inputs, all_tools, options, prefix, work):
    """One record for each pair of input and tool, measured or not."""
    records, pins = [], pinned()
    for entry in inputs:
        name = os.path.basename(entry.path)
        if entry.size and options.seed == 1 and pins.get(name, entry.digest) != entry.digest:
            sys.stderr.write(f"run.py: {name} is not the input of inputs.sha256\n")
        for tool in all_tools:
            record = {
                "input": entry.label, "resources": entry.size, "bytes": entry.bytes, "sha256": entry.digest,
                "tool": tool.name, "version": tool.version, "cpu_seconds": [],
            }  # fmt: skip
            records.append(record)
            runs = []
            for _ in range(tool.runs_on(entry.size or 0)):
                runs.append(measure(prefix + tool.command(entry.path), os.path.join(work, "result"), options.timeout))
                if runs[-1].stopped or runs[-1].cpu > options.long:
                    break
            if runs:
                record["cpu_seconds"] = [round(r.cpu, 5) for r in runs]
                record["peak_mb"] = [round(r.peak, 2) for r in runs]
                record["exit"] = runs[-1].status
                record["stopped"] = runs[-1].stopped
                record["output_bytes"] = runs[-1].written
                sys.stderr.write(f"{entry.label}, {entry.size or '-'}: {tool.name} {record['cpu_seconds']}\n")
    return records


def table(records):
    rows = [
        "| input | resources | MB | tool | CPU s (runs) | peak MB | exit | output kB | ratio to sekisho |",
        "|---|--:|--:|---|--:|--:|--:|--:|--:|",
    ]
    ours = {
        (r["input"], r["resources"]): statistics.median(r["cpu_seconds"])
        for r in records
        if r["tool"] == "sekisho" and r["cpu_seconds"]
    }
    for r in records:
        size = f"{r['resources']:,}" if r["resources"] else "-"
        start = f"| {r['input']} | {size} | {megabytes(r['bytes'])} | {r['tool']} |"
        if not r["cpu_seconds"]:
            rows.append(f"{start} not run | | | | |")
            continue
        cpu = statistics.median(r["cpu_seconds"])
        shown = f"> {seconds(cpu)}, stopped" if r["stopped"] else seconds(cpu)
        own = ours.get((r["input"], r["resources"]))
        ratio = "" if not own else f"{cpu / own:,.0f}" if cpu / own >= 10 else f"{cpu / own:.2g}"
        peak = statistics.median(r["peak_mb"])
        output = f"{r['output_bytes'] / 1000:,.1f}"
        rows.append(f"{start} {shown} ({len(r['cpu_seconds'])}) | {peak:.1f} | {r['exit']} | {output} | {ratio} |")
    return rows


def show(records, options):
    versions = {}
    for record in records:
        if record["cpu_seconds"] and record["version"]:
            versions[record["tool"]] = record["version"].removeprefix(record["tool"]).strip()
    tools_line = "; ".join(f"{tool} {version}" for tool, version in versions.items())
    text = f"{machine()}. {tools_line or 'No tool was run'}.\n\n" + "\n".join(table(records)) + "\n"
    if options.markdown:
        with open(options.markdown, "w") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


def numbers(text):
    return [int(part.replace("_", "")) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sekisho", metavar="BIN", help="a release build of sekisho")
    parser.add_argument("--sekisho-output", choices=["file", "stdout"], default="file",
                        help="write with --output (default), or redirect the standard output")  # fmt: skip
    parser.add_argument("--guard", metavar="BIN", help="cfn-guard")
    parser.add_argument("--guard-rules", metavar="DIR", help="the folder with the 85 HIPAA rules, flat")
    parser.add_argument("--checkov", metavar="BIN", help="checkov, in the bin folder of its virtual environment")
    parser.add_argument("--parser", metavar="COMMAND", help="a command that only parses {input}, for the floor")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=PATH", help="also time this file or folder")
    parser.add_argument("--series", type=numbers, default=[1, 100, 1000, 10000, 100000], metavar="N,N,…",
                        help="sizes to generate (default 1 to 100,000); 0 for none")  # fmt: skip
    parser.add_argument("--forms", type=lambda t: t.split(","), default=["json", "yaml", "files"],
                        help="of json, yaml, files (default all)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-up", action="store_true", help="add a row with one trivial resource")
    parser.add_argument("--runs", type=int, default=5, help="runs of sekisho and the parser (default 5)")
    parser.add_argument("--rival-runs", type=int, default=3, help="runs of the others (default 3)")
    parser.add_argument("--rival-once-above", type=int, default=500, metavar="N", help="one run above N resources (default 500)")
    parser.add_argument("--guard-most", type=int, default=10000, metavar="N", help="largest input for cfn-guard (default 10,000)")
    parser.add_argument("--checkov-most", type=int, default=10000, metavar="N", help="largest input for Checkov (default 10,000)")
    parser.add_argument("--long", type=float, default=30, metavar="S", help="no second run after one of S CPU seconds (default 30)")
    parser.add_argument("--timeout", type=float, default=900, metavar="S", help="stop a run after S seconds (default 900)")
    parser.add_argument("--prefix", default="", help="run the tools with this before them, such as 'unshare -n'")
    parser.add_argument("--keep", metavar="DIR", help="keep the generated inputs here (bench/out is ignored by git)")
    parser.add_argument("--pin", action="store_true", help="write inputs.sha256 and run nothing")
    parser.add_argument("--markdown", metavar="FILE", help="write the table here instead of to the standard output")
    parser.add_argument("--raw", metavar="FILE", help="write every run as JSON lines")
    parser.add_argument("--render", nargs="+", metavar="RAW", help="run nothing: one table from such files of this machine")
    options = parser.parse_args()
    if options.render:
        show([json.loads(line) for path in options.render for line in open(path)], options)
        return
    options.series = [n for n in options.series if n]

    if not adopt_orphans():
        sys.exit("run.py: this needs Linux")
    with tempfile.TemporaryDirectory() as work:
        folder = options.keep or os.path.join(work, "inputs")
        os.makedirs(folder, exist_ok=True)
        inputs = generated(options, folder)
        if options.pin:
            with open(os.path.join(HERE, "inputs.sha256"), "w") as file:
                file.writelines(f"{i.digest}  {os.path.basename(i.path)}\n" for i in inputs)
            return
        for text in options.input:
            label, found, path = text.partition("=")
            if not found or not os.path.exists(path):
                sys.exit(f"run.py: --input wants NAME=PATH of something that exists: {text}")
            inputs.append(Input(label, path))

        rules = options.guard_rules
        if options.guard and not rules:
            sys.exit("run.py: --guard needs --guard-rules")
        all_tools = [t for t in tools(options, rules) + [parser_alone(options.parser, options)] if t]
        for tool in all_tools:
            if tool.name == "cfn-guard" and tool.program:
                tool.version += f", {checked_rules(rules)}"
        records = run_all(inputs, all_tools, options, shlex.split(options.prefix), work)
    if options.raw:
        with open(options.raw, "w") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    show(records, options)


if __name__ == "__main__":
    main()
