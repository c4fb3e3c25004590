/* The settings of tokens, judged.
 * Owner: lib/http. Thread: single.
 */
#include "http/auth_settings.h"

#include <arpa/inet.h>
#include <string.h>

bool auth_configured(const struct auth_settings *settings)
{
    return settings->keys_file[0] != '\0' || settings->jwks_url[0] != '\0';
}

static int check_address(const char *address, bool keys, struct error *err)
{
    struct in_addr v4;
    struct in6_addr v6;
    bool loopback;
    if (inet_pton(AF_INET, address, &v4) == 1)
        loopback = ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    else if (inet_pton(AF_INET6, address, &v6) == 1)
        loopback = IN6_IS_ADDR_LOOPBACK(&v6);
    else
        return error_set(err, ERROR_PERMANENT,
                         "http_address %.64s is not an IP address; set it to 127.0.0.1 or ::1",
                         address);
    if (!loopback && !keys)
        return error_set(err, ERROR_PERMANENT,
                         "http_address %s is not loopback, and without keys everybody may do "
                         "everything; set auth_keys_file or auth_jwks_url, or http_address to "
                         "127.0.0.1 or ::1",
                         address);
    return 0;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/** Keys that come over a network in the clear are anybody's keys. */
static bool url_is_safe(const char *url)
{
    static const char *const starts[] = {
        "https://",      "http://127.0.0.1:", "http://127.0.0.1/", "http://[::1]:",
        "http://[::1]/", "http://localhost:", "http://localhost/"};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        if (starts_with(url, starts[i]))
            return strchr(url, '@') == NULL;
    }
    return false;
}

int auth_settings_check(const struct auth_settings *settings, const char *http_address,
                        struct error *err)
{
    bool keys = auth_configured(settings);
    if (check_address(http_address, keys, err) != 0)
        return -1;
    if (!keys)
        return 0;
    if (settings->keys_file[0] != '\0' && settings->jwks_url[0] != '\0')
        return error_set(err, ERROR_PERMANENT,
                         "auth_keys_file and auth_jwks_url are both set; keep one");
    if (settings->jwks_url[0] != '\0' && !url_is_safe(settings->jwks_url))
        return error_set(err, ERROR_PERMANENT,
                         "auth_jwks_url must be an https URL (http to loopback only) without a "
                         "user name");
    if (settings->issuer[0] == '\0' || settings->audience[0] == '\0')
        return error_set(err, ERROR_PERMANENT,
                         "auth_issuer or auth_audience is not set; with keys both are needed, "
                         "else tokens made for others would be taken");
    if (settings->roles_claim[0] == '\0')
        return error_set(err, ERROR_PERMANENT, "auth_roles_claim is empty; set it to `roles`");
    return 0;
}
