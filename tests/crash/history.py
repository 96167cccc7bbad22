"""What clients saw: each writes down what it asks before it asks, and what it is answered
before it does anything else. One file a client process, one line an event, appended by one
call of write: what a kill cuts off was acted upon by nobody."""
import glob
import json
import os
import time


class Writer:
    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)

    def note(self, **event):
        line = json.dumps({"at": time.monotonic(), **event}, separators=(",", ":")) + "\n"
        data = line.encode()
        if os.write(self.file, data) != len(data):
            raise OSError("the history could not be written")

    def asks(self, call, items):
        """items: (request id, digest, document class)."""
        self.note(ask=call, items=[[i, d.hex(), c] for i, d, c in items])

    def got(self, call, answers):
        self.note(got=call, answers=answers)

    def lost(self, call, code):
        """The call broke: its items have no answer."""
        self.note(lost=call, code=code)


class Reader:
    """Events of a folder's histories, each once: call `news` as often as wanted."""

    def __init__(self, folder):
        self.folder, self.offsets = folder, {}

    def news(self):
        """(client, event) of what was written since the last time."""
        for path in sorted(glob.glob(os.path.join(self.folder, "*.jsonl"))):
            name = os.path.basename(path)[:-len(".jsonl")]
            data, self.offsets[path] = whole_lines(path, self.offsets.get(path, 0))
            for line in data.splitlines():
                yield name, json.loads(line)


def whole_lines(path, offset=0):
    """What stands behind the offset, without a line that was cut off; the next offset."""
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read()
    whole = data[:data.rfind(b"\n") + 1]
    return whole, offset + len(whole)


def file_of(folder, slot, life):
    """The history of a client's LIFEth process."""
    return os.path.join(folder, f"{slot}-{life:06}.jsonl")
