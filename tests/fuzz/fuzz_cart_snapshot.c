/* Bytes from a snapshot or from Redis: refused, or a cart that encodes to a state again. */
#include "tests/fuzz/fuzz.h"

#include "cart/cart_snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct cart cart = {0}, again = {0};
    struct buf out = {0};
    struct error err;
    struct slice id = slice_of("c1");
    if (cart_snapshot_decode((struct slice){(const char *)bytes, length}, id, &cart, &err) == 0) {
        cart_snapshot_encode(id, &cart, &out);
        CHECK(cart_snapshot_decode(buf_slice(&out), id, &again, &err) == 0);
        CHECK(again.total_minor == cart.total_minor && again.version == cart.version);
    } else {
        CHECK(cart.version == 0 && cart.lines == NULL);
    }
    cart_free(&cart);
    cart_free(&again);
    buf_free(&out);
    return 0;
}
