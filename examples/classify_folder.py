"""Name the emotion of every recording in a folder, and count them.

Usage: python classify_folder.py FOLDER
"""

import sys
from collections import Counter
from pathlib import Path

from lightsernet_edge import EmotionRecognizer, LightSernetError


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else Path(__file__).parent / "clips"
    if not folder.is_dir():
        print(f"{folder}: no such folder", file=sys.stderr)
        return 2
    recognizer = EmotionRecognizer()
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("*.wav")):
        try:
            emotion = recognizer.classify(path)
        except LightSernetError as error:
            print(f"skipped: {error}", file=sys.stderr)
            continue
        counts[emotion.label] += 1
        print(f"{path.name:28} {emotion.label:10} {emotion.confidence:4.0%}")
    print(", ".join(f"{label} {count}" for label, count in counts.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
