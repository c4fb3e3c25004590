/* All templates: built in, and replaced by a folder's files.
 * Owner: notifier. Thread: any.
 */
#include "notifier/templates.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

enum { LOCALES_MAX = 64, LOCALE_BYTES_MAX = 11, FILES_MAX = 1024 };

static const char fallback_locale[] = "en";

static const struct {
    const char *suffix;
    enum template_escape escape;
} parts[PART_COUNT] = {
    [PART_SUBJECT] = {"subject", TEMPLATE_LINE},
    [PART_TXT] = {"txt", TEMPLATE_PLAIN},
    [PART_HTML] = {"html", TEMPLATE_HTML},
    [PART_SMS] = {"sms", TEMPLATE_PLAIN},
};

struct template_set {
    char locales[LOCALES_MAX][LOCALE_BYTES_MAX + 1];
    size_t locale_count;
    struct template *templates[KIND_COUNT][LOCALES_MAX][PART_COUNT];
};

/* "de" or "de-AT". */
static bool locale_valid(struct slice text)
{
    if (text.len != 2 && text.len != 5)
        return false;
    return islower((unsigned char)text.data[0]) && islower((unsigned char)text.data[1]) &&
           (text.len == 2 || (text.data[2] == '-' && isupper((unsigned char)text.data[3]) &&
                              isupper((unsigned char)text.data[4])));
}

static int find_locale(struct template_set *set, struct slice name, struct error *err,
                       size_t *ret_index)
{
    for (size_t i = 0; i < set->locale_count; i++) {
        if (slice_equal(slice_of(set->locales[i]), name)) {
            *ret_index = i;
            return 0;
        }
    }
    if (set->locale_count == LOCALES_MAX)
        return error_set(err, ERROR_PERMANENT, "more than %d locales", LOCALES_MAX);
    memcpy(set->locales[set->locale_count], name.data, name.len);
    *ret_index = set->locale_count++;
    return 0;
}

static bool part_by_suffix(const char *suffix, enum part *ret_part)
{
    for (enum part part = 0; part < PART_COUNT; part++) {
        if (strcmp(parts[part].suffix, suffix) == 0) {
            *ret_part = part;
            return true;
        }
    }
    return false;
}

/* name: "de-AT.subject". */
static int add_file(struct template_set *set, enum kind kind, const char *name, struct slice text,
                    struct error *err)
{
    const char *dot = strchr(name, '.');
    struct slice locale = {name, dot != NULL ? (size_t)(dot - name) : 0};
    struct template *template;
    enum part part;
    size_t index = 0;
    if (dot == NULL || !locale_valid(locale) || !part_by_suffix(dot + 1, &part))
        return error_set(err, ERROR_PERMANENT,
                         "is not called <locale>.subject, .txt, .html or .sms, e.g. de.subject");
    if (find_locale(set, locale, err, &index) != 0 ||
        template_compile(text, kind_row(kind)->fields, parts[part].escape, err, &template) != 0)
        return -1;
    template_free(set->templates[kind][index][part]);
    set->templates[kind][index][part] = template;
    return 0;
}

static int add_files(struct template_set *set, const struct template_file *files, struct error *err)
{
    for (; files->path != NULL; files++) {
        const char *slash = strchr(files->path, '/');
        enum kind kind;
        if (slash == NULL ||
            !kind_by_name((struct slice){files->path, (size_t)(slash - files->path)}, &kind))
            return error_set(err, ERROR_PERMANENT, "%s: no kind of message", files->path);
        if (add_file(set, kind, slash + 1, slice_of(files->text), err) != 0)
            return error_prefix(err, "%s", files->path);
    }
    return 0;
}

static int read_file(const char *path, struct error *err, struct buf *out)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, ERROR_PERMANENT, "%s", strerror(errno));
    buf_reserve(out, TEMPLATE_BYTES_MAX + 1);
    out->len = fread(out->data, 1, TEMPLATE_BYTES_MAX + 1, file);
    int failed = ferror(file);
    fclose(file);
    return failed ? error_set(err, ERROR_PERMANENT, "cannot be read") : 0;
}

/* Called for each name in a folder, except hidden ones. */
typedef int (*name_taker)(struct template_set *set, const char *path, const char *name, int kind,
                          struct error *err);

static int each_name(struct template_set *set, const char *folder, int kind, name_taker take,
                     struct error *err)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    int rc = 0, count = 0;
    if (directory == NULL)
        return error_set(err, ERROR_PERMANENT, "%s: %s", folder, strerror(errno));
    while (rc == 0 && (entry = readdir(directory)) != NULL) {
        struct buf path = {0};
        if (entry->d_name[0] == '.')
            continue;
        if (count++ == FILES_MAX) {
            rc = error_set(err, ERROR_PERMANENT, "%s: more than %d files", folder, FILES_MAX);
            break;
        }
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        rc = take(set, buf_cstr(&path), entry->d_name, kind, err);
        buf_free(&path);
    }
    closedir(directory);
    return rc;
}

