"""Other people's libraries: imported only for their own objects, or when one is asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from halfback.errors import MissingLibraryError

__all__ = ["belongs", "library", "loaded"]

# What to install where the package is not called as the module, and the extra that has it.
_PACKAGES = {
    "IPython": ("ipython", None),
    "joblib": ("joblib", "sklearn"),
    "keras": ("keras", "keras"),
    "lightgbm": ("lightgbm", "lightgbm"),
    "numpy": ("numpy", "numpy"),
    "onnx": ("onnx", "onnx"),
    "pandas": ("pandas", "pandas"),
    "polars": ("polars", "polars"),
    "pyarrow": ("pyarrow", "arrow"),
    "safetensors": ("safetensors", "torch"),
    "sklearn": ("scikit-learn", "sklearn"),
    "skops": ("skops", "sklearn"),
    "torch": ("torch", "torch"),
    "xgboost": ("xgboost", "xgboost"),
}


def loaded(name: str) -> Any:
    """A module that the program has imported, else `None`: an object can't be of one that is not.

    >>> from halfback.libraries import loaded
    >>> loaded("sys") is not None, loaded("antigravity") is None
    (True, True)
    """
    return sys.modules.get(name)


def belongs(value: object, module: str, *names: str) -> bool:
    """Whether a value is an instance of one of a module's classes, without importing the module.

    >>> from decimal import Decimal
    >>> from halfback.libraries import belongs
    >>> belongs(Decimal(1), "decimal", "Decimal"), belongs(1, "decimal", "Decimal", "Nothing")
    (True, False)
    """
    found = loaded(module)
    classes = (getattr(found, name, None) for name in names)
    return any(isinstance(cls, type) and isinstance(value, cls) for cls in classes)


def library(name: str, purpose: str) -> Any:
    """Imports a module that something needs, or says what to install.

    >>> from halfback.libraries import library
    >>> library("math", "square roots").sqrt(4)
    2.0
    """
    try:
        return import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        if error.name is not None and error.name.partition(".")[0] != top:
            raise  # the library is there, and what it needs is not: its own error tells
        package, extra = _PACKAGES.get(top, (top, None))
        by_extra = "" if extra is None else f", or `pip install 'halfback[{extra}]'`"
        raise MissingLibraryError(
            f"{purpose} needs `{package}`: `pip install {package}`{by_extra}", "missing_library"
        ) from error
