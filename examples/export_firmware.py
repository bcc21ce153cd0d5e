"""Plan a model for a board, and write the C sources that run it there.

Usage: python export_firmware.py FOLDER [MODEL]
"""

import sys

from lightsernet_edge import LightSernetError
from lightsernet_firmware import boards_that_fit, export, plan


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print("usage: python export_firmware.py FOLDER [MODEL]", file=sys.stderr)
        return 2
    folder, *path = sys.argv[1:]
    try:
        model = plan(*path)
        for layer in model.layer_costs(frames=184):
            print(f"{layer.name:10} {layer.macs / 1e6:6.1f} M MAC  {layer.operation}")
        boards = [board["board"] for board in boards_that_fit(model) if board["fits"]]
        print("fits " + (", ".join(boards) or "no board that is known"))
        written = export(model, folder)
    except LightSernetError as error:
        print(f"export_firmware.py: {error}", file=sys.stderr)
        return error.exit_status
    print(f"{len(written.files)} files, {written.flash_bytes} bytes of flash for the model")
    print(f"{written.ram_bytes} bytes of RAM for a stream")
    return 0


if __name__ == "__main__":
    sys.exit(main())
