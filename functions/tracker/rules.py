"""The settings that the tracker's rules take as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds throughout. 0 switches progress or photos off; `inspection_interval` None: AI is off."""

    progress_step: int = 5
    photo_interval: float = 3600.0
    inspection_interval: float | None = None
    silence_grace: float = 0.0

    @property
    def first_inspection_after(self) -> float:
        """The first look comes sooner than the interval."""
        return min(300.0, self.inspection_interval or 0.0)
