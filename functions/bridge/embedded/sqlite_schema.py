"""The tables of the embedded state file, as numbered steps: `user_version` says how many were taken.

A step that was ever released is never changed; a change is a new step at the end.

Messages are split in two, so that handing one out rewrites one small row and not its body: `message` is
written once, `delivery` exists only for what was handed out or is delayed. `visible_at` 0 means "now",
whatever the clock says. Record keys are bytes: a printer's name may hold what UTF-8 text cannot.
"""

STATE_SCHEMA: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE message (
            queue TEXT NOT NULL,
            number INTEGER NOT NULL,
            group_id TEXT NOT NULL,
            deduplication_id TEXT NOT NULL,
            sent_at REAL NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (queue, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE delivery (
            queue TEXT NOT NULL,
            number INTEGER NOT NULL,
            group_id TEXT NOT NULL,
            receipt TEXT,
            receive_count INTEGER NOT NULL,
            visible_at REAL NOT NULL,
            delay_seconds REAL NOT NULL,
            PRIMARY KEY (queue, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE deduplication (
            queue TEXT NOT NULL,
            id TEXT NOT NULL,
            expires_at REAL NOT NULL,
            PRIMARY KEY (queue, id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE dead_letter (
            number INTEGER PRIMARY KEY,
            queue TEXT NOT NULL,
            group_id TEXT NOT NULL,
            deduplication_id TEXT NOT NULL,
            sent_at REAL NOT NULL,
            dead_at REAL NOT NULL,
            receive_count INTEGER NOT NULL,
            reason TEXT NOT NULL,
            body TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE record (
            key BLOB PRIMARY KEY,
            version INTEGER NOT NULL,
            expires_at REAL,
            value TEXT NOT NULL
        ) WITHOUT ROWID
        """,
    ),
)
