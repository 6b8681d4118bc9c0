"""A reader from given weights: any causal model of transformers learns the layout by the same examples.

For those who have a larger model, such as GPT-2's own weights, and a GPU to train it on. It learns whole,
or by low-rank adapters (LoRA, https://arxiv.org/abs/2106.09685) and the vectors of our marks; MiniLM stands
aside.
"""

from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from bot.layout import MARKS, special_tokens
from training.learner import Learner

RANK = 16


def given_tokenizer(source: str) -> PreTrainedTokenizerFast:
    """The tokenizer of the folder or hub id `source`, with each of our marks as one token.

    Raises:
        SystemExit: it cannot say where its tokens stand in a text, which tagging needs.
    """
    tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise SystemExit(f"{source} has no fast tokenizer; save its tokenizer.json beside the weights")
    tokenizer.add_special_tokens(
        {
            "pad_token": MARKS["pad"],
            "eos_token": MARKS["end"],
            "additional_special_tokens": [
                mark for mark in special_tokens() if mark not in (MARKS["pad"], MARKS["end"])
            ],
        }
    )
    return tokenizer


def given_learner(source: str, tokenizer: PreTrainedTokenizerFast, *, lora: bool) -> Learner:
    """The causal model of the folder or hub id `source` with room for our marks, ready to learn."""
    model: Any = AutoModelForCausalLM.from_pretrained(
        source, dtype="float32", trust_remote_code=False, use_safetensors=True
    )
    model.resize_token_embeddings(len(tokenizer))
    model.config.pad_token_id, model.config.eos_token_id = tokenizer.pad_token_id, tokenizer.eos_token_id
    model.config.bos_token_id = model.generation_config.bos_token_id = tokenizer.eos_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    if lora:
        # New rows of the output begin alike, so that yes less no says nothing until they learn, too.
        marks = tokenizer.convert_tokens_to_ids(special_tokens())
        tables = [model.get_input_embeddings()]
        if not model.config.tie_word_embeddings:
            tables.append(model.get_output_embeddings())
        names = [name for name, module in model.named_modules() if any(module is table for table in tables)]
        adapters = LoraConfig(
            r=RANK,
            lora_alpha=2 * RANK,
            target_modules="all-linear",
            trainable_token_indices=dict.fromkeys(names, marks),
        )
        model = get_peft_model(model, adapters)
    return Learner(model, tokenizer)


def merged(model: Any) -> Any:
    """The model with its adapters, if it has any, in its weights."""
    return model.merge_and_unload() if isinstance(model, PeftModel) else model
