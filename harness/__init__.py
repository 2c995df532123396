"""A distributed benchmark harness for self-supervised knowledge distillation on paired histopathology images."""

__version__ = "0.1.0"
