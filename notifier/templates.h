/* All templates: those that the program was built with, and those of a folder that replace them.
 * Owner: notifier. Thread: loading blocks on files; a set is read-only, any thread may use it.
 */
#ifndef CARTWRIGHT_NOTIFIER_TEMPLATES_H
#define CARTWRIGHT_NOTIFIER_TEMPLATES_H

#include "notifier/kind.h"

/** The parts of a message; files are <kind>/<locale>.<part>. */
enum part { PART_SUBJECT, PART_TXT, PART_HTML, PART_SMS, PART_COUNT };

struct template_set;

/** The built-in templates, and over them the files of folder ("": none). Every file is judged: one
 * that does not compile or has a name that means nothing refuses the whole set, and err says which.
 */
int template_set_load(const char *folder, struct error *err,
                      struct template_set **ret_set) WARN_UNUSED;
void template_set_free(struct template_set *set);

/** The locale whose templates a reader gets: tag itself (de-AT), its language (de), "en". The text
 * belongs to the set. */
const char *template_set_locale(const struct template_set *set, enum kind kind, struct slice tag);

/** The part in a locale that template_set_locale gave; NULL: the kind has none there. */
const struct template *template_set_part(const struct template_set *set, enum kind kind,
                                         const char *locale, enum part part);

/** Makes a set of nothing but files in memory, for tests: paths and texts, ended by a NULL path. */
struct template_file {
    const char *path; /* "order-confirmation/en.subject" */
    const char *text;
};
int template_set_of(const struct template_file *files, struct error *err,
                    struct template_set **ret_set) WARN_UNUSED;

/** The built-in files, ended by a NULL path (made by the build from notifier/templates). */
extern const struct template_file builtin_templates[];

#endif
