"""What must hold of everything the tracker says of one printer, whatever reports it was given."""

from functions.shared.messages.effects import Category, Effect, Notification

ENDS = frozenset(
    {Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED, Category.NEVER_BEGAN}
)
_ANOTHER_PLATE = 60.0  # seconds that a percent stays down before its steps are told anew
STARTS = frozenset({Category.STARTED, Category.ALREADY_PRINTING})


class Announced:
    """Raises AssertionError when something is told twice, backwards, or of a job that is not open."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._percent: dict[str, tuple[int, float]] = {}
        self._open: str | None = None
        self._is_silenced = False
        self._is_lost = False

    def lose_track(self) -> None:
        """Something was said that these rules do not hold for; they hold again from the next start on."""
        self._is_lost = True

    def hear(self, effects: list[Effect]) -> None:
        """The effects of one report."""
        for effect in effects:
            assert effect.id not in self._ids, f"effect id {effect.id} twice"
            self._ids.add(effect.id)
            if isinstance(effect, Notification) and effect.job_id is not None:
                self._follow(effect, effect.job_id)

    def _follow(self, said: Notification, job: str) -> None:
        category = said.category
        if category in STARTS:
            assert job not in self._begun, f"job {job} begins twice"
            is_free = self._open is None or self._is_silenced or self._is_lost
            assert is_free, f"job {job} begins while {self._open} is open"
            self._begun.add(job)
            self._open, self._is_silenced, self._is_lost = job, False, False
        elif self._is_lost:
            return
        elif category is Category.CONTACT_LOST:
            assert job == self._open
            assert not self._is_silenced, f"contact lost twice in {job}"
            self._is_silenced = said.ended
        elif category is Category.CONTACT_RESTORED:
            assert job == self._open
            self._is_silenced = False
        elif category is Category.ENDED and said.ended:
            assert job == self._open
            self._is_silenced = True
        elif category in ENDS:
            assert job not in self._ended, f"job {job} ends twice"
            assert job == self._open, f"{category.value} of {job} while {self._open} is open"
            self._ended.add(job)
            self._open, self._is_silenced = None, False
        elif category is Category.PROGRESS:
            assert said.job.percent is not None
            before, at = self._percent.get(job, (-1, 0.0))
            is_forward = said.job.percent > before or abs(said.observed_at - at) >= _ANOTHER_PLATE
            assert is_forward, f"progress of {job} goes back"
            self._percent[job] = said.job.percent, said.observed_at
