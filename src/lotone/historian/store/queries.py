"""What the historian asks its engine, in DuckDB's SQL."""
# ruff: noqa: S608 - the texts are put together from constants of this file; values are always bound

_COLUMNS = """(
    organization VARCHAR NOT NULL,
    tag INTEGER NOT NULL,
    source_time TIMESTAMP NOT NULL,
    sequence BIGINT NOT NULL,
    receive_time TIMESTAMP NOT NULL,
    quality UINTEGER NOT NULL,
    kind UTINYINT NOT NULL,
    number DOUBLE,
    text VARCHAR,
    revision INTEGER NOT NULL
)"""
CREATE_RECENT = f"CREATE TABLE IF NOT EXISTS recent.sample {_COLUMNS}"
CREATE = f"CREATE TABLE lake.sample {_COLUMNS}"
ARRANGE = (
    "ALTER TABLE lake.sample SET PARTITIONED BY (year(source_time), month(source_time), day(source_time))",
    "ALTER TABLE lake.sample SET SORTED BY (tag, source_time)",
    "CALL lake.set_option('parquet_compression', 'zstd')",
)
EXISTS = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = 'sample'"
INSERT = "INSERT INTO recent.sample SELECT * FROM batch"
SETTLE = "INSERT INTO lake.sample SELECT * FROM recent.sample"
FORGET_RECENT = "DELETE FROM recent.sample"
COUNT_RECENT = "SELECT count(*) FROM recent.sample"
FORGET_SETTLED = """
    DELETE FROM recent.sample USING lake.sample AS settled
    WHERE recent.sample.organization = settled.organization AND recent.sample.tag = settled.tag
        AND recent.sample.source_time = settled.source_time
        AND recent.sample.sequence = settled.sequence AND recent.sample.revision = settled.revision
        AND settled.source_time >= (SELECT min(source_time) FROM recent.sample)
        AND settled.source_time <= (SELECT max(source_time) FROM recent.sample)
"""
SNAPSHOT = "SELECT id FROM ducklake_current_snapshot('lake')"


def _everywhere(condition: str) -> str:
    """All samples that meet a condition: the recent ones and the settled ones."""
    return f"""(
        SELECT * FROM recent.sample WHERE {condition}
        UNION ALL
        SELECT * FROM lake.sample WHERE {condition}
    )"""


_OF_TAGS = "organization = $organization AND tag IN (SELECT unnest($tags))"
_IN_RANGE = f"{_OF_TAGS} AND source_time >= make_timestamp($start) AND source_time < make_timestamp($end)"
_ASKED = f"FROM {_everywhere(_IN_RANGE)}"
_VALID = "QUALIFY row_number() OVER (PARTITION BY tag, source_time, sequence ORDER BY receive_time DESC, revision DESC) = 1"


def _raw(valid: str) -> str:
    return f"""
        SELECT tag, source_time, sequence, receive_time, quality, kind, number, text {_ASKED} {valid}
        ORDER BY source_time, sequence, tag LIMIT $limit
    """


_USABLE = "FILTER (quality < 2147483648)"
"""Not bad, see `assets.BAD`."""
_SENT = "struct_pack(kind := kind, number := number, text := text)"


def _buckets(valid: str) -> str:
    return f"""
        WITH asked AS (SELECT * {_ASKED} {valid}),
        summed AS (
            SELECT tag, $origin + (epoch_us(source_time) - $origin) // $width * $width AS start, count(*) AS count,
                min(number) {_USABLE} AS min, max(number) {_USABLE} AS max, avg(number) {_USABLE} AS mean,
                arg_min({_SENT}, (source_time, sequence)) {_USABLE} AS earliest,
                arg_max({_SENT}, (source_time, sequence)) {_USABLE} AS latest,
                max(quality) AS quality
            FROM asked GROUP BY ALL
        )
        SELECT tag, start, count, min, max, mean, quality,
            earliest.kind AS first_kind, earliest.number AS first_number, earliest.text AS first_text,
            latest.kind AS last_kind, latest.number AS last_number, latest.text AS last_text
        FROM summed ORDER BY start, tag LIMIT $limit
    """


