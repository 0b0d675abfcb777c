"""PyTorch's modules: the same outputs, the same loss, and points that go back into the module."""

from fractions import Fraction

import numpy as np
import pytest

import symverify
from symverify.kernel.core.network import predictions, risk
from symverify.problem.imports import NotImportable

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'symverify[torch]'")
nn = torch.nn
F = torch.nn.functional

INPUTS = torch.tensor([[0.5, 1.0], [-1.0, 0.25], [3.0, 0.1], [0.0, -2.0], [1.5, 1.5]])
TARGETS = INPUTS[:, :1].abs()


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def between(*activation, outputs=1, end=()):
    return nn.Sequential(nn.Linear(2, 3), *activation, nn.Linear(3, outputs), *end)


class Written(nn.Module):
    """A module whose forward is written by hand."""

    def __init__(self, forward, outputs=1):
        super().__init__()
        self.fc1, self.fc2, self.written = nn.Linear(2, 3), nn.Linear(3, outputs), forward

    def forward(self, x):
        return self.written(self, x)


MODULES = {
    "relu": lambda: between(nn.ReLU()),
    "leaky": lambda: between(nn.LeakyReLU(0.3)),
    "prelu": lambda: between(nn.PReLU()),
    "hardtanh": lambda: between(nn.Hardtanh(-0.5, 0.25)),
    "relu6": lambda: between(nn.ReLU6()),
    "hardsigmoid": lambda: between(nn.Hardsigmoid()),
    "linear pair": lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Flatten(), nn.Linear(2, 3)), nn.ReLU(), nn.Linear(3, 1)),
    "no bias": lambda: nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1, bias=False)),
    "double": lambda: between(nn.ReLU()).double(),
    "half": lambda: between(nn.ReLU()).bfloat16().float(),
    "deep": lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.LeakyReLU(), nn.Linear(2, 1)),
    "functions": lambda: Written(lambda self, x: self.fc2(F.relu(self.fc1(x), inplace=True))),
    "method": lambda: Written(lambda self, x: self.fc2(self.fc1(x).relu())),
    "abs": lambda: Written(lambda self, x: self.fc2(abs(self.fc1(x)))),
    "clamp": lambda: Written(lambda self, x: self.fc2(self.fc1(x).clamp(min=-0.25, max=0.5))),
    "clamp below": lambda: Written(lambda self, x: self.fc2(torch.clamp(self.fc1(x), min=0.25))),
    "slope": lambda: Written(lambda self, x: self.fc2(F.leaky_relu(self.fc1(torch.flatten(x, 1)), 0.2))),
    "squeezed": lambda: Written(lambda self, x: self.fc2(torch.relu(self.fc1(x))).squeeze(-1)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_outputs_are_the_modules(name):
    module = MODULES[name]()
    loaded = symverify.from_torch(module, INPUTS, TARGETS, loss=nn.MSELoss())
    ours = [float(f) for (f,) in predictions(loaded.problem, loaded.problem.parameters)]
    inputs = INPUTS.double() if name == "double" else INPUTS
    assert ours == pytest.approx(module(inputs).detach().reshape(-1).tolist(), abs=1e-5)


def test_every_float_is_the_dyadic_rational_that_it_is():
    module = between(nn.ReLU())
    loaded = symverify.from_torch(module, INPUTS, TARGETS)
    exact = [[Fraction(x) for x in row] for row in module[0].weight.tolist()]
    assert [list(row) for row in loaded.problem.parameters[0].weight] == exact
    half = between(nn.ReLU()).bfloat16()
    assert symverify.from_torch(half, INPUTS, TARGETS).problem.parameters[1].bias == (Fraction(half[2].bias.item()),)


# losses

ONE = (torch.arange(5) % 2).float()[:, None]
TWO = torch.stack([ONE[:, 0], 1 - ONE[:, 0]], 1)
LOSSES = {
    "mse": (nn.MSELoss(), TARGETS, 1),
    "mse of two": (nn.MSELoss(), TWO, 2),
    "mse sum": (nn.MSELoss(reduction="sum"), TWO, 2),
    "l1 of two": (nn.L1Loss(), TWO, 2),
    "huber": (nn.HuberLoss(delta=0.25), TWO, 2),
    "smooth l1": (nn.SmoothL1Loss(beta=0.25), TWO, 2),
    "smooth l1, beta 0": (nn.SmoothL1Loss(beta=0.0), TWO, 2),
}


@pytest.mark.parametrize("name", LOSSES)
def test_risks_are_the_losses(name):
    loss, labels, outputs = LOSSES[name]
    module = between(nn.ReLU(), outputs=outputs)
    problem = symverify.from_torch(module, INPUTS, labels, loss=loss).problem
    ours = risk(problem, predictions(problem, problem.parameters))
    assert float(ours) == pytest.approx(loss(module(INPUTS), labels).item(), abs=1e-6)


REAL = {
    "cross entropy": (nn.CrossEntropyLoss(), torch.arange(5) % 3, 3, ()),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.25), torch.arange(5) % 3, 3, ()),
    "of probabilities": (nn.CrossEntropyLoss(), TWO, 2, ()),
    "nll": (nn.NLLLoss(), torch.arange(5) % 3, 3, (nn.LogSoftmax(dim=1),)),
    "bce": (nn.BCELoss(), TWO, 2, (nn.Sigmoid(),)),
    "bce with logits": (nn.BCEWithLogitsLoss(), TWO, 2, ()),
    "bce with logits, sum": (nn.BCEWithLogitsLoss(reduction="sum"), ONE, 1, ()),
    "poisson": (nn.PoissonNLLLoss(), ONE, 1, ()),
}


