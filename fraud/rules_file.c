/* The rules from where the settings say.
 * Owner: fraud. Thread: any.
 */
#include "fraud/rules_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static int read_all(FILE *file, const char *path, struct buf *text, struct error *err)
{
    struct stat status;
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(err, ERROR_PERMANENT, "%s: not a regular file", path);
    buf_reserve(text, RULES_BYTES_MAX + 1);
    text->len = fread(text->data, 1, RULES_BYTES_MAX + 1, file); /* one more: rules_parse sees it */
    if (ferror(file))
        return error_set(err, ERROR_PERMANENT, "%s: cannot be read: %s", path, strerror(errno));
    return 0;
}

int rules_load(const char *path, struct error *err, struct rules *ret_rules)
{
    if (path[0] == '\0')
        return rules_parse(slice_of(fraud_rules_ini), "built-in rules", err, ret_rules);
    struct buf text = {0};
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, ERROR_PERMANENT, "%s: cannot be opened: %s", path, strerror(errno));
    int rc = read_all(file, path, &text, err);
    fclose(file);
    if (rc == 0)
        rc = rules_parse(buf_slice(&text), path, err, ret_rules);
    buf_free(&text);
    return rc;
}
