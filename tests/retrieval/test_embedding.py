"""The packaged sentence encoder."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding import PACKAGE_DIGEST, UNKNOWN_LIMIT, EncoderConfig, TextEncoder
from retrieval.errors import EncoderError


def test_rows_are_unit_vectors_in_the_order_asked(encoder: TextEncoder) -> None:
    """Sorting by length inside and answers from the cache do not show."""
    texts = ["a long sentence about thieves in a harbour town", "robot", "a funny wedding"]

    rows = encoder.encode(texts)
    again = encoder.encode([texts[2], "something new", texts[0]])

    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(again[0], rows[2], atol=1e-5)
    np.testing.assert_allclose(again[2], rows[0], atol=1e-5)


def test_a_batch_does_not_change_a_text(encoder: TextEncoder) -> None:
    """Padding is masked out of the mean."""
    alone = TextEncoder(EncoderConfig(batch=1)).encode(["robot", "a film about a robot who learns to sing"])

    np.testing.assert_allclose(
        alone, encoder.encode(["robot", "a film about a robot who learns to sing"]), atol=1e-5
    )


def test_likeness_of_meaning_is_likeness_of_vectors(encoder: TextEncoder) -> None:
    wish, near, far = encoder.encode(
        ["a scary ghost story", "horror with a haunted house", "tax law for farmers"]
    )

    assert wish @ near > wish @ far + 0.3


def test_nothing_and_very_much_can_be_encoded(encoder: TextEncoder) -> None:
    """An empty list, an empty text and a text beyond the longest."""
    assert encoder.encode([]).shape == (0, 384)
    assert np.isfinite(encoder.encode(["", "word " * 5000])).all()


def test_the_encoder_says_what_it_cannot_read(encoder: TextEncoder) -> None:
    """English is known, Chinese mostly not, and no text holds nothing unknown."""
    assert encoder.unknown_share("a heist film with two rivals") == 0
    assert encoder.unknown_share("推荐一部轻松搞笑的片子给我") > UNKNOWN_LIMIT
    assert encoder.unknown_share("") == 0


def test_frequent_words_rank_before_rare_ones(encoder: TextEncoder) -> None:
    """Which tells titles from everyday words."""
    assert encoder.word_ranks["up"] < encoder.word_ranks["harbour"]


def test_weights_other_than_expected_are_refused(tmp_path: Path) -> None:
    """Both digests are named."""
    with pytest.raises(EncoderError, match=f"{PACKAGE_DIGEST}, not 00"):
        TextEncoder(EncoderConfig(digest="00"))


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    """The message names the setting."""
    with pytest.raises(EncoderError, match=r"encoder\.path .* is not a folder"):
        TextEncoder(EncoderConfig(path=str(tmp_path / "none")))
    with pytest.raises(EncoderError, match=r"no \*\.safetensors"):
        TextEncoder(EncoderConfig(path=str(tmp_path)))


def test_threads_may_share_one(encoder: TextEncoder) -> None:
    """What one asks of a text's words does not change how another's texts are padded."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            encoder.unknown_share("a film about a heist")

    with ThreadPoolExecutor(2) as threads:
        asking = [threads.submit(ask) for _ in range(2)]
        for number in range(150):
            texts = [
                f"a short one {number}",
                f"a film that is told in many more words than the other {number}",
            ]
            assert encoder.encode(texts).shape == (2, encoder.dimensions)
        over.set()
        for one in asking:
            one.result()
