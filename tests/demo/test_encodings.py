"""Every file the demo's departments send is in the encoding its contract says, and none is said to be another's."""

from __future__ import annotations

from delivered_files import Built, bytes_of, contract_of

from jobs.ingest.decode import SAMPLE_BYTES
from quality.encoding import family_of, guess, surely_other
from schemas.contract import Contract


def test_no_delivered_file_is_taken_for_another_encoding(city: Built, contracts: dict[str, Contract]) -> None:
    declared = {"gb18030": 0, "utf-8": 0}
    for path in filter(lambda path: path.is_file(), city.drop.rglob("*")):
        contract = contract_of(path, contracts)
        if contract.delivery.format == "xlsx":
            continue
        sample, encoding = bytes_of(path)[:SAMPLE_BYTES], contract.delivery.encoding
        found = guess(sample).encoding
        assert found in (None, "ascii") or family_of(found) == family_of(encoding), path.name
        assert surely_other(sample, encoding) is None, path.name
        declared[family_of(encoding)] += 1
    assert min(declared.values()) > 10
