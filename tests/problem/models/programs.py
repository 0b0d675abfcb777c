"""Makes residual.onnx and lenet.onnx with PyTorch's exporter, and programs.json: inputs, and PyTorch's outputs.

Run in this folder, with torch and onnx installed: python programs.py
"""

import json

import torch
from torch import nn


class Residual(nn.Module):
    """A block of two convolutions with batch norms and a skip connection, then pooling and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.second, self.again = nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.start = nn.Conv2d(1, 2, 1)
        self.pool, self.last = nn.AdaptiveAvgPool2d(1), nn.Linear(2, 1)

    def forward(self, x):
        y = torch.relu(self.norm(self.first(x)))
        y = torch.relu(self.again(self.second(y)) + self.start(x))
        return self.last(torch.flatten(self.pool(y), 1))


def lenet() -> nn.Module:
    """A batch norm, two convolutions with max-pooling, and two linear layers."""
    return nn.Sequential(
        nn.BatchNorm2d(1),
        nn.Conv2d(1, 2, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 2, 2),
        nn.LeakyReLU(0.125),
        nn.Flatten(),
        nn.Linear(2, 3),
        nn.ReLU(),
        nn.Linear(3, 2),
    )


def main() -> None:
    torch.manual_seed(0)
    x, found = torch.randint(-2, 3, (6, 1, 4, 4)).float(), {}
    for name, model in (("residual", Residual()), ("lenet", lenet())):
        model.train()
        for _ in range(3):  # statistics for the batch norms
            model(torch.randn(8, 1, 4, 4))
        model.eval()
        torch.onnx.export(
            model, (x[:1],), f"{name}.onnx", dynamic_axes={"x": {0: "n"}}, input_names=["x"], dynamo=False
        )
        found[name] = model(x).tolist()
    inputs = [[int(v) for v in row.flatten()] for row in x]
    with open("programs.json", "w") as file:
        json.dump({"inputs": inputs, "outputs": found}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
