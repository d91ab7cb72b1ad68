"""Makes the HDF5 files of `hdf5_tests.rs`: what Keras writes, in the oldest and the newest form of HDF5.

Needs `h5py`; run it in this folder. The files differ from run to run in nothing.
"""

import json

import h5py

CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {"class_name": "Dense", "config": {"name": "dense", "units": 1, "dtype": "float32"}}
        ],
    },
}


def describe(file: h5py.File) -> None:
    """The attributes in the order and the types in which Keras 2 and 3 write them."""
    file.attrs["keras_version"] = b"2.15.0"
    file.attrs["backend"] = b"tensorflow"
    file.attrs["model_config"] = json.dumps(CONFIG).encode()
    file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": None}).encode()


for name, libver in [("earliest", "earliest"), ("latest", "latest")]:
    with h5py.File(f"{name}.h5", "w", libver=libver) as file:
        describe(file)

# More attributes than a header keeps: they lie in a heap of their own.
with h5py.File("dense.h5", "w", libver="latest") as file:
    describe(file)
    for number in range(8):
        file.attrs[f"a{number}"] = number
