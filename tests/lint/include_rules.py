#!/usr/bin/env python3
"""Checks who may include what: the six rules of the house plan (docs/architecture.md).

Includes in quotes are resolved against the including file's folder, then the repository's root, then
include/. Run from the root; prints one line a breach and exits 1 if there is any.
"""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
COMPILER = ("src/ir/", "src/op/", "src/pass/", "src/compile/", "src/import/", "src/io/")
RUNTIME = ("src/base/", "src/type/", "src/expr/", "src/plan/", "src/runtime/", "backends/")
# Public headers that only the compiler implements.
COMPILER_HEADERS = {"graph.h", "import.h", "compile.h", "io.h"}
# Folders whose members are named by a .def list in the folder or above it.
SIBLINGS = re.compile(r"(src/op|src/pass|src/import/\w+|backends/cuda/kernels|backends/cuda/cudnn"
                      r"|backends/cuda/cublaslt|backends/cpu/(?:ref|onednn|simd)|clients/cli)/[^/]+$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
CUDA_IFDEF = re.compile(r"^[ \t]*#[ \t]*(?:el)?if.*CUDA.*$", re.M)
KIND_COMPARED = re.compile(r'^.*\bkind\)?\s*[!=]=\s*"\w+".*$', re.M)
problems, warnings = [], []


def resolve(file, quote, name):
    """The included file's path below the root, or None for one from outside."""
    places = [ROOT, ROOT / "include"] + ([file.parent] if quote == '"' else [])
    for place in reversed(places):
        if (place / name).is_file() and (place / name).resolve().is_relative_to(ROOT):
            return (place / name).resolve().relative_to(ROOT).as_posix()
    return None


def members(folder):
    """Names of the .def lists, letters and digits only: KERNEL(Softmax, softmax_warp) -> softmaxwarp."""
    names = set()
    for listing in [*folder.glob("*.def"), *folder.parent.glob("*.def")]:
        for arguments in re.findall(r"^[ \t]*\w+\(([^)]*)\)", listing.read_text(), re.M):
            names.add(plain(arguments.split(",")[-1]))
    return names


def plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def check(path, quote, name, target, both):
    def bad(rule, text):
        problems.append(f"{path}: includes {name}: rule {rule}: {text}")

    if path.startswith("include/"):
        std = quote == "<" and re.fullmatch(r"[a-z_0-9]+", name)
        if not std and not (target or "").startswith("include/tenfold/"):
            bad(1, "public headers include only each other and the standard library")
        return
    if name.startswith(("google/protobuf/", "onnx/")) and path.startswith(RUNTIME):
        bad(5, "the runtime library knows no protobuf")
    if target is None:
        return
    if path.startswith("src/") and target.startswith(("backends/", "clients/")):
        bad(2, "src/ knows neither backends nor clients")
    if path.startswith("clients/"):
        own = "/".join(path.split("/")[:2]) + "/"
        allowed = target.startswith(("include/tenfold/", own)) or (
            own in ("clients/python/", "clients/tensorrt/")
            and target.startswith(("clients/tensorrt/include/", "clients/cuda_host/include/")))
        if not allowed:
            bad(3, "clients include only include/tenfold")
    both.update(re.findall(r"^backends/(cpu|cuda)/", target))
    for one, other in (("cpu", "cuda"), ("cuda", "cpu")):
        if path.startswith(f"backends/{one}/") and target.startswith(f"backends/{other}/"):
            bad(4, "one backend never includes another")
    if path.startswith(RUNTIME) and (target.startswith(COMPILER) or (
            target.startswith("include/tenfold/") and Path(target).name in COMPILER_HEADERS)):
        bad(5, "the runtime library never sees a Graph")
    source, header = Path(path), Path(target)
    if SIBLINGS.match(path) and source.parent == header.parent and source.stem != header.stem:
        names = members((ROOT / path).parent)
        if plain(source.stem) in names and plain(header.stem) in names:
            bad(6, "siblings never include each other; move what they share down")


def main():
    files = [f for room in ("include", "src", "backends", "clients") for f in (ROOT / room).rglob("*")
             if f.suffix in {".h", ".hpp", ".cpp", ".cu", ".cuh"} and f.is_file()]
    name_both = []
    for file in sorted(files):
        path, text, both = file.relative_to(ROOT).as_posix(), file.read_text(errors="replace"), set()
        for quote, name in INCLUDE.findall(text):
            check(path, quote, name, resolve(file, quote, name), both)
        if len(both) == 2:
            name_both.append(path)
        if path.startswith("src/"):
            problems.extend(f"{path}: {line.strip()}: rule 2: no #if about CUDA in src/"
                            for line in CUDA_IFDEF.findall(text))
            problems.extend(f"{path}: {line.strip()}: rule 2: only backends know machines; ask the backend"
                            " or the Target" for line in KIND_COMPARED.findall(text))
        if path.startswith("include/tenfold/") and text.count("\n") > 300:
            warnings.append(f"{path}: {text.count(chr(10))} lines; public headers keep to 300")
    if len(name_both) > 1:
        problems.append("rule 4: one file names both backends, not " + ", ".join(name_both))
    print(*(f"warning: {w}" for w in warnings), *problems, sep="\n")
    print(f"include_rules: {len(files)} files, {len(problems)} breaches, {len(warnings)} warnings")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
