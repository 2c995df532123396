"""The run folder, which is the truth, and MLflow, which is its replica."""
