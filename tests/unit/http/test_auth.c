/* Who may call which route: each access with each credential, on a running server.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/auth.h"

#include <sys/stat.h>

#include "raw_client.h"
#include "tests/unit/http/token_maker.h"
#include "tests/unit/test.h"

static void tell(struct http_request *request, void *context)
{
    (void)context;
    const struct auth_identity *identity = auth_of(request);
    struct buf body = {0};
    buf_printf(&body, "%d %.*s %.*s", (int)identity->kind, (int)identity->principal.len,
               identity->principal.data, (int)identity->email.len, identity->email.data);
    http_answer(request, 200, "text/plain", buf_slice(&body));
    buf_free(&body);
}

static const struct http_route routes[] = {
    {"GET", "/private", "private", tell, HTTP_PRIVATE},
    {"GET", "/optional", "optional", tell, HTTP_OPTIONAL},
    {"GET", "/public", "public", tell, HTTP_PUBLIC},
    {"GET", "/support", "support", tell, HTTP_SUPPORT},
    {"GET", "/admin", "admin", tell, HTTP_ADMIN},
};

static struct http_server *serve(struct auth *auth)
{
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 1,
        .max_connections = 10,
        .request_timeout_ms = 1000,
        .idle_timeout_ms = 1000,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 1000,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .auth = auth,
    };
    struct http_server *server = NULL;
    struct error err;
    assert_int_equal(http_server_start(&options, &err, &server), 0);
    return server;
}

static int ask(struct http_server *server, const char *path, const char *authorization,
               struct answer *answer)
{
    char request[4096];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", path,
             authorization[0] != '\0' ? "Authorization: " : "", authorization,
             authorization[0] != '\0' ? "\r\n" : "");
    client_ask(http_server_port(server), request, answer);
    return answer->status;
}

/* ---- keys in a file */

static char keys_path[] = "/tmp/cartwright-test-keys-XXXXXX";

static void write_keys(mode_t mode)
{
    struct buf text = {0};
    buf_text(&text, "{\"keys\":[");
    maker_jwk(&text, SIGNATURE_HS256, NULL, ",\"kid\":\"k\"");
    buf_text(&text, "]}");
    FILE *file = fopen(keys_path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    fclose(file);
    assert_int_equal(chmod(keys_path, mode), 0);
    buf_free(&text);
}

static struct auth_settings settings = {
    .keys_file = keys_path,
    .jwks_url = "",
    .issuer = "https://issuer",
    .audience = "cart",
    .roles_claim = "roles",
    .leeway_s = 30,
    .refresh_s = 300,
};

#define CLAIMS "\"iss\":\"https://issuer\",\"aud\":\"cart\",\"exp\":4102444800,\"sub\":\"alice\""

static const char *bearer(struct buf *out, const char *more)
{
    struct buf token = {0};
    char claims[512];
    snprintf(claims, sizeof(claims), "{" CLAIMS "%s}", more);
    maker_token(&token, SIGNATURE_HS256, NULL, "{\"alg\":\"HS256\",\"kid\":\"k\"}", claims);
    buf_clear(out);
    buf_printf(out, "Bearer %s", buf_cstr(&token));
    buf_free(&token);
    return buf_cstr(out);
}

static void each_access_and_credential(void **state)
{
    (void)state;
    char guest[8 + GUEST_TOKEN_LENGTH] = "Bearer ";
    struct buf user = {0}, support = {0}, admin = {0};
    guest_token_make(guest + 7);
    bearer(&user, ",\"email\":\"a@b\"");
    bearer(&support, ",\"roles\":[\"support\"]");
    bearer(&admin, ",\"roles\":[\"admin\"]");
    const struct {
        const char *path, *credential;
        int with_keys, without;
    } rows[] = {
        {"/private", "", 401, 200},
        {"/private", buf_cstr(&user), 200, 200},
        {"/private", guest, 200, 200},
        {"/private", "Bearer wrong", 401, 200},
        {"/private", "Basic dTpw", 401, 200},
        {"/private", "Bearer", 401, 200},
        {"/optional", "", 200, 200},
        {"/optional", buf_cstr(&user), 200, 200},
        {"/optional", "Bearer wrong", 401, 200},
        {"/public", "", 200, 200},
        {"/public", "Bearer wrong", 200, 200},
        {"/support", "", 401, 200},
        {"/support", buf_cstr(&user), 404, 200},
        {"/support", guest, 404, 404},
        {"/support", buf_cstr(&admin), 404, 200},
        {"/support", buf_cstr(&support), 200, 200},
        {"/admin", buf_cstr(&support), 404, 200},
        {"/admin", buf_cstr(&admin), 200, 200},
        {"/nowhere", "", 404, 404},
    };
    struct auth *auth;
    struct error err;
    struct answer answer;
    write_keys(0600);
    assert_int_equal(auth_open(&settings, NULL, &err, &auth), 0);
    for (int with_keys = 0; with_keys < 2; with_keys++) {
        struct http_server *server = serve(with_keys ? auth : NULL);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
            int expected = with_keys ? rows[i].with_keys : rows[i].without;
            if (ask(server, rows[i].path, rows[i].credential, &answer) != expected)
                fail_msg("%s with %.20s: %d, not %d: %s", rows[i].path, rows[i].credential,
                         answer.status, expected, answer.body);
            const char *challenge = answer_header(&answer, "www-authenticate");
            assert_true((expected == 401) == (challenge != NULL));
            if (expected == 401)
                assert_true((strstr(challenge, "error=\"invalid_token\"") != NULL) ==
                            (strncmp(rows[i].credential, "Bearer", 6) == 0));
        }
        http_server_stop(server);
    }
    auth_close(auth);
    buf_free(&user);
    buf_free(&support);
    buf_free(&admin);
}

