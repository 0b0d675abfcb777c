"""PyTorch's modules that are no chains: the same outputs, points that go back, the same problem by both exporters."""

import warnings

import numpy as np
import pytest

import symverify
from symverify.api.points import ExactPoint
from symverify.kernel.core.network import predictions
from symverify.kernel.programs.network import Programmed
from symverify.problem.imports import NotImportable

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
nn = torch.nn
F = torch.nn.functional

torch.manual_seed(0)
ROWS = torch.randint(-2, 3, (6, 3)).float()
SERIES = torch.randint(-2, 3, (6, 2, 6)).float()
IMAGES = torch.randint(-2, 3, (6, 1, 4, 4)).float()
CLASSES = [0, 1, 0, 1, 1, 0]


class Written(nn.Module):
    """A module whose forward is written by hand, with layers by name."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.written = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.written(self, x)


def row(forward, last=3, **layers):
    return lambda: Written(forward, a=nn.Linear(3, 3), b=nn.Linear(3, 3), c=nn.Linear(last, 1), **layers), ROWS


def image(forward, last, **layers):
    return lambda: Written(forward, a=nn.Conv2d(1, 2, 1), c=nn.Linear(last, 1), **layers), IMAGES


def sequence(X, *layers):
    return lambda: nn.Sequential(*(layer() for layer in layers)), X


def tied():
    module = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))
    module[2].weight = module[0].weight
    return module


def partly_frozen():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    module[0].requires_grad_(False)
    return module


def shared():
    layer = nn.Linear(3, 3)
    return nn.Sequential(layer, nn.ReLU(), layer, nn.ReLU(), nn.Linear(3, 1))


def normed():
    module = nn.Sequential(
        nn.BatchNorm2d(1), nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(8, 2),
    )  # fmt: skip
    module(torch.randn(8, 1, 4, 4))  # statistics
    return module


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 2, 2), nn.ReLU(), nn.Flatten(),
        nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2),
    )  # fmt: skip


class Residual(nn.Module):
    """Two convolutions with a skip connection, then pooling and a linear layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)
        self.start, self.pool, self.last = nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Linear(2, 1)

    def forward(self, x):
        y = torch.relu(self.second(torch.relu(self.first(x))) + self.start(x))
        return self.last(torch.flatten(self.pool(y), 1))


