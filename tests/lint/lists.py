#!/usr/bin/env python3
"""Checks the .def lists: one thing, one file, one line (docs/architecture.md).

What a list names is defined once, in the file of its name or in the one that a comment behind the line
names; what its folder defines stands in the list. Run from the root; prints one line a breach and exits
1 if there is any.
"""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
# list, macro (the name is its last argument), definition of a name in a source file, file of the name.
LISTS = [
    ("src/op/ops.def", "OP", r"^Op op_(\w+)\(\) ?\{", True),
    ("src/pass/pipeline.def", "PASS", r"^bool (\w+)\(Graph& \w+, const PassOptions& ?\w*\) ?\{", True),
    ("src/import/caffe/layers.def", "CAFFE_LAYER", r"^CAFFE_LAYER_IMPORT\((\w+)\)", True),
    ("clients/cli/verbs.def", "VERB", r"^Action add_(\w+)\(", True),
    ("backends/cpu/kernels.def", "KERNEL", r"^std::unique_ptr<Row> (\w+)\(\) ?\{", False),
    ("backends/cuda/kernels.def", "KERNEL", r"^std::unique_ptr<Row> (\w+)\(\) ?\{", False),
]
problems = []


def plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def check(listing, macro, definition, file_of_name):
    text = (ROOT / listing).read_text()
    listed = {}
    for arguments, file in re.findall(rf"^{macro}\(([^)]*)\)(?:[ \t]*// (\S+\.cpp))?", text, re.M):
        name = arguments.split(",")[-1].strip()
        if name in listed:
            problems.append(f"{listing}: {name} is listed twice")
        listed[name] = file
    defined = {}
    for source in sorted((ROOT / listing).parent.rglob("*.cpp")):
        for name in re.findall(definition, source.read_text(), re.M):
            path = source.relative_to(ROOT).as_posix()
            if name in defined:
                problems.append(f"{path}: {name} is defined in {defined[name]} too")
            defined[name] = path
            if name not in listed:
                problems.append(f"{path}: {name} is not in {listing}")
            elif file_of_name and (listed[name] or plain(name) + ".cpp") not in (
                    source.name, plain(source.stem) + ".cpp"):
                problems.append(f"{path}: defines {name}, but {listing} points elsewhere")
    problems.extend(f"{listing}: nothing defines {name}" for name in sorted(set(listed) - set(defined)))
    return len(listed)


def main():
    count = sum(check(*entry) for entry in LISTS)
    for name in re.findall(r"^PASS\((\w+)\)", (ROOT / "src/pass/pipeline.def").read_text(), re.M):
        if not (ROOT / f"tests/pass/{name}.txt").is_file():
            problems.append(f"tests/pass/{name}.txt is missing")
    for text in sorted((ROOT / "backends/cuda/kernels").glob("*.cu")):
        if not text.with_suffix(".cpp").is_file():
            problems.append(f"{text.relative_to(ROOT)}: no row beside it")
    print(*problems, sep="\n")
    print(f"lists: {count} lines, {len(problems)} breaches")
    return bool(problems)


sys.exit(main())
