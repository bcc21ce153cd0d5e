"""Run by test_backends: one network under the backend of KERAS_BACKEND, its numbers as .npz."""

import sys
from types import SimpleNamespace

import keras
import numpy as np

from lightsernet_trainer.network.light_sernet import light_sernet
from lightsernet_trainer.network.losses import loss_function
from lightsernet_trainer.network.schedules import learning_rate_schedule
from lightsernet_trainer.training.weight_average import averaging_adam, take_mean

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
network.compile(
    averaging_adam(learning_rate_schedule("trapezoid", 1e-3, 3, 2), 0.5, 6),
    loss_function("cross-entropy", 0.0, 0.0),
    jit_compile=False,
)
for _ in range(6):
    network.train_on_batch(features, targets)
halves = [(features[:2], targets[:2]), (features[2:], targets[2:])]
take_mean(network, SimpleNamespace(epoch=lambda number: halves), 0)
results["averaged"] = np.asarray(network.predict(features, verbose=0))
np.savez(out, **results)
