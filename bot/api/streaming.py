"""A turn as server-sent events: a thread takes its steps, the event loop sends each as it comes.

Whoever leaves stops the turn: the writing ends at the next token, and what had been said by then is logged.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from bot.api.problems import busy, problem_of
from bot.api.schemas import ChatAnswer, ListedBody, Problem, SaidBody, UnderstoodBody
from bot.reply import Listed, Said, Step, Turn, Understood

T = TypeVar("T")

EVENT_STREAM = "text/event-stream"
QUIET_SECONDS = 10.0
"""After so long without an event a comment is sent, so that nothing between cuts the connection."""
KEEP_ALIVE = b": waiting\n\n"

EXAMPLE = """\
event: intent
data: {"session_id":"5f0c…","turn_id":"a91e…","intent":{"acts":["request"],"query":"calm"},"events":[]}

event: recommendations
data: {"recommendations":[{"item_id":"alien-1979","title":"Alien","rank":1,"explanation":""}]}

event: text
data: {"text":"Here is something calm.","item_id":null}

event: text
data: {"text":"Alien is from 1979.","item_id":"alien-1979"}

event: done
data: {"session_id":"5f0c…","turn_id":"a91e…","reply":"Here is something calm. …","stopped":false}

"""
DESCRIPTION = (
    "One turn. With `stream`, server-sent events: `intent`, `recommendations` when there are any (their "
    "explanations follow as texts), a `text` for each sentence, and `done` with the whole answer; or "
    "`error` with a problem, when something fails on the way. Lines that begin with a colon only keep the "
    "connection. Whoever closes the connection stops the turn."
)


EVENTS: dict[str, type[BaseModel]] = {
    "intent": UnderstoodBody,
    "recommendations": ListedBody,
    "text": SaidBody,
    "done": ChatAnswer,
    "error": Problem,
}
"""Of each event, what its data holds."""


def for_openapi() -> dict[str, Any]:
    """The media type of a stream, beside that of a plain answer."""
    events = [
        {
            "type": "object",
            "required": ["event", "data"],
            "properties": {
                "event": {"const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": f"#/components/schemas/{body.__name__}"},
                },
            },
        }
        for name, body in EVENTS.items()
    ]
    return {EVENT_STREAM: {"itemSchema": {"oneOf": events}, "example": EXAMPLE}}


class TurnRoom:
    """Turns taken on at once, `most` of them, and worked on one after the other in a thread of their own.

    The language model takes one at a time anyway, and what is done beside it only takes the processor from
    it: side by side, sixteen people's turns were answered at half the rate.
    """

    def __init__(self, most: int) -> None:
        self._taken = anyio.CapacityLimiter(most)
        self._thread = anyio.CapacityLimiter(1)

    async def run(self, work: Callable[[], T]) -> T:
        """`work` done in a thread. Raises a refusal when there is no room."""
        if self._taken.available_tokens < 1:
            raise busy()
        async with self._taken:
            return await anyio.to_thread.run_sync(work, limiter=self._thread)


class TurnSteps:
    """The steps of one turn. `take` gives them to a function that begins the turn, in a thread of `room`."""

    def __init__(self, room: TurnRoom, begin: Callable[[Callable[[], bool]], Iterator[Step]]) -> None:
        self._begin = begin
        self._stopped = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._taken: asyncio.Queue[Step | Exception | None] = asyncio.Queue()
        self._thread = asyncio.ensure_future(self._run(room))

    def stop(self) -> None:
        """End the turn at the next token; it is logged with what was said so far."""
        self._stopped.set()

    async def next(self) -> Step | None:
        """The next step, or None after the last. Raises what the turn raised."""
        step = await self._taken.get()
        if isinstance(step, Exception):
            raise step
        return step

    async def _run(self, room: TurnRoom) -> None:
        try:
            await room.run(self._take)
        except Exception as error:
            self._taken.put_nowait(error)
        else:
            self._taken.put_nowait(None)

    def _take(self) -> None:
        for step in self._begin(self._stopped.is_set):
            # A server that shuts down may close its loop before the last step is told.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._taken.put_nowait, step)


class EventStream(StreamingResponse):
    """The answer of a streamed turn whose `first` step was taken; `answer` shapes the turn at its end."""

    def __init__(
        self,
        first: Step | None,
        steps: TurnSteps,
        answer: Callable[[Turn], ChatAnswer],
        request_id: str | None,
    ) -> None:
        super().__init__(
            _events(first, steps, answer, request_id),
            media_type=EVENT_STREAM,
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )
        self._steps = steps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The framework's own response learns of a client that left only when it sends the next event.
        try:
            async with anyio.create_task_group() as tasks:

                async def until_gone() -> None:
                    await self.listen_for_disconnect(receive)
                    tasks.cancel_scope.cancel()

                tasks.start_soon(until_gone)
                await self.stream_response(send)
                tasks.cancel_scope.cancel()
        finally:
            self._steps.stop()


async def _events(
    step: Step | None, steps: TurnSteps, answer: Callable[[Turn], ChatAnswer], request_id: str | None
) -> AsyncIterator[bytes]:
    try:
        while step is not None:
            yield _event(*_told(step, answer))
            coming = asyncio.ensure_future(steps.next())
            try:
                while not (await asyncio.wait({coming}, timeout=QUIET_SECONDS))[0]:
                    yield KEEP_ALIVE
                step = coming.result()
            finally:
                coming.cancel()
    except Exception as error:
        yield _event("error", problem_of(error, request_id))


def _told(step: Step, answer: Callable[[Turn], ChatAnswer]) -> tuple[str, BaseModel]:
    """The name and the body of a step's event, as `EVENTS` has them."""
    match step:
        case Understood():
            return "intent", UnderstoodBody.model_validate(step)
        case Listed():
            return "recommendations", ListedBody.model_validate(step)
        case Said():
            return "text", SaidBody.model_validate(step)
        case Turn():
            return "done", answer(step)


def _event(name: str, body: BaseModel) -> bytes:
    data = body.model_dump_json(exclude_none=isinstance(body, Problem))
    return f"event: {name}\ndata: {data}\n\n".encode()
