/* Bytes from a topic: decode says no, or what it says yes to survives being encoded, applied,
 * shown. */
#include "tests/fuzz/fuzz.h"

#include "cart/cart.h"
#include "cart/cart_view.h"
#include "proto/cart_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct cart_decoded decoded = {0}, again = {0};
    struct cart cart = {0};
    struct buf out = {0};
    struct error err;
    if (cart_event_decode((struct slice){(const char *)bytes, length}, &decoded, &err) == 0) {
        cart_event_encode(&decoded.event, &out);
        CHECK(cart_event_decode(buf_slice(&out), &again, &err) == 0);
        buf_clear(&out);
        cart_event_render(&decoded.event, &out);
        cart.version = decoded.event.version - 1;
        if (cart_evolve(&cart, &decoded.event, &err) == 0)
            cart_view_render(decoded.event.cart_id, &cart, &out);
    }
    cart_free(&cart);
    buf_free(&out);
    cart_decoded_free(&decoded);
    cart_decoded_free(&again);
    return 0;
}
