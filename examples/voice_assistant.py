"""An assistant whose reply changes with the speaker's emotion.

It stands where an assistant's own speech recogniser would: samples come in as
they are recorded, each utterance is answered when it ends. The words are not
understood here; how they were said decides the tone of the reply.

Usage: python voice_assistant.py [--device NAME | RECORDING]
"""

import argparse
import contextlib
import sys

from lightsernet_edge import EmotionStream, Event, FileSource, LightSernetError, Microphone

# Below it the assistant keeps to its usual tone, whatever the label.
SURE = 0.6

REPLIES = {
    "anger": "I'm sorry that this is not working. Shall I stop and undo the last step?",
    "boredom": "I'll keep it short.",
    "disgust": "I won't suggest that again.",
    "fear": "You are all right. Shall I call somebody?",
    "happiness": "Glad to hear it! Here you go.",
    "sadness": "I'm here. Take your time.",
}
USUAL = "Here you go."


def reply(event: Event) -> str:
    """Choose the reply to an utterance."""
    emotion = event.emotion
    # Lost samples and an uncertain label are no ground to change the tone.
    if event.broken or emotion.confidence < SURE:
        return USUAL
    return REPLIES.get(emotion.label, USUAL)


def main() -> int:
    parser = argparse.ArgumentParser(description="Reply in a tone that fits the speaker's.")
    parser.add_argument("recording", nargs="?", help="listen to this file, not to a microphone")
    parser.add_argument("--device", help="number of a microphone or part of its name")
    arguments = parser.parse_args()
    try:
        with EmotionStream() as stream:
            rate = stream.sample_rate
            source = (
                FileSource(arguments.recording, rate, fast=True)
                if arguments.recording
                else Microphone(arguments.device, rate)
            )
            with contextlib.closing(source):
                for block in source.blocks():
                    if block.fault:
                        print(f"({block.fault})", file=sys.stderr)
                        stream.mark_broken(block.lost_samples)
                    answer(stream.process(block.samples))
                answer(stream.finish())
    except LightSernetError as error:
        print(f"voice_assistant.py: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        pass
    return 0


def answer(events: list[Event]) -> None:
    """Say what there is to say."""
    for event in events:
        emotion = event.emotion
        heard = f"{emotion.start_s:.1f} to {emotion.end_s:.1f} s, {emotion.label}"
        print(f"[{heard} {emotion.confidence:.0%}] {reply(event)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
