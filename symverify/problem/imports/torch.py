"""Networks from PyTorch modules: what torch.fx traces to a chain of linear layers and activations, or to a program."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symverify.problem.arrays import sample_shape
from symverify.problem.load import LoadedProblem

from .common import Model, NotImportable
from .model import check_chain, of_model, of_program
from .program import Program
from .torch_chain import read_chain
from .torch_graph import array, traced
from .torch_program import read_program


def from_torch(
    module: Any, X: Any, y: Any, *, loss: Any = None, weight_decay: object = None, name: str = ""
) -> LoadedProblem:
    """The problem of a PyTorch module on data; its parameters, each float exactly, are the point.

    `module` is an nn.Sequential, or any module that torch.fx traces to supported layers: Linear, ReLU, LeakyReLU, PReLU
    of one slope (held fixed), Hardtanh, ReLU6, Hardsigmoid, abs, clamp, Identity, Flatten, Dropout (nothing, as in
    evaluation); and in general programs Conv1d, Conv2d, max- and average-pooling, BatchNorm (that of evaluation,
    frozen), sums, cat, max, and layers or parameters that are shared; parameters without requires_grad are frozen. `X`
    and `y` are tensors or as for `problem`; samples may have several axes, channels first. `loss` is a loss object
    (nn.MSELoss(), …), whose mean over samples and outputs is kept, or a name as in network files, whose mean is over
    the samples of the sum over outputs; without one it is squared, or the one that a final Softmax or Sigmoid means.
    `weight_decay` μ is that of torch.optim.SGD: ½ μ times the sum of all parameters' squares. `.notes` say what was
    assumed.

    Raises NotImportable for a module that is neither, Malformed for data, each with its place.
    """
    graph, modules = traced(module)
    name = name or type(module).__name__
    read = _read(graph, modules, X)
    if isinstance(read, Program):
        made = of_program(read, X, y, loss, weight_decay=weight_decay, name=name)
    else:
        chain, names = read
        made = of_model(chain, X, y, loss, weight_decay=weight_decay, name=name, names=names)
    return replace(made, held=_held(module, [key for key, _, _ in made.state]))


def _read(graph: Any, modules: Mapping[str, Any], X: Any) -> tuple[Model, tuple[str, ...]] | Program:
    """The chain of a traced module, or else its program. Raises NotImportable: why it is no chain, or no program."""
    parameters = [each for layer in modules.values() for each in layer.parameters(recurse=False)]
    plain = len({each.requires_grad for each in parameters}) < 2 and len(set(map(id, parameters))) == len(parameters)
    try:
        if not plain:
            raise NotImportable("some parameters are frozen, or shared", "")
        chain, names = read_chain(graph, modules)
        check_chain(chain.layers)
        return chain, names
    except NotImportable as error:
        try:
            made = read_program(graph, modules, sample_shape(X))
        except NotImportable as wrong:
            raise (error if plain and _linear(graph, modules) else wrong) from None
        if not any(node["op"] in ("activation", "max", "max_pool1d", "max_pool2d") for node in made.nodes):
            raise
        return made


def _linear(graph: Any, modules: Mapping[str, Any]) -> bool:
    """Whether a module is a row of layers that chains have, so that what is wrong is best told of the chain."""
    users = [node for node in graph.nodes if node.op != "get_attr"]
    beyond = ("Conv", "Pool", "Norm")
    kinds = [type(modules[str(node.target)]).__name__ for node in users if node.op == "call_module"]
    return all(len(node.users) < 2 for node in users) and not any(sign in kind for kind in kinds for sign in beyond)


def _held(module: Any, keys: Sequence[str]) -> dict[str, Any]:
    """What a module's state has beside the parameters that are free: slopes, statistics, what is frozen."""
    return {key: array(value) for key, value in module.state_dict().items() if key not in keys}


__all__: Sequence[str] = ["from_torch"]
