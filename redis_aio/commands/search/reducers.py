"""Reducers: what makes one value of the rows of a group, for :meth:`AggregateRequest.group_by`."""

from collections.abc import Iterable

from redis_aio.commands.search.aggregation import Reducer, SortDirection


class FieldOnlyReducer(Reducer):
    """A reducer of one property."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self._field = field


class count(Reducer):  # noqa: N801  # redis-py's name, as of those below
    """How many rows."""

    NAME: str | None = "COUNT"

    def __init__(self) -> None:
        super().__init__()


class sum(FieldOnlyReducer):  # noqa: N801  # see above
    """The sum of a number."""

    NAME: str | None = "SUM"


class min(FieldOnlyReducer):  # noqa: N801  # see above
    """The smallest number."""

    NAME: str | None = "MIN"


class max(FieldOnlyReducer):  # noqa: N801  # see above
    """The largest number."""

    NAME: str | None = "MAX"


class avg(FieldOnlyReducer):  # noqa: N801  # see above
    """The mean of a number."""

    NAME: str | None = "AVG"


class tolist(FieldOnlyReducer):  # noqa: N801  # see above
    """The different values."""

    NAME: str | None = "TOLIST"


class count_distinct(FieldOnlyReducer):  # noqa: N801  # see above
    """How many different values."""

    NAME: str | None = "COUNT_DISTINCT"


class count_distinctish(FieldOnlyReducer):  # noqa: N801  # see above
    """About how many different values; much faster."""

    NAME: str | None = "COUNT_DISTINCTISH"


class quantile(Reducer):  # noqa: N801  # see above
    """The number below which the share ``pct`` (0 to 1) of the values lies."""

    NAME: str | None = "QUANTILE"

    def __init__(self, field: str, pct: float) -> None:
        super().__init__(field, str(pct))
        self._field = field


class stddev(FieldOnlyReducer):  # noqa: N801  # see above
    """The standard deviation of a number."""

    NAME: str | None = "STDDEV"


class first_value(Reducer):  # noqa: N801  # see above
    """The value of the first row, in an order if one is given.

    Args:
        field: the property.
        byfields: ``Asc("@p")`` or ``Desc("@p")``; the class alone is by ``field`` itself.
    """

    NAME: str | None = "FIRST_VALUE"

    def __init__(self, field: str, *byfields: SortDirection | type[SortDirection]) -> None:
        orders = [order(field) if isinstance(order, type) else order for order in byfields]
        words = [part for order in orders for part in (order.field, order.DIRSTRING)]
        super().__init__(field, *(("BY", *words) if words else ()))
        self._field = field


class random_sample(Reducer):  # noqa: N801  # see above
    """Values of ``size`` rows at random."""

    NAME: str | None = "RANDOM_SAMPLE"

    def __init__(self, field: str, size: int) -> None:
        super().__init__(field, str(size))
        self._field = field


class collect(Reducer):  # noqa: N801  # see above
    """Properties of the rows themselves.

    Args:
        fields: their names; ``*`` for all.
        distinct: leave out rows that were there.
        sort_by: ``Asc("@p")``, ``Desc("@p")``, or several.
        limit: an offset, and how many rows.

    Raises:
        ValueError: there is no field, or nothing to sort by.
    """

    NAME: str | None = "COLLECT"

    def __init__(
        self,
        fields: str | Iterable[str] = "*",
        distinct: bool = False,
        sort_by: SortDirection | Iterable[SortDirection] | None = None,
        limit: tuple[int, int] | None = None,
    ) -> None:
        words = ["FIELDS"]
        if fields == "*":
            words.append("*")
        else:
            names = [fields] if isinstance(fields, str) else [*fields]
            if not names or not all(name.strip() for name in names):
                raise ValueError("fields must be '*', or names of which none is empty")
            words += [str(len(names)), *map(_property, names)]
        if distinct:
            words.append("DISTINCT")
        if sort_by is not None:
            orders = [sort_by] if isinstance(sort_by, SortDirection) else [*sort_by]
            if not orders:
                raise ValueError("sort_by must have at least one element")
            words += ["SORTBY", str(2 * len(orders))]
            words += [part for order in orders for part in (_property(order.field), order.DIRSTRING)]
        if limit is not None:
            words += ["LIMIT", *map(str, limit)]
        super().__init__(*words)


def _property(name: str) -> str:
    return name if name.startswith("@") else f"@{name}"
