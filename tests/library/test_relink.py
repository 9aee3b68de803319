"""Pseudonyms are turned back inside the vault only."""

import pytest

from outcomes.errors import AccessError
from outcomes.library.relink import identities, vault_state


def test_every_pseudonym_leads_back_to_its_person(place, feed):
    place.ingest(feed, kind="identified", keys=place.new_key())
    people, referrals = identities(place.library, place.vault, keys=place.keys)
    assert sorted(people["patient_id"]) == sorted(feed["patients"]["patient_id"])
    assert sorted(people["nhs_number"]) == sorted(feed["patients"]["nhs_number"])
    assert people["pseudonym"].is_unique
    assert sorted(referrals["episode_id"]) == sorted(feed["referrals"]["episode_id"])
    assert set(referrals["pseudonym"]) == set(people["pseudonym"])


def test_the_same_person_keeps_the_pseudonym(place, feed):
    place.ingest(feed, kind="identified", keys=place.new_key())
    first, _ = identities(place.library, place.vault, keys=place.keys)
    place.ingest(
        {"patients": feed["patients"].assign(patient_id=lambda rows: "x" + rows["patient_id"])},
        kind="identified",
        keys=place.keys,
    )
    later, _ = identities(place.library, place.vault, keys=place.keys)
    known = dict(zip(later["patient_id"], later["pseudonym"], strict=True))
    assert len(later) == 12
    assert all(known[one] == name for one, name in zip(first["patient_id"], first["pseudonym"], strict=True))


def test_another_vault_says_nothing(place, feed):
    place.ingest(feed)
    with pytest.raises(AccessError, match="does not belong to this library"):
        vault_state(place.library, place.root / "elsewhere")
    with pytest.raises(AccessError, match="there is no snapshot"):
        vault_state(place.library, place.vault, snapshot="none")
