"""Which checkpoints are opened, how they are pooled, and what is said of those that are not."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, BertForMaskedLM

from shadowbert.bert.training import checkpoint as checkpoints
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.encoder import load, positions
from shadowbert.errors import TrainingFailed
from tests.bert.checkpoints import config, make_checkpoint, make_sentence_transformer

TEXTS = ["send the card", "the loan is about my card"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("bert"), "bert", TEXTS)


@pytest.fixture
def copied(bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "copied"))


def configure(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder: Path, sentence: str) -> None:
    with pytest.raises(TrainingFailed, match=sentence):
        load(locate(str(folder)), max_tokens=24)


def test_a_folder_is_taken_as_it_is(bert: Path) -> None:
    found = locate(str(bert))
    assert (found.folder, found.pooling, found.config["model_type"]) == (bert, "mean", "bert")


def test_other_weights_under_the_bundled_name_are_refused(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "get_model_path", lambda: bert)
    with pytest.raises(TrainingFailed, match="not the published ones"):
        locate("bundled")


def test_what_is_on_no_disk_and_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> str:
        raise OSError("no route to the hub")

    monkeypatch.setattr(checkpoints, "snapshot_download", offline)
    with pytest.raises(TrainingFailed, match="acme/none is neither a folder nor to be had from the hub: no route"):
        locate("acme/none")


def test_a_hub_is_asked_for_data_only(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, list[str]] = {}

    def download(name: str, **patterns: list[str]) -> str:
        asked.update(patterns)
        return str(bert)

    monkeypatch.setattr(checkpoints, "snapshot_download", download)
    assert locate("acme/bert").folder == bert
    assert set(asked["allow_patterns"]) == {"*.safetensors", "*.json", "README.md"}


@pytest.mark.parametrize("gone", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_checkpoint_that_is_not_whole(copied: Path, gone: str) -> None:
    (copied / gone).unlink()
    refused(copied, f"has no {gone}")


def test_pickled_weights_are_refused_with_a_way_out(copied: Path) -> None:
    torch.save(load_file(copied / "model.safetensors"), copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    refused(copied, r"pytorch_model\.bin is a pickle.*save_pretrained")


def test_a_slow_tokenizer_is_refused_with_a_way_out(copied: Path) -> None:
    (copied / "tokenizer.json").unlink()
    (copied / "vocab.txt").write_text("[PAD]\n[UNK]\n")
    refused(copied, r"slow tokenizer.*AutoTokenizer\.from_pretrained")


def test_weights_in_several_files(bert: Path, copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    AutoModel.from_pretrained(bert).save_pretrained(copied, max_shard_size="50KB")
    assert len(list(copied.glob("model-*.safetensors"))) > 1
    ids = torch.tensor([[2, 7, 8, 3]])
    whole, sharded = (load(locate(str(folder)), max_tokens=24) for folder in (bert, copied))
    assert torch.equal(whole(ids, torch.ones_like(ids)), sharded(ids, torch.ones_like(ids)))
    next(copied.glob("model-00002-*.safetensors")).unlink()
    refused(copied, "has no model-00002")


def test_shards_outside_of_the_folder_are_refused(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    (copied / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "../../etc/passwd"}}))
    refused(copied, "outside of its folder")


def test_a_head_that_fills_in_masks_is_left_away(tmp_path: Path, bert: Path) -> None:
    shutil.copytree(bert, tmp_path, dirs_exist_ok=True)
    vocabulary = locate(str(bert)).config["vocab_size"]
    BertForMaskedLM(config("bert", vocabulary)).save_pretrained(tmp_path)
    assert load(locate(str(tmp_path)), max_tokens=24).vocabulary == vocabulary


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_type": "gpt2"}, "is a gpt2: no encoder of the kind of BERT"),
        ({"model_type": "t5"}, "is a t5: no encoder"),
        ({"model_type": "bart", "is_encoder_decoder": True}, "is a bart that generates text"),
        ({"is_decoder": True}, "is a bert that generates text"),
        ({"model_type": None}, "does not say"),
        ({"auto_map": {"AutoModel": "modeling.Evil"}}, "code of checkpoints is never run"),
        ({"hidden_size": 64}, "cannot be loaded"),
    ],
)
def test_what_is_no_encoder_of_ours(copied: Path, changes: dict[str, object], sentence: str) -> None:
    configure(copied, **changes)
    refused(copied, sentence)


def test_weights_of_something_else_are_not_replaced_by_chance(copied: Path) -> None:
    configure(copied, num_hidden_layers=3)
    refused(copied, r"no whole bert: 16 of its weights are missing, encoder\.layer\.2")


def test_files_that_cannot_be_read(copied: Path) -> None:
    (copied / "model.safetensors").write_bytes(b"\x80\x04 no safetensors")
    refused(copied, "cannot be loaded")
    (copied / "config.json").write_text("[]")
    refused(copied, r"config\.json that is something else")
    (copied / "config.json").write_text("{")
    refused(copied, r"no readable config\.json")


@pytest.mark.parametrize(
    ("kind", "limit"), [("bert", 64), ("distilbert", 64), ("roberta", 64), ("mpnet", 64), ("deberta-v2", 64)]
)
def test_no_more_tokens_than_it_has_positions(kind: str, limit: int, tmp_path: Path) -> None:
    checkpoint = locate(str(make_checkpoint(tmp_path, kind, TEXTS)))
    assert positions(load(checkpoint, max_tokens=limit).model) == limit
    with pytest.raises(TrainingFailed, match=f"at most {limit} tokens: set student.max_tokens, now {limit + 1}"):
        load(checkpoint, max_tokens=limit + 1)


@pytest.mark.parametrize(
    ("said", "pooling"),
    [
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, "mean"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "mean"),
        ({"pooling_mode": "cls", "include_prompt": True}, "cls"),
        ({"pooling_mode": "mean_sqrt_len_tokens"}, "mean"),
        ({"pooling_mode": ["max"]}, "max"),
    ],
)
def test_sentence_transformers_say_how_they_are_pooled(said: dict[str, object], pooling: str, tmp_path: Path) -> None:
    folder = make_sentence_transformer(tmp_path, TEXTS, said)
    encoder = load(locate(str(folder)), max_tokens=24)
    ids = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])
    mask = (ids > 0).long()
    hidden = encoder.model(input_ids=ids, attention_mask=mask).last_hidden_state
    short = hidden[1, :3]
    expected = {"mean": short.mean(0), "cls": short[0], "max": short.amax(0)}[pooling]
    torch.testing.assert_close(encoder(ids, mask)[1], torch.nn.functional.normalize(expected, dim=0))
    assert encoder.pooling == pooling


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"pooling_mode_lasttoken": True}, "lasttoken"),
        ({"pooling_mode": "weightedmean"}, "weightedmean"),
        ({"pooling_mode_weightedmean_tokens": True}, "weightedmean"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, "cls and mean"),
        ({}, "nothing"),
    ],
)
def test_other_poolings_are_refused_until_the_operator_chooses(
    said: dict[str, object], named: str, tmp_path: Path
) -> None:
    folder = make_sentence_transformer(tmp_path, TEXTS, said)
    refused(folder, f"pools by {named}, which is not supported; set student.pooling")
    assert locate(str(folder), pooling="cls").pooling == "cls"


def test_the_transformer_of_an_older_layout_lies_in_a_folder_of_its_own(bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path / "0_Transformer")
    (tmp_path / "modules.json").write_text(json.dumps([{"path": "0_Transformer", "type": "a.Transformer"}]))
    assert locate(str(tmp_path)).folder == tmp_path / "0_Transformer"
    (tmp_path / "modules.json").write_text(json.dumps([{"path": "../elsewhere"}]))
    refused(tmp_path, "outside of its folder")
    (tmp_path / "modules.json").write_text("[]")
    refused(tmp_path, r"modules\.json without modules")


def test_a_shard_list_that_names_nothing(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    save_file({"x": torch.zeros(1)}, copied / "other.safetensors")
    (copied / "model.safetensors.index.json").write_text("{}")
    refused(copied, "names no weights")


@pytest.mark.parametrize(
    ("card", "languages"),
    [
        ("---\nlanguage: en\n---\n# A model", {"en"}),
        ("---\nlanguage:\n- de\n- fr\n---\n", {"de", "fr"}),
        ("---\nlicense: mit\n---\n", set()),
        ("# No front matter", set()),
        ("---\nlanguage: [en\n---\n", set()),
        ("---\n- en\n---\n", set()),
    ],
)
def test_the_card_says_which_languages_it_knows(card: str, languages: set[str], copied: Path) -> None:
    (copied / "README.md").write_text(card)
    assert locate(str(copied)).languages == languages


def test_the_bundled_one_is_english_and_pooled_by_the_mean() -> None:
    found = locate("bundled")
    assert (found.languages, found.pooling) == ({"en"}, "mean")
