"""`python -m tests.performance.scale` prints what each of many printers uses, and how many there can be."""

import argparse
import sys

from tests.performance.scale.hour import simulated_hour
from tests.performance.scale.table import table


def main() -> None:
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("--printers", type=int, default=20_000)
    parser.add_argument("--few", type=int, default=200, help="what they are compared with")
    parser.add_argument("--per-collector", type=int, default=100)
    wished = parser.parse_args()
    small, large = (simulated_hour(count, wished.per_collector) for count in (wished.few, wished.printers))
    sys.stdout.write(table(small, large))


if __name__ == "__main__":
    main()
