/* How far events may have been observed.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/marks.h"

#include <stdlib.h>

#include "base/memory.h"

enum { AHEAD = 1000 };

static const struct pg_statement load_statement = {
    "fraud_mark_load",
    "SELECT position FROM fraud_marks WHERE category = $1 AND partition = $2",
};

static const struct pg_statement write_statement = {
    "fraud_marks_write",
    "INSERT INTO fraud_marks (category, partition, position) "
    "SELECT $1, * FROM unnest($2::smallint[], $3::bigint[]) "
    "ON CONFLICT (category, partition) DO UPDATE SET position = excluded.position "
    "WHERE fraud_marks.position < excluded.position",
};

static struct mark *mark_at(const struct marks *marks, const struct category *category,
                            int partition)
{
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX; i++) {
        if (marks->of[i].category == category)
            return &marks->of[i].partitions[partition];
    }
    return NULL;
}

static struct mark *mark_of(struct marks *marks, const struct category *category, int partition)
{
    CHECK(category != NULL);
    struct mark *known = mark_at(marks, category, partition);
    if (known != NULL)
        return known;
    struct marks_of *of = marks->of, *end = of + SERVICE_CATEGORIES_MAX;
    while (of < end && of->category != NULL)
        of++;
    CHECK(of < end);
    of->category = category;
    of->partitions = mem_calloc((size_t)category->partitions, sizeof(of->partitions[0]));
    return &of->partitions[partition];
}

int marks_load(struct marks *marks, struct pg *pg, const struct category *category, int partition,
               int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, slice_of(category->name));
    pg_param_int16(&params, (int16_t)partition);
    int rc = pg_run(pg, &load_statement, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    int64_t position = pg_rows(result) == 1 ? pg_get_int64(result, 0, 0) : 0;
    pg_result_free(result);
    *mark_of(marks, category, partition) = (struct mark){position, position};
    return 0;
}

bool marks_passed(const struct marks *marks, const struct category *category, int partition,
                  int64_t position)
{
    const struct mark *mark = mark_at(marks, category, partition);
    CHECK(mark != NULL);
    return position <= mark->found;
}

static bool is_behind(const struct marks *marks, const struct service_position *position)
{
    return mark_at(marks, position->category, position->partition)->stored < position->position;
}

int marks_write(struct marks *marks, struct pg *pg, const struct service_position *positions,
                size_t count, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    size_t behind = 0;
    for (size_t i = 0; i < count; i++)
        behind += is_behind(marks, &positions[i]);
    if (behind == 0)
        return 0;
    pg_param_bytes(&params, slice_of(positions[0].category->name));
    PG_PARAM_ARRAY(&params, PG_INT2, count, is_behind(marks, &positions[i]),
                   pg_array_int16(&params, (int16_t)positions[i].partition));
    PG_PARAM_ARRAY(&params, PG_INT8, count, is_behind(marks, &positions[i]),
                   pg_array_int64(&params, positions[i].position + AHEAD));
    int rc = pg_run(pg, &write_statement, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc == 0)
        pg_result_free(result);
    return rc;
}

void marks_written(struct marks *marks, const struct service_position *positions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_behind(marks, &positions[i]))
            mark_of(marks, positions[i].category, positions[i].partition)->stored =
                positions[i].position + AHEAD;
    }
}

void marks_free(struct marks *marks)
{
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX; i++)
        free(marks->of[i].partitions);
    *marks = (struct marks){0};
}
