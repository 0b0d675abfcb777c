"""From PyTorch to a page and back: the exact minimum near a trained module, with a better one put into the module."""

import tempfile
from pathlib import Path

import torch
from torch import nn

import symverify


def main() -> None:
    torch.manual_seed(0)
    X = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    y = torch.tensor([[0.0], [0.0], [0.0], [1.0]])
    module = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))

    problem = symverify.from_torch(module, X, y, loss=nn.MSELoss())
    result = symverify.check(problem)
    result.html(Path(tempfile.mkdtemp()) / "page.html")
    print(result.words)

    module.load_state_dict(result.point("global_minimum").state_dict())
    print(f"loss of the module with the least risk: {nn.MSELoss()(module(X), y).item():.3g}")


if __name__ == "__main__":
    main()
