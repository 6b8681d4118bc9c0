"""The REST door. `create_app` makes the application."""

from bot.api.app import create_app

__all__ = ["create_app"]
