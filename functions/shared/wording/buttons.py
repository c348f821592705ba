"""The words on the buttons under messages."""

PHOTO = "📷 Photo"
MUTE_AN_HOUR = "🔕 Mute 1 h"
LOOKS_FINE = "👍 Looks fine"
FILM = "🎬 Film"
