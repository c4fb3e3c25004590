/* How far the views are: the positions up to which all events are in them.
 * Owner: lib/views. Thread: the connection's.
 */
#include "views/view_positions.h"

#include <errno.h>
#include <stdlib.h>

bool view_number(const char **at, int64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtol(*at, &end, 10);
    if (end == *at || errno != 0 || (*end != ' ' && *end != '\0'))
        return false;
    *at = *end == ' ' ? end + 1 : end;
    return true;
}

static void take_position(const struct redis_reply *reply, struct view_position *position)
{
    int64_t number, offset;
    position->position = position->offset = -1;
    if (redis_type(reply) != REDIS_TEXT)
        return;
    const char *at = redis_text(reply).data;
    if (view_number(&at, &number) && view_number(&at, &offset) && number >= 0) {
        position->position = number;
        position->offset = offset;
    }
}

int view_positions_read(struct view_connection *views, int count, struct error *err,
                        struct view_position *ret_positions)
{
    struct redis_reply *digest, *values;
    view_connection_call(views, "digest", 0, 0);
    redis_command(views->redis, 2 + (size_t)count);
    redis_argument(views->redis, slice_of("HMGET"));
    redis_argument(views->redis, slice_of(PROJECTION_KEY));
    for (int i = 0; i < count; i++)
        redis_argument_int(views->redis, i);
    if (view_connection_reply(views, err, &digest) != 0)
        return -1;
    redis_reply_free(digest);
    if (view_connection_reply(views, err, &values) != 0)
        return -1;
    if (redis_type(values) != REDIS_ARRAY || redis_count(values) != (size_t)count) {
        redis_reply_free(values);
        return view_connection_strange(views, err);
    }
    for (int i = 0; i < count; i++) {
        ret_positions[i].partition = i;
        take_position(redis_element(values, (size_t)i), &ret_positions[i]);
    }
    redis_reply_free(values);
    return 0;
}
