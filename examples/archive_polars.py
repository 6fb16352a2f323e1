"""The archive in polars: one row a level, prices and volumes as decimals. Needs polars 1.0 or newer.

Usage: python archive_polars.py ARCHIVE_PATH UPBIT BTC KRW 2026-11-25
"""

import sys
from datetime import datetime, timezone

import polars as pl

path, exchange, symbol, currency, date = sys.argv[1:6]
books = pl.scan_parquet(f"{path}/books/exchange={exchange}/date={date}/*.parquet").filter(
    pl.col("symbol") == symbol, pl.col("currency") == currency
)


def levels(side: str) -> pl.LazyFrame:
    """Stored levels of a side, volume 0 = vanished."""
    return (
        books.select("sequence", "timestamp", "base", pl.col(side).alias("level"))
        .explode("level")
        .drop_nulls("level")
        .unnest("level")
    )


def book_at(side: str, at: datetime) -> pl.DataFrame:
    """A side as it was at a time: the last volume at each price since the whole book before it."""
    newest = books.filter(pl.col("timestamp") <= at).sort("sequence").last().collect()
    sequence, base = newest.item(0, "sequence"), newest.item(0, "base")
    return (
        levels(side)
        .filter(pl.col("sequence").is_between(base, sequence))
        .sort("sequence")
        .group_by("price")
        .last()
        .filter(pl.col("volume") > 0)
        .select("price", "volume")
        .sort("price", descending=side == "bids")
        .collect()
    )


print(book_at("asks", datetime.fromisoformat(f"{date}T12:00:00").replace(tzinfo=timezone.utc)))
