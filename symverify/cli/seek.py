"""Commands about label space: find, regions."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symverify.cli.common import (
    Data,
    Format,
    Network,
    Plain,
    Timeout,
    app,
    load_chain,
    print_result,
    tell,
    writable,
    writing,
)
from symverify.cli.process import interrupted
from symverify.errors import NotWritable, Usage
from symverify.text import plain

if TYPE_CHECKING:
    from symverify.run.find import Find


@app.command()
def find(
    claim: Annotated[str, typer.Option(help="two_valleys, no_exchange, not_spurious or not_attained.")],
    inputs: Annotated[str, typer.Option(help="The inputs, e.g. 0,1,2,3; coordinates of one separated by ':'.")],
    integers: Annotated[bool, typer.Option("--integers", help="Whole labels, the smallest.")] = False,
    width: Annotated[int, typer.Option(min=1, max=3, help="Hidden units.")] = 2,
    activation: Annotated[str, typer.Option(help="A name, or JSON as in network files.")] = "relu",
    no_bias: Annotated[bool, typer.Option("--no-bias", help="A network without biases.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the network file; its certificate beside it.")
    ] = None,
    form: Plain = Format.TEXT,
    timeout: Timeout = 120.0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output and its certificate.")] = False,
) -> None:
    """Find the smallest labels with a property.

    It is one of the loss surface; what is found is an ordinary network file, with its certificate.
    """
    from symverify.kernel.core.text import strict_json
    from symverify.problem.write import write_atomically
    from symverify.run.find import find as run
    from symverify.run.find import template

    shape: object = activation
    if activation.lstrip().startswith("{"):
        shape = strict_json(activation.encode("utf-8", "surrogateescape"))
    target = None if output is None else writable(output, proofs=True)
    certificate = None if target is None else writable(target.with_name(f"{target.stem}.symcert.json"), proofs=True)
    for path in (target, certificate):
        if path is not None and os.path.isfile(path) and not force:
            raise NotWritable(f"{str(path)!a} exists", "choose another place with -o, or replace it with --force")
    found = run(claim, template(inputs, width, shape, not no_bias), integers, timeout, certificate, interrupted)
    if found.problem is not None and target is not None and found.proved:
        with writing(target):
            write_atomically(target, found.problem.network)
    tell_found(found, inputs, target, form)
    if not found.proved:
        if form is Format.TEXT:
            tell(f"s UNDECIDED {plain(claim)}")
        raise typer.Exit(3)


def tell_found(found: "Find", inputs: str, target: Path | None, form: Format) -> None:
    """Print the labels, where the network file is, and the claims."""
    import json

    from symverify.report.render import as_json, failed_fields
    from symverify.run.verdict import Verdict

    labels = None if found.problem is None else [str(y) for (y,) in found.problem.problem.targets]
    if form is Format.JSON:
        written = str(target) if target is not None and found.proved else None
        more = {"labels": labels, "reason": found.reason, "network": written}
        if found.result is None:
            print(json.dumps(failed_fields([], Verdict.UNDECIDED) | more, indent=2))
        else:
            print(as_json(found.result, more))
    else:
        tell(f"labels {', '.join(labels)} on the inputs {inputs}" if labels else f"none found: {found.reason}")
        if target is not None and found.proved:
            tell(f"network: {plain(target)}")
        if found.result is not None:
            print_result(found.result)
        elif labels:
            tell(found.reason)


@app.command()
def regions(
    network: Network,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The picture: .svg, .png or .json.")] = None,
    form: Plain = Format.TEXT,
    timeout: Timeout = 120.0,
    data: Data = None,
) -> None:
    """Draw a phase diagram of label space.

    It shows where which faces have local minima, as the labels of a file turn.
    """
    from symverify.ground.time_limit import until
    from symverify.problem.write import write_atomically
    from symverify.report import regions as render
    from symverify.search.diagram import diagram as run

    if output is not None and output.suffix not in (".svg", ".png", ".json"):
        raise Usage("the picture is .svg, .png or .json", "name it so with -o")
    loaded = load_chain(network, "regions", data)
    if output is not None:
        writable(output, *loaded.files)
    try:
        with until(time.monotonic() + timeout):
            found = run(loaded.problem)
            if output is not None:
                with writing(output):
                    if output.suffix == ".png":
                        render.png(found, output)
                    else:
                        made = render.svg(found) if output.suffix == ".svg" else render.as_json(found) + "\n"
                        write_atomically(output, made.encode())
            lines = render.summary(found)
        if form is Format.JSON:
            print(render.as_json(found))
        else:
            tell(*lines, *([f"picture: {plain(output)}"] if output is not None else []))
    except OverflowError:
        raise Usage("its numbers are beyond the range of floats", "scale the inputs") from None
    raise typer.Exit(3)  # there is no certificate
