"""Damaged inputs of each kind, put to the code that reads them. `python -m tests.fuzz.campaigns 1000` runs them all."""

import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from symverify.problem.imports import import_model
from symverify.problem.load import load, loads
from symverify.report.explain import FORMS
from symverify.run.verify import Problems, verify_one
from symverify.search.global_minimum import global_minimum
from symverify.search.global_minimum.candidate import evaluated
from symverify.search.global_minimum.checkpoint import restore, save
from symverify.search.global_minimum.generators import generators
from symverify.search.global_minimum.search import Search
from tests.examples import EXAMPLES
from tests.fuzz import degenerate, mutate
from tests.fuzz.tally import CODES, Tally
from tests.shallow import shallow

ROOT = Path(__file__).parents[2]
Campaign = Callable[[Tally, int, int, Path], None]


def networks(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """Network files, read; one in a hundred goes through a command."""
    documents = [example.document for example in EXAMPLES.values()]
    for k in range(count):
        rng = random.Random(f"network {seed} {k}")
        good = rng.choice(documents)
        value = mutate.gently(good, rng) if rng.random() < 0.5 else mutate.document(good, rng, documents)
        data = mutate.octets(mutate.text(value, rng), rng) if rng.random() < 0.1 else mutate.text(value, rng)
        tally.call("network", (seed, k), lambda data=data: loads(data))
        if k % 100 == 0:
            (folder / "n.json").write_bytes(data)
            tally.command("network file", (seed, k), [*_command(rng), str(folder / "n.json")])


def _command(rng: random.Random) -> list[str]:
    return rng.choice(
        [
            ["check", "--no-smt", "--timeout", "0.3"],
            ["check", "--no-smt", "--timeout", "0.3", "--snap"],
            ["check", "--no-smt", "--timeout", "0.3", "--format", "json"],
            ["cells", "--limit", "2"],
            ["expand", "--at", "point"],
            ["critical", "--at", "point", "--timeout", "0.3"],
            ["atlas", "--timeout", "0.3"],
        ]
    )


def certificates(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """Certificates beside their problems, verified."""
    found = sorted((ROOT / "proofs").glob("*/network.symcert.json"))
    documents = [json.loads(path.read_bytes()) for path in found]
    problems = Problems([path.with_name("network.json") for path in found])
    for k in range(count):
        rng = random.Random(f"certificate {seed} {k}")
        value = mutate.document(rng.choice(documents), rng, documents)
        data = mutate.octets(mutate.text(value, rng), rng) if rng.random() < 0.1 else mutate.text(value, rng)
        (folder / "c.symcert.json").write_bytes(data)
        code = [-1]
        tally.call(
            "certificate",
            (seed, k),
            lambda code=code: code.append(verify_one(folder / "c.symcert.json", problems).code),
        )
        tally.count("certificate's code", str(code[-1]))
        if code[-1] not in CODES:
            tally.faults.append(f"certificate {seed} {k}: code {code[-1]}")


def _search() -> Search:
    problem = shallow([[x] for x in range(9)], [3, 0, 4, -1, 5, 0, 2, 6, 1], 3)
    return Search(problem, generators(problem), evaluated(problem, []))


def checkpoints(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """Checkpoints, read back; one in fifty is continued from."""
    search = _search()
    search.start(Fraction(0))
    for _ in range(3):
        search.step()
    path = folder / "c.search"
    save(path, search)
    good = json.loads(path.read_bytes())
    for k in range(count):
        rng = random.Random(f"checkpoint {seed} {k}")
        value = mutate.gently(good, rng) if rng.random() < 0.5 else mutate.document(good, rng, [good])
        data = mutate.octets(mutate.text(value, rng), rng) if rng.random() < 0.1 else mutate.text(value, rng)
        path.write_bytes(data)
        if tally.call("checkpoint", (seed, k), lambda: restore(path, _search())) and rng.random() < 0.3:
            tally.call("checkpoint continued", (seed, k), lambda: _continued(path))


def _continued(path: Path) -> None:
    """As `check --resume` does: what cannot be continued is a bad checkpoint."""
    from symverify.search.global_minimum.checkpoint import bad

    try:
        global_minimum(_search().problem, checkpoint=path, deadline=1.0)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise bad(path, error) from error


def onnx_files(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """ONNX models with damaged nodes, attributes and tensors, and damaged bytes."""
    from tests.fuzz.onnx_models import model_bytes

    (folder / "d.csv").write_text("a,b,y\n0.5,1,2\n-1,0.25,1/3\n3,1e-1,-2\n")
    for k in range(count):
        rng = random.Random(f"onnx {seed} {k}")
        data = model_bytes(rng)
        (folder / "m.onnx").write_bytes(mutate.octets(data, rng) if rng.random() < 0.3 else data)
        tally.call("onnx", (seed, k), lambda: _imported(folder, "m.onnx"))


def _imported(folder: Path, name: str, **options: object) -> None:
    import_model(folder / name, folder / "d.csv", folder / "out.json", force=True, **options)
    load(folder / "out.json")


def safetensors_files(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """safetensors files with damaged headers and bytes."""
    from safetensors.numpy import save as stored

    (folder / "d.csv").write_text("a,b,y\n0.5,1,2\n-1,0.25,1/3\n3,1e-1,-2\n")
    values = np.random.default_rng(seed)
    shapes = {"0.weight": (3, 2), "0.bias": (3,), "2.weight": (1, 3), "2.bias": (1,)}
    good = stored({name: values.normal(size=shape).astype(np.float32) for name, shape in shapes.items()})
    size = int.from_bytes(good[:8], "little")
    head, body = json.loads(good[8 : 8 + size]), good[8 + size :]
    for k in range(count):
        rng = random.Random(f"safetensors {seed} {k}")
        data = good
        if rng.random() < 0.7:
            text = mutate.text(mutate.document(head, rng, [head, {"dtype": "\x1b[31m", "shape": [2**62, 4]}]), rng)
            data = len(text).to_bytes(8, "little") + text + body
        data = mutate.octets(data, rng) if rng.random() < 0.5 else data
        (folder / "m.safetensors").write_bytes(data)
        activation = rng.choice(
            [None, "relu", "\x1b", {"name": "leaky_relu", "negative_slope": rng.choice(mutate.ODD)}]
        )
        tally.call("safetensors", (seed, k), lambda a=activation: _imported(folder, "m.safetensors", activation=a))


def tables(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """CSV files, as the data of a network file and of an import."""
    from safetensors.numpy import save_file

    one = np.ones((1, 2), dtype=np.float32)
    save_file({"0.weight": one.T @ one, "2.weight": one}, folder / "t.safetensors")
    document = {"format": "symverify-network/1", "layers": [2, 2, 1], "activation": "relu", "loss": "squared"}
    document |= {"data": {"csv": "d.csv", "inputs": ["a", "b"], "targets": ["y"]}}
    (folder / "t.json").write_text(json.dumps(document))
    good = b'a,b,y\n0.5,1,2\n"-1",0.25,1/3\r\n3,1e-1,-2\n'
    for k in range(count):
        rng = random.Random(f"table {seed} {k}")
        (folder / "d.csv").write_bytes(mutate.octets(good, rng))
        tally.call("csv", (seed, k), lambda: load(folder / "t.json"))
        if k % 4 == 0:
            tally.call("csv imported", (seed, k), lambda: _imported(folder, "t.safetensors"))


def command_lines(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """Command lines of real and unreal words, run in this process."""
    for k in range(count):
        rng = random.Random(f"command {seed} {k}")
        tally.command("command line", (seed, k), words(rng, folder))


def problems(tally: Tally, count: int, seed: int, folder: Path) -> None:
    """Degenerate problems that are read: checked, and what is proved exported and told in every form; 500 at most."""
    network, proof = folder / "p.json", folder / "p.symcert.json"
    pair, page = [str(proof), str(network)], str(folder / "p.page")
    for k in range(min(count, 500)):
        rng = random.Random(f"problem {seed} {k}")
        network.write_text(json.dumps(degenerate.problem(rng)))
        proof.unlink(missing_ok=True)
        if not tally.call("degenerate problem", (seed, k), lambda: load(network)):
            tally.faults.append(f"problem {seed} {k} is refused")
        robust, form = rng.choice([[], ["--robust"]]), rng.choice(["text", "json", "junit"])
        tally.command(
            "check", (seed, k), ["check", str(network), "--no-smt", "--timeout", "0.5", *robust, "--format", form]
        )
        if not proof.exists():
            continue
        for form in FORMS:
            exact = rng.choice([[], ["--exact"]])
            tally.command("explain", (seed, k), ["explain", *pair, "--format", form, *exact, "-o", page])
        for form in ("smt2", "rocq"):
            target = folder / f"{form} {k}"
            tally.command("export", (seed, k), ["export", *pair, f"--{form}", str(target)])
            shutil.rmtree(target, ignore_errors=True)


def words(rng: random.Random, folder: Path) -> list[str]:
    """A command line: a command, real options with real and unreal values, files that there are and are not."""
    for name in ("four-points.json", "narrow.json", "deep-vector.json"):
        if not (folder / name).exists():
            (folder / name).write_bytes((ROOT / "examples" / name).read_bytes())
    proof = ROOT / "proofs" / "four-points" / "network.symcert.json"
    files = [
        str(folder / "four-points.json"),
        str(folder / "narrow.json"),
        str(folder / "deep-vector.json"),
        str(proof),
    ]
    files += ["nowhere.json", str(folder), "/dev/null", "/dev/zero", "", ".", "a\ns PROVED\x1b.json", "x" * 300, "--"]
    values = [
        "0",
        "-1",
        "1",
        "nan",
        "inf",
        "1e400",
        "0.2",
        "point",
        "0111,0000",
        ";;",
        "\x1b[31m",
        "é",
        "\udce9",
        "1=0",
        "a,b",
    ]
    values += [
        "json",
        "text",
        "junit",
        "latex",
        "z3",
        "cvc5",
        "cells",
        "assumptions",
        "valley,cells",
        "{",
        "[]",
        "nowhere:1",
    ]
    options = ["--claims", "-o", "--format", "--timeout", "--solver", "--workers", "--cell", "--snap", "--resume"]
    options += [
        "--fresh",
        "--faces",
        "--count",
        "--where",
        "--rays",
        "--limit",
        "--at",
        "--pattern",
        "--summary",
        "--html",
    ]
    options += ["--smt2", "--data", "--inputs", "--targets", "--activation", "--loss", "--force", "--require-proved"]
    options += ["--network", "--help", "--nonsense", "--what"]
    commands = [
        "check",
        "atlas",
        "cells",
        "critical",
        "expand",
        "verify",
        "diff",
        "explain",
        "plot",
        "export",
        "import",
    ]
    command = rng.choice([*commands, "schema", "frobnicate", ""])
    network, own = str(folder / "four-points.json"), str(ROOT / "proofs" / "four-points" / "network.json")
    usual = {
        "verify": [str(proof), own], "diff": [str(proof), str(proof)], "explain": [str(proof), own],
        "plot": [str(proof), own, "-o", str(folder / "f.svg")],
        "export": [str(proof), own, "--smt2", str(folder / "q")],
        "import": ["m.onnx", "--data", "d.csv", "-o", str(folder / "i.json")],
    }  # fmt: skip
    line = [command, *usual.get(command, [network])]
    if rng.random() < 0.3:
        line = [command, *rng.sample(files, rng.randrange(3))]
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        line.append(rng.choice(options))
        if rng.random() < 0.7:
            line.append(rng.choice(values if rng.random() < 0.7 else files))
    if command == "check":
        line += ["--no-smt"]
    if command in ("check", "atlas", "critical") and "--timeout" not in line:
        line += ["--timeout", "0.2"]
    return [word for word in line if word not in ("--workers", "--dask")]


CAMPAIGNS: dict[str, tuple[Campaign, int]] = {  # and how many of a thousand inputs are of the kind
    "networks": (networks, 400),
    "certificates": (certificates, 150),
    "checkpoints": (checkpoints, 150),
    "onnx": (onnx_files, 100),
    "safetensors": (safetensors_files, 80),
    "tables": (tables, 100),
    "commands": (command_lines, 20),
    "problems": (problems, 20),
}


def main(total: int, seed: int = 0, only: str = "") -> Tally:
    """All campaigns, `total` inputs in all."""
    tally = Tally()
    for name, (campaign, share) in CAMPAIGNS.items():
        if only in name:
            with tempfile.TemporaryDirectory() as folder:
                campaign(tally, total * share // 1000, seed, Path(folder))
    return tally


if __name__ == "__main__":
    print(main(*map(int, sys.argv[1:3]), *sys.argv[3:]).figures())
