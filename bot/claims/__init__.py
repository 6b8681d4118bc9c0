"""Claims: what a text says of items and of the person, claim by claim, held to the record."""

from bot.claims.checker import ClaimChecker as ClaimChecker
from bot.claims.record import Claim as Claim
from bot.claims.record import Record as Record
