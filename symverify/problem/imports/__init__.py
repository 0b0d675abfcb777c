"""Trained networks from other tools: `import_model` writes the network file of an ONNX or safetensors model."""

from .common import NotImportable
from .model import import_model

__all__ = ["NotImportable", "import_model"]
