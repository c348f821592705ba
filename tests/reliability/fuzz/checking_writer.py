"""A session's writer that keeps nothing and looks closely at everything it is given."""

from dataclasses import replace

from collector.outbox.model import CapturedFrame, EdgeJob, NewReport
from functions.shared.domain.jpeg import read_jpeg
from functions.shared.domain.keys import belongs_to, frame_key, is_key, job_prefix, latest_key
from functions.shared.messages.report import FrameReference, Report, decode_report, encode_report


class CheckingWriter:
    """The two methods of an OutboxWriter that a session calls. Raises AssertionError for what the backend
    could not take; `is_keeping`: the reports stay in `kept`."""

    def __init__(self, printer_id: str, *, is_keeping: bool = False) -> None:
        self.kept: list[Report] = []
        self.sequence = 0
        self.frames = 0
        self._printer_id = printer_id
        self._is_keeping = is_keeping
        self._newest: FrameReference | None = None

    def add_report(self, new: NewReport) -> None:
        self.sequence += 1
        if new.captured is not None:
            self._newest = self._look_at(new.captured, new.job, is_overwriting=new.is_overwriting)
        report = replace(
            new.report,
            sequence=self.sequence,
            frame=self._newest,
            frames_kept=self.frames if new.job else None,
        )
        assert report.printer_id == self._printer_id
        text = encode_report(report)
        assert text.isascii()
        assert decode_report(text) == report
        if self._is_keeping:
            self.kept.append(report)

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> bool:
        assert printer_id == self._printer_id
        assert job.is_active
        self._newest = self._look_at(captured, job, is_overwriting=False)
        return True

    def _look_at(
        self, captured: CapturedFrame, job: EdgeJob | None, *, is_overwriting: bool
    ) -> FrameReference:
        assert read_jpeg(captured.data).fault is None
        prefix = (job.prefix if job else None) or job_prefix(self._printer_id, None)
        key = (
            latest_key(self._printer_id)
            if is_overwriting
            else frame_key(prefix, captured.taken_at, self.frames)
        )
        assert is_key(key), key
        assert belongs_to(key, self._printer_id), key
        self.frames += 1
        return FrameReference(key, captured.taken_at, len(captured.data))
