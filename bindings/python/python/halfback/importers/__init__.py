"""Ways in from other registries, one module for each: `halfback.importers.mlflow`."""
