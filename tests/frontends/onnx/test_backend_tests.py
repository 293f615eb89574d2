"""A sample of the onnx package's own tests; docs/onnx-tests.md is made by all of them."""

from __future__ import annotations

from collections import Counter

from tests.frontends.onnx.backend_tests import outcome, sample


def test_the_models_of_the_onnx_package_are_equal_or_refused(tmp_path):
    results = {case.name: (case, outcome(case, tmp_path)) for case in sample()}
    wrong = {name: result.why for name, (_, result) in results.items() if result.verdict == "WRONG"}
    assert wrong == {}
    own = Counter(result.verdict for case, result in results.values() if case.convolutional)
    assert own["equal"] >= 0.95 * sum(own.values()), own
