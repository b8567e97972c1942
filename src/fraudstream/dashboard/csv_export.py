"""Alerts as a table for other programs; no cell of it is a formula, whatever was put into a payment."""

import csv
import io
from collections.abc import Iterable

from fraudstream.adapters.database.alert_queue import AlertRow

COLUMNS = (
    *("alert_id", "transaction_id", "customer", "merchant", "amount", "currency", "usual_amount", "event_time"),
    *("score", "threshold", "model_version", "status", "raised_at", "decided_by", "reasons"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets run a text cell that begins so; a leading apostrophe makes it a text for good."""


def harmless(cell: object) -> str:
    """A cell as text that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def alerts_csv(rows: Iterable[AlertRow]) -> str:
    """CSV with a heading; times in ISO 8601, UTC."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = (row.alert_id, row.transaction_id, row.user_id, row.merchant_id, f"{row.amount:.2f}", row.currency)
        usual = None if row.usual_amount is None else f"{row.usual_amount:.2f}"
        verdict = (f"{row.score:.6f}", f"{row.threshold:.6f}", row.model_version, row.status)
        times = (row.event_time.isoformat(), row.created_at.isoformat())
        reasons = "; ".join(reason.text for reason in row.reasons)
        whole = (*cells, usual, times[0], *verdict, times[1], row.decided_by, reasons)
        writer.writerow([harmless(cell) for cell in whole])
    return written.getvalue()