static void identities(void **state)
{
    (void)state;
    static const char guest[] = "guest_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct auth *auth;
    struct error err;
    struct answer answer;
    struct buf user = {0};
    char expected[200], principal[PRINCIPAL_MAX], line[100];
    uint8_t hash[DIGEST_SHA256_SIZE];
    write_keys(0600);
    assert_int_equal(auth_open(&settings, NULL, &err, &auth), 0);
    struct http_server *server = serve(auth);
    bearer(&user, ",\"email\":\"a@b\"");
    for (int i = 0; i < 2; i++) { /* verified, then remembered */
        assert_int_equal(ask(server, "/private", buf_cstr(&user), &answer), 200);
        snprintf(expected, sizeof(expected), "%d user:alice a@b", AUTH_USER);
        assert_string_equal(answer.body, expected);
    }
    snprintf(line, sizeof(line), "bearer %s", guest); /* the scheme in any case */
    assert_int_equal(ask(server, "/private", line, &answer), 200);
    assert_int_equal(guest_token_hash(slice_of(guest), hash), 0);
    struct slice name = principal_of_guest(hash, principal);
    snprintf(expected, sizeof(expected), "%d %.*s ", AUTH_GUEST, (int)name.len, name.data);
    assert_string_equal(answer.body, expected);
    assert_int_equal(ask(server, "/optional", "", &answer), 200);
    snprintf(expected, sizeof(expected), "%d anonymous ", AUTH_NONE);
    assert_string_equal(answer.body, expected);
    client_ask(http_server_port(server),
               "GET /private HTTP/1.1\r\n" HOST_LINE "Authorization: Bearer a\r\n"
               "Authorization: Bearer b\r\n\r\n",
               &answer);
    assert_int_equal(answer.status, 401);
    http_server_stop(server);
    auth_close(auth);
    buf_free(&user);
}

