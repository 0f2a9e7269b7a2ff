"""Which fields records have: every one is seen, whatever is around it."""

from hypothesis import given, settings
from hypothesis import strategies as some

from include.sources.page import Columns, Page
from include.sources.shape import MOST_FIELDS, Field, Shape


def shape(*records: object) -> Shape:
    found = Shape()
    found.add(Page(list(records), [b""] * len(records)))  # type: ignore[arg-type]
    return found


def fields(*records: object) -> dict[str, tuple[int, str]]:
    return {path: (one.present, " ".join(sorted(one.types))) for path, one in shape(*records).fields.items()}


def test_paths_types_and_counts() -> None:
    assert fields(
        {"id": 1, "name": "a", "on": True, "address": {"city": "x", "geo": {"lat": 1.5, "of": {"deep": 1}}}},
        {"id": "2", "address": None, "tags": ["x", "y"]},
        {"id": 3, "address": {"zip": None}, "changes": [{"field": "a", "to": 1}, {"field": "b", "to": "x"}]},
    ) == {
        "id": (3, "number string"),
        "name": (1, "string"),
        "on": (1, "boolean"),
        "address": (3, "object"),
        "address.city": (1, "string"),
        "address.geo": (1, "object"),
        "address.geo.lat": (1, "number"),
        "address.geo.of": (1, "object"),  # and no deeper
        "address.zip": (1, ""),
        "tags": (1, "array"),
        "changes": (1, "array"),
        "changes[].field": (2, "string"),
        "changes[].to": (2, "number string"),
    }


def test_one_record_of_many_has_a_field_of_its_own() -> None:
    records: list[dict] = [{"id": n, "inner": {"a": 1}} for n in range(10_000)]
    records[6_543] = {"id": 6_543, "inner": {"a": "x", "rare": 1}}
    found = fields(*records)
    assert found["inner.rare"] == (1, "number")
    assert found["inner.a"] == (10_000, "number string")


def test_a_map_of_ids_does_not_grow_for_ever() -> None:
    found = shape({"id": 1, "map": {str(n): 1 for n in range(5_000)}}, {"later": 1})
    assert len(found.fields) == MOST_FIELDS and "id" in found.fields and found.records == 2


def test_what_is_no_object_is_left_out() -> None:
    assert shape().fields == {} and shape({}, [1], "x", None).records == 1


def test_columns_of_a_file() -> None:
    import pyarrow as pa

    found = Shape()
    found.add(Columns(pa.table({"a": pa.array(["x", None]), "b": pa.array([None, None], pa.string())}), "file"))
    assert found.records == 2
    assert found.fields == {"a": Field(2, {"string"}), "b": Field(2, set())}


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=3),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(some.lists(some.dictionaries(some.sampled_from("abcd"), json_values, max_size=4), max_size=12))
def test_records_together_and_one_by_one_have_the_same_fields(records: list[dict]) -> None:
    together, apart = shape(*records), Shape()
    for record in records:
        apart.add(Page([record], [b""]))
    assert (together.records, together.fields) == (apart.records, apart.fields)
