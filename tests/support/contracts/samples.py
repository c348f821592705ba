"""What every place for samples promises."""

from collections.abc import Callable

from functions.shared.samples import Sample, Samples

NOW = 1_764_000_000.0


def sample(number: int) -> Sample:
    return Sample(
        f"{number:016x}", "Drucker / 1", "spaghetti", NOW + 60, NOW + number, 0.9, "Fäden", pictures=2
    )


def check_samples(make: Callable[[int], Samples]) -> None:
    """`make`: an empty place for so many."""
    samples = make(3)
    assert list(samples.newest()) == []
    for number in (1, 2, 2, 3, 4, 5):
        samples.keep(sample(number), [b"judged", b"earlier"])
    assert list(samples.newest()) == [sample(5), sample(4), sample(3)], "the newest stay, each once"
