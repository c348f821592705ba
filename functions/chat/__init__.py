"""Chat: what people write and press in Telegram, answered. Nothing in here steers a printer."""
