"""The archive in pandas: one row a level, prices and volumes as Decimal. Needs pandas 2 and pyarrow.

Usage: python archive_pandas.py ARCHIVE_PATH UPBIT BTC KRW 2026-11-25
"""

import sys

import pandas as pd

path, exchange, symbol, currency, date = sys.argv[1:6]
books = pd.read_parquet(
    f"{path}/books/exchange={exchange}/date={date}",
    filters=[("symbol", "==", symbol), ("currency", "==", currency)],
).sort_values("sequence")


def levels(side: str) -> pd.DataFrame:
    """Stored levels of a side, volume 0 = vanished."""
    rows = books[["sequence", "timestamp", "base", side]].explode(side).dropna(subset=[side])
    values = pd.DataFrame(rows.pop(side).tolist(), index=rows.index, columns=["price", "volume"])
    return rows.join(values) if rows.index.is_unique else pd.concat([rows.reset_index(drop=True), values.reset_index(drop=True)], axis=1)


def book_at(side: str, at: pd.Timestamp) -> pd.DataFrame:
    """A side as it was at a time: the last volume at each price since the whole book before it."""
    newest = books[books["timestamp"] <= at].iloc[-1]
    rows = levels(side)
    rows = rows[rows["sequence"].between(newest["base"], newest["sequence"])]
    last = rows.groupby("price", as_index=False)["volume"].last()
    return last[last["volume"] > 0].sort_values("price", ascending=side == "asks")


print(book_at("asks", pd.Timestamp(f"{date}T12:00:00Z")))
