"""The route of samples: alerts of the AI that people said look fine."""

from fastapi import FastAPI

from functions.api.presenter import sample_view
from functions.api.schemas import SampleView
from functions.shared.samples import Samples


def add_samples(app: FastAPI, samples: Samples | None) -> None:
    """`samples`: where they are kept; None: none are."""

    @app.get("/api/samples", summary="Alerts of the AI that were none", response_model=list[SampleView])
    def show_samples() -> list[SampleView]:
        """What people said looks fine in the chat, newest first; empty if none are kept (KEEP_SAMPLES)."""
        return [sample_view(it) for it in samples.newest()] if samples is not None else []
