"""Run by test_backends: one network under the backend of KERAS_BACKEND, its numbers as .npz."""

import sys

import keras
import numpy as np

from lightsernet_trainer.losses import loss_function
from lightsernet_trainer.network import light_sernet
from lightsernet_trainer.schedules import learning_rate_schedule

source, out = sys.argv[1:]
with np.load(source) as archive:
    features, targets = archive["features"], archive["targets"]
    weights = [archive[f"w{i}"] for i in range(len(archive.files) - 2)]
network = light_sernet(features.shape[1], features.shape[2], targets.shape[1], 0.25)
network.get_layer("dropout").rate = 0.0
results = {}
if weights:
    network.set_weights(weights)
else:
    results |= {f"w{i}": weight for i, weight in enumerate(network.get_weights())}
results["untrained"] = np.asarray(network.predict(features, verbose=0))
for loss in ("cross-entropy", "focal"):
    network.compile(
        keras.optimizers.SGD(learning_rate_schedule("one-cycle", 0.01, 3, 2)),
        loss_function(loss, 2.0, 0.1),
        jit_compile=False,
    )
    losses = [float(network.train_on_batch(features, targets)) for _ in range(6)]
    results[f"{loss} losses"] = np.array(losses)
results["trained"] = np.asarray(network.predict(features, verbose=0))
np.savez(out, **results)