RAW = _raw("")
RAW_CORRECTED = _raw(_VALID)
BUCKETS = _buckets("")
BUCKETS_CORRECTED = _buckets(_VALID)
"""The second of each pair is for tags that have corrections, which most never have: it also looks for the valid revision."""


def _increase(valid: str) -> str:
    return f"""
        WITH asked AS (
            SELECT * FROM {_everywhere(_IN_RANGE + " AND quality < 2147483648 AND number IS NOT NULL")} {valid}
        ),
        steps AS (
            SELECT tag, number, lag(number) OVER (PARTITION BY tag ORDER BY source_time, sequence) AS before FROM asked
        )
        SELECT tag, sum(CASE WHEN before IS NULL THEN 0 WHEN number < before THEN number ELSE number - before END) AS increase
        FROM steps GROUP BY tag
    """


INCREASE = _increase("")
INCREASE_CORRECTED = _increase(_VALID)

_COUNTED = "revision = 0 AND sequence <= $sequence_max"
COUNT = f"SELECT count(*) FROM {_everywhere(f'organization = $organization AND {_COUNTED}')}"
COUNT_OF_TAGS = f"SELECT count(*) FROM {_everywhere(f'{_OF_TAGS} AND {_COUNTED}')}"
CORRECTED = f"SELECT DISTINCT tag FROM {_everywhere('revision > 0')}"
_NEAR = """
    organization = $organization AND tag BETWEEN $tag_min AND $tag_max
        AND source_time BETWEEN make_timestamp($start) AND make_timestamp($end)
"""
REVISIONS = f"""
    SELECT tag, source_time, sequence, receive_time, quality, kind, number, text, revision
    FROM {_everywhere(_NEAR)} SEMI JOIN asked USING (tag, source_time, sequence)
"""
CORRECTIONS = f"""
    SELECT tag, source_time, sequence, receive_time, quality, kind, number, text, revision {_ASKED}
    QUALIFY count(*) OVER (PARTITION BY tag, source_time, sequence) > 1 ORDER BY source_time, sequence, revision
"""
_NEWEST_FIRST = "PARTITION BY organization, tag ORDER BY sequence DESC, receive_time DESC, revision DESC"


def _newest(table: str, condition: str) -> str:
    return f"""
        WITH latest AS (
            SELECT organization, tag, max(source_time) AS source_time FROM {table} WHERE {condition} GROUP BY ALL
        )
        SELECT sample.* FROM {table} AS sample SEMI JOIN latest USING (organization, tag, source_time) WHERE {condition}
        QUALIFY row_number() OVER ({_NEWEST_FIRST}) = 1
    """


NEWEST_SETTLED = _newest("lake.sample", "snapshot_id > $snapshot")
NEWEST_RECENT = _newest("recent.sample", "true")

CROWDED = """
    WITH days AS (
        SELECT data_file_id, list(partition_value::INTEGER ORDER BY partition_key_index) AS day
        FROM __ducklake_metadata_lake.ducklake_file_partition_value GROUP BY data_file_id
    )
    SELECT count(*) FROM (
        SELECT day FROM __ducklake_metadata_lake.ducklake_data_file JOIN days USING (data_file_id)
        WHERE end_snapshot IS NULL AND file_size_bytes >= $smallest AND file_size_bytes < $largest
        GROUP BY day HAVING count(*) >= CASE WHEN day < (SELECT max(day) FROM days) THEN $least_of_past ELSE $least END
    )
"""
"""How many days have at least so many files of a size."""
MERGE = """
    CALL ducklake_merge_adjacent_files('lake', 'sample',
        min_file_size => $smallest, max_file_size => $largest, max_compacted_files => 1)
"""
EXPIRE = "CALL ducklake_expire_snapshots('lake', older_than => now())"
DELETE_MERGED = "CALL ducklake_cleanup_old_files('lake', cleanup_all => true)"
DELETE_UNKNOWN = "CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)"
DETACH = ("DETACH DATABASE IF EXISTS lake", "DETACH DATABASE IF EXISTS recent")
CHECKPOINT_CATALOG = "CHECKPOINT __ducklake_metadata_lake"
CHECKPOINT_RECENT = "CHECKPOINT recent"
