"""What a file is that is no network file, and what to do with it: told where a network file was expected."""

import re
from pathlib import Path

_IMPORT = "make a network file of it: symverify import {name} --data DATA.csv -o network.json"
_TORCH = "in Python, symverify.from_torch(module, X, y); or export it to ONNX and use symverify import"
_PICKLE = "it is never opened here; in Python, symverify.from_sklearn(estimator, X, y), or export it to ONNX"
_KERAS = "in Python, symverify.from_keras(model, X, y); or export it to ONNX and use symverify import"
_WRITE = 'write it as JSON: {{"format": "symverify-network/1", ...}}; symverify schema prints the format'
_CERTIFICATE = "give its network file: symverify verify {name} NETWORK, or symverify explain {name} NETWORK"
_TABLE = 'it can be the data of a network file: {{"csv": "{name}", "inputs": [...], "targets": [...]}}'
_BY_SUFFIX = {
    ".onnx": ("an ONNX file", _IMPORT),
    ".safetensors": ("a safetensors file", _IMPORT),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), ("a file of PyTorch", _TORCH)),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), ("a pickle", _PICKLE)),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), ("a file of Keras", _KERAS)),
    **dict.fromkeys((".yaml", ".yml"), ("YAML", _WRITE)),
    ".toml": ("TOML", _WRITE),
    **dict.fromkeys((".csv", ".tsv"), ("a table", _TABLE)),
    **dict.fromkeys((".npy", ".npz"), ("NumPy's", "in Python, symverify.problem(X, y, layers=[...])")),
    **dict.fromkeys((".gz", ".zip", ".bz2", ".xz"), ("compressed", "unpack it first")),
    ".py": ("a Python program", "run it with python; it can use symverify.problem(X, y, layers=[...])"),
    ".ipynb": ("a notebook", "open it with Jupyter; it can use symverify.problem(X, y, layers=[...])"),
}
_BY_START = (
    (rb"\x93NUMPY", ".npy"),
    (rb"\x89HDF", ".h5"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ", ".gz"),
    (rb"\x80[\x02-\x05]", ".pkl"),
    (rb"PK\x03\x04.{0,200}data\.pkl", ".pt"),
    (rb"PK\x03\x04", ".zip"),
    (rb"[\x00-\xff]{4}\x00{4}\{", ".safetensors"),
    (rb"(?:---|[A-Za-z_]+:)\s", ".yaml"),
    (rb"\[[A-Za-z_.]+\]\s*\n|[A-Za-z_]+ *= *\S", ".toml"),
)


def misfit(path: Path | None, data: bytes) -> str | None:
    """What data is that is no network file, with a remedy: by its content, else by its name; None if nobody knows."""
    head = data[:2000]
    name = path.name if path is not None else "FILE"
    if re.search(rb'"symverify-certificate/[0-9]+"', head):
        return f"is a certificate, not a network file; {_CERTIFICATE.format(name=name)}"
    if head.lstrip()[:1] == b"{":
        return None
    suffix = path.suffix.lower() if path is not None else ""
    if suffix not in _BY_SUFFIX:
        suffix = next(
            (each for start, each in _BY_START if re.match(start, head.lstrip(b"\xef\xbb\xbf\r\n "), re.S)), ""
        )
    if suffix not in _BY_SUFFIX:
        return None
    kind, remedy = _BY_SUFFIX[suffix]
    return f"is {kind}, not a network file; {remedy.format(name=name)}"


def json_remedy(data: bytes, fault: str) -> str:
    """What to do about a fault of JSON, '; …' to be added to it; "" if nobody knows."""
    place = re.search(r"line ([0-9]+), column ([0-9]+)", fault)
    if place is None or not fault.startswith("not JSON"):
        return ""
    if not data.strip():
        return "; the file is empty"
    lines = data.decode("utf-8", "replace").splitlines()
    row, column = int(place[1]) - 1, int(place[2]) - 1
    rest = "\n".join([lines[row][column:], *lines[row + 1 : row + 3]]).lstrip() if row < len(lines) else ""
    before = "\n".join([*lines[max(row - 2, 0) : row], lines[row][:column]]).rstrip() if row < len(lines) else ""
    if rest.startswith("'"):
        return '; JSON has double quotes: write "..." for it'
    if (rest[:1] == "," and rest[1:].lstrip()[:1] in ("]", "}")) or (rest[:1] in ("]", "}") and before[-1:] == ","):
        return f"; remove the comma before {rest.lstrip(', ')[:1]!r}"
    if rest.startswith(("//", "#", "/*")):
        return "; JSON has no comments: remove it"
    if rest.startswith(("True", "False", "None")):
        return "; JSON has true, false and null"
    if re.match(r"[.+]?[0-9]", rest):
        return '; numbers are like 0.5, -3, or text, "3/10"'
    return "" if rest else "; the end of the file is missing: close its brackets"
