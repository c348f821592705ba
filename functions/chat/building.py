"""The service over its back ends, the same for both ways in."""

from functions.chat.bot import Bot
from functions.chat.media import Media
from functions.chat.photos import FreshPictures, NoFreshPictures
from functions.chat.reading import StoredReadings
from functions.chat.service import ChatRules, ChatService
from functions.shared.chat_upgrade import carry_over
from functions.shared.live import Live
from functions.shared.ports import FrameStore, RecordStore
from functions.shared.runtime.clocks import Clock
from functions.shared.samples import Samples
from functions.shared.settings import Settings


def build_service(
    bot: Bot,
    records: RecordStore,
    frames: FrameStore,
    samples: Samples | None,
    clock: Clock,
    settings: Settings,
    live: Live | None = None,
    fresh: FreshPictures | None = None,
) -> ChatService:
    """With `live` (embedded) the newest comes from memory; without, `fresh` is who is asked for a picture."""
    carry_over(records, settings.telegram_chat_id, clock)
    started_at = clock() if live is not None else None

    def readings() -> StoredReadings:
        return StoredReadings(records, frames, live, started_at)

    media = Media(bot, records, frames, live, fresh or NoFreshPictures(), clock)
    return ChatService(bot, records, readings, media, samples, clock, ChatRules.from_settings(settings))
