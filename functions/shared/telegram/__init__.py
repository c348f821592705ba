"""What every program that speaks with Telegram needs: calls, forms, marked text, figures in words."""