MODULES = {
    "residual": row(lambda s, x: s.c(F.relu(s.b(F.relu(s.a(x))) + s.a(x)))),
    "skip": row(lambda s, x: s.c(F.relu(s.a(x)) + x)),
    "joined": row(lambda s, x: s.c(torch.cat([F.relu(s.a(x)), x], dim=-1)), 6),
    "greater": row(lambda s, x: s.c(torch.maximum(s.a(x), s.b(x)))),
    "arithmetic": row(lambda s, x: s.c(2 * F.relu(s.a(x)) - s.b(x) * 0.5 + 1 - (3 - x))),
    "negated": row(lambda s, x: s.c(-F.relu(-s.a(x)))),
    "squeezed": row(lambda s, x: s.c(F.relu(s.a(x)) + x).squeeze(-1)),
    "two activations": sequence(ROWS, lambda: nn.Linear(3, 3), nn.ReLU, lambda: nn.Hardtanh(-0.5, 0.5),
                                lambda: nn.Linear(3, 1)),
    "ends in one": sequence(ROWS, lambda: nn.Linear(3, 3), nn.ReLU, lambda: nn.Linear(3, 1), nn.ReLU),
    "some biases": sequence(ROWS, lambda: nn.Linear(3, 3), nn.ReLU, lambda: nn.Linear(3, 3, bias=False), nn.ReLU,
                            lambda: nn.Linear(3, 1)),
    "a slope": row(lambda s, x: s.c(s.p(s.a(x)) + x), p=nn.PReLU()),
    "shared": (shared, ROWS),
    "tied": (tied, ROWS),
    "partly frozen": (partly_frozen, ROWS),
    "lenet": (lenet, IMAGES),
    "resnet": (Residual, IMAGES),
    "normed": (normed, IMAGES),
    "series": sequence(SERIES, lambda: nn.Conv1d(2, 3, 3, stride=2, padding=1, bias=False), nn.ReLU,
                       lambda: nn.AvgPool1d(3), nn.Flatten, lambda: nn.Linear(3, 1)),
    "same padding": sequence(IMAGES, lambda: nn.Conv2d(1, 2, 3, padding="same"), nn.Hardtanh,
                             lambda: nn.AdaptiveAvgPool2d(1), nn.Flatten, lambda: nn.Linear(2, 1)),
    "groups, dilation": sequence(SERIES, lambda: nn.Conv1d(2, 2, 2, groups=2, dilation=2), nn.ReLU, nn.Flatten,
                                 lambda: nn.Linear(8, 1)),
    "adaptive": image(lambda s, x: s.c(s.q(s.p(F.relu(s.a(x)))).flatten(1)), 4, p=nn.AdaptiveMaxPool2d(2),
                      q=nn.AdaptiveAvgPool2d((1, 2))),
    "view": image(lambda s, x: s.c(F.max_pool2d(F.relu(s.a(x)), 2).view(x.size(0), -1)), 8),
    "reshape": image(lambda s, x: s.c(F.avg_pool2d(F.relu(s.a(x)), 2, stride=1).reshape(x.shape[0], 18)), 18),
    "mean": image(lambda s, x: s.c(F.relu(s.a(x)).mean([2, 3])), 2),
    "mean, kept": image(lambda s, x: s.c(F.relu(s.a(x)).mean((-2, -1), keepdim=True).flatten(1)), 2),
    "permuted": image(lambda s, x: s.c(F.relu(s.a(x)).permute(0, 2, 3, 1).flatten(1)), 32),
    "transposed": image(lambda s, x: s.c(F.relu(s.a(x)).transpose(1, 2).flatten(1)), 32),
    "unflattened": sequence(ROWS, lambda: nn.Unflatten(1, (1, 3)), lambda: nn.Conv1d(1, 2, 2), nn.ReLU, nn.Flatten,
                            lambda: nn.Linear(4, 1)),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(1)


def outputs(loaded):
    problem = loaded.problem
    return np.array([list(map(float, f)) for f in predictions(problem, problem.parameters)])


@pytest.mark.parametrize("name", MODULES)
def test_outputs_are_the_modules_and_its_state_comes_back(name):
    make, X = MODULES[name]
    module = make().eval()
    wanted = module(X).detach().reshape(len(X), -1).numpy()
    loaded = symverify.from_torch(module, X, wanted.round())
    assert isinstance(loaded.problem, Programmed)
    assert outputs(loaded) == pytest.approx(wanted, abs=1e-5)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with torch.no_grad():
        for value in module.parameters():
            value.zero_()
    module.load_state_dict(ExactPoint(loaded.problem.parameters, 0, loaded).state_dict())
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


def test_what_is_shared_is_one_parameter_and_what_is_frozen_none():
    def size(make):
        return symverify.from_torch(make(), ROWS, ROWS[:, :1]).problem.size()

    assert (size(shared), size(tied), size(partly_frozen)) == (16, 19, 5)
    frozen = symverify.from_torch(partly_frozen(), ROWS, ROWS[:, :1])
    assert frozen.notes[0] == "'0.weight' is frozen, as it has no requires_grad"
    whole = partly_frozen().requires_grad_(False)  # for use, not for training
    assert symverify.from_torch(whole, ROWS, ROWS[:, :1]).problem.size() == 21


def test_a_softmax_at_the_end_belongs_to_the_loss():
    module = Written(lambda s, x: F.softmax(s.c(F.relu(s.a(x)) + x), dim=1), a=nn.Linear(3, 3), c=nn.Linear(3, 2))
    loaded = symverify.from_torch(module, ROWS, CLASSES)
    assert loaded.problem.loss.name == "cross_entropy"
    assert outputs(loaded) == pytest.approx(module.c(F.relu(module.a(ROWS)) + ROWS).detach().numpy(), abs=1e-5)
    assert "at the end belongs to the loss" in loaded.notes[0]
    with pytest.raises(NotImportable, match="the model ends in a softmax, and the loss is 'squared'"):
        symverify.from_torch(module, ROWS, CLASSES, loss=nn.MSELoss())


class Classifier(nn.Module):
    """A skip connection, and a softmax at the end."""

    def __init__(self):
        super().__init__()
        self.a, self.c = nn.Linear(3, 2), nn.Linear(5, 2)

    def forward(self, x):
        return torch.softmax(self.c(torch.cat([torch.relu(self.a(x)), x], 1)), 1)


@pytest.mark.parametrize("make", [lenet, Residual, Classifier])
@pytest.mark.parametrize("new", [False, True])
def test_the_exporters_give_the_same_problem(make, new, tmp_path):
    pytest.importorskip("onnxscript" if new else "onnx", reason="the exporter is not installed")
    module, path = make().eval(), tmp_path / "model.onnx"
    X = ROWS if make is Classifier else IMAGES
    y = CLASSES if make is Classifier else module(X).detach().round()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if new:
            shapes = ({0: torch.export.Dim("n")},)
            torch.onnx.export(
                module, (X,), path, dynamo=True, external_data=False, dynamic_shapes=shapes, verbose=False
            )
        else:
            torch.onnx.export(module, (X,), path, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}})
    direct = symverify.from_torch(module, X, y, name="model")
    exported = symverify.from_onnx(path, X, y, name="model")
    assert exported.network == direct.network
    assert exported.state == direct.state


