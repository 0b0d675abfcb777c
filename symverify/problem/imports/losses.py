"""Losses as frameworks name them, as network files spell them; and what stands between a model's end and its loss.

A framework's mean is often over samples and outputs, that of a network file over samples of the sum over outputs: the
factor says so. Nothing of a framework is imported: a loss object is known by its class's name and attributes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symverify.errors import Malformed
from symverify.kernel.losses import LOSSES
from symverify.kernel.network_file import unknown_loss
from symverify.text import plain

from .common import NotImportable, quoted

LINKS = {  # what a model may end in, and the losses that it then belongs to
    "softmax": ("cross_entropy", "ce"),
    "log_softmax": ("cross_entropy", "ce"),
    "sigmoid": ("logistic", "bce", "bce_with_logits"),
    "exp": ("poisson",),
}


@dataclass(frozen=True, slots=True)
class Stated:
    """A loss as network files spell it; `after` are the links that the model may end in, "" for none; None: any."""

    loss: object
    after: tuple[str, ...] | None = ("",)


def loss_of(loss: Any, outputs: int) -> Stated:
    """A loss by its name, as a dict, or as a loss object or class of PyTorch. Raises Malformed for other things."""
    if isinstance(loss, str | Mapping):
        return Stated(dict(loss) if isinstance(loss, Mapping) else loss, None)
    if isinstance(loss, type):
        loss = _made(loss)
    name = type(loss).__name__
    if name not in _TORCH:
        known = ", ".join(f"nn.{each}" for each in _TORCH)
        raise Malformed(
            ("loss", f"{plain(name, 60)} is not supported: give {known}; or one of {', '.join(LOSSES)}, or a dict")
        )
    stated: Stated = _TORCH[name](loss, outputs)
    return stated


def linked(link: str, stated: Stated | None) -> object:
    """The loss of the values before a model's link: the one stated, or by the link, or the squared.

    Raises NotImportable where a loss does not belong to what the model ends in.
    """
    if stated is None:
        return LINKS[link][0] if link else "squared"
    name = str(stated.loss.get("name") if isinstance(stated.loss, dict) else stated.loss)
    if name not in LOSSES:
        raise NotImportable(f"loss: {unknown_loss(name)}", "choose one of them")
    if (link and name not in LINKS[link]) or (stated.after is not None and link not in stated.after):
        ends = f"in a {link}" if link else "without softmax or sigmoid"
        wanted = f" after {' or '.join(stated.after or ())}" if any(stated.after or ()) else ""
        raise NotImportable(
            f"the model ends {ends}, and the loss is {quoted(name)}{wanted}",
            f"name the loss of the values before it, {quoted(LINKS[link][0])}, or leave its last layer out"
            if link
            else f"name the loss of the model's own outputs, {quoted(name)}",
        )
    return stated.loss


def _made(kind: type) -> Any:
    try:
        return kind()
    except TypeError:
        raise Malformed(
            ("loss", f"{kind.__name__} needs arguments: give a loss object, {kind.__name__}(...)")
        ) from None


def _reduced(loss: Any, outputs: int, name: str, **options: float) -> dict[str, Any]:
    """A loss with its reduction and factor: the mean of PyTorch is over all elements, `outputs` for each sample."""
    reduction = getattr(loss, "reduction", "mean")
    if reduction not in ("mean", "sum"):
        what = f"the reduction {plain(reduction, 20)!r} leaves a number for each sample"
        raise Malformed(("loss", f'{what}: use reduction="mean" or "sum"'))
    factor = Fraction(1, outputs if reduction == "mean" else 1)
    document: dict[str, Any] = {"name": name, "reduction": reduction, **options}
    return document if factor == 1 else document | {"factor": str(factor)}


def _unweighted(loss: Any, *attributes: str) -> None:
    for each in attributes:
        if getattr(loss, each, None) is not None:
            raise Malformed(("loss", f"{type(loss).__name__} with {each} is not supported: leave {each} out"))


def _elementwise(name: str, *options: str) -> Any:
    """A loss that is summed over outputs, with options of the same name."""

    def stated(loss: Any, outputs: int) -> Stated:
        return Stated(_reduced(loss, outputs, name, **{each: float(getattr(loss, each)) for each in options}))

    return stated


def _cross_entropy(loss: Any, outputs: int) -> Stated:
    _unweighted(loss, "weight")
    smoothing = float(loss.label_smoothing)
    return Stated(
        _reduced(loss, 1, "cross_entropy", **({"label_smoothing": smoothing} if smoothing else {})), ("", "log_softmax")
    )


def _nll(loss: Any, outputs: int) -> Stated:
    _unweighted(loss, "weight")
    return Stated(_reduced(loss, 1, "cross_entropy"), ("log_softmax",))


def _with_logits(loss: Any, outputs: int) -> Stated:
    _unweighted(loss, "weight", "pos_weight")
    return Stated(_reduced(loss, outputs, "logistic"))


def _bce(loss: Any, outputs: int) -> Stated:
    _unweighted(loss, "weight")
    return Stated(_reduced(loss, outputs, "logistic"), ("sigmoid",))


def _poisson(loss: Any, outputs: int) -> Stated:
    if loss.full:
        raise Malformed(
            ("loss", "PoissonNLLLoss with full=True is not supported: the term it adds is constant, drop it")
        )
    return Stated(_reduced(loss, outputs, "poisson"), ("",) if loss.log_input else ("exp",))


def _smooth_l1(loss: Any, outputs: int) -> Stated:
    if not loss.beta:
        return Stated(_reduced(loss, outputs, "absolute"))
    return Stated(_reduced(loss, outputs, "smooth_l1", beta=float(loss.beta)))


_TORCH: dict[str, Any] = {
    "MSELoss": _elementwise("squared"),
    "L1Loss": _elementwise("absolute"),
    "HuberLoss": _elementwise("huber", "delta"),
    "SmoothL1Loss": _smooth_l1,
    "CrossEntropyLoss": _cross_entropy,
    "NLLLoss": _nll,
    "BCEWithLogitsLoss": _with_logits,
    "BCELoss": _bce,
    "PoissonNLLLoss": _poisson,
}
