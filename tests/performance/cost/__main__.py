"""`python -m tests.performance.cost` prints what a month costs."""

import sys
from collections.abc import Iterable

from tests.performance.cost.bill import Bill, Line, bill, dollars


def table(made: Bill) -> str:
    """The whole bill as text."""
    jobs = f"A job of 4 hours ${made.job_dollars:.4f}, of 40 hours ${made.long_job_dollars:.4f}"
    return "\n".join(
        [
            "One printer, a month: 60 jobs of 4 hours, idle otherwise, 10,000 calls of the API",
            *_rows(made.printer),
            "",
            "Fixed, whatever the number of printers: one stack, one collector",
            *_rows(made.fixed),
            *_pages(made),
            "",
            "Answers in the chat, of one stack and one collector (CHAT_ANSWERS=1)",
            *_rows(made.chat),
            "",
            f"{jobs}: {made.growth:.2f} times as much",
            f"Both parts together, less what AWS gives every account for nothing: ${made.free_dollars:.2f}",
            "",
        ]
    )


def _pages(made: Bill) -> list[str]:
    """What it costs to look: the whole bill of the most printers, the sum of the others."""
    *fewer, most = sorted(made.pages)
    told = [f"of {count} printer(s) ${dollars(made.pages[count]):.2f}" for count in fewer]
    return [
        "",
        f"A page that is open all month, of {most} printers",
        *_rows(made.pages[most]),
        ", ".join(told),
    ]


def _rows(lines: Iterable[Line]) -> list[str]:
    lines = sorted(lines, key=lambda line: line.dollars, reverse=True)
    return [
        f"  {'':36} {'count':>12}   {'price':<18} {'$':>8}",
        *(
            f"  {line.price.what:36} {_count(line.count):>12}   {_price(line):<18} {line.dollars:8.4f}"
            for line in lines
        ),
        f"  {'together':36} {'':12}   {'':18} {dollars(lines):8.4f}",
    ]


def _count(count: float) -> str:
    return f"{count:,.0f}" if count >= 100 else f"{count:,.3f}".rstrip("0").rstrip(".")


def _price(line: Line) -> str:
    price = f"${line.price.dollars:.10f}".rstrip("0")
    whole = price if len(price.partition(".")[2]) >= 2 else f"${line.price.dollars:.2f}"
    return f"{whole} / {line.price.per:,}"


if __name__ == "__main__":
    sys.stdout.write(table(bill()))
