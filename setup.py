"""Packaging of harness. Tool settings are in pyproject.toml, the tested set of versions in constraints.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (HERE / "harness" / "__init__.py").read_text()).group(1)

BASE = [
    "click>=8.1",
    "matplotlib>=3.8",
    "mlflow>=3.5",
    "numba>=0.60",
    "numpy>=1.26",
    "pandas>=2.2",
    "pillow>=10.0",
    "pooch>=1.8",
    "pyarrow>=14.0",
    "pydantic>=2.9",
    "pyyaml>=6.0",
    "requests>=2.31",
    "rich>=13.7",
    "safetensors>=0.4",
    "scikit-learn>=1.4",
    "scipy>=1.11",
    "segmentation-models-pytorch>=0.5",
    "submitit>=1.5.2",
    "timm>=1.0.9",
    "torch>=2.6",
]
EXTRAS = {
    "bench": ["lightly>=1.5", "stable-pretraining>=0.1", "torchvision>=0.21"],  # what `harness bench` measures beside
    "dali": ["nvidia-dali-cuda130>=2.4"],  # for the CUDA that PyTorch 2.15 brings
    "deepspeed": ["deepspeed>=0.19"],
    "keras": ["h5py>=3.10"],  # weights that Keras saved as HDF5
    "ffcv": ["ffcv>=1.0.2", "setuptools>=68"],  # builds itself: see .ci/ffcv.txt; imports distutils
    "dev": [
        "mypy>=1.11",
        "pandas-stubs>=2.2",
        "pydoclint>=0.5",
        "pytest>=8.2",
        "pytest-xdist>=3.6",
        "ruff>=0.6",
        "sqlalchemy>=2.0",
        "torchmetrics>=1.4",
        "torchvision>=0.21",
        "types-PyYAML>=6.0",
    ],
}

setup(
    name="harness",
    version=VERSION,
    description="A distributed benchmark harness for self-supervised knowledge distillation on paired images",
    long_description=(HERE / "README.md").read_text() if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["harness*", "jobs*"]),
    package_data={"harness": ["py.typed"]},
    install_requires=BASE,
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": ["harness = harness.cli:main"],
        "harness.components": ["jobs = jobs"],
    },
)
