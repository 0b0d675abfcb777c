"""Makes the models torch_*.onnx beside this file with PyTorch's two exporters: `python from_torch.py`.

Beside each, in outputs.json, are the outputs that PyTorch computes for INPUTS, before what belongs to the loss.
"""

import json
from pathlib import Path

import onnx
import torch
from torch import nn

HERE = Path(__file__).parent
INPUTS = [[0.5, 1.0], [-1.0, 0.25], [3.0, 0.125], [0.0, -2.0]]


class Chain(nn.Module):
    """Two layers with a function between them and one at the end."""

    def __init__(self, between, end=lambda z: z, outputs=1):
        super().__init__()
        self.first, self.last, self.between, self.end = nn.Linear(2, 3), nn.Linear(3, outputs), between, end

    def logits(self, x):
        return self.last(self.between(self.first(x)))

    def forward(self, x):
        return self.end(self.logits(x))


def models():
    functional = nn.functional
    yield "relu", Chain(functional.relu)
    yield "leaky", Chain(lambda z: functional.leaky_relu(z, 0.1))
    yield "clamp", Chain(lambda z: z.clamp(-0.5, 0.75))
    yield "hardtanh", Chain(nn.Hardtanh())
    yield "hardsigmoid", Chain(nn.Hardsigmoid())
    yield "flatten", Chain(lambda z: functional.relu(z.flatten(1)))
    yield "view", Chain(lambda z: functional.relu(z.view(-1, 3)))
    yield "dropout", Chain(nn.Sequential(nn.ReLU(), nn.Dropout(0.5)))
    yield "squeeze", Chain(functional.relu, lambda z: z.squeeze(-1))
    yield "softmax", Chain(functional.relu, nn.Softmax(dim=1), 3)
    yield "log_softmax", Chain(functional.relu, nn.LogSoftmax(dim=1), 3)
    yield "sigmoid", Chain(functional.relu, nn.Sigmoid())
    yield "argmax", Chain(functional.relu, lambda z: z.argmax(1), 3)
    yield "half", Chain(functional.relu).half()


def bare(path):
    """Leave out where the exporter has found each operator, in the source and in the module."""
    model = onnx.load(path, load_external_data=False)
    for part in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.value_info,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    outputs = {}
    for name, model in models():
        torch.manual_seed(len(name))
        for layer in (model.first, model.last):
            layer.reset_parameters()
        model.eval()
        x = torch.tensor(INPUTS, dtype=next(model.parameters()).dtype)
        outputs[name] = model.logits(x).detach().tolist()
        for exporter in ("old", "new"):
            path = HERE / f"torch_{name}_{exporter}.onnx"
            how = {"input_names": ["x"], "output_names": ["y"]}
            if exporter == "old":
                torch.onnx.export(model, (x,), path, dynamo=False, dynamic_axes={"x": {0: "n"}}, **how)
            else:
                shapes = ({0: torch.export.Dim("n")},)
                torch.onnx.export(model, (x,), path, dynamo=True, external_data=False, dynamic_shapes=shapes, **how)
            bare(path)
    (HERE / "outputs.json").write_text(json.dumps({"inputs": INPUTS, "torch": outputs}, indent=1) + "\n")
    apart, path = nn.Sequential(nn.Linear(2, 300), nn.ReLU(), nn.Linear(300, 1)), HERE / "torch_external.onnx"
    torch.onnx.export(apart, (torch.tensor(INPUTS),), path, dynamo=True, external_data=True)
    bare(path)
    path.with_name(f"{path.name}.data").unlink()


if __name__ == "__main__":
    main()
