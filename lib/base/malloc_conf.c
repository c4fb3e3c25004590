/* jemalloc's settings, which it finds by this name; the environment's MALLOC_CONF goes before them.
 * Linked into the daemons that are built with it (docs/decisions/0019).
 */
extern const char *malloc_conf;

/* Four a core by default, and each keeps freed pages of its own. */
const char *malloc_conf = "narenas:2";
