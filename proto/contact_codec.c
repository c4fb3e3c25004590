/* A shopper's contact on the wire, for the cart's codecs.
 * Owner: proto; private to the codecs. Thread: any.
 */
#include "proto/contact_codec.h"

#include "cart.pb-c.h"
#include "proto/codec.h"

Cartwright__Cart__V1__Contact *contact_wire(const struct contact *contact,
                                            Cartwright__Cart__V1__Contact *wire)
{
    if (contact->email.len + contact->phone.len + contact->locale.len == 0)
        return NULL;
    cartwright__cart__v1__contact__init(wire);
    wire->email = codec_bytes(contact->email);
    wire->phone = codec_bytes(contact->phone);
    wire->locale = codec_bytes(contact->locale);
    return wire;
}

int contact_decode(const Cartwright__Cart__V1__Contact *wire, struct error *err,
                   struct contact *ret_contact)
{
    struct contact contact;
    if (wire == NULL)
        return 0;
    if (codec_text("email", &wire->email, 0, EMAIL_MAX, err, &contact.email) ||
        codec_text("phone", &wire->phone, 0, PHONE_MAX, err, &contact.phone) ||
        codec_text("locale", &wire->locale, 0, LOCALE_MAX, err, &contact.locale))
        return error_prefix(err, "contact");
    *ret_contact = contact;
    return 0;
}
