"""The command that brings trained networks in."""

from pathlib import Path
from typing import Annotated

import typer

from symverify.cli.common import app, tell, writable
from symverify.errors import Malformed, Usage
from symverify.text import plain


@app.command(name="import")
def bring(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A trained model: .onnx or .safetensors.")],
    data: Annotated[Path, typer.Option(help="The data, a CSV file with a header.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The network file to write.")],
    inputs: Annotated[str | None, typer.Option(help="Columns of the inputs, comma-separated.")] = None,
    targets: Annotated[str | None, typer.Option(help="Columns of the targets; default: the last ones.")] = None,
    activation: Annotated[str | None, typer.Option(help="For .safetensors: a name or JSON.")] = None,
    loss: Annotated[
        str | None, typer.Option(help="A name, or JSON; default: what the model's end means, else squared.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output.")] = False,
) -> None:
    """Write the network file of a trained model.

    Each float is read as the dyadic rational that it is.
    """
    from symverify.problem.imports.model import import_model

    def columns(text: str | None) -> list[str] | None:
        return None if text is None else [name.strip() for name in text.split(",")]

    notes = import_model(
        model,
        data,
        writable(output, model, data, proofs=True),
        inputs=columns(inputs),
        targets=columns(targets),
        activation=_value(activation),
        loss=_value(loss),
        force=force,
    )
    tell(*map(plain, notes), f"network: {plain(output)}")


def _value(text: str | None) -> object:
    """A name as it is; JSON where it begins like an object or a list."""
    from symverify.kernel.core.text import strict_json

    if text is None or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return strict_json(text.encode("utf-8", "surrogateescape"))
    except Malformed as error:
        raise Usage(f"{text!a}: {error}") from None
