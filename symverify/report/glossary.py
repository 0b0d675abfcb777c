"""The words that the package uses, each in a sentence or two: what `symverify help WORD` prints."""

GLOSSARY: dict[str, str] = {
    "activation": "The function of each hidden unit: continuous and piecewise linear, with finitely many pieces. "
    "ReLU, leaky ReLU, |z|, hard tanh, or a list of your own.",
    "affine fit": "The best prediction of the form A x + a. A network with piecewise linear activations can be made "
    "to predict it, and there it has a local minimum that is usually spurious.",
    "affine_infimum": "A claim: no best affine fit exists, as where labels can be separated. Proved with the "
    "direction in which the risk falls for ever, and the infimum over affine maps.",
    "assumptions": "A claim: which of the assumptions of the paper's theorems hold. They are reported; no proof "
    "depends on them.",
    "atlas": "A claim, and a command: all cells of a small network, with the local minima strictly inside each. "
    "With faces (face_atlas) those on boundaries too, so that it lists all local minima that there are.",
    "better point": "A point of strictly lower risk, written down in the certificate: the proof that a minimum is "
    "spurious.",
    "boundary": "Where some pre-activation is exactly at a breakpoint. The risk may have no gradient there; a point "
    "on a boundary is decided all the same.",
    "bracket": "Two numbers between which the least risk of all is proved to lie.",
    "breakpoint": "A number at which an activation changes its slope: 0 for ReLU.",
    "cell": "The points of parameter space at which every unit is, on every sample, strictly inside the same piece "
    "of its activation. On a cell the predictions are polynomials in the parameters. Written as a digit for each "
    "sample, with commas between units: 0111,0011.",
    "cell_infimum": "A claim: the greatest lower bound of the risk over a cell.",
    "cell_minima": "A claim: the local minima strictly inside one cell (--cell), their risk, and the components "
    "that they form.",
    "cell_radius": "A claim: how far all labels may move, at least, while the signs of output weights at a cell's "
    "minima (--cell), and with them the components of these, stay the same; with exact=true no farther.",
    "cell_traps": "A claim: for all labels, every cell of a unit holds a local minimum of the network; with the file's "
    "labels their risks, and how many are spurious.",
    "cells": "A claim, and a command: how many cells a hidden unit has on the data, and the network.",
    "certificate": "A JSON file with claims and the steps of their proofs. The kernel verifies it against the "
    "network file, without searching for anything.",
    "chamber": "A cell of one hidden unit, as a region between hyperplanes.",
    "claim": "A statement that `check` tries to prove or to refute; --claims names some. `symverify help NAME` "
    "tells what each is.",
    "component": "A connected part of a set of minima: from each of its points a path leads to each other one, "
    "without leaving the set.",
    "confirmed": "A solver says that a statement about a step has no counterexample. The number counts those "
    "about all steps that the claim rests on.",
    "constant_risk_path": "A claim: a path through minima of one cell along which the risk does not change.",
    "contradicted": "A solver found a counterexample to a step that the kernel accepts: an alarm, with exit code 70.",
    "critical point": "A point inside a cell where the gradient of the risk is zero.",
    "critical_point": "A claim: the given parameters are a critical point of their cell.",
    "descent": "A curve from a point along which the risk falls at once: the proof that the point is no local minimum.",
    "dimension": "Of a valley: how many directions one can move in, at a point, without changing what is predicted.",
    "dual vector": "Numbers, one for each sample, that prove a lower bound of the risk for many networks at once.",
    "every_slope": "A claim: on one input, Theorem 1 for all pairs of different slopes, a left of the one breakpoint "
    "and b right of it, with the better risk as a function of them.",
    "exit code": "0 proved, 10 refuted, 11 certificate rejected, 2 malformed input or usage, 3 undecided, 70 "
    "internal error or contradiction, 130 interrupted. Of check it is about --claims, or else the claim in its last "
    "line.",
    "face": "A part of the boundary of cells, given by the pre-activations that are exactly at breakpoints; a cell "
    "is a face too. The faces together are the whole parameter space.",
    "face_atlas": "A claim: all local minima of the network, on every face, joined into connected valleys.",
    "face_radius": "A claim: how far all labels may move, at least, while the face of the given point, or of the "
    "affine fit's, holds a local minimum with output weights of the same signs; with exact=true no farther.",
    "gap": "How far a risk is above the least risk of all.",
    "global minimum": "A point with the least risk of all parameters of the network.",
    "global_bounds": "A claim: a bracket of the least risk, where equality stays open.",
    "global_minimum": "A claim: the least risk over all parameters, exactly, and a network that attains it. Where none "
    "does, or that is open, the answer is named infimum; where that is not rational, and enclosed as closely as --gap "
    "asks, global_bounds. All of these are exit code 0.",
    "global_radius": "A claim: how far all labels may move, at least, while the face of a global minimum holds one "
    "with output weights of the same signs; with exact=true no farther.",
    "infimum": "The greatest number that no risk is below. It need not be attained: then no network is best. Also a "
    "claim, the same question as global_minimum: where the infimum is attained, the answer has that name.",
    "kernel": "The part that must be trusted: it reads a network file and a certificate, recomputes everything in "
    "exact arithmetic, and accepts or rejects. Python's standard library alone.",
    "linear_collapse": "A claim, for affine activations: the network is one cell, and every local minimum is global.",
    "link": "What makes probabilities or rates of a network's outputs, such as softmax or sigmoid. It belongs to "
    "the loss; `import` leaves it out and chooses the loss that it means.",
    "local minimum": "A point such that no point near it has lower risk.",
    "loss": "What a sample's prediction costs, given its label: squared, huber, absolute, quantile, hinge, "
    "logistic, cross_entropy, poisson.",
    "global_minimum_for_all": "A claim about a file with symbols: the least risk has one face for all their values.",
    "minimum_for_all": "A claim about a file with symbols: a local minimum on one face (--cell) for all their values.",
    "minimum_in_box": "A claim: a local minimum lies in a box around a centre that the certificate gives; proved "
    "where the minimum itself need not be rational.",
    "network file": "The JSON file with architecture, activation, loss and data, perhaps a point. `symverify "
    "schema` prints its format, `symverify import` makes one of a trained model.",
    "no_spurious_for_all": "A claim about a file with symbols: none of their values gives a spurious local minimum.",
    "observed": "What the search noticed and the kernel has not checked. It is never part of a theorem.",
    "orbit": "What becomes of a set of minima when hidden units change places.",
    "pattern": "The pieces that a cell's units are on, a digit for each sample: 0111,0011.",
    "piece": "One of the linear parts of an activation, counted from the left from 0: of ReLU, 0 is off and 1 is on.",
    "point": "The parameters of a network: all weights and biases. Also a claim: the given ones are a local minimum "
    "or not, spurious or not.",
    "pre-activation": "What enters a unit's activation: its weighted inputs plus its bias.",
    "proved": "A verdict: the kernel has verified a proof of the claim.",
    "ray": "An edge of a unit's cell, seen as a cone: its points are sums of multiples ≥ 0 of rays.",
    "refuted": "A verdict: the kernel has verified a proof that the claim is false. Exit code 10 of check.",
    "rejected": "A verdict on a certificate: it does not prove what it claims. Exit code 11.",
    "residual": "The derivative of the risk by the prediction on a sample; for the squared loss, a positive "
    "multiple of the prediction less the label.",
    "risk": "The number that training makes small: the mean of the losses over the samples, or their sum if the "
    "file says so, plus the weight decay if there is any.",
    "rule": "A way to conclude: each step of a certificate is an instance of a rule, which the kernel checks.",
    "sample": "One row of the data: an input with its label.",
    "snap": "To move trained parameters, which are never exactly stationary, to the exact local minimum near them: "
    "`check --snap` and symverify.snap.",
    "solver": "z3 or cvc5, asked for a second opinion about each step that can be posed to it; of the others "
    "their number is told. Its answer never replaces the kernel's.",
    "spurious": "Of a local minimum: some other point has strictly lower risk.",
    "spurious_face_for_all": "A claim about a file with symbols: the minimum on one face is spurious for all of them.",
    "spurious_for_all": "A claim about a file with symbols: Theorem 1 for all their values.",
    "spurious_labels": "A claim: for exactly which labels Theorem 1 holds, on these inputs.",
    "spurious_linear_minimum": "A claim, for general programs: a local minimum at which every unit is on one piece on "
    "all samples, the best of its cell, and another point that is strictly better.",
    "spurious_minimum": "A claim, the paper's theorem: the network that predicts the best affine fit is a local "
    "minimum, and another point is strictly better.",
    "spurious_radius": "A claim: how far all labels may move together before Theorem 1 fails, and the form that binds.",
    "storey": "A part of the kernel. Each theorem names those that its proof rests on; core is enough for most.",
    "subgradient": "A slope of a loss at a kink, where it has many.",
    "symbol": "A name for a number in the labels of a network file, with the interval of its values: theorems are "
    "then about all of them.",
    "theorem": "A claim that the kernel has proved about the very network and data of the file.",
    "unanswered": "A solver did not settle a statement about a step within its time. The kernel's verdict stands.",
    "undecided": "A verdict: neither proved nor refuted within the time and the methods there are; the reason is "
    "told. Exit code 3.",
    "unit": "One hidden neuron.",
    "valley": "Connected local minima of one risk; of dimension 0, a single one. Also a claim: a path of infinitely "
    "many from the minimum of the affine fit, with the valley's dimension there.",
    "verdict": "Proved, refuted or undecided; of a certificate, verified or rejected.",
    "weight decay": "A penalty on the squares of the parameters, added to the risk. With it few claims can be decided.",
    "width": "The number of units of a layer; `layers` in a network file lists them all, inputs and outputs too.",
    "witness": "A point written down to prove that something exists.",
}
