"""The reader's acts beside classifiers trained on the same labels: `python -m benchmarks.classifiers`.

Logistic regression over TF-IDF, over frozen MiniLM, over both; and MiniLM fine-tuned end to end over the
utterance and the three messages before it, which takes half an hour of two cores. Thresholds are chosen on
dev for each; gains are paired, by bootstrap over dialogues. Needs PARLEY_DATA_DIR.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.configs import ModelConfig
from bot.layout import ACTS
from bot.loading import SHIPPED, load_model
from retrieval.embedding import EncoderConfig, TextEncoder, checked_folder
from training.evaluate import best_threshold, kappa, read_dev
from training.examples import dev_turns
from training.sources import OWN, LabelledTurn, own_labelled, redial_labelled

Probabilities = NDArray[np.float64]  # (turns, acts)

FROZEN = {"TF-IDF": (True, False), "MiniLM, frozen": (False, True), "both": (True, True)}
RESAMPLES = 2_000
HISTORY = 3
"""Messages before the utterance that the fine-tuned encoder sees."""
PIECES, BATCH, POOL, EPOCHS, RATE, HEAD_RATE = 192, 32, 16, 6, 5e-5, 1e-3


def train_turns() -> list[LabelledTurn]:
    """What people labelled; nothing made by patterns or by a teacher."""
    return redial_labelled("train") + [turn for name in OWN for turn in own_labelled(name)]


def test_turns() -> dict[str, list[LabelledTurn]]:
    """The two test sets, which are reported apart."""
    return {"redial": redial_labelled("test"), "own": own_labelled("test")}


def true_acts(turns: Sequence[LabelledTurn]) -> NDArray[np.bool_]:
    return np.array([[act in turn.acts for act in ACTS] for turn in turns])


def _before(turn: LabelledTurn) -> str:
    return turn.history[-1].text if turn.history else ""


class Frozen:
    """Logistic regression, act by act, over the utterance and the message before it."""

    def __init__(self, *, words: bool, meaning: bool, weight: float = 4.0) -> None:
        self._tfidf = [TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True) for _ in range(2)]
        self._encoder = TextEncoder(EncoderConfig()) if meaning else None
        self._words, self._weight = words, weight
        self._models: list[LogisticRegression] = []

    def fit(self, turns: Sequence[LabelledTurn]) -> "Frozen":
        """Learn from `turns`."""
        self._tfidf[0].fit(turn.text for turn in turns)
        self._tfidf[1].fit(_before(turn) for turn in turns)
        features, acts = self._features(turns), true_acts(turns)
        for column in range(len(ACTS)):
            model = LogisticRegression(C=self._weight, max_iter=2000, class_weight="balanced")
            self._models.append(model.fit(features, acts[:, column]))
        return self

    def probabilities(self, turns: Sequence[LabelledTurn]) -> Probabilities:
        """P(act)."""
        features = self._features(turns)
        return np.stack([model.predict_proba(features)[:, 1] for model in self._models], axis=1)

    def _features(self, turns: Sequence[LabelledTurn]) -> Any:
        texts = [[turn.text for turn in turns], [_before(turn) for turn in turns]]
        blocks = []
        for side, tfidf in zip(texts, self._tfidf, strict=True):
            if self._words:
                blocks.append(tfidf.transform(side))
            if self._encoder is not None:
                blocks.append(csr_matrix(self._encoder.encode(side)))
        return hstack(blocks).tocsr()


class FineTuned(torch.nn.Module):
    """MiniLM and one linear layer on the mean of its states."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import AutoModel, AutoTokenizer

        folder, _ = checked_folder(EncoderConfig())
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self.encoder: Any = AutoModel.from_pretrained(str(folder), local_files_only=True)
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, len(ACTS))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.to(self._device)

    def forward(self, turns: Sequence[LabelledTurn]) -> torch.Tensor:
        """Logits, (B, acts). Of a long history the oldest words are lost."""
        before = [" ".join(f"{one.role}: {one.text}" for one in turn.history[-HISTORY:]) for turn in turns]
        inputs = self._tokenizer(
            [turn.text for turn in turns], [text[-400:] for text in before],
            truncation=True, max_length=PIECES, padding=True, return_tensors="pt",
        ).to(self._device)  # fmt: skip
        states = self.encoder(**inputs).last_hidden_state
        mask = inputs["attention_mask"][..., None]
        mean = (states * mask).sum(1) / mask.sum(1)
        logits: torch.Tensor = self.head(mean)
        return logits

    def fit(self, turns: Sequence[LabelledTurn], seed: int) -> "FineTuned":
        """EPOCHS passes in random batches, the rate falling to zero in a line."""
        rng = np.random.default_rng(seed)
        truth = torch.from_numpy(true_acts(turns).astype(np.float32)).to(self._device)
        optimizer = torch.optim.AdamW(
            [
                {"params": self.encoder.parameters(), "lr": RATE},
                {"params": self.head.parameters(), "lr": HEAD_RATE},
            ],
            weight_decay=0.01,
        )
        steps = EPOCHS * (len(turns) // BATCH)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / steps))
        self.train()
        for _ in range(EPOCHS):
            for rows in track(_batches(turns, rng), description="fine-tuning", transient=True):
                logits = self([turns[row] for row in rows])
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        return self.eval()

    @torch.inference_mode()
    def probabilities(self, turns: Sequence[LabelledTurn]) -> Probabilities:
        """P(act)."""
        parts = [turns[start : start + 64] for start in range(0, len(turns), 64)]
        found = [torch.sigmoid(self(part)).double().cpu().numpy() for part in parts]
        return np.concatenate(found)


def _batches(turns: Sequence[LabelledTurn], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """All turns but a few in random batches, of POOL batches those of like length together: less padding."""
    order = rng.permutation(len(turns))[: len(turns) // BATCH * BATCH]
    lengths = np.array([len(turn.text) + len(_before(turn)) for turn in turns])
    pools = [order[at : at + POOL * BATCH] for at in range(0, len(order), POOL * BATCH)]
    batches = [rows for pool in pools for rows in pool[np.argsort(lengths[pool])].reshape(-1, BATCH)]
    return [batches[at] for at in rng.permutation(len(batches))]


def kept(file: Path | None, turns: dict[str, list[LabelledTurn]], seed: int) -> dict[str, Probabilities]:
    """What the fine-tuned encoder says of each set, from `file` where it is there, else after training."""
    if file is not None and file.exists():
        return {name: np.array(rows) for name, rows in json.loads(file.read_text()).items()}
    torch.manual_seed(seed)
    model = FineTuned().fit(train_turns(), seed)
    said = {name: model.probabilities(some) for name, some in turns.items()}
    if file is not None:
        rows = {name: found.round(5).tolist() for name, found in said.items()}
        file.write_text(json.dumps(rows) + "\n", encoding="utf-8")
    return said


def report(
    said: dict[str, dict[str, Probabilities]], turns: dict[str, list[LabelledTurn]], part: str, seed: int
) -> str:
    """A table for `part`: macro-F1 and mean kappa over acts, and the first system's gain over each other."""
    truth = true_acts(turns[part])
    decided = {}
    for name, sets in said.items():
        limits = [
            best_threshold(sets["dev"][:, act], true_acts(turns["dev"])[:, act]) for act in range(len(ACTS))
        ]
        decided[name] = sets[part] >= limits
    names = [turn.dialogue or "".join(message.text for message in turn.history) for turn in turns[part]]
    groups = np.unique(names, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).multinomial(
        groups.max() + 1, np.full(groups.max() + 1, 1 / (groups.max() + 1)), size=RESAMPLES
    )
    weights = [np.ones(len(truth), dtype=int), *(draw[groups] for draw in drawn)]
    scores = {
        name: np.array([macro_f1(found, truth, weight) for weight in weights])
        for name, found in decided.items()
    }
    first = next(iter(said))
    lines = [
        "| system | macro-F1 | mean kappa | the first one's gain in F1 [95%] |",
        "|---|---|---|---|",
    ]
    for name, found in decided.items():
        kappas = [kappa(found[:, act], truth[:, act]) for act in np.flatnonzero(truth.any(axis=0))]
        gain = scores[first] - scores[name]
        low, high = np.percentile(gain[1:], [2.5, 97.5])
        told = "" if name == first else f"{gain[0]:+.3f} [{low:+.3f}, {high:+.3f}]"
        lines.append(f"| {name} | {scores[name][0]:.3f} | {np.mean(kappas):.3f} | {told} |")
    return "\n".join(lines)


def macro_f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_], weights: NDArray[np.int64]) -> float:
    """Mean F1 over the acts that are true at least once; `weights` say how often each turn counts."""
    both = weights @ (predicted & truth)
    total = weights @ predicted + weights @ truth
    there = (weights @ truth) > 0
    return float((2 * both / np.maximum(total, 1))[there].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder; the shipped one by default")
    parser.add_argument("--part", choices=("dev", "test"), default="dev", help="test at the end")
    parser.add_argument("--kept", type=Path, help="a file that keeps what the fine-tuned encoder says")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    turns = {"dev": dev_turns(), **test_turns()}
    reader = load_model(ModelConfig(path=str(arguments.model), device="cpu", read_seconds=600))
    said = {"reader": {name: read_dev(reader, some).acts for name, some in turns.items()}}
    for name, (words, meaning) in FROZEN.items():
        model = Frozen(words=words, meaning=meaning).fit(train_turns())
        said[name] = {part: model.probabilities(some) for part, some in turns.items()}
    said["MiniLM fine-tuned"] = kept(arguments.kept, turns, arguments.seed)
    turns["both"] = turns["redial"] + turns["own"]
    for sets in said.values():
        sets["both"] = np.concatenate([sets["redial"], sets["own"]])
    for part in ("dev",) if arguments.part == "dev" else ("redial", "own", "both"):
        print(f"{part}, {len(turns[part])} turns\n\n{report(said, turns, part, arguments.seed)}\n")


if __name__ == "__main__":
    main()
