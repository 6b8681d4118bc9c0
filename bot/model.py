"""The language model, behind LangChain's LLM interface: the shipped one or any causal model of transformers.

Knows tensors, tokens and devices; knows nothing of items, users or dialogue. A model folder with a
`layout.json` was trained on `prompts/` (its digest is checked); any other model is asked by instruction,
in its chat template where it has one. `Model` is what a turn needs of it; `bot.chat` has the other one.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import torch
from jinja2 import TemplateError
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseLLM
from langchain_core.outputs import Generation, LLMResult
from pydantic import PrivateAttr

from bot.configs import ModelConfig
from bot.decoding import Constraint, SchemaConstraint
from bot.errors import ModelError, ModelStopped, ModelTooSlow
from bot.layout import ACTS, MARKS, SLOTS, act_token, slot_token
from bot.tagging import spans_of
from bot.word_states import WordStates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

FEWEST_TOKENS = 8
"""So many are written before an answer is given up as unlikely."""
LIKELIEST, NUCLEUS = 64, 0.92
"""A sampled token is one of so many likeliest, and of those that make up so much of the probability."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked beside the prompt: at most how many tokens, under which constraint, until when."""

    tokens: int
    constraints: Sequence[Callable[["LanguageModel"], Constraint]] = ()
    """Of each prompt's answer; only for a model that knows the layout."""
    schema: dict[str, Any] | None = None
    """What the answers are to be JSON of. A chat model may not keep to it."""
    sample: bool = False
    deadline: float | None = None
    seed: int | None = None
    least: float | None = None
    """An answer whose mean log-probability falls below this is broken off."""
    stopped: Callable[[], bool] = lambda: False
    """Asked before each token; once true, ModelStopped is raised."""
    finished: Callable[[int, str, float], None] = lambda row, text, sureness: None
    """Told each answer as soon as it is written: which prompt's, its text, and the mean log-probability that
    the model, left free, gave to its tokens."""


class Model(Protocol):
    """What reads and writes in a turn: a local `LanguageModel`, or a `ChatModel` wherever it is."""

    @property
    def name(self) -> str | None: ...

    @property
    def config(self) -> ModelConfig: ...

    @property
    def knows_layout(self) -> bool:
        """Whether it is asked in the layout of `prompts/`; by instruction if not."""
        ...

    def fits(self, prompt: str, tokens: int) -> bool:
        """Whether `prompt` and an answer of `tokens` tokens are not too long for it."""
        ...

    def invoke(self, input: str, *, ask: Ask | None = None) -> str:
        """The answer to one prompt; raises what `generate` raises."""
        ...

    def generate(self, prompts: list[str], *, ask: Ask | None = None) -> LLMResult:
        """An answer to each prompt, in their order.

        Raises:
            ModelTooSlow: they were not all there by `ask.deadline`.
            ModelStopped: `ask.stopped` became true.
            ModelError: it cannot answer, with the way out.
        """
        ...


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What a reading prompt is answered from."""

    acts: dict[str, float]
    slots: "NDArray[np.float32]"
    """P(slot) of each token of the utterance's second copy, (t, slots)."""
    offsets: list[tuple[int, int]]
    """Those tokens' characters in the copy, which begins with a space."""


