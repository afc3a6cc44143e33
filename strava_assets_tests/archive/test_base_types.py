"""FIT's base types are those of Garmin's SDK: sizes, signs and the values that mean none."""

from __future__ import annotations

from garmin_fit_sdk.fit import BASE_TYPE_DEFINITIONS

from strava_assets.archive.fit_decoder import _BASE_TYPES

TEXT, BYTES = 7, 13
FLOATS = (8, 9)


def test_each_type_has_its_size_sign_and_invalid_value() -> None:
    assert _BASE_TYPES.keys() == BASE_TYPE_DEFINITIONS.keys() - {TEXT}
    for number, (kind, invalid) in _BASE_TYPES.items():
        wanted = BASE_TYPE_DEFINITIONS[number]
        assert int(kind[1:]) == wanted["size"], number
        if number in FLOATS:
            assert (kind[0], invalid) == ("f", None)
            continue
        assert kind[0] == ("i" if wanted["signed"] else "u"), number
        assert invalid == (None if number == BYTES else wanted["invalid"]), number