static int take_file(struct template_set *set, const char *path, const char *name, int kind,
                     struct error *err)
{
    struct buf text = {0};
    int rc = read_file(path, err, &text);
    if (rc == 0)
        rc = add_file(set, (enum kind)kind, name, buf_slice(&text), err);
    buf_free(&text);
    return rc != 0 ? error_prefix(err, "%s", path) : 0;
}

static int take_kind(struct template_set *set, const char *path, const char *name, int kind,
                     struct error *err)
{
    enum kind found;
    (void)kind;
    if (!kind_by_name(slice_of(name), &found))
        return error_set(err, ERROR_PERMANENT, "%s: there is no kind of message `%.32s`", path,
                         name);
    return each_name(set, path, (int)found, take_file, err);
}

/* A mail has a subject and a text wherever it has one of them, and each kind has them in English.
 */
static int judge(const struct template_set *set, struct error *err)
{
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        bool fallback = false;
        for (size_t i = 0; i < set->locale_count; i++) {
            struct template *const *own = set->templates[kind][i];
            bool mail = own[PART_SUBJECT] != NULL && own[PART_TXT] != NULL;
            bool sms = own[PART_SMS] != NULL || !kind_row(kind)->channels[CHANNEL_SMS];
            bool any = false;
            for (enum part part = 0; part < PART_COUNT; part++)
                any = any || own[part] != NULL;
            if (any && (!mail || !sms))
                return error_set(err, ERROR_PERMANENT, "%s/%s: .subject, .txt%s belong together",
                                 kind_row(kind)->name, set->locales[i],
                                 kind_row(kind)->channels[CHANNEL_SMS] ? " and .sms" : "");
            fallback = fallback || (any && strcmp(set->locales[i], fallback_locale) == 0);
        }
        if (!fallback)
            return error_set(err, ERROR_PERMANENT, "%s has no %s templates", kind_row(kind)->name,
                             fallback_locale);
    }
    return 0;
}

static int finish(struct template_set *set, int rc, struct error *err,
                  struct template_set **ret_set)
{
    if (rc == 0)
        rc = judge(set, err);
    if (rc != 0) {
        template_set_free(set);
        return error_prefix(err, "templates");
    }
    *ret_set = set;
    return 0;
}

int template_set_of(const struct template_file *files, struct error *err,
                    struct template_set **ret_set)
{
    struct template_set *set = mem_calloc(1, sizeof(*set));
    return finish(set, add_files(set, files, err), err, ret_set);
}

int template_set_load(const char *folder, struct error *err, struct template_set **ret_set)
{
    struct template_set *set = mem_calloc(1, sizeof(*set));
    int rc = add_files(set, builtin_templates, err);
    if (rc == 0 && folder[0] != '\0')
        rc = each_name(set, folder, 0, take_kind, err);
    return finish(set, rc, err, ret_set);
}

void template_set_free(struct template_set *set)
{
    if (set == NULL)
        return;
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < set->locale_count; i++) {
            for (enum part part = 0; part < PART_COUNT; part++)
                template_free(set->templates[kind][i][part]);
        }
    }
    free(set);
}

static const char *locale_with(const struct template_set *set, enum kind kind, struct slice tag)
{
    for (size_t i = 0; i < set->locale_count; i++) {
        if (strlen(set->locales[i]) == tag.len &&
            strncasecmp(set->locales[i], tag.data, tag.len) == 0 &&
            set->templates[kind][i][PART_TXT] != NULL)
            return set->locales[i];
    }
    return NULL;
}

const char *template_set_locale(const struct template_set *set, enum kind kind, struct slice tag)
{
    const char *found = locale_with(set, kind, tag);
    if (found == NULL && tag.len > 2 && (tag.data[2] == '-' || tag.data[2] == '_'))
        found = locale_with(set, kind, (struct slice){tag.data, 2});
    if (found == NULL)
        found = locale_with(set, kind, slice_of(fallback_locale));
    CHECK(found != NULL);
    return found;
}

const struct template *template_set_part(const struct template_set *set, enum kind kind,
                                         const char *locale, enum part part)
{
    for (size_t i = 0; i < set->locale_count; i++) {
        if (set->locales[i] == locale)
            return set->templates[kind][i][part];
    }
    NOT_REACHED();
}