class LanguageModel(BaseLLM):
    """A local causal model as a LangChain LLM.

    `invoke`, `batch` and chains work as with any LLM; `ask=Ask(...)` bounds the answer. For a model of the
    shipped layout, a reading prompt is answered with its acts and spans.
    """

    name: str | None = "parley"
    _model: Any = PrivateAttr()
    _tokenizer: Any = PrivateAttr()
    _thresholds: dict[str, float] = PrivateAttr()
    _config: ModelConfig = PrivateAttr()
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _layout: bool = PrivateAttr(default=True)
    _words: WordStates | None = PrivateAttr(default=None)

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        config: ModelConfig,
        *,
        name: str,
        thresholds: dict[str, float] | None,
        words: WordStates | None = None,
    ) -> None:
        super().__init__(name=name)
        self._model = model
        self._tokenizer = tokenizer
        self._config = config
        self._layout = thresholds is not None
        self._thresholds = thresholds or {}
        self._words = words

    @property
    def _llm_type(self) -> str:
        return "parley-causal"

    @property
    def knows_layout(self) -> bool:
        """Whether the weights were trained on the layout in `prompts/`."""
        return self._layout

    @property
    def tokenizer(self) -> "PreTrainedTokenizerBase":
        tokenizer: PreTrainedTokenizerBase = self._tokenizer
        return tokenizer

    @property
    def vocabulary(self) -> int:
        """Length of the model's output, at least the number of tokens."""
        return int(self._model.config.vocab_size)

    @property
    def config(self) -> ModelConfig:
        return self._config

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        ask: Ask | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        ask = ask or Ask(tokens=64)
        with self._lock:
            answers = self._read(prompts) if self._reads(prompts) else self._answer(prompts, ask)
        return LLMResult(
            generations=[[Generation(text=_before(text, stop) if stop else text)] for text in answers]
        )

    @property
    def _context(self) -> int:
        return getattr(self._model.config, "max_position_embeddings", None) or 1024

    def fits(self, prompt: str, tokens: int) -> bool:
        """Whether the model can hold `prompt` and an answer of `tokens` tokens."""
        with self._lock:  # another thread's call would change how the tokenizer pads
            written = self._tokenizer(self._put(prompt), add_special_tokens=self._opens)["input_ids"]
        return len(written) + tokens <= self._context

    def read_probabilities(self, prompts: Sequence[str]) -> list[Probabilities]:
        """What reading prompts are answered from."""
        with self._lock:
            return self._probabilities(prompts)

    @torch.inference_mode()
    def _probabilities(self, prompts: Sequence[str]) -> list[Probabilities]:
        inputs = self._encode(prompts)
        ids = inputs["input_ids"]
        heard = None
        if self._words is not None:
            pieces = self._words.pieces(prompts, left=True).to(ids.device)
            heard = self._words(pieces)
            states, heard_slots = heard.beside(pieces.under)
            if self._model.config.add_cross_attention:
                crossed = {"encoder_hidden_states": heard.states, "encoder_attention_mask": pieces.mask}
                inputs = inputs | crossed
            else:
                vectors = self._model.get_input_embeddings()(inputs.pop("input_ids"))  # (B, T, d)
                inputs = inputs | {"inputs_embeds": vectors + states.to(vectors.dtype)}
        logits = self._model(**inputs).logits.float()
        acts, slots = self._acts(ids, logits), self._slots(logits)
        if heard is not None:  # two readers, each trained to answer by itself
            acts, slots = (acts + heard.acts) / 2, (slots + heard_slots) / 2
        sure_acts, sure_slots = torch.sigmoid(acts), torch.sigmoid(slots)
        return [
            Probabilities(dict(zip(ACTS, row, strict=True)), *self._copied(prompt, sure_slots[number]))
            for number, (prompt, row) in enumerate(zip(prompts, sure_acts.tolist(), strict=True))
        ]

    def _read(self, prompts: Sequence[str]) -> list[str]:
        """Acts and spans of reading prompts, in one pass: nothing is generated."""
        answers = []
        for prompt, found in zip(prompts, self._probabilities(prompts), strict=True):
            utterance = prompt[_copy_start(prompt) :]
            spans = spans_of(utterance, found.offsets, found.slots, self._thresholds)
            head = "".join(map(act_token, self._decide(found.acts)))
            answers.append(head + "".join(f"{slot_token(slot)} {utterance[a:b]}" for slot, a, b in spans))
        return answers

    def _acts(self, tokens: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Log-odds of yes against no at each act's mark, (B, acts)."""
        ids = self._tokenizer.convert_tokens_to_ids
        odds = logits[..., ids(MARKS["yes"])] - logits[..., ids(MARKS["no"])]  # (B, T)
        # The marks stand once, at the prompt's end: nothing a person writes can spell one.
        marks = [[int((row == ids(act_token(act))).nonzero()[-1]) for act in ACTS] for row in tokens]
        return odds.gather(1, torch.tensor(marks, device=odds.device))

    def _slots(self, logits: torch.Tensor) -> torch.Tensor:
        """Log-odds of each slot against no at each token, (B, T, slots)."""
        ids = self._tokenizer.convert_tokens_to_ids
        return logits[..., [ids(slot_token(slot)) for slot in SLOTS]] - logits[..., [ids(MARKS["no"])]]

    def _copied(
        self, prompt: str, slots: torch.Tensor
    ) -> tuple["NDArray[np.float32]", list[tuple[int, int]]]:
        """P(slot) of each token of the second copy of the utterance, (t, slots), and its characters there."""
        start = _copy_start(prompt)
        offsets = self._tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        copied = [(a - start, b - start) for a, b in offsets if a >= start]
        rows = slots[len(slots) - len(copied) :] if copied else slots[:0]  # padding stands left
        return rows.numpy(force=True), copied

    @torch.inference_mode()
    def _answer(self, texts: Sequence[str], ask: Ask) -> list[str]:
        if ask.sample:
            torch.manual_seed(self._config.seed if ask.seed is None else ask.seed)
        constraints = [make(self) for make in ask.constraints]
        if ask.schema is not None:
            constraints = [SchemaConstraint(self.tokenizer, ask.schema, self.vocabulary) for _ in texts]
        inputs = self._encode(texts, room=ask.tokens)
        prompt_mask = inputs["attention_mask"]
        output = self._model(**inputs, use_cache=True)
        written: list[list[int]] = [[] for _ in texts]
        sureness: list[list[float]] = [[] for _ in texts]
        answers: dict[int, str] = {}
        open_rows = set(range(len(texts)))

        def close(row: int) -> None:
            open_rows.discard(row)
            answers[row] = self._decode(written[row])
            ask.finished(row, answers[row], sum(sureness[row]) / max(1, len(sureness[row])))

        position = inputs["position_ids"][:, -1]
        ends = self._ends
        for _ in range(ask.tokens):
            if ask.stopped():
                raise ModelStopped("the answer was stopped")
            if ask.deadline is not None and time.monotonic() > ask.deadline:
                raise ModelTooSlow("the language model did not finish in time")
            chosen = [
                self._choose(row, output.logits[row, -1], written[row], constraints, ask)
                if row in open_rows
                else min(ends, default=0)  # whatever is written behind an end is not heard
                for row in range(len(texts))
            ]
            likely = torch.log_softmax(output.logits[:, -1].float(), dim=-1)  # (B, vocabulary)
            for row in sorted(open_rows):
                sureness[row].append(float(likely[row, chosen[row]]))
                if chosen[row] in ends or _hopeless(sureness[row], ask.least):
                    close(row)
                else:
                    written[row].append(chosen[row])
            if not open_rows:
                break
            position = position + 1
            prompt_mask = torch.cat([prompt_mask, torch.ones_like(prompt_mask[:, :1])], dim=1)
            output = self._model(
                input_ids=torch.tensor(chosen, device=self._model.device)[:, None],
                attention_mask=prompt_mask,
                position_ids=position[:, None],
                past_key_values=output.past_key_values,
                use_cache=True,
            )
        for row in sorted(open_rows):  # cut off by the token limit
            close(row)
        return [answers[row] for row in range(len(texts))]

    def _choose(
        self,
        row: int,
        logits: torch.Tensor,
        written: Sequence[int],
        constraints: Sequence[Constraint],
        ask: Ask,
    ) -> int:
        if constraints:
            allowed = torch.from_numpy(constraints[row].allowed(written)).to(logits.device)
            logits = logits.float().masked_fill(~allowed, float("-inf"))
        if not ask.sample:
            return int(logits.argmax())
        weights = torch.softmax(logits.float() / self._config.temperature, dim=-1)
        ordered, places = weights.topk(min(LIKELIEST, len(weights)))
        nucleus = ordered.cumsum(0) - ordered < NUCLEUS
        return int(places[torch.multinomial(ordered * nucleus, 1)])

    def _encode(self, texts: Sequence[str], room: int = 0) -> dict[str, torch.Tensor]:
        encoded = self._tokenizer(
            [self._put(text) for text in texts],
            return_tensors="pt",
            padding=True,
            padding_side="left",
            add_special_tokens=self._opens,
        )
        mask = encoded["attention_mask"]
        if mask.shape[1] + room > self._context:
            raise ModelError(
                f"the prompt is {mask.shape[1]} tokens long and the answer up to {room}, "
                f"the model holds {self._context}"
            )
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        inputs = {"input_ids": encoded["input_ids"], "attention_mask": mask, "position_ids": positions}
        return {name: tensor.to(self._model.device) for name, tensor in inputs.items()}

    @property
    def _opens(self) -> bool:
        """Whether the tokenizer begins a prompt; a chat template does so itself."""
        return not self._layout and self._tokenizer.chat_template is None

    def _put(self, prompt: str) -> str:
        """The prompt as this model takes it: as it stands in our layout, else without marks of the
        tokenizer's own, which what is quoted in it could use to speak as somebody else, and as a user's turn
        of the chat template where there is one.

        Raises:
            ModelError: the chat template cannot be used.
        """
        if self._layout:
            return prompt
        plain = self._marks.sub(lambda mark: " ".join(mark.group()), prompt) if self._marks else prompt
        if self._tokenizer.chat_template is None:
            return plain
        try:
            turn: str = self._tokenizer.apply_chat_template(
                [{"role": "user", "content": plain}],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=False,  # models that think aloud read it; other templates do not
            )
        except (TemplateError, ValueError) as error:
            raise ModelError(
                f"the chat template of {self.name} cannot be used: {error}; correct its `chat_template`"
            ) from error
        return turn

    @cached_property
    def _marks(self) -> re.Pattern[str] | None:
        """What the tokenizer knows beside its words, but for added words and spaces; longest first."""
        added = [token.strip() for token in self._tokenizer.get_added_vocab()]
        marks = sorted((one for one in added if len(one) > 1 and not one.isalnum()), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, marks))) if marks else None

    def _reads(self, texts: Sequence[str]) -> bool:
        return self._layout and all(MARKS["spans"] in text for text in texts)

    def _decide(self, probabilities: dict[str, float]) -> list[str]:
        """Every act over its threshold; the likeliest, measured against its threshold, when none is."""
        ratio = {act: p / self._thresholds.get(act, 0.5) for act, p in probabilities.items()}
        return [act for act in ACTS if ratio[act] >= 1] or [max(ACTS, key=lambda act: ratio[act])]

    @cached_property
    def _ends(self) -> frozenset[int]:
        """The tokens that end an answer; chat models often end a turn with another one than a text."""
        if self._layout:
            return frozenset([int(self._tokenizer.convert_tokens_to_ids(MARKS["end"]))])
        configured = self._model.generation_config.eos_token_id
        several = configured if isinstance(configured, list) else [configured]
        return frozenset(int(end) for end in (*several, self._tokenizer.eos_token_id) if end is not None)

    def _decode(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=not self._layout, clean_up_tokenization_spaces=False
        )
        return text


def _hopeless(sureness: Sequence[float], least: float | None) -> bool:
    return least is not None and len(sureness) >= FEWEST_TOKENS and sum(sureness) < least * len(sureness)


def _copy_start(prompt: str) -> int:
    """Where the second copy of a reading prompt's utterance begins."""
    return prompt.rindex(MARKS["spans"]) + len(MARKS["spans"])


def _before(text: str, stop: Sequence[str]) -> str:
    return text[: min([text.find(word) for word in stop if word in text], default=len(text))]
