"""Members taken a shard at a time have the values they have all at once, to the last digit."""

import pandas as pd
import pytest

from attendees import attendance_metrics, crowd
from iop_outcomes.dataset.metric_values import as_table
from iop_outcomes.describe.weekly import weekly_records
from iop_outcomes.history import sessions
from iop_outcomes.history.contacts import contacts_of
from iop_outcomes.history.history import History
from iop_outcomes.history.session_rules import session_rules, shards_counted
from iop_outcomes.ingest.stage import capabilities
from iop_outcomes.tables.parts import Parts, whole

N_PARTS = 4


@pytest.fixture
def both(monkeypatch):
    """A crowd at once, and the same crowd with its sessions in four parts, in shards of some members."""
    monkeypatch.setattr(sessions, "SHARD_SESSIONS", 60)
    cohort, records = crowd(seed=3)
    # A slot that names itself twice is not stored, so that nothing of a file in parts does.
    session = records["session"].drop_duplicates("session_id", ignore_index=True)
    parts = Parts(lambda: (session[start::N_PARTS] for start in range(N_PARTS)), len(session))
    at_once = pd.concat(list(parts), ignore_index=True)
    return History.of(cohort, records | {"session": at_once}), History.of(cohort, records | {"session": parts})


def test_there_are_shards(both):
    once, split = both
    found = list(sessions.shards(split))
    assert len(found) > 2
    assert sum(shard.n for _, shard in found) == once.n
    assert [shard.members.index[0] for _, shard in found] == [split.members.index[first] for first, _ in found]
    assert [shard is once for _, shard in sessions.shards(once)] == [True]


@pytest.mark.parametrize("metric", [one for one in attendance_metrics() if one.by_member], ids=lambda one: one.name)
def test_a_metric_of_single_members_is_the_same_in_shards(both, metric):
    once, split = both
    found = pd.concat([metric(shard) for _, shard in sessions.shards(split)])
    found = as_table(metric.name, found, split)
    pd.testing.assert_frame_equal(found, as_table(metric.name, metric(once), once), check_exact=True)


@pytest.mark.parametrize("on_the_way", [True, False])
def test_what_is_asked_of_everybody_is_put_together(both, on_the_way):
    once, split = both
    if on_the_way:
        assert len(list(shards_counted(split))) > 2
    pd.testing.assert_frame_equal(session_rules(split), session_rules(once))
    for name in ("member", "day", "kind"):
        assert (getattr(contacts_of(split), name) == getattr(contacts_of(once), name)).all()
    capability = capabilities(once.records, {})
    weekly = whole(weekly_records(split, capability))
    pd.testing.assert_frame_equal(weekly, weekly_records(once, capability), check_exact=True)