def test_a_result_goes_back_into_the_module():
    module = nn.Sequential(nn.Conv1d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4, 1))
    X = torch.tensor([[[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], [[2.0, 0.0, 1.0]], [[3.0, 1.0, 0.0]]])
    y = torch.tensor([[0.0], [0.0], [0.0], [1.0]])
    result = symverify.check(symverify.from_torch(module, X, y, loss=nn.MSELoss()), smt=False, timeout=20)
    point = result.point("point")
    assert repr(point).startswith("<ExactPoint program of 4 nodes with 11 free parameters, risk ")
    module.load_state_dict(point.state_dict())
    assert nn.MSELoss()(module(X), y).item() == pytest.approx(float(point.risk), rel=1e-5)


REFUSED = {
    "attention": (
        row(lambda s, x: s.c(s.a(x) * s.b(x))),
        r"Mul 'mul': it multiplies computed values; products are",
    ),
    "other padding": (
        sequence(IMAGES, lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), nn.ReLU, nn.Flatten),
        r"Conv2d '0': it pads with something else than zeros",
    ),
    "rows for images": (
        (lambda: nn.Sequential(nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(1, 1)), ROWS),
        r"MaxPool2d '0': a sample that enters it has the shape \[3\]; give X with its axes, samples x channels",
    ),
    "batch statistics": (
        sequence(ROWS, lambda: nn.BatchNorm1d(3, track_running_stats=False), nn.ReLU, lambda: nn.Linear(3, 1)),
        r"BatchNorm1d '0': it uses the statistics of a batch; use track_running_stats=True",
    ),
    "no divisor": (
        sequence(IMAGES, lambda: nn.Conv2d(1, 1, 2), nn.ReLU, lambda: nn.AdaptiveAvgPool2d(2), nn.Flatten),
        r"AdaptiveAvgPool2d '2': its output size \[2, 2\] does not divide \[3, 3\]; choose one that does",
    ),
    "mixed samples": (image(lambda s, x: s.c(F.relu(s.a(x)).view(-1, 64)), 64), r"view .* mixes the samples; keep the"),
    "half of a mean": (image(lambda s, x: s.c(F.relu(s.a(x)).mean(2).flatten(1)), 8), r"it is not over all axes after"),
    "a sigmoid inside": (row(lambda s, x: s.c(torch.sigmoid(s.a(x)) + x)), r"sigmoid .* it is no piecewise linear act"),
    "smooth": (row(lambda s, x: s.c(torch.tanh(s.a(x)) + x)), r"tanh .* is not supported; it is not piecewise linear"),
    "two results": (row(lambda s, x: (s.c(s.a(x)), x)), r"the module does not give one tensor; give one that"),
    "a functional layer": (row(lambda s, x: F.linear(F.relu(s.a(x)) + x, s.b.weight)), r"its weight is no layer's own"),
    "joined samples": (
        row(lambda s, x: s.c(torch.cat([F.relu(s.a(x)), x]))),
        r"it joins something else than the",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name):
    (make, X), message = REFUSED[name]
    with pytest.raises(NotImportable, match=message) as caught:
        symverify.from_torch(make(), X, [[0.0]] * len(X))
    assert caught.value.remedy


def relu_in_place(s, x):
    z = s.a(x)
    return s.c(F.relu(z, inplace=True) + z)


def module_in_place(s, x):
    z = s.a(x)
    return s.c(s.p(z) + s.b(z))


def dropped(s, x):
    z = s.a(x)
    z.relu_()
    return s.c(z + x)


def through_a_view(s, x):
    z = s.a(x)
    z.flatten(1).add_(1)
    return s.c(F.relu(z) + x)


@pytest.mark.parametrize("forward", [relu_in_place, module_in_place, dropped, through_a_view])
def test_what_reads_an_overwritten_value_is_refused(forward):
    make, X = row(forward, p=nn.ReLU(inplace=True))
    with pytest.raises(NotImportable, match=r"overwrites 'a', which '.*' reads afterwards; set inplace=False"):
        symverify.from_torch(make(), X, [[0] for _ in X])


def test_in_place_where_nothing_else_reads():
    def added(s, x):
        z = s.a(x)
        y = F.relu(z)
        z += 1
        return s.c(s.p(z) + y)

    make, X = row(added, p=nn.ReLU(inplace=True))
    module = make()
    problem = symverify.from_torch(module, X, [[0] for _ in X]).problem
    ours = [float(f) for (f,) in predictions(problem, problem.parameters)]
    assert ours == pytest.approx(module(X)[:, 0].tolist(), abs=1e-5)


def test_a_constant_that_is_added_is_no_parameter():
    module = Written(lambda s, x: s.c(F.relu(s.a(x) + 1)), a=nn.Linear(3, 3, bias=False), c=nn.Linear(3, 1))
    loaded = symverify.from_torch(module, ROWS, [[0] for _ in ROWS])
    assert [key for key, _, _ in loaded.state] == ["a.weight", "c.weight", "c.bias"]
    ours = [float(f) for (f,) in predictions(loaded.problem, loaded.problem.parameters)]
    assert ours == pytest.approx(module(ROWS)[:, 0].tolist(), abs=1e-5)


def test_hooks_and_dropout_that_does_not_end_are_refused():
    hooked = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))
    hooked[0].register_forward_hook(lambda layer, entering, made: 2 * made)
    with pytest.raises(NotImportable, match="Linear '0' has hooks, which may change its values or weights"):
        symverify.from_torch(hooked, ROWS, [[0] for _ in ROWS])
    make, X = row(lambda s, x: s.c(F.dropout(F.relu(s.a(x)), 0.5)))
    with pytest.raises(NotImportable, match=r"it drops values in evaluation, too; give it training=self\.training"):
        symverify.from_torch(make(), X, [[0] for _ in X])


def test_what_a_module_does_only_in_training_is_left_out():
    def noisy(s, x):
        y = F.dropout(F.relu(s.a(x)), 0.5, training=s.training)
        return s.c(2 * y + x if s.training else y)

    make, X = row(noisy)
    module = make()
    problem = symverify.from_torch(module, X, [[0] for _ in X]).problem
    assert module.training
    assert module.a.training
    ours = [float(f) for (f,) in predictions(problem, problem.parameters)]
    assert ours == pytest.approx(module.eval()(X)[:, 0].tolist(), abs=1e-5)
