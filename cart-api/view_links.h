/* The readers' way to Redis: connections for offering what was folded and for looking how far the
 * projection is. Owner: cart-api. Thread: any that may block.
 */
#ifndef CARTWRIGHT_CART_API_VIEW_LINKS_H
#define CARTWRIGHT_CART_API_VIEW_LINKS_H

#include "views/view_connection.h"

struct view_links;

/** count connections, none of them made yet. -1: a permanent error, the connection string's. */
int view_links_new(const char *connection_string, int count, struct error *err,
                   struct view_links **ret_links) WARN_UNUSED;
/** NULL is fine. */
void view_links_free(struct view_links *links);

/** One of the connections, to be given back. There is always one for each of count threads. */
struct view_connection *view_links_take(struct view_links *links);
void view_links_give(struct view_links *links, struct view_connection *views);

#endif
