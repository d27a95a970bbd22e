"""What bench/cpu.py and bench/gpu.py share: models on disk, processes, the tenfold command, tables, JSON."""
import argparse
import datetime
import json
import math
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ZOO = ROOT / "bench" / "zoo"
MODELS = ROOT / "build" / "bench-zoo"
sys.path.insert(0, str(ZOO))


class Failure(Exception):
    """A step that did not work, with the reason as its text; it ends up in the row."""


def use_environment(folder):
    """Go on in a virtual environment of the repository, if it is there and this is not it."""
    python = ROOT / folder / "bin" / "python"
    if not python.exists():
        print(f"{folder} is not there (scripts/bench-setup makes it): going on with this python", file=sys.stderr)
    elif Path(sys.prefix).resolve() != (ROOT / folder).resolve():
        os.execv(python, [str(python), *sys.argv])


def run(command, limit):
    """Run a command; returns its standard output, or raises Failure with the last line of its messages."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=limit)
    except FileNotFoundError:
        raise Failure(f"{Path(command[0]).name} is not there") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"over {limit} s") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise Failure(f"exit {done.returncode}: {last[:300]}")
    return done.stdout


def run_json(command, limit):
    """Run a command and parse the JSON that its output ends with: the last line, or all from the first brace on."""
    text = run(command, limit)
    for candidate in (text.strip().rpartition("\n")[2], text[max(text.find("{"), 0):]):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    raise Failure(f"output is not JSON: {text[-200:]!r}")


def model_files(model, form):
    """Paths of a zoo model's files, made (anew) if absent or older than the zoo's sources."""
    import make
    folder = MODELS / model
    names = [f"{model}.onnx"] if form == "onnx" else ["deploy.prototxt", f"{model}.caffemodel"]
    paths = [folder / name for name in names]
    sources = max(f.stat().st_mtime for f in [*ZOO.glob("*.py"), ZOO / "gains.json"] if not f.name.startswith("test_"))
    if not all(p.exists() and p.stat().st_mtime > sources for p in paths):
        print(f"making {model} ({form})", file=sys.stderr, flush=True)
        try:
            make.write(model, form, folder)
        except ModuleNotFoundError as missing:
            raise Failure(f"making {model} needs {missing.name}: scripts/bench-setup, then .deps/bench-venv/bin/python") from None
    return paths


# ---- the tenfold command ----

def binary():
    """The command under test: $TENFOLD, else the release build's."""
    path = Path(os.environ.get("TENFOLD", ROOT / "build" / "release" / "bin" / "tenfold"))
    if not path.exists():
        raise Failure("tenfold is not built (cmake --preset release, or set TENFOLD)")
    return path


def build_plan(model, batch, flags, folder, limit=1800):
    """Build a plan of a zoo model; returns its path."""
    plan = Path(folder) / f"{model}-b{batch}.plan"
    run([binary(), "build", *model_files(model, "caffe"), "-o", plan, "--batch", batch, *flags], limit)
    return plan


def plan_output(plan, net, array, flags, folder, limit=300):
    """The network's output as `tenfold run` computes it for a raw input."""
    import numpy as np
    source, out = Path(folder) / "data.npy", Path(folder) / "out"
    np.save(source, array)
    out.mkdir(exist_ok=True)
    run([binary(), "run", plan, "--raw-input", "--input", f"data={source}", "--output-dir", out, *flags], limit)
    named = out / f"{net.output}.npy"
    found = [named] if named.exists() else sorted(out.glob("*.npy"))
    if not found:
        raise Failure("tenfold run wrote no .npy")
    return np.load(found[0])


def bench_plan(plan, batch, flags, limit=300, figure="latency_ms"):
    """{"median", "min"} in ms, as `tenfold bench` reports them: one run waited for (latency_ms), or runs queued behind
    each other (back_to_back_ms)."""
    report = run_json([binary(), "bench", plan, "--batch", batch, "--json", *flags], limit)
    return {key: float(report[figure][key]) for key in ("median", "min")}


def compare(got, wanted, absolute, relative):
    """max_abs_diff, rms_diff, top1_agree and agrees: |got - wanted| <= absolute + relative |wanted|, everywhere."""
    import numpy as np
    got, wanted = (a.reshape(len(a), -1).astype(np.float64) for a in (got, wanted))
    if got.shape != wanted.shape:
        return {"max_abs_diff": math.inf, "rms_diff": math.inf, "agrees": False, "top1_agree": 0.0}
    diff = np.abs(got - wanted)
    return {"max_abs_diff": float(diff.max()), "rms_diff": float(np.sqrt((diff**2).mean())),
            "agrees": bool((diff <= absolute + relative * np.abs(wanted)).all()),
            "top1_agree": float((got.argmax(1) == wanted.argmax(1)).mean())}


# ---- reports ----

def summary(repeats):
    """One figure of several repeats: the median of their medians, the least of their minima."""
    if not repeats:
        return None
    medians = sorted(r["median"] for r in repeats)
    middle = len(medians) // 2
    median = medians[middle] if len(medians) % 2 else (medians[middle - 1] + medians[middle]) / 2
    return {"median": round(median, 4), "min": round(min(r["min"] for r in repeats), 4)}


def ratio(ours, peers):
    """(fastest peer, its median over ours: above 1 we are faster), or (None, None)."""
    there = {name: ms["median"] for name, ms in peers.items() if ms}
    if not there:
        return None, None
    best = min(there, key=there.get)
    return best, round(there[best] / ours["median"], 3) if ours else None


def geometric_mean(values):
    values = [v for v in values if v]
    return round(math.exp(sum(map(math.log, values)) / len(values)), 3) if values else None


def cell(ms):
    """median/min of one contestant for the table."""
    return f"{ms['median']:.3g}/{ms['min']:.3g}" if ms else "-"


def table(head, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def error_lines(rows):
    """A line for each contestant that is missing from a row, with the reason."""
    return "\n".join(f"{r['model']} b{r['batch']}: {who}: {why}" for r in rows for who, why in r.get("errors", {}).items())


def versions(*packages):
    """Versions of Python packages, Tenfold's commit and Python."""
    from importlib import metadata
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    try:
        found["tenfold"] = run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], 10).strip()
    except Failure:
        found["tenfold"] = None
    return found


def processor():
    """The machine's processor, without its name or address."""
    facts = {"model": platform.processor() or platform.machine(), "cpus": os.cpu_count()}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                facts["model"] = value.strip()
            elif key.strip() == "flags":
                flags = value.split()
                facts["features"] = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if f in flags]
    except OSError:
        pass
    return facts


def sizes(text):
    """A comma-separated list of sizes, each at least 1; for argparse."""
    found = [int(part) for part in text.split(",")]
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"{text}: give sizes from 1, such as 1,8")
    return found


def report_file(text):
    """The name of a report that can be written, found out before anything is measured; for argparse."""
    path = Path(text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}")
    return text


def write_report(path, report):
    """Add the date to a report and write it, if a path was asked for."""
    report = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), **report}
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(report, indent=2) + "\n")
