"""Defects planted in what is kept of pictures: stale features, lost gradients, damaged files; and who must see them."""

from mutant_rows import Mutant

ENCODERS = "seewhy/model/vision/encoders.py"
FEATURES = "seewhy/model/vision/feature_cache.py"
FILES = "seewhy/model/vision/feature_files.py"
SIGHT = "seewhy/model/vision/image_features.py"
KEPT = "tests/model/test_features.py"
SEEN = "tests/model/test_sight.py"
ANEW = "tests/model/test_seen_anew.py"
TRIALS = "tests/model/test_sight_trials.py"
TRAINED = "tests/model/test_frozen_training.py"

FEATURE_MUTANTS = [
    Mutant(
        name="features: the bytes of the pixels left out of the key",
        file=FEATURES,
        source="        digest.update(raw(tensor))\n",
        defect="",
        seen_by=f"{ANEW}::test_another_picture_is_seen_anew",
    ),
    Mutant(
        name="features: the shapes left out of the key",
        file=FEATURES,
        source='f"/{name}/{tensor.dtype}/{tuple(tensor.shape)}/"',
        defect='f"/{name}/{tensor.dtype}/"',
        seen_by=f"{KEPT}::test_any_change_of_what_the_encoder_is_handed_gives_another_key",
    ),
    Mutant(
        name="features: the encoder's weights left out of its identity",
        file=ENCODERS,
        source="        digest.update(raw(tensor))\n",
        defect="",
        seen_by=f"{ANEW}::test_changed_weights_of_the_encoder_are_seen_anew",
    ),
    Mutant(
        name="features: memory not bounded",
        file=FEATURES,
        source="        while self.held_bytes > self.max_bytes:",
        defect="        while False:",
        seen_by=f"{KEPT}::test_memory_keeps_the_most_recently_used_and_never_more_than_its_bytes",
    ),
    Mutant(
        name="files: a flipped bit believed",
        file=FILES,
        source="        if checksum(tensors) != expected:",
        defect="        if not tensors:",
        seen_by=f"{KEPT}::test_a_damaged_file_is_said_and_its_features_are_made_anew",
    ),
    Mutant(
        name="files: one temporary name for all writers",
        file=FILES,
        source='        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=self.folder)',
        defect='        temporary = str(path.with_name(f".{path.name}.tmp"))\n'
        "        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT)",
        seen_by=f"{KEPT}::test_two_processes_that_write_the_same_key_at_once_both_succeed",
    ),
    Mutant(
        name="sight: an encoder that is trained is kept all the same",
        file=SIGHT,
        source="        if any(id(parameter) in moved for parameter in parameters):",
        defect="        if not parameters:",
        seen_by=f"{TRAINED}::test_a_tower_that_is_trained_is_never_kept",
    ),
    Mutant(
        name="sight: kept features outlive the time in which the weights stood still",
        file=SIGHT,
        source="            self._stand = before",
        defect="            pass",
        seen_by=f"{SEEN}::test_weights_that_were_moved_between_two_stands_are_seen",
    ),
    Mutant(
        name="sight: the first picture is not compared",
        file=SIGHT,
        source="        if not gap <= (EXACT if self.net.dtype in (torch.float32, torch.float64) else ROUGH):",
        defect="        if gap < 0:",
        seen_by=f"{TRIALS}::test_a_net_whose_pass_sees_other_features_is_found_out",
    ),
    Mutant(
        name="sight: the projector gets no gradient",
        file=SIGHT,
        source="    with recalling(net, kept.place, kept.shape.build(tensors, net.device)):",
        defect="    with torch.no_grad(), recalling(net, kept.place, kept.shape.build(tensors, net.device)):",
        seen_by=f"{SEEN}::test_projector_and_language_model_get_the_gradient_of_a_pass_of_their_own",
    ),
    Mutant(
        name="sight: a slow disk is used",
        file=SIGHT,
        source="        if found is None or reading >= running:",
        defect="        if found is None:",
        seen_by=f"{TRIALS}::test_files_are_used_only_where_reading_them_is_faster_than_the_encoder",
    ),
    Mutant(
        name="training: an encoder is kept that moves",
        file="seewhy/training/moving.py",
        source="with assume_frozen(run.model, moved),",
        defect="with assume_frozen(run.model),",
        seen_by=f"{TRAINED}::test_a_tower_that_is_trained_is_never_kept",
    ),
]
