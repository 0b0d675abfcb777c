"""Train a 2-3-1 ReLU network on train.csv in PyTorch and store its weights: python train.py

Made with PyTorch 2.13.0 (CPU), safetensors 0.8.0 and onnx 1.23.2. symverify itself needs none of them.
"""

import csv
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent


def main(seed: int = 2, steps: int = 4000) -> None:
    with (HERE / "train.csv").open(newline="") as file:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    table = torch.tensor(rows)
    x, y = table[:, :-1], table[:, -1:]
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimiser.step()
        schedule.step()
    print(f"seed {seed}: mean squared error {loss.item():.9f}")
    save_file(model.state_dict(), HERE / "model.safetensors")
    torch.onnx.export(model, (x,), HERE / "model.onnx", dynamo=False, dynamic_axes={"x": {0: "n"}}, input_names=["x"])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
