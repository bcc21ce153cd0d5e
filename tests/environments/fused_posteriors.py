"""Print the posteriors that a fused model gives of waveforms, by whatever interpreter is here.

python fused_posteriors.py MODEL WAVEFORMS.npz

One JSON object on stdout; it works on every NumPy and every interpreter.
"""

import importlib
import json
import sys
from typing import Any

import numpy as np


def main(model: str, waveforms: str) -> dict[str, Any]:
    """Run the waveforms, each at its own length."""
    for name in ("ai_edge_litert", "tflite_runtime"):
        try:
            module = importlib.import_module(f"{name}.interpreter")
            break
        except ImportError:
            continue
    interpreter = module.Interpreter(
        model_path=model,
        experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    given = interpreter.get_input_details()[0]["index"]
    wanted = interpreter.get_output_details()[0]["index"]
    posteriors = {}
    with np.load(waveforms) as arrays:
        for key in arrays.files:
            interpreter.resize_tensor_input(given, arrays[key].shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(given, arrays[key])
            interpreter.invoke()
            posteriors[key] = interpreter.get_tensor(wanted)[0].tolist()
    return {"interpreter": name, "numpy": np.__version__, "posteriors": posteriors}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
