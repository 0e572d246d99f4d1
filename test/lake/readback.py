"""Prints what PyIceberg reads from a table: readback.py CATALOG.DB TABLE [SNAPSHOT].

The table is found through the catalog, as another engine would find it, and then
read once more from its metadata file alone. Both must agree, and asking for each
value of each column, which skips files by the bounds that the table gives, must
find as many rows as have it. The output is one JSON object: the columns, the rows
and, by snapshot, the summary.
"""

import json
import sys

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo, IsNull
from pyiceberg.table import StaticTable


def main():
    database, name = sys.argv[1:3]
    snapshot = int(sys.argv[3]) if len(sys.argv) > 3 else None
    catalog = SqlCatalog("bespoke", uri="sqlite:///" + database, init_catalog_tables="false")
    table = catalog.load_table(name)
    rows = table.scan(snapshot_id=snapshot).to_arrow()
    alone = StaticTable.from_metadata(table.metadata_location).scan(snapshot_id=snapshot).to_arrow()
    if rows.to_pylist() != alone.to_pylist():
        sys.exit("the table reads differently through the catalog and from its metadata file")
    for name in rows.column_names:
        values = rows.column(name).to_pylist()
        for value in set(values):
            wanted = IsNull(name) if value is None else EqualTo(name, value)
            found = table.scan(snapshot_id=snapshot, row_filter=wanted).to_arrow().num_rows
            if found != values.count(value):
                sys.exit(f"{found} rows are found with {name} = {value!r}, {values.count(value)} have it")
    json.dump(
        {
            "columns": rows.column_names,
            "rows": [list(row.values()) for row in rows.to_pylist()],
            "snapshots": {s.snapshot_id: s.summary.additional_properties for s in table.snapshots()},
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