static void guests_tokens(void **state)
{
    (void)state;
    char one[GUEST_TOKEN_LENGTH + 1], other[GUEST_TOKEN_LENGTH + 1];
    uint8_t hash[DIGEST_SHA256_SIZE];
    guest_token_make(one);
    guest_token_make(other);
    assert_int_equal(strlen(one), GUEST_TOKEN_LENGTH);
    assert_string_not_equal(one, other);
    assert_int_equal(guest_token_hash(slice_of(one), hash), 0);
    assert_int_equal(guest_token_hash((struct slice){one, GUEST_TOKEN_LENGTH - 1}, hash), -1);
    one[3] = 'x';
    assert_int_equal(guest_token_hash(slice_of(one), hash), -1);
    other[10] = '!';
    assert_int_equal(guest_token_hash(slice_of(other), hash), -1);
}

static void ownership(void **state)
{
    (void)state;
    const struct auth_identity alice = {
        .kind = AUTH_USER, .subject = slice_of("alice"), .principal = slice_of("user:alice")};
    const struct auth_identity local = {.kind = AUTH_LOCAL, .principal = slice_of("anonymous")};
    const struct auth_identity nobody = {.kind = AUTH_NONE, .principal = slice_of("anonymous")};
    assert_true(auth_owns(&alice, slice_of("user:alice")));
    assert_false(auth_owns(&alice, slice_of("user:alic")));
    assert_false(auth_owns(&alice, slice_of("")));
    assert_false(auth_owns(&nobody, slice_of("anonymous")));
    assert_true(auth_owns(&local, slice_of("user:bob")));
    assert_true(auth_is_user(&alice, slice_of("alice")));
    assert_false(auth_is_user(&alice, slice_of("")));
    assert_false(auth_is_user(&nobody, slice_of("")));
    assert_true(auth_is_user(&local, slice_of("bob")));
    assert_true(auth_may(&local, AUTH_ADMIN));
    assert_false(auth_may(&alice, AUTH_SUPPORT));
}

static void files_refused(void **state)
{
    (void)state;
    struct auth *auth;
    struct error err;
    write_keys(0644); /* a secret that everybody reads */
    assert_int_equal(auth_open(&settings, NULL, &err, &auth), -1);
    assert_non_null(strstr(err.message, "chmod 600"));
    write_keys(0602);
    assert_int_equal(auth_open(&settings, NULL, &err, &auth), -1);
    struct auth_settings other = settings;
    other.keys_file = "/tmp";
    assert_int_equal(auth_open(&other, NULL, &err, &auth), -1);
    other.keys_file = "/nowhere/keys";
    assert_int_equal(auth_open(&other, NULL, &err, &auth), -1);
    other.keys_file = "/dev/zero";
    assert_int_equal(auth_open(&other, NULL, &err, &auth), -1);
}

/* Nobody answers at the URL: the daemon runs, tokens are not judged yet. */
static void keys_not_there_yet(void **state)
{
    (void)state;
    struct auth_settings remote = settings;
    struct auth *auth;
    struct error err;
    struct answer answer;
    struct buf user = {0};
    char why[100] = "";
    remote.keys_file = "";
    remote.jwks_url = "http://127.0.0.1:9/keys";
    assert_int_equal(auth_open(&remote, NULL, &err, &auth), 0);
    struct http_server *server = serve(auth);
    assert_false(auth_ready(auth, why, sizeof(why)));
    assert_string_not_equal(why, "");
    assert_int_equal(ask(server, "/private", bearer(&user, ""), &answer), 503);
    assert_true(answer_is_problem(&answer, 503, "keys_unavailable"));
    assert_int_equal(ask(server, "/private", "", &answer), 401);
    http_server_stop(server);
    auth_close(auth);
    buf_free(&user);
}

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(keys_path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(keys_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_access_and_credential),
        cmocka_unit_test(identities),
        cmocka_unit_test(guests_tokens),
        cmocka_unit_test(ownership),
        cmocka_unit_test(files_refused),
        cmocka_unit_test(keys_not_there_yet),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