@pytest.mark.parametrize("name", REAL)
def test_risks_of_losses_over_the_reals_are_the_losses(name):
    loss, labels, outputs, end = REAL[name]
    module = between(nn.ReLU(), outputs=outputs, end=end)
    problem = symverify.from_torch(module, INPUTS, labels, loss=loss).problem
    pairs = zip(predictions(problem, problem.parameters), problem.targets, strict=True)
    ours = sum(middle(problem.loss.name, np.array(f, dtype=float), np.array(y, dtype=float)) for f, y in pairs)
    assert ours * float(problem.loss.factor) == pytest.approx(loss(module(INPUTS), labels).item(), abs=1e-6)


def middle(name, f, y):
    """ℓ(f, y) from its definition."""
    match name:
        case "logistic":
            return (np.logaddexp(0, f) - y * f).sum()
        case "cross_entropy":
            return np.logaddexp.reduce(f) - y @ f
        case _:
            return (np.exp(f) - y * f).sum()


def test_without_a_loss_it_is_that_of_the_end():
    def loss_of(*end, outputs=3, **more):
        return symverify.from_torch(between(nn.ReLU(), outputs=outputs, end=end), INPUTS, [0, 1, 1, 0, 1], **more)

    assert loss_of(nn.Softmax(dim=1)).problem.loss.name == "cross_entropy"
    assert loss_of(nn.Sigmoid(), outputs=1).problem.loss.name == "logistic"
    assert loss_of(outputs=1).problem.loss.name == "squared"
    assert loss_of(nn.Softmax(dim=-1), loss="ce").problem.loss.name == "cross_entropy"
    assert loss_of(nn.Softmax(dim=1)).notes == (
        "the Softmax '3' at the end belongs to the loss; the network is without",
    )
    assert loss_of(nn.Softmax(dim=1)).problem.parameters[1].bias is not None


def test_a_weight_decay_is_that_of_sgd():
    module = between(nn.ReLU())
    found = symverify.from_torch(module, INPUTS, TARGETS, weight_decay=0.25).problem
    assert found.decay == (Fraction(1, 4), Fraction(1, 4))


# back into the module


@pytest.mark.parametrize("module", [MODULES["nested"], MODULES["functions"], MODULES["no bias"]])
def test_points_go_back_as_a_state_dict(module):
    made = module()
    result = symverify.check(symverify.from_torch(made, INPUTS, TARGETS, loss=nn.MSELoss()), smt=False, timeout=10)
    claim = (
        "global_minimum" if result.certificate and any(c.name == "global_minimum" for c in result.claims) else "point"
    )
    point = result.point(claim)
    made.load_state_dict(point.state_dict())
    assert nn.MSELoss()(made(INPUTS), TARGETS).item() == pytest.approx(float(point.risk), abs=1e-5)


def test_five_lines_to_a_page(tmp_path):
    module = between(nn.ReLU())
    problem = symverify.from_torch(module, INPUTS, TARGETS, loss=nn.MSELoss())
    result = symverify.check(problem, "spurious_minimum", smt=False)
    assert result.proved
    result.html(tmp_path / "page.html")
    assert "Sequential" in (tmp_path / "page.html").read_text(encoding="utf-8")


