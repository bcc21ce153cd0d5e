"""Train a small network on the clips beside this program, and score what was held out.

Usage: python train_small.py [FOLDER]

The clips are cut in two: one half of each trains, or is held out. That is far too little
to learn from; it shows the calls. FOLDER keeps the models and may be left out.
"""

import sys
import tempfile
from pathlib import Path

import soundfile

from lightsernet_edge import LightSernetError
from lightsernet_trainer import TrainingConfiguration, hold_out_share, load, train

CLIPS = Path(__file__).resolve().parent / "clips"


def write_manifest(path: Path) -> None:
    lines = ["file,label,speaker,start,end"]
    for clip in sorted(CLIPS.glob("*.wav")):
        label, name = clip.stem.split("_")
        middle = soundfile.info(clip).duration / 2
        lines.append(f"{clip},{label},{name[:2]},,{middle}")
        lines.append(f"{clip},{label},{name[:2]},{middle},")
    path.write_text("\n".join(lines), encoding="utf-8")


def run(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(folder / "clips.csv")
    corpus = load("manifest", folder / "clips.csv")
    split = hold_out_share(corpus, 0.5, seed=0)
    settings = TrainingConfiguration(epochs=3, width=0.1, seconds=0.7, batch_size=4)
    result = train(corpus, split, settings, folder)
    for precision, model in result.models.items():
        accuracy = result.scores[precision].ua
        print(
            f"{model.path.name:16} {len(model.model):7} bytes, unweighted accuracy {accuracy:.0%}"
        )
    print(f"trained on {len(split.train)} clips, scored on {len(split.test)}: {split.protocol}")


def main() -> int:
    try:
        if len(sys.argv) == 2:
            run(Path(sys.argv[1]))
        else:
            with tempfile.TemporaryDirectory() as folder:
                run(Path(folder))
    except LightSernetError as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
