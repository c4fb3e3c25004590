/* The one error shape.
 * Owner: lib/base. Thread: any.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Client libraries end their messages with newlines and split them over lines. */
static void one_line(char *message)
{
    size_t length = strlen(message);
    while (length > 0 && (message[length - 1] == '\n' || message[length - 1] == ' '))
        message[--length] = '\0';
    for (char *c = message; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    }
}

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    if (err == NULL)
        return -1;
    va_list args;
    va_start(args, format);
    err->kind = kind;
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    one_line(err->message);
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    if (err == NULL)
        return -1;
    char context[sizeof(err->message)];
    char whole[2 * sizeof(err->message) + 3];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof(context), format, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "%s: %s", context, err->message);
    memcpy(err->message, whole, sizeof(err->message) - 1);
    err->message[sizeof(err->message) - 1] = '\0';
    return -1;
}
