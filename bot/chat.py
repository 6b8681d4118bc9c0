"""Any LangChain chat model in the place of the language model: asked by instruction, several at once.

Knows nothing of where the chat model runs. What it can be told of an `Ask` beside the prompt differs from
one to the other, and is left to those who know it (`_options`); deadlines hold here whatever it does.
"""

import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, BaseLLM
from langchain_core.messages import BaseMessage
from langchain_core.outputs import Generation, LLMResult
from pydantic import PrivateAttr

from bot.configs import ModelConfig
from bot.errors import ModelError, ModelStopped, ModelTooSlow
from bot.model import Ask

AT_ONCE = 6
"""So many prompts of one call are asked at a time."""
TICK = 0.05
"""Seconds between two looks at whether the answers are still waited for."""
_REFUSALS = {400, 422, 501}
"""HTTP statuses of servers that cannot hold an answer to a schema."""
_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.S)


class ChatModel(BaseLLM):
    """A LangChain chat model as a `Model`; it is surest of everything that it says.

    Where it can hold an answer to a schema it is asked to; where it cannot, the prompt alone asks for JSON.
    """

    name: str | None = "chat model"
    _chat: BaseChatModel = PrivateAttr()
    _config: ModelConfig = PrivateAttr()
    _structured: bool = PrivateAttr(default=True)

    def __init__(self, chat: BaseChatModel, config: ModelConfig, *, name: str | None = None) -> None:
        super().__init__(name=name or _name_of(chat))
        self._chat = chat
        self._config = config

    @property
    def _llm_type(self) -> str:
        return "parley-chat"

    @property
    def config(self) -> ModelConfig:
        return self._config

    @property
    def knows_layout(self) -> bool:
        return False

    def fits(self, prompt: str, tokens: int) -> bool:
        return True  # what it holds is not known; ours are short prompts

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        ask: Ask | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        answers = self._gather(prompts, ask or Ask(tokens=256), stop)
        return LLMResult(generations=[[Generation(text=answer)] for answer in answers])

    def _gather(self, prompts: Sequence[str], ask: Ask, stop: list[str] | None) -> list[str]:
        """The answers in order; one that fails does not keep the others from being heard."""
        waiting: SimpleQueue[int] = SimpleQueue()
        told: SimpleQueue[tuple[int, str | Exception]] = SimpleQueue()
        over = Event()

        def work() -> None:
            with suppress(Empty):
                while not over.is_set():
                    row = waiting.get_nowait()
                    try:
                        told.put((row, self._answer(prompts[row], self._options(ask, row), ask.schema, stop)))
                    except Exception as error:
                        told.put((row, error))

        for row in range(len(prompts)):
            waiting.put(row)
        for _ in range(min(AT_ONCE, len(prompts))):
            # A daemon: what does not answer must not keep the process from ending.
            Thread(target=work, name="chat", daemon=True).start()
        answers: dict[int, str] = {}
        failures: list[Exception] = []
        try:
            for _ in prompts:
                row, answer = self._next(told, ask)
                if isinstance(answer, Exception):
                    failures.append(answer)
                    continue
                answers[row] = answer
                ask.finished(row, answer, 0.0)
        finally:
            over.set()
        if failures:
            raise ModelError(self._reason(failures[0])) from failures[0]
        return [answers[row] for row in range(len(prompts))]

    def _next(
        self, told: "SimpleQueue[tuple[int, str | Exception]]", ask: Ask
    ) -> tuple[int, str | Exception]:
        while True:
            if ask.stopped():
                raise ModelStopped("the answer was stopped")
            if ask.deadline is not None and time.monotonic() > ask.deadline:
                raise ModelTooSlow(self._lateness())
            with suppress(Empty):
                return told.get(timeout=TICK)

    def _answer(
        self, prompt: str, options: dict[str, Any], schema: dict[str, Any] | None, stop: list[str] | None
    ) -> str:
        if schema is None or not self._structured:
            return _text_of(self._chat.invoke(prompt, stop=stop, **options))
        try:
            return self._held(prompt, options, schema)
        except Exception as error:
            if not _cannot_hold(error):
                raise
            answer = _text_of(self._chat.invoke(prompt, stop=stop, **options))
            self._structured = False  # it was the schema, as without it there is an answer
            return answer

    def _held(self, prompt: str, options: dict[str, Any], schema: dict[str, Any]) -> str:
        """An answer that the chat model was to hold to the schema."""
        held = self._chat.with_structured_output(schema, include_raw=True, **options)
        found: Any = held.invoke(prompt)  # whatever its type says, include_raw promises these keys
        parsed = found["parsed"]
        return json.dumps(parsed) if isinstance(parsed, dict) else _text_of(found["raw"])

    def _options(self, ask: Ask, row: int) -> dict[str, Any]:
        """What the chat model is called with for the prompt in `row`; nothing that every one knows."""
        return {}

    def _reason(self, error: Exception) -> str:
        """Why there is no answer, with the way out. What a library says may hold a key: it is not told."""
        status = getattr(error, "status_code", None)
        kind = f"HTTP status {status}" if isinstance(status, int) else type(error).__name__
        return f"the chat model {self.name} failed ({kind}); look at how it was made, or leave it out"

    def _lateness(self) -> str:
        return (
            f"{self.name} did not answer in time; "
            "raise `model.read_seconds` or `model.write_seconds`, or use a faster model"
        )


def _cannot_hold(error: Exception) -> bool:
    return isinstance(error, NotImplementedError) or getattr(error, "status_code", None) in _REFUSALS


def _text_of(message: BaseMessage) -> str:
    """What was said, without what was thought aloud before it."""
    return _THOUGHTS.sub("", message.text).strip()


def _name_of(chat: BaseChatModel) -> str:
    names = (getattr(chat, key, None) for key in ("model_name", "model", "name"))
    return next((name for name in names if isinstance(name, str) and name), type(chat).__name__)