# what is refused

REFUSED = {
    "smooth": (lambda: between(nn.Tanh()), r"Tanh '1' is not supported; it is not piecewise linear, .*train with ReLU"),
    "smooth function": (
        lambda: Written(lambda self, x: self.fc2(torch.tanh(self.fc1(x)))),
        r"tanh \(operation 'tanh'\) is not supported; it is not piecewise linear",
    ),
    "norm": (lambda: between(nn.LayerNorm(3), nn.ReLU()), r"LayerNorm '1' is not supported; use a batch norm"),
    "other": (lambda: between(nn.GLU()), r"GLU '1' is not supported; these are: Linear, Conv1d"),
    "condition": (
        lambda: Written(lambda self, x: self.fc2(self.fc1(x)) if x.sum() > 0 else x),
        r"torch\.fx cannot trace the module: .*; write its forward without conditions",
    ),
    "slopes": (lambda: between(sloped(nn.PReLU(3))), r"PReLU '1': it has 2 slopes; use nn.PReLU"),
    "sigmoid inside": (lambda: between(nn.Sigmoid()), r"Sigmoid '1': it is no piecewise linear activation; use one"),
    "one layer": (lambda: nn.Linear(2, 1), r"the model has 1 fully connected layer; a network needs two or more"),
    "nan": (lambda: broken(between(nn.ReLU())), r"'0.weight'\[0, 0\] is nan .*train again"),
    "no module": (lambda: "module.pt", r"expected an nn.Module, got str; give the module itself"),
    "view": (lambda: Written(lambda self, x: self.fc2(self.fc1(x).view(3, -1))), r"view .*is not supported"),
}  # fmt: skip


def sloped(prelu):
    with torch.no_grad():
        prelu.weight[0] = 0.5
    return prelu


def broken(module):
    with torch.no_grad():
        module[0].weight[0, 0] = float("nan")
    return module


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name):
    make, message = REFUSED[name]
    with pytest.raises(NotImportable, match=message) as caught:
        symverify.from_torch(make(), INPUTS, TARGETS)
    assert caught.value.remedy


LOSS_FAULTS = [
    (
        lambda: nn.CrossEntropyLoss(),
        (nn.Softmax(dim=1),),
        r"the model ends in a softmax, and the loss is 'cross_entropy'",
    ),
    (
        lambda: nn.NLLLoss(),
        (),
        r"the model ends without softmax or sigmoid, and the loss is 'cross_entropy' after log_sof",
    ),
    (
        lambda: nn.MSELoss(),
        (nn.Softmax(dim=1),),
        r"the model ends in a softmax, and the loss is 'squared'; name the loss",
    ),
    (lambda: "hinge", (nn.Softmax(dim=1),), r"the model ends in a softmax, and the loss is 'hinge'"),
    (
        lambda: nn.CrossEntropyLoss(weight=torch.ones(3)),
        (),
        r"loss: CrossEntropyLoss with weight is not supported: leave",
    ),
    (lambda: nn.MSELoss(reduction="none"), (), r"loss: the reduction 'none' leaves a number .*use reduction=\"mean\""),
    (lambda: nn.CTCLoss(), (), r"loss: CTCLoss is not supported: give nn\.MSELoss"),
    (lambda: nn.PoissonNLLLoss(full=True), (), r"loss: PoissonNLLLoss with full=True is not supported"),
]


@pytest.mark.parametrize(("loss", "end", "message"), LOSS_FAULTS)
def test_losses_that_do_not_fit_are_refused(loss, end, message):
    module = between(nn.ReLU(), outputs=3, end=end)
    with pytest.raises(symverify.SymverifyError, match=message):
        symverify.from_torch(module, INPUTS, [0, 1, 2, 0, 1], loss=loss())


def test_a_loss_class_is_as_good_as_an_object():
    module = between(nn.ReLU())
    made = [symverify.from_torch(module, INPUTS, TARGETS, loss=loss) for loss in (nn.MSELoss, nn.MSELoss())]
    assert made[0].sha256 == made[1].sha256
    with pytest.raises(symverify.Malformed, match=r"y: has 4 samples, and X has 5: give a label for each sample"):
        symverify.from_torch(module, INPUTS, TARGETS[:4], loss=nn.MSELoss)
