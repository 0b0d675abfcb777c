"""Chains written as general programs: network files, and certificates about them."""

import copy
import hashlib
import json
from typing import Any

from symverify.kernel.check import wanted
from symverify.kernel.programs.rules import ON_PROGRAMS

Json = Any
RENAMED = {"face_minimum": "restricted_face_minimum", "global_lower_bound": "restricted_lower_bound"}


def program_of(document: Json) -> Json:
    """The network file with a "program" in place of "layers"."""
    widths, bias = document["layers"], document.get("bias", True)
    hidden, output = (bias.get("hidden", True), bias.get("output", True)) if isinstance(bias, dict) else (bias, bias)
    activations = document["activation"]
    nodes: list[Json] = [{"name": "x", "op": "input", "shape": [widths[0]]}]
    for m, units in enumerate(widths[1:]):
        last = m == len(widths) - 2
        source = f"a{m - 1}" if m else "x"
        nodes.append(
            {"name": f"z{m}", "op": "affine", "from": source, "units": units, "bias": output if last else hidden}
        )
        if not last:
            h = activations[m] if isinstance(activations, list) else activations
            nodes.append({"name": f"a{m}", "op": "activation", "from": f"z{m}", "activation": h})
    kept = {key: value for key, value in document.items() if key not in ("layers", "bias", "activation", "parameters")}
    points = {"parameters": spelled(document["parameters"])} if "parameters" in document else {}
    return copy.deepcopy(kept) | {"program": nodes} | points


def spelled(point: Json) -> Json:
    """A point or a path, node by node."""
    return {f"z{m}": layer for m, layer in enumerate(point)}


def translated(value: Json) -> Json:
    """A value of a certificate with its points spelled for the program."""
    if isinstance(value, dict):
        return {key: translated(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) and "weight" in item for item in value):
        return spelled(value)
    if isinstance(value, list):
        return [translated(item) for item in value]
    return value


def certificate_of(document: Json, proof: Json) -> Json | None:
    """The certificate about the program: the claims that rest on rules that cover programs; None if there are none."""
    steps = [translated(step) | {"rule": RENAMED.get(step["rule"], step["rule"])} for step in proof["steps"]]
    claims = []
    for claim in proof["claims"]:
        if all(steps[k]["rule"] in ON_PROGRAMS for k in wanted([claim], proof["steps"])):
            claims.append(claim)
    if not claims:
        return None
    kept = sorted(wanted(claims, proof["steps"]))
    number = {old: new for new, old in enumerate(kept)}
    for step in steps:
        step["from"] = {
            role: number.get(each, 0) if isinstance(each, int) else [number.get(k, 0) for k in each]
            for role, each in step.get("from", {}).items()
        }
        if not step["from"]:
            del step["from"]
    return {
        "format": proof["format"],
        "problem": hashlib.sha256(json.dumps(document).encode()).hexdigest(),
        "claims": [claim | {"step": number[claim["step"]]} for claim in claims],
        "steps": [steps[k] for k in kept],
    }
