"""Which test program starts first: the one that took longest when it ran last, so that none of
the long ones is left when all others are done. tests/run.py asks."""
import json
import os


def read(path):
    """Seconds by name; none before the first run."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def first(programs, seconds):
    """programs: (name, path) of each. What never ran here comes before what did: scripts before
    the others, as they start gateways, and of each kind the largest, which mostly does most."""
    def rank(program):
        name, path = program
        size = os.path.getsize(path) if os.path.exists(path) else 0
        return (name in seconds, -seconds.get(name, 0), not path.endswith(".py"), -size)
    return sorted(programs, key=rank)


def keep(path, seconds):
    """Beside what is known of the programs that did not run."""
    whole = read(path) | seconds
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=1, sort_keys=True)
    os.replace(path + ".part", path)
