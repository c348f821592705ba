"""Counts what the outside said to our calls: a sink and a model that only pass on and count."""

import threading
from collections import Counter
from typing import BinaryIO

from functions.bridge.effects import Film
from functions.inspection.model import Answer as ModelAnswer
from functions.inspection.model import VisionModel
from functions.inspection.prompt import Question
from functions.notify.message import Message
from functions.notify.sink import Answer, Outcome, Sink


class CountingSink:
    """`outcomes`: how often each came, from whatever thread."""

    def __init__(self, sink: Sink) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._sink = sink
        self._lock = threading.Lock()

    def send_text(self, message: Message) -> Answer:
        return self._counted(self._sink.send_text(message))

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self._counted(self._sink.send_photo(message, photo))

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        return self._counted(self._sink.send_film(message, film, content, thumbnail))

    def _counted(self, answer: Answer) -> Answer:
        with self._lock:
            self.outcomes[answer.outcome] += 1
        return answer


class CountingModel:
    """`answered` and `failed`: looks that the model gave an answer to, and those it did not. One thread."""

    def __init__(self, model: VisionModel) -> None:
        self.answered = 0
        self.failed = 0
        self._model = model

    def ask(self, question: Question) -> ModelAnswer:
        """As the model it stands for, its errors included."""
        try:
            answer = self._model.ask(question)
        except Exception:
            self.failed += 1
            raise
        self.answered += 1
        return answer
