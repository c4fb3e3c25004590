/* A shopper's contact on the wire, for the cart's codecs.
 * Owner: proto; private to the codecs. Thread: any.
 */
#ifndef CARTWRIGHT_PROTO_CONTACT_CODEC_H
#define CARTWRIGHT_PROTO_CONTACT_CODEC_H

#include "base/error.h"
#include "proto/cart_event.h"

struct Cartwright__Cart__V1__Contact; /* generated */

/** The contact in *wire, or NULL when there is nothing to tell. */
struct Cartwright__Cart__V1__Contact *contact_wire(const struct contact *contact,
                                                   struct Cartwright__Cart__V1__Contact *wire);

/** Judges and takes a contact; NULL: none, *ret_contact stays as it is. */
int contact_decode(const struct Cartwright__Cart__V1__Contact *wire, struct error *err,
                   struct contact *ret_contact) WARN_UNUSED;

#endif
