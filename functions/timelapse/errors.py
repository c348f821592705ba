"""What can go wrong with a film, told apart by what helps: trying again, or a person."""

from functions.shared.errors import PermanentError, TransientError


class EncodingError(TransientError):
    """This try failed (killed, hanging, disk full, a broken result); another may succeed."""


class FfmpegMissingError(PermanentError):
    """No ffmpeg, or one that cannot be started: a person must install it."""


class TooFewFramesError(PermanentError):
    """Fewer than two usable frames: there is nothing to move."""


class FilmTooLargeError(PermanentError):
    """Even the smallest try is over the limit of bytes."""
