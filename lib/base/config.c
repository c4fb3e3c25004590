/* Settings: one table that makes parsing, defaults, --help and the checks.
 * Owner: lib/base. Thread: single.
 */
#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { CONFIG_LINE_MAX = 4096 }; /* bytes */

static char **text_at(void *values, const struct setting *setting)
{
    return (char **)((char *)values + setting->offset);
}

static int parse_int(const struct setting *setting, const char *text, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < setting->min || value > setting->max)
        return -1;
    *ret_value = value;
    return 0;
}

static int set_value(const struct setting *setting, const char *text, const char *source,
                     void *values, struct error *err)
{
    switch (setting->type) {
    case SETTING_TEXT: {
        char **place = text_at(values, setting);
        free(*place);
        *place = mem_strdup(text);
        return 0;
    }
    case SETTING_INT:
        if (parse_int(setting, text, (int64_t *)((char *)values + setting->offset)) == 0)
            return 0;
        return error_set(err, ERROR_PERMANENT, "%s: %s must be a whole number from %ld to %ld",
                         source, setting->name, setting->min, setting->max);
    case SETTING_BOOL: {
        bool *place = (bool *)((char *)values + setting->offset);
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return error_set(err, ERROR_PERMANENT, "%s: %s must be true or false", source,
                             setting->name);
        *place = strcmp(text, "true") == 0;
        return 0;
    }
    }
    NOT_REACHED();
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static const struct setting *find_setting(const struct setting_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->settings[i].name, name) == 0)
            return &table->settings[i];
    }
    return NULL;
}

struct file_reader {
    const struct setting_table *table;
    const char *path;
    mode_t mode;
    bool *seen; /* one per setting: a name twice is a mistake, not an override */
    void *values;
};

static int take_line(struct file_reader *reader, int number, char *line, struct error *err)
{
    char source[512];
    snprintf(source, sizeof(source), "%s:%d", reader->path, number);
    char *text = trim(line);
    if (*text == '\0' || *text == '#')
        return 0;
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return error_set(err, ERROR_PERMANENT, "%s: expected `name = value`", source);
    *equals = '\0';
    char *name = trim(text);
    const struct setting *setting = find_setting(reader->table, name);
    if (setting == NULL)
        return error_set(err, ERROR_PERMANENT,
                         "%s: unknown setting `%.64s`; %s --help lists the settings", source, name,
                         reader->table->service);
    bool *seen = &reader->seen[setting - reader->table->settings];
    if (*seen)
        return error_set(err, ERROR_PERMANENT, "%s: %s is set twice in this file; remove one",
                         source, name);
    *seen = true;
    if (setting->secret && (reader->mode & (S_IROTH | S_IWOTH)) != 0)
        return error_set(err, ERROR_PERMANENT,
                         "%s: %s is a secret and others can read this file; chmod 600 it", source,
                         name);
    return set_value(setting, trim(equals + 1), source, reader->values, err);
}

static int check_line(const struct file_reader *reader, int number, const char *line, size_t length,
                      struct error *err)
{
    if (length > CONFIG_LINE_MAX)
        return error_set(err, ERROR_PERMANENT, "%s:%d: longer than %d bytes", reader->path, number,
                         CONFIG_LINE_MAX);
    if (!utf8_valid(line, length) || memchr(line, '\0', length) != NULL)
        return error_set(err, ERROR_PERMANENT, "%s:%d: not UTF-8 text; is this the right file?",
                         reader->path, number);
    return 0;
}

static int read_lines(struct file_reader *reader, FILE *file, struct error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int rc = 0;
    for (int number = 1; rc == 0 && (length = getline(&line, &capacity, file)) >= 0; number++) {
        rc = check_line(reader, number, line, (size_t)length, err);
        if (rc == 0)
            rc = take_line(reader, number, line, err);
    }
    free(line);
    if (rc == 0 && ferror(file))
        return error_set(err, ERROR_PERMANENT, "%s: cannot be read: %s", reader->path,
                         strerror(errno));
    return rc;
}

static int load_file(const struct setting_table *table, const char *path, void *values,
                     struct error *err)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, ERROR_PERMANENT, "%s: cannot be opened: %s", path, strerror(errno));
    int rc = -1;
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
        error_set(err, ERROR_PERMANENT, "%s: not a regular file", path);
    } else {
        bool *seen = mem_calloc(table->count, sizeof(bool));
        struct file_reader reader = {table, path, status.st_mode, seen, values};
        rc = read_lines(&reader, file, err);
        free(seen);
    }
    fclose(file);
    return rc;
}

static void env_name(const struct setting_table *table, const struct setting *setting, char *name,
                     size_t size)
{
    snprintf(name, size, "%s_%s", table->service, setting->name);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

static int load_environment(const struct setting_table *table, void *values, struct error *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        char name[128];
        env_name(table, setting, name, sizeof(name));
        const char *own = getenv(name);
        const char *known = setting->env_alias != NULL ? getenv(setting->env_alias) : NULL;
        const char *text = own != NULL ? own : known;
        if (text == NULL)
            continue;
        if (set_value(setting, text, own != NULL ? name : setting->env_alias, values, err) != 0)
            return -1;
    }
    return 0;
}

int config_load(const struct setting_table *table, const char *file, void *values,
                struct error *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        if (setting->default_value != NULL)
            CHECK(set_value(setting, setting->default_value, "default", values, err) == 0);
    }
    if (file != NULL && load_file(table, file, values, err) != 0)
        return -1;
    if (load_environment(table, values, err) != 0)
        return -1;
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        if (setting->type == SETTING_TEXT && *text_at(values, setting) == NULL)
            return error_set(err, ERROR_PERMANENT, "%s is not set; set it in the file or as %s",
                             setting->name,
                             setting->env_alias != NULL ? setting->env_alias : "environment");
    }
    return 0;
}

void config_free(const struct setting_table *table, void *values)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->settings[i].type == SETTING_TEXT) {
            free(*text_at(values, &table->settings[i]));
            *text_at(values, &table->settings[i]) = NULL;
        }
    }
}

void config_print_help(const struct setting_table *table)
{
    printf("Settings (file: `name = value`; environment in brackets):\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        char name[128];
        env_name(table, setting, name, sizeof(name));
        printf("  %-28s %s [%s%s%s] (default: %s)\n", setting->name, setting->help, name,
               setting->env_alias != NULL ? ", " : "",
               setting->env_alias != NULL ? setting->env_alias : "",
               setting->default_value == NULL ? "none, required" : setting->default_value);
    }
}
